"""A month's bill agrees with a calculation by hand."""

from typing import Any

import pytest

from bench.costs import prices
from bench.costs.bill import (
    ALARMS,
    AURORA,
    DASHBOARD,
    DYNAMODB,
    LAMBDA,
    LOGS,
    METRICS,
    NETWORK,
    OTHER,
    SECRETS,
    STEP_FUNCTIONS,
    Runs,
    bill,
    runs,
    total,
)
from bench.costs.stacks import DEFAULT, StackCounts
from bench.costs.usage import BUSY as BUSY_CASE
from bench.costs.usage import DRY, HELD, SLOW, Run, Usage, Work, billed_ms, gb_seconds, of_functions, storage_requests
from bench.tables.costs import growth, more, one_more


def work(invocations: int, cpu_ms: float, billed_ms: float) -> Work:
    return Work(invocations=invocations, cpu_ms=cpu_ms, billed_ms=billed_ms)


def usage(**fields: Any) -> Usage:
    counts: dict[str, Any] = dict.fromkeys(("repeats", "ec2_calls", "bucket_writes", "statements", "commits"), 0)
    counts |= dict.fromkeys(("redo_bytes", "log_bytes", "seconds"), 0)
    return {"states": {}, "functions": {}, "metrics": [], **counts, **fields}


STACK = StackCounts(
    acus=0.5,
    endpoint_zones=2,
    nat_gateways=0,
    addresses=0,
    alarm_metrics=6,
    dashboards=1,
    secrets=2,
    memory_mb={"LoadTargets": 256, "FindShortfalls": 256, "ReserveCapacity": 160, "RecordResults": 256},
    traced=True,
    period_minutes=1,
)
IDLE = usage(
    states={"LoadTargets": 1, "IsLeaseHeld": 1, "FindShortfalls": 1, "Map": 1, "RecordResults": 1, "Announce": 1},
    functions={
        "LoadTargets": work(1, 10, 100),
        "FindShortfalls": work(1, 10, 503),
        "RecordResults": work(1, 10, 100),
    },
    ec2_calls=1,
    statements=20,
    commits=2,
    redo_bytes=5000,
    log_bytes=4000,
    metrics=["ODCR A s=1", "ODCR B s=1"],
    seconds=0.7,
)
BUSY = usage(
    states=dict.fromkeys(("LoadTargets", "IsLeaseHeld", "AnotherRunIsActive"), 1),
    functions={"LoadTargets": work(1, 10, 0)},
    log_bytes=1000,
)
ASKING = usage(
    **{
        **IDLE,
        "states": {**IDLE["states"], "ReserveCapacity": 1, "StartNextRun": 1},
        "functions": {**IDLE["functions"], "ReserveCapacity": work(1, 100, 100_000)},
        "bucket_writes": 20,
        "metrics": [*IDLE["metrics"], "ODCR C s=1"],
        "seconds": 109.5,
    }
)
"""A run that asks. It takes 1/24,000 of a month."""


def test_an_idle_month_by_hand() -> None:
    items = bill(STACK, IDLE, BUSY)
    # 730 hours, 43,800 runs of 6 transitions.
    assert items[STEP_FUNCTIONS] == pytest.approx(262.8 * 0.025)
    # 0.703 s of a quarter of a GB.
    assert items[LAMBDA] == pytest.approx(43_800 * (0.703 / 4 * 0.0000133334 + 3 * 0.0000002))
    # 0.5 ACUs, 10 GB, 2 * 4 KiB of log and 2 commits a run.
    assert items[AURORA] == pytest.approx(43.80 + 1.00 + 43_800 * 4 * 0.0000002)
    assert items[NETWORK] == pytest.approx(14.60)
    assert items[METRICS] == pytest.approx(0.60)
    assert items[ALARMS] == pytest.approx(0.60)
    assert items[LOGS] == pytest.approx(0.1752 * 0.50)
    assert items[SECRETS] == pytest.approx(0.80)
    assert items[DASHBOARD] == 3
    assert items[OTHER] == pytest.approx(43_800 * (0.000001 + 0.000005))
    assert total(items) == pytest.approx(sum(items.values()))


def test_a_run_that_lasts_longer_than_the_period_has_others_find_it_busy() -> None:
    long = usage(**{**IDLE, "seconds": 130})
    # Every third start works: 14,600 * 6 + 29,200 * 3 transitions.
    assert runs(1, long) == Runs(14_600, 29_200)
    assert bill(STACK, long, BUSY)[STEP_FUNCTIONS] == pytest.approx(175.2 * 0.025)
    assert bill(STACK, long, BUSY)[LOGS] == pytest.approx((14_600 * 4000 + 29_200 * 1000) / 1e9 * 0.50)
    assert runs(1, usage(**{**IDLE, "seconds": 60})) == Runs(43_800, 0)
    assert runs(5, long) == Runs(8_760, 0)
    assert runs(1, usage(**{**IDLE, "seconds": 0})) == Runs(43_800, 0)


def test_a_run_that_starts_the_next_one_has_all_starts_find_it_busy() -> None:
    assert runs(1, ASKING) == Runs(24_000, 43_800)
    items = bill(STACK, ASKING, BUSY)
    assert items[STEP_FUNCTIONS] == pytest.approx((24 * 8 + 43.8 * 3) * 0.025)
    # 100 seconds of 160 MB, beside what an idle run takes.
    assert items[LAMBDA] == pytest.approx(
        24_000 * ((15.625 + 0.703 / 4) * 0.0000133334 + 4 * 0.0000002) + 43_800 * 0.0000002
    )
    assert items[DYNAMODB] == pytest.approx(0.48 * 0.625)
    # The schedule's starts, and a trace of each execution.
    assert items[OTHER] == pytest.approx(43_800 * 0.000001 + 67_800 * 0.000005)


def recorded(case: str, targets: int, short: int, used: Usage) -> Run:
    return Run(case=case, targets=targets, short=short, used=used)


def results(*added: Run) -> dict[str, Any]:
    others = (recorded(BUSY_CASE, 9, 0, BUSY), *(recorded(HELD, targets, 0, IDLE) for targets in (10, 100)))
    return {"runs": [*others, *added], "stacks": {DEFAULT: STACK}}


def test_one_more_short_target_costs_its_share_of_the_increase() -> None:
    two = recorded(DRY, 10, 2, ASKING)
    items = more(results(two), two)
    assert items[METRICS] == pytest.approx(0.30 / 2)
    assert items[DYNAMODB] == pytest.approx(0.30 / 2)
    assert items[AURORA] * 2 == pytest.approx((24_000 - 43_800) * 4 * 0.0000002)
    assert total(items) * 2 == pytest.approx(total(bill(STACK, ASKING, BUSY)) - total(bill(STACK, IDLE, BUSY)))


@pytest.mark.parametrize(("case", "aim"), [(DRY, 10), (SLOW, 4)])
def test_a_missed_aim_is_reported(case: str, aim: float) -> None:
    cheap = usage(**{**IDLE, "bucket_writes": 1})
    # These writes, in 43,800 runs, cost a hundredth more than the aim allows.
    dear = usage(**{**IDLE, "bucket_writes": round(aim / 0.625 * 1e6 / 43_800 * 1.01)})
    assert one_more(results(recorded(case, 10, 1, cheap))).endswith("for one more, is met.")
    assert "is **missed** by 1" in one_more(results(recorded(case, 10, 1, cheap), recorded(case, 100, 1, dear)))


@pytest.mark.parametrize(("many_ms", "verdict"), [(120, "is met"), (140, "is **missed**")])
def test_work_that_grows_faster_than_the_targets_is_reported(many_ms: float, verdict: str) -> None:
    def working(cpu_ms: float) -> Usage:
        return usage(functions={"LoadTargets": work(1, cpu_ms, 0)})

    runs = [
        recorded(case, 10 * short, 0 if case == HELD else short, working(cpu_ms))
        for case in (HELD, SLOW)
        for short, cpu_ms in ((10, 10), (100, many_ms))
    ]
    lines = growth({"runs": runs}).splitlines()
    assert [verdict in line for line in lines] == [True, False, True, False]


def test_without_a_schedule_only_the_standing_parts_cost() -> None:
    items = bill({**STACK, "period_minutes": None}, IDLE, BUSY)
    assert {name for name, usd in items.items() if usd == 0} == {STEP_FUNCTIONS, LAMBDA, DYNAMODB, METRICS, LOGS, OTHER}
    assert items[AURORA] == pytest.approx(44.80)


def test_your_own_network_and_database_are_on_another_bill() -> None:
    items = bill({**STACK, "acus": 0, "endpoint_zones": 0, "secrets": 0}, IDLE, BUSY)
    assert items[AURORA] == items[NETWORK] == items[SECRETS] == 0
    nat = bill({**STACK, "endpoint_zones": 0, "nat_gateways": 1, "addresses": 1}, IDLE, BUSY)
    assert nat[NETWORK] == pytest.approx(32.85 + 3.65)


def test_each_function_is_billed_by_its_own_memory() -> None:
    run = usage(functions={"ReserveCapacity": work(2, 10, 2000), "LoadTargets": work(1, 30, 1000)})
    assert gb_seconds(run, STACK["memory_mb"]) == pytest.approx(2 * 160 / 1024 + 0.25)
    sums = [of_functions(run, field) for field in ("invocations", "cpu_ms", "billed_ms")]
    assert sums == [3, 40, 3000]
    assert billed_ms(100, 0, 1769, 0) == pytest.approx(100)
    assert billed_ms(100, 0.5, 128, 2) == pytest.approx(1382.03 + 502, abs=0.01)
    assert storage_requests(usage(redo_bytes=4097, commits=1)) == 3


def test_every_price_has_its_page_and_date() -> None:
    for price in prices.PRICES:
        assert price.url.startswith("https://aws.amazon.com/")
        assert "/pricing/" in price.url
        assert price.usd > 0
        assert price.per > 0
        assert price.unit
    assert {id(value) for value in vars(prices).values() if isinstance(value, prices.Price)} == set(
        map(id, prices.PRICES)
    )
    assert prices.TRANSITION.of(1000) == 0.025
