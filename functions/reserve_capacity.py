"""ReserveCapacity: asks EC2 until one target is met or its pool is dry."""

import time
from datetime import UTC
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.acquisition import acquire
from odcr.domain.pace import RESERVED_SECONDS, Pace, Share
from odcr.domain.refusal import Refusal
from odcr.domain.shortfall import Shortfall
from odcr.domain.wire import moment, optional, required
from odcr.gateways.ec2 import Ec2Gateway
from odcr.observability import logger, metrics
from odcr.settings import StackSettings

RUN_SECONDS = 780
"""As in the state machine: how long after its start a run asks EC2."""

RELEASE_SECONDS = 60
"""How long after its start a run gives back what a target no longer wants: somebody may have raised it meanwhile."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One attempt at one target.

    Args:
        event: `{"Target": {...}, "Execution": str, "Attempt": int}`; the target is one of FindShortfalls' shortfalls.
            `Index`, `Shortfalls` and `MaxConcurrency` tell the target's share of the requests that EC2 takes;
            `StartedAt` (ISO 8601) and `RunSeconds`, how long the run may ask.
        context: Lambda's.

    Returns:
        The outcome of a target that is met, whose pool is dry, or that the run has no time left for.

    Raises:
        Refusal: of the type that the state machine retries or catches by; its message is the outcome as JSON.
        InvalidSettings, InvalidEvent: see there.
    """
    # Also an attempt that finds its target met tells something: Powertools warns of one that does not.
    metrics.add_metric("CapacityRequests", MetricUnit.Count, 0)
    shortfall = Shortfall.from_event(required(event, "Target", dict))
    execution = required(event, "Execution", str)
    attempt = optional(event, "Attempt", int, 0)
    started = _started(event)
    run_ends = started + optional(event, "RunSeconds", int, RUN_SECONDS)

    def seconds_left() -> float:
        return min(context.get_remaining_time_in_millis() / 1000, run_ends - time.time())

    def is_recent() -> bool:
        return time.time() - started < RELEASE_SECONDS

    share = Share(
        optional(event, "Index", int, 0),
        optional(event, "Shortfalls", int, 1),
        optional(event, "MaxConcurrency", int, 40),
    )
    settings = StackSettings.load()
    ec2 = Ec2Gateway(settings.owner, settings.account)
    turns = Pace(share, attempt, seconds_left, time.sleep)
    try:
        outcome = acquire(shortfall, execution, attempt, ec2, turns, is_recent)
    except Refusal as refusal:
        outcome = refusal.outcome
        if run_ends - time.time() >= RESERVED_SECONDS:
            logger.info("Target not met", attempt=attempt, outcome=outcome.to_event(), error=type(refusal).__name__)
            # The frames below say nothing more, and the state machine's payload has to hold them.
            raise refusal.with_traceback(None) from None
        # An error would be repeated, and the run has to end: it holds the lease.
    met = "Target met" if outcome.status.is_met else "Target not met"
    logger.info(met, attempt=attempt, outcome=outcome.to_event())
    return outcome.to_event()


def _started(event: dict[str, Any]) -> float:
    """Seconds since the epoch at which the run started; it never grows old if the event does not say."""
    started = optional(event, "StartedAt", str, None)
    if started is None:
        return float("inf")
    began = moment(started, "StartedAt")
    return began.replace(tzinfo=began.tzinfo or UTC).timestamp()
