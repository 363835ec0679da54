"""ReserveCapacity: asks EC2 for one target, until it is met or the run's time is up."""

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
"""How long after its start a run gives back what a target no longer wants: somebody may have raised it meanwhile."""

_buckets: dict[str, RequestBuckets] = {}


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One attempt at one target.

    Args:
        event: `Target`, one of FindShortfalls' shortfalls, with the `Outcome` of the rounds before; `Execution`, and
            `EnteredAt`, `Attempt` and `StartedAt` as Step Functions has them; `AskEvery` (seconds; 0 asks once) and
            `AskUntil` (ISO 8601) as FindShortfalls has planned.
        context: Lambda's.

    Returns:
        The outcome of a target that is met, or whose pool is dry; an empty one if its turn has not come.

    Raises:
        Refusal: of the type that the state machine repeats or catches by; its message is the outcome as JSON.
        InvalidSettings, InvalidEvent: see there.
    """
    # Also an attempt that finds its target met tells something: Powertools warns of one that does not.
    metrics.add_metric("CapacityRequests", MetricUnit.Count, 0)
    item = required(event, "Target", dict)
    shortfall, before = Shortfall.from_event(item), outcome_so_far(item)
    if before is not None and (before.status.is_met or before.status.rests or before.status is Status.CAPPED):
        return to_round(before)
    attempt, ask_until = required(event, "Attempt", int), instant(event, "AskUntil").timestamp()
    if not attempt and time.time() > ask_until:
        # Its turn has not come; its record stays as it is, and in the next run it is one of the first. One that is
        # repeated has asked EC2, and looks what became of that.
        return to_round(before) if before else {}
    started = instant(event, "StartedAt").timestamp()
    # Each entry of the state is another occasion to make a reservation; a repetition of it is told by Attempt.
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
        # The frames below say nothing more, and the state machine's payload has to hold them.
        raise refusal.with_traceback(None) from None
    if before is not None:
        outcome = combined(before, outcome)
    logger.info("Target asked for", attempt=attempt, outcome=outcome.to_event())
    return to_round(outcome)


def _purse(shortfall: Shortfall, run: str) -> Purse | None:
    """What the attempt pays with, if the stack has a cap."""
    cap = SpendSettings.load().cap
    if cap is None or shortfall.limit is None or not shortfall.limit.price:
        return None
    return Purse(SpendLedger(BucketSettings.load().table, run), cap)


def _buckets_of(table: str) -> RequestBuckets:
    """Kept from one invocation to the next: what was seen of a bucket is a good guess."""
    return _buckets.setdefault(table, RequestBuckets(table))
