"""Capacity Reservations in EC2: those of this stack, and no others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from odcr.domain.misfits import RunningInstance
from odcr.domain.refusal import OutcomeUnknown, RequestRefused
from odcr.domain.reservation import Reservation, client_token, readable
from odcr.domain.tags import (
    ASKED_TAG,
    GROUP_TAG,
    MADE_TAG,
    OWNER_TAG,
    PROJECT_TAG,
    asked,
    made_for,
    standing_tags,
)
from odcr.domain.target import ReservationOptions, TargetKey
from odcr.gateways.ec2_clients import retrying_client, single_attempt_client
from odcr.gateways.ec2_descriptions import reservation_of, reservation_or_unreadable, running_instance_of
from odcr.gateways.ec2_errors import Ec2Error
from odcr.gateways.ec2_requests import logged_refusal, send
from odcr.gateways.instance_types import MAX_TYPES, is_ebs_optimizable, vcpus_of
from odcr.gateways.resource_groups import join_group, members_of

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

PAGE_SIZE = 1000
"""Reservations in one answer; EC2 gives no more."""

INSTANCE_PAGE_SIZE = 200
"""Instances in one answer. EC2 gives up to 1,000, but each takes kilobytes, and several Regions are asked at once."""


class Ec2Gateway:
    """The reservations of one account that have one owner's tag.

    Args:
        owner: the tag's value, `StackSettings.owner`.
        account: the account's id, `StackSettings.account`.
        stack_tags: tags for every reservation, `TagSettings.tags`.
    """

    def __init__(self, owner: str, account: str, stack_tags: Mapping[str, str] | None = None) -> None:
        self._owner = owner
        self._account = account
        self._stack_tags = stack_tags or {}

    def find_in_region(self, region: str, *, is_known: bool) -> list[Reservation]:
        """This owner's reservations that hold capacity in a Region; all pages.

        Args:
            region: the Region.
            is_known: whether botocore knows it: see `retrying_client`.

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        filters: list[FilterTypeDef] = [self._own_tag(), {"Name": "state", "Values": ["active", "pending"]}]
        return self._describe(region, filters, is_known=is_known)

    def zone_names(self, region: str, *, is_known: bool) -> dict[str, str]:
        """The names of a Region's zones, Local and Wavelength Zones included, by their ids.

        The same id has different names in different accounts:
        https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        try:
            described = retrying_client(region, is_known=is_known).describe_availability_zones(
                AllAvailabilityZones=True
            )
            return {zone["ZoneId"]: zone["ZoneName"] for zone in described["AvailabilityZones"]}
        except Ec2Error as error:
            raise logged_refusal(error) from error

    def find(self, *keys: TargetKey) -> list[Reservation]:
        """This owner's reservations for one row, or for pools of one group, in every state.

        One request for each Region. A group has at most 40 pools, so its types and zones stay below the 200 values that
        all filters of a request may have:
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        by_region: dict[str, list[TargetKey]] = {}
        for key in keys:
            by_region.setdefault(key.region, []).append(key)
        reservations = []
        for region, pools in by_region.items():
            described = self._describe(region, [self._own_tag(), *_in_pools(pools)])
            for key in pools:
                reservations += [reservation for reservation in readable(described, key) if reservation.key == key.pool]
        return reservations

    def find_all(self, key: TargetKey) -> list[Reservation]:
        """The account's reservations in one pool, in every state, that may belong to a row or a group.

        They may have lost their tags. So only those are left out that clearly belong to another demand: those with
        another group's tag and, for a group, those that this stack made for a row. A reservation with this stack's tag
        that has lost its group's tag counts as not managed.

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        described = self._describe(key.region, _in_pools([key]))
        return [
            replace(reservation, is_managed=reservation.is_managed and reservation.key.group == key.group)
            for reservation in readable(described, key)
            if reservation.key.group == key.group or not (reservation.key.group or _is_made_for_row(reservation))
        ]

    def create(
        self,
        key: TargetKey,
        options: ReservationOptions,
        count: int,
        observed: Sequence[Reservation],
        occasion: str,
    ) -> Reservation:
        """Creates a reservation of this many instances or none; the same arguments always give the same reservation.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, or does not answer a second time either.
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
            "EbsOptimized": _is_ebs_optimizable(key),
            "InstanceMatchCriteria": options.match_criteria,
            "EndDateType": "unlimited",
            "TagSpecifications": [{"ResourceType": "capacity-reservation", "Tags": _pairs(tags)}],
        }
        if options.end_date is not None:
            request |= {"EndDateType": "limited", "EndDate": _utc(options.end_date)}
        client = single_attempt_client(key.region)
        if options.placement_group:
            arn = f"arn:{client.meta.partition}:ec2:{key.region}:{self._account}:placement-group"
            request["PlacementGroupArn"] = f"{arn}/{options.placement_group}"
        return send(
            lambda: reservation_of(client.create_capacity_reservation(**request)["CapacityReservation"], self._owner)
        )

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds. The count is absolute, so repeating it is harmless.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, has not decided yet, or does not answer a second time either.
        """
        client = single_attempt_client(reservation.key.region)
        answer = send(
            lambda: client.modify_capacity_reservation(CapacityReservationId=reservation.id, InstanceCount=count)
        )
        # In both cases the count stays as it was: so far, or for good.
        if answer.get("AdjustmentStatus") == "requested":
            raise OutcomeUnknown("Adjusting", f"EC2 has not decided about the modification of {reservation.id}.")
        if answer.get("AdjustmentStatus") == "rejected":
            raise RequestRefused("AdjustmentRejected", f"EC2 rejected the modification of {reservation.id}.")

    def cancel(self, reservation: Reservation) -> None:
        """Gives a reservation back. Instances in it keep running.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, or does not answer a second time either.
        """
        client = single_attempt_client(reservation.key.region)
        send(lambda: client.cancel_capacity_reservation(CapacityReservationId=reservation.id))

    def adjust(self, reservation: Reservation, options: ReservationOptions) -> None:
        """Sets when a reservation ends and which instances may use it. Repeating it is harmless.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html

        Raises:
            Refusal: if EC2 refuses, or does not answer a second time either.
        """
        client = single_attempt_client(reservation.key.region)
        request: dict[str, Any] = {"CapacityReservationId": reservation.id, "EndDateType": "unlimited"}
        if options.end_date is not None:
            request |= {"EndDateType": "limited", "EndDate": _utc(options.end_date)}
        # EC2 refuses this parameter while an instance runs in the reservation, perhaps even if it changes nothing.
        if reservation.match_criteria != options.match_criteria:
            request["InstanceMatchCriteria"] = options.match_criteria
        send(lambda: client.modify_capacity_reservation(**request))

    def tag(self, reservation: Reservation, tags: Mapping[str, str], removed: Sequence[str]) -> None:
        """Sets some tags of a reservation and removes others. Repeating it is harmless.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html

        Raises:
            Refusal: if EC2 refuses, or does not answer a second time either.
        """
        client = single_attempt_client(reservation.key.region)
        # The tag that remembers the keys goes last, so that the next attempt removes them if this one dies in between.
        if removed:
            keys = [{"Key": key} for key in removed]
            send(lambda: client.delete_tags(Resources=[reservation.id], Tags=keys))  # type: ignore[arg-type]
        if tags:
            send(lambda: client.create_tags(Resources=[reservation.id], Tags=_pairs(tags)))  # type: ignore[arg-type]

    def join(self, reservation: Reservation, group: str) -> None:
        """Puts a reservation into a resource group of its Region. Repeating it is harmless.

        Raises:
            Refusal: if the group does not take it, or Resource Groups does not answer.
        """
        region = reservation.key.region
        partition = single_attempt_client(region).meta.partition
        arn = f"arn:{partition}:ec2:{region}:{self._account}:capacity-reservation/{reservation.id}"
        join_group(region, group, arn)

    def group_members(self, region: str, group: str) -> set[str]:
        """The ids of the reservations in a resource group.

        Raises:
            Refusal: if there is no such group, or Resource Groups does not answer.
        """
        return members_of(region, group)

    def running_instances(self, region: str, types: Sequence[str]) -> Iterator[list[RunningInstance]]:
        """The account's On-Demand instances of these types that run in no reservation, page by page.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        paginator = retrying_client(region).get_paginator("describe_instances")
        for first in range(0, len(types), MAX_TYPES):
            filters: list[FilterTypeDef] = [
                {"Name": "instance-state-name", "Values": ["running"]},
                {"Name": "instance-type", "Values": types[first : first + MAX_TYPES]},
            ]
            try:
                for page in paginator.paginate(Filters=filters, PaginationConfig={"PageSize": INSTANCE_PAGE_SIZE}):
                    instances = (instance for launch in page["Reservations"] for instance in launch["Instances"])
                    # Spot Instances, and those in a Capacity Block, have a lifecycle.
                    yield [
                        running_instance_of(instance)
                        for instance in instances
                        if not (instance.get("CapacityReservationId") or instance.get("InstanceLifecycle"))
                    ]
            except Ec2Error as error:
                raise logged_refusal(error) from error

    def vcpus(self, region: str, types: Collection[str], *, is_known: bool) -> dict[str, int]:
        """How many vCPUs an instance of each type has; without types that the Region does not have.

        Args:
            region: the Region.
            types: as EC2 writes them.
            is_known: whether botocore knows the Region.

        Raises:
            Refusal: if EC2 does not answer, or refuses.
        """
        try:
            return vcpus_of(retrying_client(region, is_known=is_known), types)
        except Ec2Error as error:
            raise logged_refusal(error) from error

    def _own_tag(self) -> "FilterTypeDef":
        return {"Name": f"tag:{OWNER_TAG}", "Values": [self._owner]}

    def _describe(self, region: str, filters: "list[FilterTypeDef]", *, is_known: bool = True) -> list[Reservation]:
        # Without this filter, EC2 also shows reservations that other accounts share, which may have any tag.
        filters = [{"Name": "owner-id", "Values": [self._account]}, *filters]
        try:
            pages = (
                retrying_client(region, is_known=is_known)
                .get_paginator("describe_capacity_reservations")
                .paginate(Filters=filters, PaginationConfig={"PageSize": PAGE_SIZE})
            )
            return [
                reservation_or_unreadable(described, self._owner, region)
                for page in pages
                for described in page["CapacityReservations"]
            ]
        except Ec2Error as error:
            raise logged_refusal(error) from error


def _in_pools(keys: Sequence[TargetKey]) -> "list[FilterTypeDef]":
    """Filters for some pools. With several they also match the type of one in the zone of another."""
    return [
        {"Name": "instance-type", "Values": list(dict.fromkeys(key.instance_type for key in keys))},
        {"Name": "availability-zone", "Values": list(dict.fromkeys(key.zone for key in keys))},
    ]


def _is_ebs_optimizable(key: TargetKey) -> bool:
    try:
        return is_ebs_optimizable(retrying_client(key.region), key.instance_type)
    except Ec2Error as error:
        raise logged_refusal(error) from error


def _is_made_for_row(reservation: Reservation) -> bool:
    """Whether this stack made the reservation for a row, and nobody moved it to a group."""
    return reservation.is_managed and not reservation.key.group and not reservation.is_adopted


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)
