"""How an attempt grows with the pools of its group: `python -m bench pools`, into docs/performance.md.

What the functions do without their libraries: the product's own comparison, plan and attempt, against pools of the
simulated market, which answer at once.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.benchmark import Benchmark, Results
from bench.market.ec2 import DESCRIBE
from bench.market.machine import ask_settings
from bench.market.supply import Burst
from bench.market.target import MarketGroup
from odcr.domain.acquisition import acquire
from odcr.domain.asking import plan
from odcr.domain.comparison import bounded, compare
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

EACH: Final = 10
"""Instances wanted, of each pool."""

LINEAR: Final = 1.3
"""The work for a pool of many, as a multiple of that of FEWER, that still counts as linear."""
FEWER: Final = 8
_PLAYS = 200
"""Of each attempt, by turns, of which the quickest counts: what disturbs only adds."""
_FOR_EVER = 1e9


@dataclass(frozen=True)
class Grown:
    """One attempt at a group."""

    case: str
    pools: int
    held: int
    """Instances, in the end."""
    describes: int
    asks: int
    """Requests for capacity."""
    find_ms: float
    """Processor time of the comparison and the plan."""
    attempt_ms: float
    """Processor time of the attempt."""


class _Once:
    """Every request at once, and one asking."""

    has_waited = False

    def allows_another(self, action: Action, region: str) -> bool:
        del action, region
        return True

    def turns_to_pool(self) -> None:
        pass

    def is_late(self) -> bool:
        return False

    def asks_again(self, *, looks: bool) -> bool:
        del looks
        return False


def _measure() -> Results:
    plays = [[attempt(case, pools) for case in CASES for pools in SIZES] for _ in range(_PLAYS)]
    return {"attempts": [asdict(_quickest(each)) for each in zip(*plays, strict=True)]}


def _quickest(plays: Sequence[Grown]) -> Grown:
    quickest = {name: round(min(getattr(one, name) for one in plays), 3) for name in ("find_ms", "attempt_ms")}
    return replace(plays[0], **quickest)


def attempt(case: str, pools: int) -> Grown:
    """One attempt at a group of so many pools, as FindShortfalls and ReserveCapacity make it."""
    free = 0 if case == DRY else EACH
    group = MarketGroup(0, EACH * pools, [[Burst(0.0, (_FOR_EVER,) * free)] for _ in range(pools)])
    target = group.row(0.0)
    if case == DRY:
        target = replace(target, members=tuple(replace(one, last_status=Status.SHORT) for one in target.members))
    if case == FILLED:
        target = replace(target, members=tuple(replace(one, most=EACH) for one in target.members))
    began = time.process_time()
    item = _item(target)
    found = time.process_time()
    outcome = acquire(Shortfall.from_event(item), "run", 0, group.ec2, _Once())
    to_round(outcome)
    ended = time.process_time()
    actions = [action for _, _, action in group.ec2.requests]
    return Grown(
        case,
        pools,
        int(outcome.reserved),
        actions.count(DESCRIBE),
        len(actions) - actions.count(DESCRIBE),
        (found - began) * 1000,
        (ended - found) * 1000,
    )


def _item(target: Target) -> dict[str, Any]:
    now = datetime.fromtimestamp(0, UTC)
    found = bounded(compare([target], [], []))
    until = now + timedelta(seconds=100)
    planned = plan(found.shortfalls, {target.key: target}, ask_settings(), now, until)
    item: dict[str, Any] = planned.to_event(now, until)[0]["Shortfalls"][0]
    return item


def of(results: Results) -> list[Grown]:
    """From results.json."""
    return [Grown(**one) for one in results["attempts"]]


def tables(results: Results) -> dict[str, str]:
    """By place."""
    grown = of(results)
    return {"pools-verdict": _verdict(grown), "pools-attempts": _attempts(grown)}


def growth(grown: list[Grown], case: str, field: str) -> float:
    """The work for a pool of the largest group, as a multiple of that of FEWER."""
    by_pools = {one.pools: one for one in grown if one.case == case}
    most = max(by_pools)
    ratio: float = (getattr(by_pools[most], field) / most) / (getattr(by_pools[FEWER], field) / FEWER)
    return ratio


def _verdict(grown: list[Grown]) -> str:
    most = max(one.pools for one in grown)
    lines = []
    for what, field, cases in (
        ("Requests for capacity", "asks", (DRY, FILLED)),
        ("the comparison's and the plan's work", "find_ms", tuple(CASES)),
        ("the attempt's work", "attempt_ms", (DRY, FILLED)),
    ):
        ratios = {case: growth(grown, case, field) for case in cases}
        told = ", ".join(f"{ratio:.2f} times ({case})" for case, ratio in ratios.items())
        is_met = max(ratios.values()) <= LINEAR
        lines.append(
            f"- For each pool of {most}, {what[0].lower()}{what[1:]}: {told} what it is for each of {FEWER}. "
            f"The aim, at most {LINEAR}, is {'met' if is_met else '**missed**'}."
        )
    looks = sorted({one.describes for one in grown if one.case == DRY})
    lines.append(f"- An attempt that finds all dry describes its pools {' or '.join(map(str, looks))} times in all.")
    return "\n".join(lines)


def _attempts(grown: list[Grown]) -> str:
    head = ["a group of", "held", "describes", "requests for capacity", "for each pool", "finding, ms", "attempt, ms"]
    rows = [
        [
            f"{one.pools} pool{'s' * (one.pools > 1)}, {one.case}: {CASES[one.case]}",
            f"{one.held} of {one.pools * EACH}",
            f"{one.describes}",
            f"{one.asks}",
            f"{one.asks / one.pools:.1f}",
            f"{one.find_ms:.2f}",
            f"{one.attempt_ms:.2f}",
        ]
        for one in grown
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _draw(results: Results, folder: Path) -> None:
    """The table says it all."""


POOLS = Benchmark("pools", _measure, _draw, tables)
