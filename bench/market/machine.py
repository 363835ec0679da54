"""The schedule and the state machine in simulated time, around the product's own decisions."""

import heapq
from collections.abc import Sequence

from bench.market.ec2 import DESCRIBE, Request
from bench.market.item import Run, work
from bench.market.product import Pace
from bench.market.scenario import END_SECONDS
from bench.market.target import MarketTarget
from bench.market.timing import REQUEST_SECONDS, STEP_SECONDS
from odcr.domain.comparison import bounded, compare
from odcr.domain.pace import Share


def play(targets: Sequence[MarketTarget], pace: Pace) -> list[Request]:
    """Runs from the first start of the schedule until the end.

    Returns:
        The runs' own requests, those of FindShortfalls; the attempts' are with the targets.
    """
    requests: list[Request] = []
    start = 0.0
    while start < END_SECONDS:
        requests += [(start + 2 * STEP_SECONDS, region, DESCRIBE) for region in {one.region for one in targets}]
        released = _run(targets, Run(f"run-{start:.0f}", start, pace))
        # A start whose LoadTargets finds the lease held has nothing to do.
        start += pace.every
        while start + STEP_SECONDS < released:
            start += pace.every
    return requests


def _run(targets: Sequence[MarketTarget], run: Run) -> float:
    """One execution; returns when it gives the lease back."""
    now = run.started + STEP_SECONDS
    rows = [one.row(now) for one in sorted(targets, key=lambda one: one.tried_at)]
    now += STEP_SECONDS + REQUEST_SECONDS
    by_key = {one.key: one for one in targets}
    found = bounded(compare(rows, [], [held for one in targets for held in one.ec2.reservations]))

    # The Map's slots: an item starts when one becomes free. Each target has a pool of its own, so that one item after
    # the other can be played from its start to its end.
    slots = [now] * max(1, min(len(found.shortfalls), run.pace.concurrency))
    outcomes = []
    for index, shortfall in enumerate(found.shortfalls):
        target = by_key[shortfall.key]
        target.clock.set(heapq.heappop(slots))
        share = Share(index, len(found.shortfalls), run.pace.concurrency)
        outcomes.append(work(target, shortfall, share, run))
        heapq.heappush(slots, target.clock.now())

    now = max(slots) + STEP_SECONDS
    for outcome in [*outcomes, *found.observed]:
        by_key[outcome.key].record(outcome, now)
    return now
