"""Reservations that are put there directly: kinds, states and owners that no action of the local cloud makes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from localcloud.ec2 import catalogue
from localcloud.ec2.control_input import instance_type_in, number_in, text_in, zone_in
from localcloud.ec2.described_fields import with_fields
from localcloud.ec2.new_reservation import Owner, new_identity
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import State
from localcloud.ec2.zones import region_of
from localcloud.services import ACCOUNT_ID


def plant(state: State, given: Mapping[str, Any]) -> Reservation:
    """Puts a reservation there that the account sees in describe, whoever owns it.

    It takes nothing from a pool. Ended by an action or by time, it gives its instances to its pool like any other.

    Args:
        state: the process's own; the caller holds its lock.
        given: `InstanceType`, `AvailabilityZone`, `TotalInstanceCount`, and any more fields of the model.

    Raises:
        ValueError: with what to do.
    """
    instance_type, zone, count = instance_type_in(given), zone_in(given), number_in(given, "TotalInstanceCount")
    region, now, created = region_of(zone), state.clock.now(), datetime.now(UTC)
    owner = str(given.get("OwnerId") or ACCOUNT_ID)
    new_id, arn = new_identity(Owner(get_partition(region), region, owner))
    bare = Reservation(
        sequence=next(state.sequence),
        id=new_id,
        arn=arn,
        owner_id=owner,
        instance_type=instance_type,
        instance_platform="Linux/UNIX",
        availability_zone=zone,
        availability_zone_id=_zone_id(zone, region),
        tenancy="default",
        instance_count=count,
        ebs_optimized=False,
        ephemeral_storage=False,
        instance_match_criteria="open",
        end_date_type="unlimited",
        end_date=None,
        create_date=created,
        start_date=created,
        state="active",
        at=now,
    )
    tags = _tags_in(given)
    planted = with_fields(bare, {name: value for name, value in given.items() if name != "Tags"}, now)
    state.history(ACCOUNT_ID, region).put(planted)
    _tag(region, planted.id, tags)
    return planted


def alter(state: State, given: Mapping[str, Any]) -> Reservation:
    """Changes any fields of a reservation, and its tags, as no action could. Pools stay as they are.

    Args:
        state: the process's own; the caller holds its lock.
        given: `CapacityReservationId`, and the fields to change; null hides one. `Tags` replaces all tags.

    Raises:
        ValueError: with what to do.
    """
    wanted, tags = text_in(given, "CapacityReservationId"), _tags_in(given)
    for region, history in state.histories_of(ACCOUNT_ID):
        before = history.get(wanted)
        if before is None:
            continue
        fields = {name: value for name, value in given.items() if name not in ("CapacityReservationId", "Tags")}
        after = with_fields(before, fields, state.clock.now())
        history.put(after)
        _tag(region, after.id, tags)
        return after
    raise ValueError(f"There is no reservation {wanted!r}; plant one, or create one as EC2's clients do")


def _zone_id(zone: str, region: str) -> str | None:
    return next((str(one.zone_id) for one in catalogue.zones_of(region) if one.name == zone), None)


def _tags_in(given: Mapping[str, Any]) -> dict[str, str] | None:
    tags = given.get("Tags")
    if tags is not None and not (isinstance(tags, dict) and all(isinstance(value, str) for value in tags.values())):
        raise ValueError(f"Tags must be an object of keys and values, not {tags!r}")
    return tags


def _tag(region: str, reservation_id: str, tags: dict[str, str] | None) -> None:
    if tags is None:
        return
    backend = ec2_backends[ACCOUNT_ID][region]
    backend.tags.pop(reservation_id, None)
    backend.create_tags([reservation_id], tags)
