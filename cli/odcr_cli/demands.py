"""The demands: what each wants, holds and misses, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.amounts import Amounts, sum_of
from odcr_cli.door import Row
from odcr_cli.regions import region_of

MET = frozenset({"FULFILLED", "EXCESS", "ASTRAY"})
"""Statuses in which everything wanted is held: docs/reference/statuses.md."""
NEW = "NEW"
"""The status until a run has looked at the demand. It never appears in the tables."""


@dataclass(frozen=True)
class Pool:
    """One instance type in one zone."""

    instance_type: str
    zone: str
    status: str = NEW
    held: Decimal = Decimal(0)
    """Instances."""
    in_use: int | None = None
    unused: int | None = None
    hourly_cost: Decimal | None = None
    """The hourly cost of what is held; None if unknown."""
    reason: str = ""
    reservation_ids: tuple[str, ...] = ()
    since: str = ""
    short_since: str = ""
    weight: Decimal | None = None
    priority: int = 0
    wanted: Decimal | None = None
    """A target's count; for a group's pool, what the last run wanted there."""
    is_member: bool = True
    """Whether `odcr_capacity` or `odcr_group_member` lists it; if not, something is still held there."""
    least: int = 0
    """The least instances that a group wants there: `Min_Instances`."""
    most: int | None = None
    """The most instances that a group may hold there: `Max_Instances`; None for no limit."""
    unused_since: str = ""
    misfits: str = ""
    """Which running instances cannot use the held capacity, and why."""
    platform: str = ""
    """The platform of what is held, as the last run recorded it; empty if it did not."""
    tenancy: str = ""
    """The tenancy of what is held, as the last run recorded it; empty if it did not."""
    currency: str = ""
    """The currency of the hourly cost; empty if the cost is unknown."""

    @property
    def name(self) -> str:
        """The type and the zone."""
        return f"{self.instance_type} {self.zone}"

    @property
    def costs(self) -> Amounts:
        """The hourly cost of what is held, by currency; empty if unknown."""
        return {} if self.hourly_cost is None else {self.currency: self.hourly_cost}

    @property
    def region(self) -> str:
        """The zone's Region; empty if it is not known."""
        return region_of(self.zone) or ""


@dataclass(frozen=True)
class Demand:
    """A row of `odcr_capacity`, or a group."""

    name: str
    """The type and the zone, or the group's name."""
    is_group: bool
    wanted: Decimal
    held: Decimal
    """For a group in its unit, as the last run recorded it."""
    unit: str
    """`instances` or `vcpus`."""
    status: str
    reason: str
    since: str
    short_since: str
    in_use: int | None
    unused: int | None
    hourly_cost: Decimal | None
    """The hourly cost as the last run recorded it; None if unknown, or in several currencies."""
    pools: tuple[Pool, ...]
    """A target has one."""
    options: Row
    """The columns that `odcr_option` and `odcr_group` share, as far as they are set."""
    is_there: bool = True
    """Whether it is still wanted; if not, something is still held for it."""
    verdict: str = ""
    met_since: str = ""
    recorded_wanted: Decimal | None = None
    """For a group: what was wanted when its status was recorded."""

    @property
    def missing(self) -> Decimal:
        """Never below 0."""
        return max(Decimal(0), self.wanted - self.held)

    @property
    def costs(self) -> Amounts:
        """The hourly cost of what is held, by currency; empty if some of it is unknown."""
        paid = _paid(self.pools)
        return {} if any(pool.hourly_cost is None for pool in paid) else sum_of(pool.costs for pool in paid)

    @property
    def is_met(self) -> bool:
        """Whether everything wanted is held. A group's last run decides about a remainder that fits no weight."""
        if self.status == "WAITING":
            return True
        if self.is_group and self.status in MET and self.recorded_wanted == self.wanted:
            return True
        return not self.missing and self.status not in ("INVALID", "FAILED", "PENDING")


@dataclass(frozen=True)
class Sums:
    """The totals of all demands; wanted, held and missing only of those that count instances."""

    demands: int
    unmet: int
    wanted: Decimal
    held: Decimal
    missing: Decimal
    in_use: int
    unused: int
    hourly_cost: Amounts
    """The hourly cost of what is held, by currency; empty if no price is known."""
    unpriced: int
    """The held instances whose price is unknown."""


def sums_of(demands: Sequence[Demand]) -> Sums:
    """The totals. A group that counts vCPUs adds only its use and its costs."""
    pools = [pool for demand in demands for pool in demand.pools]
    counted = [demand for demand in demands if demand.unit == "instances"]
    return Sums(
        len(demands),
        sum(not demand.is_met for demand in demands),
        sum((demand.wanted for demand in counted), Decimal(0)),
        sum((demand.held for demand in counted), Decimal(0)),
        sum((demand.missing for demand in counted), Decimal(0)),
        sum(pool.in_use or 0 for pool in pools),
        sum(pool.unused or 0 for pool in pools),
        sum_of(pool.costs for pool in _paid(pools)),
        int(sum(pool.held for pool in pools if pool.hourly_cost is None)),
    )


def _paid(pools: Sequence[Pool]) -> Sequence[Pool]:
    """The pools that hold something; all of them if none does."""
    return [pool for pool in pools if pool.held] or pools
