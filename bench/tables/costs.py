"""What was measured for docs/cost.md: runs, stacks, assumptions and prices; `bills` has the sums of money."""

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
            label(run),
            f"{transitions(used):,}",
            f"{used['repeats']:,}",
            f"{of_functions(used, 'invocations'):,.0f}",
            f"{of_functions(used, 'cpu_ms') / 1000:.2f}",
            f"{of_functions(used, 'slept_ms') / 1000:,.0f}",
            f"{used['ec2_calls']:,}",
            f"{used['bucket_writes']:,}",
            f"{used['statements']:,}",
            f"{used['log_bytes'] / 1000:,.1f}",
            f"{of_functions(used, 'billed_ms') / 1000:,.1f}",
            f"{gb_seconds(used, memory_mb):,.2f}",
            f"{used['seconds']:,.0f}",
        )
        for regions in OVER
        for case in (BUSY, HELD, DRY, SLOW, MET)
        for run in of_case(results, case, regions)
        for used in [run["used"]]
    ]
    return table(head, rows)


def _cold(cpu_ms: Mapping[str, int], memory_mb: Mapping[str, int]) -> str:
    rows = [
        (name, f"{memory_mb[name]} MB", f"{ms:,}", f"{ms * ONE_VCPU_MB / memory_mb[name] / 1000:.1f}")
        for name, ms in cpu_ms.items()
    ]
    return table(("function", "memory", "CPU of a cold start, ms", "lasts, s"), rows)


def _stacks(stacks: Mapping[str, StackCounts]) -> str:
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
    rows = [
        (
            name,
            f"{stack['acus']:g}",
            str(stack["endpoint_zones"]),
            str(stack["nat_gateways"]),
            str(stack["addresses"]),
            str(stack["alarm_metrics"]),
            str(stack["dashboards"]),
            str(stack["secrets"]),
            "none" if stack["period_minutes"] is None else f"every {stack['period_minutes']:g} min",
        )
        for name in (DEFAULT, NAT, OWN_VPC, OWN_ALL, DISABLED)
        for stack in [stacks[name]]
    ]
    return table(head, rows)


def _assumed() -> str:
    rows = [
        ("a function waits for an answer of EC2", f"{EC2_SECONDS:g} s"),
        ("a function waits for an answer of the database", f"{SQL_SECONDS * 1000:g} ms"),
        ("a function of so much memory has one processor like the one that measured", f"{ONE_VCPU_MB:,} MB"),
        ("one request to Aurora's storage, and one more for each commit", f"{WRITE_BYTES:,} bytes of the log"),
        ("Aurora bills storage for at least", f"{AURORA_GB} GB"),
        ("Aurora stays at its lowest capacity", "all month"),
    ]
    return table(("assumed", "value"), rows)


def _prices() -> str:
    def usd(price: float) -> str:
        return f"{price:.2f}" if round(price, 2) == price else f"{price:.10f}".rstrip("0")

    rows = [
        (
            price.unit if price.per == 1 else f"{price.per:,.0f} {price.unit}",
            usd(price.usd),
            price.note,
            f"<{price.url}>",
        )
        for price in prices.PRICES
    ]
    return table(("for", f"USD, {prices.REGION}, {prices.AS_OF}", "not counted here", "source"), rows, left={0, 2, 3})
