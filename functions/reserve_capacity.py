"""ReserveCapacity: asks EC2 for one target until it is met or the time is up."""

import time
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.acquisition import acquire
from odcr.domain.calendar import iso
from odcr.domain.outcome import Status, to_round
from odcr.domain.pace import RESERVED_SECONDS, Pace
from odcr.domain.refusal import Refusal
from odcr.domain.rounds import combined, outcome_so_far, resumed
from odcr.domain.shortfall import Shortfall
from odcr.domain.wire import instant, number, required
from odcr.gateways.ec2 import Ec2Gateway
from odcr.gateways.request_buckets import RequestBuckets
from odcr.gateways.spend_ledger import Purse, SpendLedger
from odcr.observability import logger, metrics
from odcr.settings import BucketSettings, SpendSettings, StackSettings, TagSettings

RELEASE_SECONDS = 60
"""How long after its start a run may release: after that, somebody may have raised the target again."""

_buckets: dict[str, RequestBuckets] = {}


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One attempt at one target.

    Args:
        event: `Target`, one of FindShortfalls' shortfalls, with the `Outcome` of earlier rounds; `Execution`;
            `EnteredAt`, `Attempt` and `StartedAt` from Step Functions' context; `AskEvery` (seconds; 0 asks once) and
            `AskUntil` (ISO 8601) from FindShortfalls' plan.
        context: Lambda's.

    Returns:
        The outcome of a target that is met or whose pool is dry; an empty dict if its turn has not come.

    Raises:
        Refusal: its type is what the state machine retries and catches; its message is the outcome as JSON.
        InvalidSettings, InvalidEvent: see there.
    """
    # Powertools warns if an invocation emits no metric, as one does whose target is met already.
    metrics.add_metric("CapacityRequests", MetricUnit.Count, 0)
    item = required(event, "Target", dict)
    shortfall, before = Shortfall.from_event(item), outcome_so_far(item)
    if before is not None and (before.status.is_met or before.status.rests or before.status is Status.CAPPED):
        return to_round(before)
    attempt, ask_until = required(event, "Attempt", int), instant(event, "AskUntil").timestamp()
    if not attempt and time.time() > ask_until:
        # Its turn has not come. Its record stays as it is, so that the next run takes it early. A retry does not end
        # here: it has asked EC2 before, and looks at what came of it.
        return to_round(before) if before else {}
    started = instant(event, "StartedAt").timestamp()
    # Each entry into the state is a new occasion to create a reservation. A retry belongs to the same occasion.
    occasion = f"{required(event, 'Execution', str)}/{required(event, 'EnteredAt', str)}"
    function_ends = time.time() + context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS
    settings = StackSettings.load()
    pace = Pace(
        _buckets_of(BucketSettings.load().table),
        number(event, "AskEvery"),
        min(ask_until, function_ends),
        time.time,
        time.sleep,
    )
    stack_tags = TagSettings.load().tags
    ec2 = Ec2Gateway(settings.owner, settings.account, stack_tags)
    try:
        outcome = acquire(
            shortfall if before is None else resumed(shortfall, before),
            occasion,
            attempt,
            ec2,
            pace,
            lambda: time.time() - started < RELEASE_SECONDS,
            stack_tags=stack_tags,
            now=iso(datetime.fromtimestamp(time.time(), UTC)),
            purse=_purse(shortfall, required(event, "Execution", str)),
        )
    except Refusal as refusal:
        if before is not None:
            refusal.outcome = combined(before, refusal.outcome)
        logger.info("Target not met", attempt=attempt, outcome=refusal.outcome.to_event(), error=type(refusal).__name__)
        # The stack trace says nothing more, and would take up room in the state machine's payload.
        raise refusal.with_traceback(None) from None
    if before is not None:
        outcome = combined(before, outcome)
    logger.info("Target asked for", attempt=attempt, outcome=outcome.to_event())
    return to_round(outcome)


def _purse(shortfall: Shortfall, run: str) -> Purse | None:
    """The purse that the attempt pays from; None if the stack has no cap."""
    cap = SpendSettings.load().cap
    if cap is None or shortfall.limit is None or not shortfall.limit.price:
        return None
    return Purse(SpendLedger(BucketSettings.load().table, run), cap)


def _buckets_of(table: str) -> RequestBuckets:
    """Kept between invocations: the last known state of a bucket is a good guess."""
    return _buckets.setdefault(table, RequestBuckets(table))
