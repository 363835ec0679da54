"""How an attempt grows with the pools of its group: `make bench ONLY=pools`.

It is the work of the product's own comparison, plan and attempt, without their libraries: the pools of the simulated
market answer at once.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.market.ec2 import DESCRIBE
from bench.market.machine import ask_settings
from bench.market.scenario import Burst
from bench.market.target import MarketGroup
from odcr.domain.acquisition import acquire
from odcr.domain.asking import plan
from odcr.domain.bounds import bounded
from odcr.domain.comparison import compare
from odcr.domain.outcome import Status, to_round
from odcr.domain.pace import Action
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target

SIZES = (1, 2, 4, 8, 16, 32)
"""Pools of one group."""

DRY, FILLED, SEARCHED = "all dry", "filled", "searched"
CASES = {
    DRY: "nothing is free, as before",
    FILLED: "each pool has what its `Max_Instances` allows",
    SEARCHED: "each pool has as much, and no `Max_Instances`",
}

EACH = 10
"""Instances wanted, of each pool."""

_PLAYS = 200
"""Of each attempt, in turns. The fastest counts: noise only adds."""
_FOR_EVER = 1e9


class _Unhurried:
    """A pace at which every request may go at once, and each pool is asked only once."""

    has_waited = False

    def await_turn(self, action: Action, region: str) -> bool:
        del action, region
        return True

    def begin_pool(self) -> None:
        pass

    def is_late(self) -> bool:
        return False

    def await_asking(self, *, looks: bool) -> bool:
        del looks
        return False


def measure() -> dict[str, Any]:
    """Makes each attempt many times.

    Returns:
        `{"attempts": [what `attempt` returns, with the least times]}`.
    """
    plays = [[attempt(case, pools) for case in CASES for pools in SIZES] for _ in range(_PLAYS)]
    return {"attempts": [_fastest(each) for each in zip(*plays, strict=True)]}


def _fastest(plays: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return plays[0] | {name: round(min(one[name] for one in plays), 3) for name in ("find_ms", "attempt_ms")}


def attempt(case: str, pools: int) -> dict[str, Any]:
    """One attempt at a group of so many pools, as FindShortfalls and ReserveCapacity make it.

    Returns:
        The case, the pools, the instances held in the end, the describes and the requests for capacity (`asks`), and
        milliseconds on the processor, of the comparison and the plan (`find_ms`) and of the attempt (`attempt_ms`).
    """
    free = 0 if case == DRY else EACH
    group = MarketGroup(0, EACH * pools, [[Burst(0.0, (_FOR_EVER,) * free)] for _ in range(pools)])
    target = group.row(0.0)
    if case == DRY:
        target = replace(target, members=tuple(replace(one, last_status=Status.SHORT) for one in target.members))
    if case == FILLED:
        target = replace(target, members=tuple(replace(one, most=EACH) for one in target.members))
    began = time.process_time()
    item = _map_item(target)
    planned = time.process_time()
    outcome = acquire(Shortfall.from_event(item), "run", 0, group.ec2, _Unhurried())
    to_round(outcome)
    ended = time.process_time()
    describes = sum(action == DESCRIBE for _, _, action in group.ec2.requests)
    return {
        "case": case,
        "pools": pools,
        "held": int(outcome.reserved),
        "describes": describes,
        "asks": len(group.ec2.requests) - describes,
        "find_ms": (planned - began) * 1000,
        "attempt_ms": (ended - planned) * 1000,
    }


def _map_item(target: Target) -> dict[str, Any]:
    now = datetime.fromtimestamp(0, UTC)
    until = now + timedelta(seconds=100)
    shortfalls = bounded(compare([target], [], [])).shortfalls
    planned = plan(shortfalls, {target.key: target}, ask_settings(), now, until)
    item: dict[str, Any] = planned.to_event(now, until)[0]["Shortfalls"][0]
    return item
