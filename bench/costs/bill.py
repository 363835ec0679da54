"""What a month costs: quantity per run x runs a month x price, and what the stack has all month."""

import math
from typing import NamedTuple

from bench.costs import prices
from bench.costs.stacks import StackCounts
from bench.costs.usage import Usage, gb_seconds, is_followed, of_functions, storage_requests, transitions

AURORA_GB = 10
"""Assumed: storage that Aurora bills. The tables need less, unless a long history of many shortfalls is kept."""

STEP_FUNCTIONS, LAMBDA, DYNAMODB, AURORA, NETWORK = "Step Functions", "Lambda", "DynamoDB", "Aurora", "network"
METRICS, ALARMS, LOGS, SECRETS, DASHBOARD, OTHER = "metrics", "alarms", "logs", "secrets", "dashboard", "other"
ITEMS = (STEP_FUNCTIONS, LAMBDA, DYNAMODB, AURORA, NETWORK, METRICS, ALARMS, LOGS, SECRETS, DASHBOARD, OTHER)

Bill = dict[str, float]
"""US dollars a month by item."""


class Runs(NamedTuple):
    """Executions in a month."""

    working: float
    """Executions that took the lease."""
    busy: float
    """Executions that found another run under way and ended."""


def runs(period_minutes: float | None, run: Usage) -> Runs:
    """The runs of a month in which each working run is like this one.

    If a run starts the next one, each start of the schedule finds a run at work. Otherwise the first start after its
    end works.
    """
    if period_minutes is None:
        return Runs(0, 0)
    starts = prices.HOURS * 60 / period_minutes
    if is_followed(run):
        return Runs(prices.HOURS * 3600 / run["seconds"], starts)
    working = starts / max(1, math.ceil(run["seconds"] / 60 / period_minutes))
    return Runs(working, starts - working)


def bill(stack: StackCounts, run: Usage, busy: Usage) -> Bill:
    """A month's bill.

    Args:
        stack: what it has, and how often runs start.
        run: the usage of each working run.
        busy: the usage of a run that finds another one under way.
    """
    working, idle = runs(stack["period_minutes"], run)
    executions, starts = working + idle, idle if is_followed(run) else working + idle
    metrics = {*run["metrics"], *busy["metrics"]} if executions else set()

    def monthly(of_run: float, of_busy: float) -> float:
        return working * of_run + idle * of_busy

    memory = stack["memory_mb"]
    database = (
        prices.AURORA_ACU_HOUR.of(stack["acus"] * prices.HOURS)
        + prices.AURORA_GB_MONTH.of(AURORA_GB)
        + prices.AURORA_IO.of(monthly(storage_requests(run), storage_requests(busy)))
    )
    return {
        STEP_FUNCTIONS: prices.TRANSITION.of(monthly(transitions(run), transitions(busy))),
        LAMBDA: prices.LAMBDA_GB_SECOND.of(monthly(gb_seconds(run, memory), gb_seconds(busy, memory)))
        + prices.LAMBDA_REQUEST.of(monthly(of_functions(run, "invocations"), of_functions(busy, "invocations"))),
        DYNAMODB: prices.DYNAMODB_WRITE.of(monthly(run["bucket_writes"], busy["bucket_writes"])),
        # Your own database is on another bill.
        AURORA: database if stack["acus"] else 0,
        NETWORK: prices.ENDPOINT_HOUR.of(stack["endpoint_zones"] * prices.HOURS)
        + prices.NAT_HOUR.of(stack["nat_gateways"] * prices.HOURS)
        + prices.ADDRESS_HOUR.of(stack["addresses"] * prices.HOURS),
        METRICS: prices.METRIC.of(len(metrics)),
        ALARMS: prices.ALARM_METRIC.of(stack["alarm_metrics"]),
        LOGS: prices.LOG_GB.of(monthly(run["log_bytes"], busy["log_bytes"]) / 1e9),
        SECRETS: prices.SECRET.of(stack["secrets"]),
        DASHBOARD: prices.DASHBOARD.of(stack["dashboards"]),
        OTHER: prices.SCHEDULED.of(starts) + (prices.TRACE.of(executions) if stack["traced"] else 0),
    }


def total(items: Bill) -> float:
    """US dollars a month for all items."""
    return sum(items.values())
