"""The tables of docs/cost.md."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bench.benchmark import Results
from bench.costs import prices
from bench.costs.bill import AURORA_GB, ITEMS, bill, largest, runs, total
from bench.costs.results import BUSY, DRY, HELD, MET, Measured, Run
from bench.costs.standing import DEFAULT, DISABLED, NAT, OWN_ALL, OWN_VPC, Standing
from bench.costs.usage import EC2_SECONDS, ONE_VCPU_MB, SQL_SECONDS, WRITE_BYTES

SLOWER_MINUTES = 5


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
        "costs-parts": _parts(measured),
        "costs-prices": _prices(),
    }


def told(run: Run) -> str:
    """A run's case in words."""
    return {
        HELD: f"{run.targets:,} targets, all held",
        DRY: f"{run.targets:,} targets, {run.short:,} short in {'a dry pool' if run.short == 1 else 'dry pools'}",
        MET: f"{run.targets:,} targets, {run.short:,} short, met at once",
        BUSY: "another run is under way",
    }[run.case]


def _runs(measured: Measured) -> str:
    memory = measured.stacks[DEFAULT].memory_mb
    head = (
        "a run with",
        "transitions",
        "of these repeats",
        "invocations",
        "CPU, s",
        "waiting for turns, s",
        "EC2 calls",
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
            f"{used.waited_ms / 1000:,.0f}",
            f"{used.ec2_calls:,}",
            f"{used.statements:,}",
            f"{used.log_bytes / 1000:,.1f}",
            f"{used.billed_ms(memory) / 1000:,.1f}",
            f"{used.gb_seconds(memory):,.2f}",
            f"{used.seconds:,.0f}",
        )
        for case in (BUSY, HELD, DRY, MET)
        for run in measured.of_case(case)
        for used in [run.used]
    ]
    return _table(head, rows)


def _cold(measured: Measured) -> str:
    memory = measured.stacks[DEFAULT].memory_mb
    rows = [
        (name, f"{milliseconds:,}", f"{milliseconds * ONE_VCPU_MB / memory / 1000:.1f}")
        for name, milliseconds in measured.cold_cpu_ms.items()
    ]
    return _table(("function", "CPU of a cold start, ms", f"at {memory} MB, s"), rows)


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


def _parts(measured: Measured) -> str:
    stack = measured.stacks[DEFAULT]
    rows = []
    for run in measured.of_case(DRY):
        used, counted = run.used, runs(stack.period_minutes, run.used.seconds)
        waiting = used.waited_ms / 1000 * stack.memory_mb / 1024
        busy = prices.TRANSITION.of(measured.busy.transitions) + prices.LAMBDA_GB_SECOND.of(
            measured.busy.gb_seconds(stack.memory_mb)
        )
        rows.append(
            (
                f"{run.short:,} of {run.targets:,}",
                f"{counted.working:,.0f}",
                f"{prices.TRANSITION.of(used.repeats) * counted.working:.2f}",
                f"{prices.TRANSITION.of(used.states.get('TargetNotMet', 0)) * counted.working:.2f}",
                f"{prices.LAMBDA_GB_SECOND.of(waiting) * counted.working:.2f}",
                f"{prices.TRANSITION.of(used.waits) * counted.working:.2f}",
                f"{prices.LOG_GB.of(used.log_bytes / 1e9) * counted.working:.2f}",
                f"{busy * counted.busy:.2f}",
            )
        )
    head = (
        "short",
        "runs that work",
        "repeats within a run",
        "`TargetNotMet`",
        "waiting in Lambda",
        "the same waits as states",
        "logs",
        "starts that find another run",
    )
    return _table(head, rows)


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
