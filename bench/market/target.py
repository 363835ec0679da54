"""A demand in the simulated market, its pools, and what the tables record of it."""

from bench.market.clock import SimulatedClock
from bench.market.ec2 import REGION, TYPE, MarketEc2, Pool
from bench.market.scenario import Burst
from odcr.domain.outcome import Outcome
from odcr.domain.records import FRESH_SECONDS
from odcr.domain.target import Member, Strategy, Target, TargetKey, group_key

ZONES = "acd"
"""Zones of a group's pools."""


class MarketTarget:
    """A row or a group, and the market that supplies it. Each instance of a group counts for one.

    Args:
        number: tells it from the others; its instance types are its own.
        gap: instances wanted.
        supplies: one per pool, the most wanted first; a row has one.
        spread: a group's allocation strategy; None for a row.
    """

    def __init__(self, number: int, gap: int, *supplies: list[Burst], spread: Strategy | None = None) -> None:
        name = f"group-{number}" if spread else ""
        pools = [
            TargetKey(_type(number * len(supplies) + index), f"{REGION}{ZONES[index % len(ZONES)]}", group=name)
            for index in range(len(supplies))
        ]
        self.key = group_key(name) if spread else pools[0]
        self.gap, self._spread = gap, spread
        self.clock = SimulatedClock()
        self.ec2 = MarketEc2({key: Pool(bursts) for key, bursts in zip(pools, supplies, strict=True)}, self.clock)
        self.tried_at = -1e9
        """When it was last tried, as recorded."""
        self._dry_since: float | None = None
        self._outcome: Outcome | None = None

    @property
    def pools(self) -> list[TargetKey]:
        """Its pools, the most wanted first."""
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
        recorded = {one.key: one for one in last.pools} if last else {}
        # What a group holds is in the rows of its pools.
        reserved = int(last.reserved) if last and not self._spread else 0
        return Target(
            self.key,
            self.gap,
            reserved,
            str(last.status) if last else None,
            last_reserved=reserved,
            is_fresh=now - self.tried_at < FRESH_SECONDS,
            last_ids=last.reservation_ids if last and not self._spread else (),
            dry_seconds=None if self._dry_since is None else int(now - self._dry_since),
            members=tuple(_member(key, recorded.get(key)) for key in self.pools) if self._spread else (),
            strategy=self._spread or Strategy.prioritized,
            last_capacity=last.target if last and self._spread else None,
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
