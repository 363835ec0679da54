"""The tables of docs/cost.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from bench.benchmark import Results
from bench.costs import prices
from bench.costs.bill import (
    AURORA_GB,
    DYNAMODB,
    ITEMS,
    LAMBDA,
    LOGS,
    METRICS,
    STEP_FUNCTIONS,
    Bill,
    bill,
    largest,
    total,
)
from bench.costs.results import BUSY, DRY, HELD, MET, SLOW, Measured, Run
from bench.costs.standing import DEFAULT, DISABLED, NAT, OWN_ALL, OWN_VPC, Standing
from bench.costs.usage import EC2_SECONDS, ONE_VCPU_MB, SQL_SECONDS, WRITE_BYTES
from odcr.domain.asking import SLOWEST_SECONDS

SLOWER_MINUTES = 5
OVER = (1, 4)
"""Regions that short targets are spread over."""
AIMS = {DRY: 10.0, SLOW: 4.0}
"""US dollars a month that one more short target is to cost at most."""
ASK_EVERY = (3, 5, 10, SLOWEST_SECONDS)
"""Values of AskEverySeconds that are told."""
SLOW_AFTER = (6, 24, 72, 0)
"""Values of SlowAfterHours that are told."""
UNTIL_SLOWEST = 1.5
"""SlowAfterHours times so many is how long a pool is dry before it is asked once a minute."""
FEW, SOME = 1, 10
"""Short targets that what changes it is told of."""


def tables(results: Results) -> dict[str, str]:
    """By place."""
    measured = Measured.of(results)
    return {
        "costs-runs": _runs(measured),
        "costs-cold": _cold(measured),
        "costs-stacks": _stacks(measured),
        "costs-assumed": _assumed(),
        "costs-month": _months(measured),
        "costs-changes": _changes(measured),
        "costs-more": one_more(measured),
        "costs-asking": _asking(measured),
        "costs-prices": _prices(),
    }


def told(run: Run) -> str:
    """A run's case in words."""
    return {
        HELD: f"{run.targets:,} targets, all held",
        DRY: f"{run.targets:,} targets, {run.short:,} short in {_pools(run)}",
        SLOW: f"{run.targets:,} targets, {run.short:,} short in {_pools(run)}, slowed down",
        MET: f"{run.targets:,} targets, {run.short:,} short, met at once",
        BUSY: "another run is under way",
    }[run.case] + (f", over {run.regions} Regions" if run.regions > 1 else "")


def _pools(run: Run) -> str:
    return "a dry pool" if run.short == 1 else "dry pools"


def _runs(measured: Measured) -> str:
    memory = measured.stacks[DEFAULT].memory_mb
    head = (
        "a run with",
        "transitions",
        "of these repeats",
        "invocations",
        "CPU, s",
        "asleep, s",
        "EC2 calls",
        "writes to DynamoDB",
        "SQL statements",
        "log, KB",
        "billed, s",
        "GB-s",
        "lasts, s",
    )
    rows = [
        (
            told(run),
            f"{used.transitions:,}",
            f"{used.repeats:,}",
            f"{used.invocations:,}",
            f"{used.cpu_ms / 1000:.2f}",
            f"{used.slept_ms / 1000:,.0f}",
            f"{used.ec2_calls:,}",
            f"{used.bucket_writes:,}",
            f"{used.statements:,}",
            f"{used.log_bytes / 1000:,.1f}",
            f"{used.billed_ms / 1000:,.1f}",
            f"{used.gb_seconds(memory):,.2f}",
            f"{used.seconds:,.0f}",
        )
        for regions in OVER
        for case in (BUSY, HELD, DRY, SLOW, MET)
        for run in measured.of_case(case, regions)
        for used in [run.used]
    ]
    return _table(head, rows)


def _cold(measured: Measured) -> str:
    memory = measured.stacks[DEFAULT].memory_mb
    rows = [
        (name, f"{memory[name]} MB", f"{milliseconds:,}", f"{milliseconds * ONE_VCPU_MB / memory[name] / 1000:.1f}")
        for name, milliseconds in measured.cold_cpu_ms.items()
    ]
    return _table(("function", "memory", "CPU of a cold start, ms", "lasts, s"), rows)


def _stacks(measured: Measured) -> str:
    rows: list[tuple[str, ...]] = [
        (
            name,
            f"{stack.acus:g}",
            str(stack.endpoint_zones),
            str(stack.nat_gateways),
            str(stack.addresses),
            str(stack.alarm_metrics),
            str(stack.dashboards),
            str(stack.secrets),
            "none" if stack.period_minutes is None else f"every {stack.period_minutes:g} min",
        )
        for name in (DEFAULT, NAT, OWN_VPC, OWN_ALL, DISABLED)
        for stack in [measured.stacks[name]]
    ]
    head = (
        "stack",
        "ACUs at least",
        "endpoint, zones",
        "NAT gateways",
        "public addresses",
        "alarms' metrics",
        "dashboards",
        "secrets",
        "runs start",
    )
    return _table(head, rows)


def _assumed() -> str:
    rows = [
        ("a function waits for an answer of EC2", f"{EC2_SECONDS:g} s"),
        ("a function waits for an answer of the database", f"{SQL_SECONDS * 1000:g} ms"),
        ("a function of so much memory has one processor like the one that measured", f"{ONE_VCPU_MB:,} MB"),
        ("one request to Aurora's storage, and one more for each commit", f"{WRITE_BYTES:,} bytes of the log"),
        ("Aurora bills storage for at least", f"{AURORA_GB} GB"),
        ("Aurora stays at its lowest capacity", "all month"),
    ]
    return _table(("assumed", "value"), rows)


def _months(measured: Measured) -> str:
    rows = [_month(told(run), measured.stacks[DEFAULT], run, measured) for run in measured.months]
    return _table(("every run has", *ITEMS, "total", "dearest"), rows)


def _month(name: str, stack: Standing, run: Run, measured: Measured) -> tuple[str, ...]:
    items = bill(stack, run.used, measured.busy)
    dearest, part = largest(items)
    return (
        name,
        *(f"{items[item]:.2f}" for item in ITEMS),
        f"**{total(items):.2f}**",
        f"{dearest}, {part * 100:.0f} %",
    )


def _changes(measured: Measured) -> str:
    rows = []
    for run in measured.months:
        if run.case == SLOW:
            # With another period it would be asked otherwise than it was measured.
            continue
        default = measured.stacks[DEFAULT]
        slower = replace(default, period_minutes=SLOWER_MINUTES)
        others = (measured.stacks[name] for name in (NAT, OWN_VPC, OWN_ALL, DISABLED))
        totals = [total(bill(stack, run.used, measured.busy)) for stack in (default, slower, *others)]
        rows.append((told(run), *(f"{usd:.2f}" for usd in totals)))
    head = (
        "every run has",
        "default",
        f"a run every {SLOWER_MINUTES} minutes",
        "NAT gateway",
        "own VPC with a way to Secrets Manager",
        "and own database",
        "schedule disabled",
    )
    return _table(head, rows)


def one_more(measured: Measured) -> str:
    rows, missed = [], []
    for regions in OVER:
        for case in (DRY, SLOW):
            for run in measured.of_case(case, regions):
                items = more(run, measured)
                usd = total(items)
                if usd > AIMS[case]:
                    missed.append(f"{_asked(run)}: {usd:.2f}")
                named = (STEP_FUNCTIONS, LAMBDA, DYNAMODB, LOGS, METRICS)
                rest = usd - sum(items[item] for item in named)
                cells = (*(items[item] for item in named), rest)
                rows.append((_asked(run), *(f"{cell:.2f}" for cell in cells), f"**{usd:.2f}**", f"{AIMS[case]:.0f}"))
    head = ("short", "Step Functions", "Lambda", "DynamoDB", "logs", "metrics", "the rest", "one more", "aim")
    verdict = f"**missed** by {'; '.join(missed)}" if missed else "met"
    return f"{_table(head, rows)}\n\nThe aim, at most so many US dollars for one more, is {verdict}."


def more(run: Run, measured: Measured, stack: Standing | None = None) -> Bill:
    """What each of a run's short targets adds to a month in which none is short."""
    stack = stack or measured.stacks[DEFAULT]
    with_short, without = (bill(stack, one.used, measured.busy) for one in (run, measured.without_shortage(run)))
    return {item: (usd - without[item]) / run.short for item, usd in with_short.items()}


def _asked(run: Run) -> str:
    return f"{run.short:,} in {'one Region' if run.regions == 1 else f'{run.regions} Regions'}" + (
        ", slowed down" if run.case == SLOW else ""
    )


def _asking(measured: Measured) -> str:
    stack = measured.stacks[DEFAULT]
    rows = []
    for short in (FEW, SOME):
        dry, slow = (_short_in_one_region(measured, case, short) for case in (DRY, SLOW))
        full, slowest = more(dry, measured), total(more(slow, measured))
        for name, values, usd in (
            ("AskEverySeconds", ASK_EVERY, partial(asked_every, full, slowest, stack.ask_every)),
            ("SlowAfterHours", SLOW_AFTER, partial(slowed_after, total(full), slowest)),
        ):
            rows += [(f"{short:,}", f"`{name}={value}`", f"{usd(value):.2f}") for value in values]
    return _table(("short", "parameter", "one more, the first month"), rows, left={0, 1})


def _short_in_one_region(measured: Measured, case: str, short: int) -> Run:
    (run,) = [run for run in measured.of_case(case) if run.short == short]
    return run


def asked_every(full: Mapping[str, float], slowest: float, default: float, seconds: float) -> float:
    """A month at full pace: requests are counted in DynamoDB; the function stays whether it asks or waits.

    Once a minute is what a target that has slowed down is asked.
    """
    if seconds >= SLOWEST_SECONDS:
        return slowest
    return sum(full.values()) + full[DYNAMODB] * (default / seconds - 1)


def slowed_after(full: float, slowest: float, hours: float) -> float:
    """A month in which a pool is dry from the first day on; the steps in between are counted as full pace."""
    part = min(1.0, hours * UNTIL_SLOWEST / prices.HOURS) if hours else 1.0
    return part * full + (1 - part) * slowest


def _prices() -> str:
    rows = [
        (f"{price.per:,.0f} {price.unit}" if price.per != 1 else price.unit, _usd(price.usd), price.note, price.url)
        for price in prices.PRICES
    ]
    head = ("for", f"USD, {prices.REGION}, {prices.AS_OF}", "not counted here", "source")
    return _table(head, [(what, usd, note, f"<{url}>") for what, usd, note, url in rows], left={0, 2, 3})


def _usd(price: float) -> str:
    return f"{price:.2f}" if round(price, 2) == price else f"{price:.10f}".rstrip("0")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Iterable[int] = (0,)) -> str:
    """Markdown. Columns stand to the right, but for those named in `left`."""
    lines = [_line(head), _line(["---" if place in set(left) else "---:" for place in range(len(head))])]
    return "\n".join([*lines, *map(_line, rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
