"""How a create request becomes a reservation."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.ec2.utils import random_id

from localcloud.ec2.create_request import CreateRequest
from localcloud.ec2.reservation import Reservation


@dataclass(frozen=True)
class Owner:
    """Where a reservation is, and whose."""

    partition: str
    region: str
    account: str


def make(request: CreateRequest, owner: Owner, sequence: int, now: float) -> Reservation:
    """An active reservation as asked for, with an id of its own: `cr-` and 17 hexadecimal digits."""
    created = datetime.now(UTC)
    new_id, arn = new_identity(owner)
    return Reservation(
        sequence=sequence,
        id=new_id,
        arn=arn,
        owner_id=owner.account,
        instance_type=request.instance_type,
        instance_platform=request.instance_platform,
        availability_zone=request.availability_zone,
        availability_zone_id=request.availability_zone_id,
        tenancy=request.tenancy,
        instance_count=request.instance_count,
        ebs_optimized=request.ebs_optimized,
        ephemeral_storage=request.ephemeral_storage,
        instance_match_criteria=request.instance_match_criteria,
        end_date_type=request.end_date_type,
        end_date=request.end_date,
        create_date=created,
        start_date=created,
        state="active",
        at=now,
        ends_at=reading_at(request.end_date, now),
        described={"PlacementGroupArn": request.placement_group_arn} if request.placement_group_arn else {},
    )


def new_identity(owner: Owner) -> tuple[str, str]:
    """A new reservation's id, and its ARN."""
    new_id = str(random_id("cr", 17))
    return new_id, f"arn:{owner.partition}:ec2:{owner.region}:{owner.account}:capacity-reservation/{new_id}"


def reading_at(end_date: datetime | None, now: float) -> float:
    """The clock's reading at a date: what lies between now and then passes in cloud seconds."""
    if end_date is None:
        return math.inf
    return now + max(0.0, (end_date - datetime.now(UTC)).total_seconds())
