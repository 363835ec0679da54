"""What was measured for docs/explanation/cost.md: runs, stacks, assumptions and prices; `bills` has the sums."""

from collections.abc import Mapping
from typing import Any

from bench.costs import prices
from bench.costs.bill import AURORA_GB
from bench.costs.stacks import DEFAULT, DISABLED, NAT, OWN_ALL, OWN_VPC, StackCounts
from bench.costs.usage import (
    BUSY,
    DRY,
    EC2_SECONDS,
    HELD,
    MET,
    ONE_VCPU_MB,
    SLOW,
    SQL_SECONDS,
    WRITE_BYTES,
    Run,
    gb_seconds,
    of_functions,
    transitions,
)
from bench.markdown import table
from bench.tables import bills
from bench.tables.bills import OVER, label, of_case


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    memory_mb = results["stacks"][DEFAULT]["memory_mb"]
    return {
        "costs-runs": _runs(results, memory_mb),
        "costs-cold": _cold(results["cold_cpu_ms"], memory_mb),
        "costs-stacks": _stacks(results["stacks"]),
        "costs-assumed": _assumed(),
        "costs-month": bills.months(results),
        "costs-changes": bills.changes(results),
        "costs-more": bills.one_more(results),
        "costs-asking": bills.asking(results),
        "costs-prices": _prices(),
    }


def _runs(results: dict[str, Any], memory_mb: Mapping[str, int]) -> str:
    def row(run: Run) -> str:
        used = run["used"]
        invocations, cpu_ms, slept_ms, billed_ms = (
            of_functions(used, field) for field in ("invocations", "cpu_ms", "slept_ms", "billed_ms")
        )
        return (
            f"{label(run)} | {transitions(used):,} | {used['repeats']:,} | {invocations:,.0f} | {cpu_ms / 1000:.2f} | "
            f"{slept_ms / 1000:,.0f} | {used['ec2_calls']:,} | {used['bucket_writes']:,} | {used['statements']:,} | "
            f"{used['log_bytes'] / 1000:,.1f} | {billed_ms / 1000:,.1f} | {gb_seconds(used, memory_mb):,.2f} | "
            f"{used['seconds']:,.0f}"
        )

    head = (
        "a run with | transitions | of these repeats | invocations | CPU, s | asleep, s | EC2 calls | "
        "writes to DynamoDB | SQL statements | log, KB | billed, s | GB-s | lasts, s"
    )
    cases = (BUSY, HELD, DRY, SLOW, MET)
    return table(head, (row(run) for over in OVER for case in cases for run in of_case(results, case, over)))


def _cold(cpu_ms: Mapping[str, int], memory_mb: Mapping[str, int]) -> str:
    rows = (
        f"{name} | {memory_mb[name]} MB | {ms:,} | {ms * ONE_VCPU_MB / memory_mb[name] / 1000:.1f}"
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
        f"a function waits for an answer of EC2 | {EC2_SECONDS:g} s",
        f"a function waits for an answer of the database | {SQL_SECONDS * 1000:g} ms",
        f"a function of so much memory has one processor like the one that measured | {ONE_VCPU_MB:,} MB",
        f"one request to Aurora's storage, and one more for each commit | {WRITE_BYTES:,} bytes of the log",
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
