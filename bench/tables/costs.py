"""What a month costs, and what was measured for it, in docs/explanation/cost.md; how a run grows, in performance.md."""

from collections.abc import Mapping
from typing import Any

from bench.costs import prices, usage
from bench.costs.bill import AURORA_GB, DYNAMODB, ITEMS, LAMBDA, LOGS, METRICS, STEP_FUNCTIONS, Bill, bill, total
from bench.costs.stacks import DEFAULT, DISABLED, NAT, OWN_ALL, OWN_VPC, StackCounts
from bench.costs.usage import BUSY, DRY, HELD, SLOW, Run, gb_seconds, of_functions, transitions
from bench.documents import table

MONTHS = (10, 100, 1000)
"""Targets of the stacks whose months are shown."""
SLOWER_MINUTES = 5
AIMS = {DRY: 10.0, SLOW: 4.0}
"""US dollars a month that one more short target may cost."""
LINEAR = 1.3
"""A tenfold run's CPU time per target, as a multiple of the smaller run's, that still counts as linear."""


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    memory_mb = results["stacks"][DEFAULT]["memory_mb"]
    return {
        "growth": growth(results),
        "costs-month": _months(results),
        "costs-changes": _changes(results),
        "costs-more": one_more(results),
        "costs-runs": _runs(results, memory_mb),
        "costs-cold": _cold(results["cold_cpu_ms"], memory_mb),
        "costs-stacks": _stacks(results["stacks"]),
        "costs-assumed": _assumed(),
        "costs-prices": _prices(),
    }


def of_case(results: dict[str, Any], case: str) -> list[Run]:
    """Runs of one case, the smallest first."""
    return sorted((run for run in results["runs"] if run["case"] == case), key=lambda run: run["targets"])


def more(results: dict[str, Any], run: Run) -> Bill:
    """What each of a run's short targets adds to a month in which none is short."""
    (without,) = (one for one in of_case(results, HELD) if one["targets"] == run["targets"])
    before = _month(results, without)
    return {item: (usd - before[item]) / run["short"] for item, usd in _month(results, run).items()}


def growth(results: dict[str, Any]) -> str:
    """`growth`: whether a run's work grows no faster than its targets."""
    lines = []
    for case, count, which, fewer in ((HELD, "targets", "held", 100), (SLOW, "short", "short, slowed-down", 10)):
        runs: dict[int, Any] = {run[count]: run["used"] for run in results["runs"] if run["case"] == case}
        few, many = runs[fewer], runs[fewer * 10]
        ratio = of_functions(many, "cpu_ms") / of_functions(few, "cpu_ms") / 10
        lines += [
            f"- With {fewer * 10:,} {which} targets the functions' CPU time for each target is {ratio:.2f} times that "
            f"with {fewer}. The aim, at most {LINEAR}, is {'met' if ratio <= LINEAR else '**missed**'}.",
            f"- A run with {fewer * 10:,} {which} targets sends {many['statements']} SQL statements and "
            f"{many['ec2_calls']} EC2 calls; with {fewer}, {few['statements']} and {few['ec2_calls']}.",
        ]
    return "\n".join(lines)


def one_more(results: dict[str, Any]) -> str:
    """`costs-more`: what each short target adds, beside the aim."""
    columns = (STEP_FUNCTIONS, LAMBDA, DYNAMODB, LOGS, METRICS)
    rows, missed = [], []
    for run in (run for case in AIMS for run in of_case(results, case)):
        items, aim = more(results, run), AIMS[run["case"]]
        usd = total(items)
        who = f"{run['short']:,}" + (", slowed down" if run["case"] == SLOW else "")
        if usd > aim:
            missed.append(f"{who}: {usd:.2f}")
        cells = [*(items[item] for item in columns), usd - sum(items[item] for item in columns)]
        rows.append(f"{who} | {' | '.join(f'{cell:.2f}' for cell in cells)} | **{usd:.2f}** | {aim:.0f}")
    verdict = f"**missed** by {'; '.join(missed)}" if missed else "met"
    head = f"short | {' | '.join(columns)} | the rest | one more | aim"
    return f"{table(head, rows)}\n\nThe aim, at most so many US dollars for one more, is {verdict}."


def _label(run: Run) -> str:
    if run["case"] == BUSY:
        return "another run is under way"
    pools = "a dry pool" if run["short"] == 1 else "dry pools"
    short = f"{run['short']:,} short in {pools}" if run["short"] else "all held"
    return f"{run['targets']:,} targets, {short}" + (", slowed down" if run["case"] == SLOW else "")


def _month(results: dict[str, Any], run: Run, stack: StackCounts | None = None) -> Bill:
    """The bill of a month in which every working run is like this one; by default of a stack with the defaults."""
    (busy,) = of_case(results, BUSY)
    return bill(stack or results["stacks"][DEFAULT], run["used"], busy["used"])


def _months(results: dict[str, Any]) -> str:
    rows = []
    for run in (run for case in (HELD, DRY, SLOW) for run in of_case(results, case) if run["targets"] in MONTHS):
        items = _month(results, run)
        usd = " | ".join(f"{items[item]:.2f}" for item in ITEMS)
        rows.append(f"{_label(run)} | {usd} | **{total(items):.2f}**")
    return table(f"every run has | {' | '.join(ITEMS)} | total", rows)


def _changes(results: dict[str, Any]) -> str:
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
        " | ".join([_label(run), *(f"{total(_month(results, run, stack)):.2f}" for stack in stacks.values())])
        for case in (HELD, DRY)  # a slowed-down target is asked at another pace if the period is another
        for run in of_case(results, case)
        if run["targets"] in MONTHS
    )
    return table(" | ".join(["every run has", *stacks]), rows)


def _runs(results: dict[str, Any], memory_mb: Mapping[str, int]) -> str:
    def row(run: Run) -> str:
        used = run["used"]
        invocations, cpu_ms, billed_ms = (of_functions(used, field) for field in ("invocations", "cpu_ms", "billed_ms"))
        return (
            f"{_label(run)} | {transitions(used):,} | {invocations:,.0f} | {cpu_ms / 1000:.2f} | "
            f"{used['ec2_calls']:,} | {used['bucket_writes']:,} | {used['statements']:,} | "
            f"{used['log_bytes'] / 1000:,.1f} | {billed_ms / 1000:,.1f} | {gb_seconds(used, memory_mb):,.2f} | "
            f"{used['seconds']:,.0f}"
        )

    head = (
        "a run with | transitions | invocations | CPU, s | EC2 calls | "
        "writes to DynamoDB | SQL statements | log, KB | billed, s | GB-s | lasts, s"
    )
    return table(head, (row(run) for case in (BUSY, HELD, DRY, SLOW) for run in of_case(results, case)))


def _cold(cpu_ms: Mapping[str, int], memory_mb: Mapping[str, int]) -> str:
    rows = (
        f"{name} | {memory_mb[name]} MB | {ms:,} | {ms * usage.ONE_VCPU_MB / memory_mb[name] / 1000:.1f}"
        for name, ms in cpu_ms.items()
    )
    return table("function | memory | CPU of a cold start, ms | lasts, s", rows)


def _stacks(stacks: Mapping[str, StackCounts]) -> str:
    def row(name: str, stack: StackCounts) -> str:
        period = stack["period_minutes"]
        return (
            f"{name} | {stack['acus']:g} | {stack['endpoint_zones']} | {stack['nat_gateways']} | "
            f"{stack['addresses']} | {stack['alarm_metrics']} | {stack['dashboards']} | {stack['secrets']} | "
            + ("none" if period is None else f"every {period:g} min")
        )

    head = (
        "stack | ACUs at least | endpoint, zones | NAT gateways | public addresses | alarms' metrics | dashboards | "
        "secrets | runs start"
    )
    return table(head, (row(name, stacks[name]) for name in (DEFAULT, NAT, OWN_VPC, OWN_ALL, DISABLED)))


def _assumed() -> str:
    rows = (
        f"a function waits for an answer of EC2 | {usage.EC2_SECONDS:g} s",
        f"a function waits for an answer of the database | {usage.SQL_SECONDS * 1000:g} ms",
        f"a function with so much memory has one processor like the one that measured | {usage.ONE_VCPU_MB:,} MB",
        f"one request to Aurora's storage, and one more for each commit | {usage.WRITE_BYTES:,} bytes of the log",
        f"Aurora bills storage for at least | {AURORA_GB} GB",
        "Aurora stays at its lowest capacity | all month",
    )
    return table("assumed | value", rows)


def _prices() -> str:
    def row(price: prices.Price) -> str:
        usd = f"{price.usd:.2f}" if round(price.usd, 2) == price.usd else f"{price.usd:.10f}".rstrip("0")
        per = "" if price.per == 1 else f"{price.per:,.0f} "
        return f"{per}{price.unit} | {usd} | {price.note} | <{price.url}>"

    head = f"for | USD, {prices.REGION}, {prices.AS_OF} | not counted here | source"
    return table(head, map(row, prices.PRICES), left={0, 2, 3})
