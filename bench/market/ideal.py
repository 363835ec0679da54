"""The ideal asker, the product's measure: the same ladder, at the rate that the product permits itself, without a gap.

It sends four requests a second of each action, evenly over the pools that are short. It saves up no tokens, needs no
describe, and loses no time between runs.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.market.ec2 import CREATE, MODIFY, Request
from bench.market.ladders import Ladder, MakeLadder
from bench.market.scenario import END_SECONDS
from bench.market.target import MarketTarget
from odcr.domain.ladder import ask_ladder
from odcr.domain.refusal import InsufficientInstanceCapacity
from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, TargetKey

TOKEN_SECONDS = 0.25
"""Between two requests of one action: four fifths of what EC2 refills."""

TURN_SECONDS = 3.0
"""The least time from one turn of a pool to its next."""


def play(targets: Sequence[MarketTarget], ladder: MakeLadder = ask_ladder) -> list[Request]:
    """Asks until the end; returns no requests, as those for capacity are with the targets.

    Args:
        targets: each with pools of its own.
        ladder: how many instances a turn asks for.
    """
    buckets: dict[str, _Bucket] = {}
    events: list[tuple[float, int, _Bucket | _Asker]] = []
    numbers = iter(range(1 << 62))  # of events at the same moment, the one planned first comes first

    def plan(at: float, what: "_Bucket | _Asker") -> None:
        heapq.heappush(events, (at, next(numbers), what))

    for target in targets:
        plan(0.0, _Asker(target, ladder))
    while events and events[0][0] < END_SECONDS:
        now, _, what = heapq.heappop(events)
        if isinstance(what, _Bucket):
            asker = what.next_asker(now)
            ready = asker.ask(now)
            if ready is not None:
                plan(ready, asker)
            if what.waiting:
                plan(what.token_at, what)
        else:
            bucket = buckets.setdefault(what.action, _Bucket())
            if not bucket.waiting:
                plan(max(now, bucket.token_at), bucket)
            # A turn that has begun goes on before others begin; these come in the order in which they became ready.
            heapq.heappush(bucket.waiting, (what.is_between_turns, next(numbers), what))
    return []


@dataclass(eq=False)
class _Bucket:
    """The tokens of one action, and who waits for them."""

    token_at: float = 0.0
    """When the next token comes."""
    waiting: "list[tuple[bool, int, _Asker]]" = field(default_factory=list)

    def next_asker(self, now: float) -> "_Asker":
        self.token_at = now + TOKEN_SECONDS
        return heapq.heappop(self.waiting)[2]


class _Asker:
    """Asks for one target, turn by turn. A group's turn goes through all its pools without a pause."""

    def __init__(self, target: MarketTarget, ladder: MakeLadder) -> None:
        self.target = target
        self._make_ladder = ladder
        self._ladder: Ladder | None = None
        self._count = 0
        self._turn_began = 0.0
        self._turns_ended = 0
        self._pool_index = 0

    @property
    def is_between_turns(self) -> bool:
        return self._ladder is None

    @property
    def action(self) -> str:
        """The action of its next request."""
        return MODIFY if self._reservations else CREATE

    @property
    def _pool(self) -> TargetKey:
        return self.target.pools[self._pool_index]

    @property
    def _reservations(self) -> list[Reservation]:
        return self.target.ec2.of(self._pool)

    def ask(self, now: float) -> float | None:
        """Sends one request; returns when the next may follow, or None if the target is met."""
        target = self.target
        if self._ladder is None:
            self._ladder = self._make_ladder(target.missing, from_one=self._turns_ended > 0)
            self._count = next(self._ladder)
            if not self._pool_index:
                self._turn_began = now
        target.clock.set(now)
        granted = self._is_granted()
        try:
            self._count = self._ladder.send(granted)
        except StopIteration:
            self._ladder = None
            return self._next_pool() if target.missing else None
        return target.clock.now()

    def _next_pool(self) -> float:
        """Turns to the next pool; returns when that may be asked."""
        self._pool_index = (self._pool_index + 1) % len(self.target.pools)
        if self._pool_index:
            return self.target.clock.now()
        self._turns_ended += 1
        return max(self.target.clock.now(), self._turn_began + TURN_SECONDS)

    def _is_granted(self) -> bool:
        ec2, reservations = self.target.ec2, self._reservations
        try:
            if reservations:
                ec2.resize(reservations[0], reservations[0].count + self._count)
            else:
                ec2.create(self._pool, ReservationOptions(), self._count, (), "")
        except InsufficientInstanceCapacity:
            return False
        return True
