"""Placement groups, which moto does not have.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
"""

from dataclasses import dataclass
from typing import Any

from localcloud.ec2.errors import InvalidParameterValue, InvalidPlacementGroupDuplicate, InvalidPlacementGroupUnknown


@dataclass(frozen=True)
class PlacementGroup:
    """One group of an account in a Region."""

    name: str
    id: str
    arn: str
    strategy: str
    partition_count: int | None
    spread_level: str | None

    def answer(self, tags: dict[str, str]) -> dict[str, Any]:
        """The `PlacementGroup` of EC2's answers."""
        return {
            "GroupName": self.name,
            "GroupId": self.id,
            "GroupArn": self.arn,
            "State": "available",
            "Strategy": self.strategy,
            "PartitionCount": self.partition_count,
            "SpreadLevel": self.spread_level,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }


class PlacementGroups:
    """Those of the process, by ARN. The caller holds the lock.

    The error codes are those of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
    """

    def __init__(self) -> None:
        self._by_arn: dict[str, PlacementGroup] = {}

    def add(self, group: PlacementGroup) -> None:
        """One more.

        Raises:
            InvalidPlacementGroupDuplicate: there is one of this name.
        """
        if group.arn in self._by_arn:
            raise InvalidPlacementGroupDuplicate(f"The Placement Group '{group.name}' already exists.")
        self._by_arn[group.arn] = group

    def remove(self, group: PlacementGroup) -> None:
        """One less."""
        del self._by_arn[group.arn]

    def get(self, arn: str) -> PlacementGroup:
        """One.

        Raises:
            InvalidPlacementGroupUnknown: there is none.
        """
        if arn not in self._by_arn:
            raise InvalidPlacementGroupUnknown(f"The Placement Group '{arn.rpartition('/')[2]}' is unknown.")
        return self._by_arn[arn]

    def with_id(self, group_id: str) -> PlacementGroup:
        """One, by its id.

        Raises:
            InvalidPlacementGroupUnknown: there is none.
        """
        for group in self._by_arn.values():
            if group.id == group_id:
                return group
        raise InvalidPlacementGroupUnknown(f"The Placement Group '{group_id}' is unknown.")

    def all(self, prefix: str) -> list[PlacementGroup]:
        """Those whose ARNs begin so, in order of creation."""
        return [group for arn, group in self._by_arn.items() if arn.startswith(prefix)]

    def must_take_reservations(self, arn: str, prefix: str) -> None:
        """Refuses a group in which no reservation can be made: only a cluster placement group can have some.

        AWS documents no error for another one; these are the nearest.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html

        Args:
            arn: as the request has it.
            prefix: how the ARNs of the account's groups in this Region begin.

        Raises:
            InvalidPlacementGroupUnknown, InvalidParameterValue: it is no such group.
        """
        if not arn.startswith(prefix):
            raise InvalidPlacementGroupUnknown(f"The Placement Group '{arn}' is unknown.")
        strategy = self.get(arn).strategy
        if strategy != "cluster":
            raise InvalidParameterValue(
                f"A Capacity Reservation needs a cluster placement group; the strategy of '{arn}' is {strategy}."
            )


def prefix_of(partition: str, region: str, account: str) -> str:
    """How the ARNs of an account's groups in a Region begin."""
    return f"arn:{partition}:ec2:{region}:{account}:placement-group/"
