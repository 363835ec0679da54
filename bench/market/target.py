"""A target of the simulation, its own market, and what the tables record of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.market.clock import SimulatedClock
from bench.market.ec2 import TYPE, MarketEc2, Pool
from bench.market.scenario import Burst
from odcr.domain.outcome import Outcome
from odcr.domain.records import FRESH_SECONDS
from odcr.domain.target import Member, Strategy, Target, TargetKey, group_key

REGIONS = ("ap-northeast-1", "eu-central-1", "us-east-1", "us-west-2")

ZONES = "acd"
"""Over which a group's pools are spread."""


class MarketTarget:
    """A row of the table, and the market in which it is to be met.

    Args:
        number: tells it from the others; each has an instance type of its own.
        gap: instances wanted.
        bursts: its pool's supply.
        region: where its pool is.
    """

    def __init__(self, number: int, gap: int, bursts: list[Burst], region: str = REGIONS[0]) -> None:
        self.key = TargetKey(_type(number), f"{region}c")
        self._set_up(gap, {self.key: Pool(bursts)}, region)

    def _set_up(self, gap: int, pools: Mapping[TargetKey, Pool], region: str) -> None:
        self.gap, self.region = gap, region
        self.clock = SimulatedClock()
        self.ec2 = MarketEc2(pools, self.clock, region)
        self.tried_at = -1e9
        """When it was last tried, as recorded."""
        self._dry_since: float | None = None
        self._outcome: Outcome | None = None

    @property
    def pools(self) -> list[TargetKey]:
        """Where it may be met, the most wanted first."""
        return [*self.ec2.pools]

    @property
    def missing(self) -> int:
        """Wanted minus held."""
        return self.gap - self.ec2.held

    def record(self, outcome: Outcome, now: float) -> None:
        """What RecordResults writes about it."""
        self._outcome = outcome
        if outcome.was_tried:
            self.tried_at = now
            self._dry_since = None if outcome.acquired or not outcome.is_short else (self._dry_since or now)

    def row(self, now: float) -> Target:
        """What LoadTargets reads about it."""
        last = self._outcome
        if last is None:
            return Target(self.key, self.gap)
        return Target(
            self.key,
            self.gap,
            int(last.reserved),
            str(last.status),
            last_reserved=int(last.reserved),
            is_fresh=now - self.tried_at < FRESH_SECONDS,
            last_ids=last.reservation_ids,
            dry_seconds=None if self._dry_since is None else int(now - self._dry_since),
        )


class MarketGroup(MarketTarget):
    """A group, and the market in which it is to be met: pools in several zones, in which each instance counts for one.

    Args:
        number: tells it from the others; its instance types are its own.
        gap: instances wanted, in all pools together.
        supplies: one per pool, the most wanted first.
        strategy: how its total is spread.
        region: where its pools are.
    """

    def __init__(
        self,
        number: int,
        gap: int,
        supplies: Sequence[list[Burst]],
        strategy: Strategy = Strategy.prioritized,
        region: str = REGIONS[0],
    ) -> None:
        name, first = f"group-{number}", number * len(supplies)
        self.key = group_key(name)
        self._strategy = strategy
        pools = {
            TargetKey(_type(first + index), f"{region}{ZONES[index % len(ZONES)]}", group=name): Pool(bursts)
            for index, bursts in enumerate(supplies)
        }
        self._set_up(gap, pools, region)

    def row(self, now: float) -> Target:
        """What LoadTargets reads about it."""
        row, last = super().row(now), self._outcome
        recorded = {} if last is None else {one.key: one for one in last.pools}
        return replace(
            row,
            # What a group holds stands in its pools' rows.
            current=0,
            last_reserved=0,
            last_ids=(),
            members=tuple(_member(key, recorded.get(key)) for key in self.pools),
            strategy=self._strategy,
            last_capacity=None if last is None else last.target,
        )


def _type(number: int) -> str:
    family, size = TYPE.split(".")
    return f"{family}{number}.{size}"


def _member(key: TargetKey, last: Outcome | None) -> Member:
    if last is None:
        return Member(key, 1)
    return Member(
        key,
        1,
        last_reserved=int(last.reserved),
        last_kept=int(last.target or 0),
        last_ids=last.reservation_ids,
        last_status=str(last.status),
        last_reason=last.reason,
    )
