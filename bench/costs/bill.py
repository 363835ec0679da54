"""What a month costs: quantity per run, times runs a month, times price; and what there is all month."""

import math
from dataclasses import dataclass

from bench.costs import prices
from bench.costs.standing import Standing
from bench.costs.usage import Usage

AURORA_GB = 10
"""Assumed: what Aurora bills for storage. The tables need less, unless a long history of many shortfalls is kept."""

STEP_FUNCTIONS, LAMBDA, DYNAMODB, AURORA, NETWORK = "Step Functions", "Lambda", "DynamoDB", "Aurora", "network"
METRICS, ALARMS, LOGS, SECRETS, DASHBOARD, OTHER = "metrics", "alarms", "logs", "secrets", "dashboard", "other"
ITEMS = (STEP_FUNCTIONS, LAMBDA, DYNAMODB, AURORA, NETWORK, METRICS, ALARMS, LOGS, SECRETS, DASHBOARD, OTHER)

Bill = dict[str, float]
"""US dollars a month by item."""


@dataclass(frozen=True)
class Runs:
    """Executions in a month."""

    working: float
    """Those that took the lease."""
    busy: float
    """Those that found another run under way and ended."""


def runs(period_minutes: float | None, run: Usage) -> Runs:
    """How many there are, if each working run is like this one.

    A run that is followed starts the next one, and all starts of the schedule find one at work. Otherwise the next tick
    after its end does.
    """
    if period_minutes is None:
        return Runs(0, 0)
    starts = prices.HOURS * 60 / period_minutes
    if run.is_followed:
        return Runs(prices.HOURS * 3600 / run.seconds, starts)
    working = starts / max(1, math.ceil(run.seconds / 60 / period_minutes))
    return Runs(working, starts - working)


def bill(standing: Standing, run: Usage, busy: Usage) -> Bill:
    """A month's bill.

    Args:
        standing: what the stack has, and how often runs start.
        run: what each working run uses.
        busy: what a run uses that finds another one under way.
    """
    counted = runs(standing.period_minutes, run)
    executions = counted.working + counted.busy
    starts = counted.busy if run.is_followed else executions
    metrics = {*run.metrics, *busy.metrics} if executions else set()

    def monthly(of_run: float, of_busy: float) -> float:
        return counted.working * of_run + counted.busy * of_busy

    memory = standing.memory_mb
    storage_requests = monthly(run.storage_requests, busy.storage_requests)
    database = (
        prices.AURORA_ACU_HOUR.of(standing.acus * prices.HOURS)
        + prices.AURORA_GB_MONTH.of(AURORA_GB)
        + prices.AURORA_IO.of(storage_requests)
    )
    return {
        STEP_FUNCTIONS: prices.TRANSITION.of(monthly(run.transitions, busy.transitions)),
        LAMBDA: prices.LAMBDA_GB_SECOND.of(monthly(run.gb_seconds(memory), busy.gb_seconds(memory)))
        + prices.LAMBDA_REQUEST.of(monthly(run.invocations, busy.invocations)),
        DYNAMODB: prices.DYNAMODB_WRITE.of(monthly(run.bucket_writes, busy.bucket_writes)),
        # A database of one's own is somebody's already.
        AURORA: database if standing.acus else 0,
        NETWORK: prices.ENDPOINT_HOUR.of(standing.endpoint_zones * prices.HOURS)
        + prices.NAT_HOUR.of(standing.nat_gateways * prices.HOURS)
        + prices.ADDRESS_HOUR.of(standing.addresses * prices.HOURS),
        METRICS: prices.METRIC.of(len(metrics)),
        ALARMS: prices.ALARM_METRIC.of(standing.alarm_metrics),
        LOGS: prices.LOG_GB.of(monthly(run.log_bytes, busy.log_bytes) / 1e9),
        SECRETS: prices.SECRET.of(standing.secrets),
        DASHBOARD: prices.DASHBOARD.of(standing.dashboards),
        OTHER: prices.SCHEDULED.of(starts)
        + (prices.TRACE.of(executions) if standing.traced else 0)
        + prices.MAIL.of(monthly(run.messages, busy.messages)),
    }


def total(items: Bill) -> float:
    """Of all items."""
    return sum(items.values())


def largest(items: Bill) -> tuple[str, float]:
    """The dearest item, and its part of the whole."""
    name = max(items, key=lambda item: items[item])
    return name, items[name] / total(items)
