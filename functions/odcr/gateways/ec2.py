"""Capacity Reservations in EC2: those of this stack, and no others."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config

from odcr.domain.misfits import RunningInstance
from odcr.domain.refusal import OutcomeUnknown, Refusal, RequestRefused
from odcr.domain.reservation import UNREADABLE, Kind, Reservation, client_token, readable
from odcr.domain.tags import (
    ASKED_TAG,
    GROUP_TAG,
    MADE_TAG,
    OWNER_TAG,
    PROJECT_TAG,
    asked,
    made_for,
    parsed_made,
    standing_tags,
)
from odcr.domain.target import ReservationOptions, TargetKey
from odcr.gateways.clients import MAKING
from odcr.gateways.ec2_errors import Ec2Error, refusal_of
from odcr.gateways.instance_types import vcpus_of
from odcr.gateways.resource_groups import join_group, members_of
from odcr.observability import logger, metrics

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import CapacityReservationTypeDef, FilterTypeDef, InstanceTypeDef

UNKNOWN_SECONDS = 3.0
"""The time of a Region that botocore does not know; see `Ec2Gateway.find_in_region`."""

PAGE_SIZE = 1000
"""Reservations in one answer; the most that EC2 gives."""

INSTANCE_PAGE_SIZE = 200
"""Instances in one answer: EC2 gives up to 1,000, but each takes kilobytes, and several Regions are asked at once."""

_MAX_TYPES = 100
"""Instance types in one request: all filters of a request have at most 200 values together.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

_T = TypeVar("_T")


@cache
def _client(region: str, attempts: int) -> "EC2Client":
    # All attempts together have to end well before the functions' time-outs, also in a Region that does not answer.
    return _new_client(region, attempts, connect_timeout=4, read_timeout=12)


def _new_client(region: str, attempts: int, connect_timeout: float, read_timeout: float) -> "EC2Client":
    return boto3.client(
        "ec2",
        region_name=region,
        config=Config(
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        ),
    )


def _retrying_client(region: str, *, is_known: bool = True) -> "EC2Client":
    """Reading again is harmless, so boto3 may; but not where there may be no such Region, of which none is kept."""
    with MAKING:
        if is_known:
            return _client(region, 3)
        return _new_client(region, 1, connect_timeout=UNKNOWN_SECONDS, read_timeout=UNKNOWN_SECONDS)


def _single_attempt_client(region: str) -> "EC2Client":
    """One HTTP attempt a call: boto3 would take a refusal with HTTP 500 for a fault and ask again by itself."""
    with MAKING:
        return _client(region, 1)


class Ec2Gateway:
    """The reservations of one account that bear one owner's tag.

    Args:
        owner: the tag's value, `StackSettings.owner`.
        account: the id of the account, `StackSettings.account`.
        stack_tags: what every reservation bears, `TagSettings.tags`.
    """

    def __init__(self, owner: str, account: str, stack_tags: Mapping[str, str] | None = None) -> None:
        self._owner = owner
        self._account = account
        self._stack_tags = stack_tags or {}

    def find_in_region(self, region: str, *, is_known: bool = True) -> list[Reservation]:
        """This owner's reservations that hold capacity in a Region; all pages.

        Args:
            region: the Region.
            is_known: whether botocore knows it. If not, it has UNKNOWN_SECONDS for one attempt.

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        filters: list[FilterTypeDef] = [self._own_tag(), {"Name": "state", "Values": ["active", "pending"]}]
        return self._describe(region, filters, is_known=is_known)

    def zone_names(self, region: str, *, is_known: bool = True) -> dict[str, str]:
        """The names of a Region's zones, Local and Wavelength Zones included, by their ids.

        Which name an id has differs from account to account:
        https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        try:
            described = _retrying_client(region, is_known=is_known).describe_availability_zones(
                AllAvailabilityZones=True
            )
            return {zone["ZoneId"]: zone["ZoneName"] for zone in described["AvailabilityZones"]}
        except Ec2Error as error:
            raise _refusal(error) from error

    def find(self, *keys: TargetKey) -> list[Reservation]:
        """This owner's reservations for one row, or for pools of one group, in every state.

        A request for all pools of a Region. A group has at most 40, so its types and zones stay below the 200 values
        that all filters of a request may have:
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        by_region: dict[str, list[TargetKey]] = {}
        for key in keys:
            by_region.setdefault(key.region, []).append(key)
        found = []
        for region, pools in by_region.items():
            described = self._describe(region, [self._own_tag(), *_in_pools(pools)])
            for key in pools:
                found += [one for one in readable(described, key) if one.key == key.pool]
        return found

    def find_all(self, key: TargetKey) -> list[Reservation]:
        """The account's reservations in one pool, in every state, that may be for a row or a group there.

        Their tags may have been lost, so only those are left out that are clearly another demand's: those that bear the
        tag of another group, and for a group those that this stack made for a row. What bears this stack's tag and lost
        the group's counts as not managed here.

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        # What is others' and not described in full is for others to wonder about.
        described = self._describe(key.region, _in_pools([key]))
        found = readable([one for one in described if one.is_managed or one.state != UNREADABLE], key)
        return [
            replace(one, is_managed=one.is_managed and one.key.group == key.group)
            for one in found
            if one.key.group == key.group or not (one.key.group or _is_made_for_row(one))
        ]

    def create(
        self,
        key: TargetKey,
        options: ReservationOptions,
        count: int,
        observed: Sequence[Reservation],
        occasion: str = "",
    ) -> Reservation:
        """Makes a reservation of this many instances, or none; the same one for the same arguments.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, or gives no answer even when it is asked the same once more.
        """
        token = client_token(self._owner, key, options, (seen.id for seen in observed), count, occasion)
        tags = {
            **standing_tags(options, self._stack_tags),
            OWNER_TAG: self._owner,
            MADE_TAG: made_for(token, key.group),
            **({GROUP_TAG: key.group} if key.group else {}),
            ASKED_TAG: asked(options.match_criteria, options.end_date),
            **PROJECT_TAG,
        }
        request: dict[str, Any] = {
            "ClientToken": token,
            "InstanceType": key.instance_type,
            "InstancePlatform": options.platform,
            "AvailabilityZone": key.zone,
            "Tenancy": options.tenancy,
            "InstanceCount": count,
            "EbsOptimized": _is_ebs_optimizable(key.region, key.instance_type),
            "InstanceMatchCriteria": options.match_criteria,
            "EndDateType": "unlimited",
            "TagSpecifications": [{"ResourceType": "capacity-reservation", "Tags": _pairs(tags)}],
        }
        if options.end_date is not None:
            request |= {"EndDateType": "limited", "EndDate": _utc(options.end_date)}
        client = _single_attempt_client(key.region)
        if options.placement_group:
            place = f"arn:{client.meta.partition}:ec2:{key.region}:{self._account}:placement-group"
            request["PlacementGroupArn"] = f"{place}/{options.placement_group}"
        return _ask(
            lambda: _reservation(client.create_capacity_reservation(**request)["CapacityReservation"], self._owner)
        )

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds. The count is absolute, so repeating it is harmless.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, has not decided yet, or gives no answer even when it is asked the same once more.
        """
        client = _single_attempt_client(reservation.key.region)
        answer = _ask(
            lambda: client.modify_capacity_reservation(CapacityReservationId=reservation.id, InstanceCount=count)
        )
        # Of these two the count stays as it was, so far or for good.
        if answer.get("AdjustmentStatus") == "requested":
            raise OutcomeUnknown("Adjusting", f"EC2 has not decided about the modification of {reservation.id}.")
        if answer.get("AdjustmentStatus") == "rejected":
            raise RequestRefused("AdjustmentRejected", f"EC2 rejected the modification of {reservation.id}.")

    def cancel(self, reservation: Reservation) -> None:
        """Gives a reservation back; instances that run in it go on.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, or gives no answer even when it is asked the same once more.
        """
        client = _single_attempt_client(reservation.key.region)
        _ask(lambda: client.cancel_capacity_reservation(CapacityReservationId=reservation.id))

    def adjust(self, reservation: Reservation, options: ReservationOptions) -> None:
        """Sets when a reservation ends and which instances may use it. Repeating it is harmless.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, or gives no answer even when it is asked the same once more.
        """
        client = _single_attempt_client(reservation.key.region)
        request: dict[str, Any] = {"CapacityReservationId": reservation.id, "EndDateType": "unlimited"}
        if options.end_date is not None:
            request |= {"EndDateType": "limited", "EndDate": _utc(options.end_date)}
        # While an instance runs in the reservation EC2 refuses this parameter, perhaps also one that changes nothing.
        if reservation.match_criteria != options.match_criteria:
            request["InstanceMatchCriteria"] = options.match_criteria
        _ask(lambda: client.modify_capacity_reservation(**request))

    def tag(self, reservation: Reservation, tags: Mapping[str, str], removed: Sequence[str]) -> None:
        """Sets tags of a reservation, and removes others. Repeating it is harmless.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html

        Raises:
            Refusal: if EC2 refuses, or gives no answer even when it is asked the same once more.
        """
        client = _single_attempt_client(reservation.key.region)
        # What is remembered of the keys goes last, so that whoever dies in between removes them the next time.
        if removed:
            keys = [{"Key": key} for key in removed]
            _ask(lambda: client.delete_tags(Resources=[reservation.id], Tags=keys))  # type: ignore[arg-type]
        if tags:
            _ask(lambda: client.create_tags(Resources=[reservation.id], Tags=_pairs(tags)))  # type: ignore[arg-type]

    def join(self, reservation: Reservation, group: str) -> None:
        """Puts a reservation into a resource group of its Region. Repeating it is harmless.

        Raises:
            Refusal: if the group does not take it, or does not answer.
        """
        region = reservation.key.region
        partition = _single_attempt_client(region).meta.partition
        arn = f"arn:{partition}:ec2:{region}:{self._account}:capacity-reservation/{reservation.id}"
        join_group(region, group, arn)

    def group_members(self, region: str, group: str) -> set[str]:
        """The ids of the reservations in a resource group.

        Raises:
            Refusal: if there is none of this name, or it does not answer.
        """
        return members_of(region, group)

    def running_instances(self, region: str, types: Sequence[str]) -> Iterator[list[RunningInstance]]:
        """The account's On-Demand instances of these types that run in no reservation, page by page.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        paginator = _retrying_client(region).get_paginator("describe_instances")
        for first in range(0, len(types), _MAX_TYPES):
            filters: list[FilterTypeDef] = [
                {"Name": "instance-state-name", "Values": ["running"]},
                {"Name": "instance-type", "Values": types[first : first + _MAX_TYPES]},
            ]
            try:
                for page in paginator.paginate(Filters=filters, PaginationConfig={"PageSize": INSTANCE_PAGE_SIZE}):
                    instances = (one for launch in page["Reservations"] for one in launch["Instances"])
                    # Spot Instances, and those in a Capacity Block, have a lifecycle.
                    yield [
                        _running(one)
                        for one in instances
                        if not (one.get("CapacityReservationId") or one.get("InstanceLifecycle"))
                    ]
            except Ec2Error as error:
                raise _refusal(error) from error

    def vcpus(self, region: str, types: Collection[str], *, is_known: bool = True) -> dict[str, int]:
        """How many vCPUs an instance of each type has; without those types that the Region does not have.

        Args:
            region: the Region.
            types: as EC2 writes them.
            is_known: whether botocore knows the Region.

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        try:
            return vcpus_of(_retrying_client(region, is_known=is_known), types)
        except Ec2Error as error:
            raise _refusal(error) from error

    def _own_tag(self) -> "FilterTypeDef":
        return {"Name": f"tag:{OWNER_TAG}", "Values": [self._owner]}

    def _describe(self, region: str, filters: "list[FilterTypeDef]", *, is_known: bool = True) -> list[Reservation]:
        # Without the filter, describe also shows what other accounts share, which may bear any tag.
        filters = [{"Name": "owner-id", "Values": [self._account]}, *filters]
        try:
            pages = (
                _retrying_client(region, is_known=is_known)
                .get_paginator("describe_capacity_reservations")
                .paginate(Filters=filters, PaginationConfig={"PageSize": PAGE_SIZE})
            )
            return [
                _described(described, self._owner, region)
                for page in pages
                for described in page["CapacityReservations"]
            ]
        except Ec2Error as error:
            raise _refusal(error) from error


def _in_pools(keys: Sequence[TargetKey]) -> "list[FilterTypeDef]":
    """Of several, also pools of one's type in another's zone."""
    return [
        {"Name": "instance-type", "Values": list(dict.fromkeys(key.instance_type for key in keys))},
        {"Name": "availability-zone", "Values": list(dict.fromkeys(key.zone for key in keys))},
    ]


@cache
def _is_ebs_optimizable(region: str, instance_type: str) -> bool:
    """Whether a type can be EBS optimised: not every type can, EC2 refuses those that can't, and it never changes."""
    try:
        types = _retrying_client(region).describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]  # type: ignore[list-item]
    except Ec2Error as error:
        raise _refusal(error) from error
    support = types[0].get("EbsInfo", {}).get("EbsOptimizedSupport") if types else None
    return support in ("default", "supported")


def _ask(request: Callable[[], _T]) -> _T:
    """Sends a request, and the very same once more if it is not answered.

    To ask for another count before the first outcome is known is how capacity gets bought twice.
    """
    try:
        try:
            return _counted(request)
        except Ec2Error as error:
            if not isinstance(refusal_of(error), OutcomeUnknown):
                raise
            return _counted(request)
    except Ec2Error as error:
        raise _refusal(error) from error


def _counted(request: Callable[[], _T]) -> _T:
    metrics.add_metric("CapacityRequests", MetricUnit.Count, 1)
    try:
        return request()
    except Ec2Error:
        metrics.add_metric("CapacityRefusals", MetricUnit.Count, 1)
        raise


def _refusal(error: Exception) -> Refusal:
    refusal = refusal_of(error)
    if isinstance(refusal, RequestRefused):
        # The outcome's reason is cut; here is all of it.
        logger.warning("EC2 refused", code=refusal.code, error=refusal.message)
    return refusal


def _described(described: "CapacityReservationTypeDef", owner: str, region: str) -> Reservation:
    try:
        return _reservation(described, owner)
    except KeyError as missing:
        logger.warning("EC2 describes a reservation in part only", missing=str(missing), described=described)
    group = _tags_of(described).get(GROUP_TAG, "")
    key = TargetKey(described.get("InstanceType", ""), described.get("AvailabilityZone", region), group=group)
    return Reservation(described.get("CapacityReservationId", ""), key, 0, UNREADABLE)


def _reservation(described: "CapacityReservationTypeDef", owner: str) -> Reservation:
    created, ends = described.get("CreateDate"), described.get("EndDate")
    tags = _tags_of(described)
    group, made = tags.get(GROUP_TAG, ""), parsed_made(tags.get(MADE_TAG, ""))
    committed_until = described.get("CommitmentInfo", {}).get("CommitmentEndDate")
    return Reservation(
        id=described["CapacityReservationId"],
        key=TargetKey(described["InstanceType"], described["AvailabilityZone"], group=group),
        count=described["TotalInstanceCount"],
        state=described["State"],
        platform=described.get("InstancePlatform", "Linux/UNIX"),
        tenancy=described.get("Tenancy", "default"),
        created=created.isoformat() if created else "",
        in_use=_in_use(described),
        # What was made for another demand was moved to this one by a person.
        is_adopted=made is None or made[1] != group,
        made=made[0] if made else "",
        match_criteria=described.get("InstanceMatchCriteria", "open"),
        ends=ends.astimezone(UTC).isoformat() if ends else None,
        kind=_kind(described),
        is_managed=tags.get(OWNER_TAG) == owner,
        is_committed=committed_until is not None and committed_until > datetime.now(UTC),
        lent=described.get("InterruptibleCapacityAllocation", {}).get("InstanceCount", 0),
        is_adjusting=described.get("AdjustmentStatus") == "requested",
        placement_group=described.get("PlacementGroupArn", "").rpartition("/")[2],
        tags=tags,
    )


def _tags_of(described: "CapacityReservationTypeDef") -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in described.get("Tags", [])}


def _is_made_for_row(reservation: Reservation) -> bool:
    """Whether this stack made it for a row, and nobody moved it."""
    return reservation.is_managed and not reservation.key.group and not reservation.is_adopted


def _running(described: "InstanceTypeDef") -> RunningInstance:
    placement, wish = described.get("Placement", {}), described.get("CapacityReservationSpecification", {})
    named = wish.get("CapacityReservationTarget", {})
    return RunningInstance(
        TargetKey(described["InstanceType"], placement.get("AvailabilityZone", "")),
        described.get("PlatformDetails", ""),
        placement.get("Tenancy", "default"),
        placement.get("GroupName", ""),
        wish.get("CapacityReservationPreference", "" if named else "open"),
        named.get("CapacityReservationId", ""),
    )


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def _kind(described: "CapacityReservationTypeDef") -> Kind:
    if described.get("ReservationType") == "capacity-block":
        return Kind.BLOCK
    if described.get("Interruptible"):
        return Kind.INTERRUPTIBLE
    for field, kind in (
        ("OutpostArn", Kind.OUTPOST),
        ("PlacementGroupArn", Kind.PLACEMENT_GROUP),
        ("CapacityReservationFleetId", Kind.FLEET),
    ):
        if described.get(field):
            return kind
    return Kind.ORDINARY


def _in_use(described: "CapacityReservationTypeDef") -> int:
    # Without a word about what is available, all of it may be in use.
    if described["State"] != "active":
        return 0
    return max(0, described["TotalInstanceCount"] - described.get("AvailableInstanceCount", 0))
