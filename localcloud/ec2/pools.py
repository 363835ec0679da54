"""How much capacity is free."""

from dataclasses import dataclass

from localcloud.ec2.zones import is_local, region_of


@dataclass(frozen=True)
class Pool:
    """The instances of one type that EC2 could still give in one zone, whatever their platform or tenancy."""

    instance_type: str
    zone: str
    free: int


class CapacityPools:
    """Free instances by type and zone; none where nothing was set. The caller holds the lock."""

    def __init__(self) -> None:
        self._free: dict[tuple[str, str], int] = {}

    def all(self) -> list[Pool]:
        """Every pool that was set or used, by type and zone."""
        return [Pool(instance_type, zone, free) for (instance_type, zone), free in sorted(self._free.items())]

    def free(self, instance_type: str, zone: str) -> int:
        """How many are free now."""
        return self._free.get((instance_type, zone), 0)

    def local_zones_in(self, region: str) -> list[str]:
        """The local zones of a Region in which a pool was ever set."""
        return sorted({zone for _, zone in self._free if is_local(zone) and region_of(zone) == region})

    def set_free(self, instance_type: str, zone: str, free: int) -> None:
        """Makes it this many, whatever is reserved.

        Raises:
            ValueError: negative.
        """
        if free < 0:
            raise ValueError(f"A pool cannot have {free} free instances; give 0 or more")
        self._free[instance_type, zone] = free

    def add_free(self, instance_type: str, zone: str, change: int) -> None:
        """Makes it this many more, or fewer.

        Raises:
            ValueError: that would make it negative.
        """
        free = self.free(instance_type, zone)
        if free + change < 0:
            raise ValueError(f"{instance_type} in {zone} has {free} free; take away at most that, not {-change}")
        self._free[instance_type, zone] = free + change

    def take(self, instance_type: str, zone: str, count: int) -> bool:
        """Takes all of `count`, or nothing and returns False."""
        free = self.free(instance_type, zone)
        if count > free:
            return False
        self._free[instance_type, zone] = free - count
        return True
