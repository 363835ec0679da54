"""What a month costs, in docs/explanation/cost.md."""

from collections.abc import Mapping
from typing import Any

from bench.costs import prices
from bench.costs.bill import DYNAMODB, ITEMS, LAMBDA, LOGS, METRICS, STEP_FUNCTIONS, Bill, bill, total
from bench.costs.stacks import DEFAULT, DISABLED, NAT, OWN_ALL, OWN_VPC, StackCounts
from bench.costs.usage import BUSY, DRY, HELD, MET, SLOW, Run
from bench.markdown import table
from odcr.domain.asking import SLOWEST_SECONDS

MONTHS = (10, 100, 1000)
"""Targets of the stacks whose months are shown."""
SLOWER_MINUTES = 5
OVER = (1, 4)
"""Regions over which short targets are spread."""
AIMS = {DRY: 10.0, SLOW: 4.0}
"""US dollars a month that one more short target is to cost at most."""
ASK_EVERY = (3, 5, 10, SLOWEST_SECONDS)
"""Values of AskEverySeconds that are shown."""
SLOW_AFTER = (6, 24, 72, 0)
"""Values of SlowAfterHours that are shown."""
UNTIL_SLOWEST = 1.5
"""After SlowAfterHours times this a dry pool is asked once a minute."""
SHORT = (1, 10)
"""Short targets for which these are shown."""


def label(run: Run) -> str:
    """A run in words."""
    pools = "a dry pool" if run["short"] == 1 else "dry pools"
    return {
        HELD: f"{run['targets']:,} targets, all held",
        DRY: f"{run['targets']:,} targets, {run['short']:,} short in {pools}",
        SLOW: f"{run['targets']:,} targets, {run['short']:,} short in {pools}, slowed down",
        MET: f"{run['targets']:,} targets, {run['short']:,} short, met at once",
        BUSY: "another run is under way",
    }[run["case"]] + (f", over {run['regions']} Regions" if run["regions"] > 1 else "")


def of_case(results: dict[str, Any], case: str, regions: int = 1) -> list[Run]:
    """Runs of one case, the smallest first."""
    runs: list[Run] = [run for run in results["runs"] if (run["case"], run["regions"]) == (case, regions)]
    return sorted(runs, key=lambda run: (run["targets"], run["short"]))


def month(results: dict[str, Any], run: Run, stack: StackCounts | None = None) -> Bill:
    """The bill of a month in which every working run is like this one; by default of a stack with the defaults."""
    (busy,) = of_case(results, BUSY)
    return bill(stack or results["stacks"][DEFAULT], run["used"], busy["used"])


def shown(results: dict[str, Any]) -> list[Run]:
    """What every run of a month is like: all held, then one target in ten short, then the same slowed down."""
    return [
        run
        for case in (HELD, DRY, SLOW)
        for run in of_case(results, case)
        if run["targets"] in MONTHS and run["short"] * 10 in (0, run["targets"])
    ]


def months(results: dict[str, Any]) -> str:
    """`costs-month`."""
    rows = []
    for run in shown(results):
        items = month(results, run)
        dearest = max(items, key=lambda item: items[item])
        part = items[dearest] / total(items) * 100
        usd = " | ".join(f"{items[item]:.2f}" for item in ITEMS)
        rows.append(f"{label(run)} | {usd} | **{total(items):.2f}** | {dearest}, {part:.0f} %")
    return table(f"every run has | {' | '.join(ITEMS)} | total | dearest", rows)


def changes(results: dict[str, Any]) -> str:
    """`costs-changes`."""
    counts: dict[str, StackCounts] = results["stacks"]
    stacks: dict[str, StackCounts] = {
        "default": counts[DEFAULT],
        f"a run every {SLOWER_MINUTES} minutes": {**counts[DEFAULT], "period_minutes": SLOWER_MINUTES},
        "NAT gateway": counts[NAT],
        "own VPC with a way to Secrets Manager": counts[OWN_VPC],
        "and own database": counts[OWN_ALL],
        "schedule disabled": counts[DISABLED],
    }
    rows = (
        " | ".join([label(run), *(f"{total(month(results, run, stack)):.2f}" for stack in stacks.values())])
        for run in shown(results)
        if run["case"] != SLOW  # with another period it would not be asked as it was measured
    )
    return table(" | ".join(["every run has", *stacks]), rows)


def more(results: dict[str, Any], run: Run) -> Bill:
    """What each of a run's short targets adds to a month in which none is short."""
    held = of_case(results, HELD, run["regions"])
    without = next((one for one in held if one["targets"] == run["targets"]), held[0])
    before = month(results, without)
    return {item: (usd - before[item]) / run["short"] for item, usd in month(results, run).items()}


def one_more(results: dict[str, Any]) -> str:
    """`costs-more`."""
    columns = (STEP_FUNCTIONS, LAMBDA, DYNAMODB, LOGS, METRICS)
    rows, missed = [], []
    for run in (run for regions in OVER for case in AIMS for run in of_case(results, case, regions)):
        items, aim = more(results, run), AIMS[run["case"]]
        usd = total(items)
        regions = "one Region" if run["regions"] == 1 else f"{run['regions']} Regions"
        who = f"{run['short']:,} in {regions}" + (", slowed down" if run["case"] == SLOW else "")
        if usd > aim:
            missed.append(f"{who}: {usd:.2f}")
        cells = [*(items[item] for item in columns), usd - sum(items[item] for item in columns)]
        rows.append(f"{who} | {' | '.join(f'{cell:.2f}' for cell in cells)} | **{usd:.2f}** | {aim:.0f}")
    verdict = f"**missed** by {'; '.join(missed)}" if missed else "met"
    head = f"short | {' | '.join(columns)} | the rest | one more | aim"
    return f"{table(head, rows)}\n\nThe aim, at most so many US dollars for one more, is {verdict}."


def asking(results: dict[str, Any]) -> str:
    """`costs-asking`."""
    default = results["stacks"][DEFAULT]["ask_every"]
    rows = []
    for short in SHORT:
        full, slow = (
            more(results, next(run for run in of_case(results, case) if run["short"] == short)) for case in (DRY, SLOW)
        )
        usd = {f"AskEverySeconds={value}": asked_every(full, total(slow), default, value) for value in ASK_EVERY}
        usd |= {f"SlowAfterHours={value}": slowed_after(total(full), total(slow), value) for value in SLOW_AFTER}
        rows += [f"{short:,} | `{parameter}` | {each:.2f}" for parameter, each in usd.items()]
    return table("short | parameter | one more, the first month", rows, left={0, 1})


def asked_every(full: Mapping[str, float], slowest: float, default: float, seconds: float) -> float:
    """A month at full pace: the function stays whether it asks or waits, but each request is a write to DynamoDB.

    A target that has slowed down is asked once a minute.
    """
    if seconds >= SLOWEST_SECONDS:
        return slowest
    return sum(full.values()) + full[DYNAMODB] * (default / seconds - 1)


def slowed_after(full: float, slowest: float, hours: float) -> float:
    """A month in which a pool is dry from the first day on; the steps in between are counted as full pace."""
    part = min(1.0, hours * UNTIL_SLOWEST / prices.HOURS) if hours else 1.0
    return part * full + (1 - part) * slowest
