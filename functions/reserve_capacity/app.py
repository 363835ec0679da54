"""ReserveCapacity: asks EC2 until one target is met or its pool is dry."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.acquisition import acquire
from odcr.domain.errors import TargetNotMet
from odcr.domain.event import optional, required
from odcr.domain.shortfall import Shortfall
from odcr.gateways.ec2 import Ec2Gateway
from odcr.observability import logger
from odcr.settings import StackSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One attempt at one target.

    Args:
        event: `{"Target": {...}, "Execution": str, "Attempt": int}`; the target is one of FindShortfalls' shortfalls.
        context: Lambda's.

    Returns:
        The outcome of a target that is met.

    Raises:
        TargetNotMet: of the type that the state machine retries or catches by; its message is the outcome as JSON.
        InvalidSettings, InvalidEvent: see there.
    """
    shortfall = Shortfall.from_event(required(event, "Target", dict))
    attempt = optional(event, "Attempt", int, 0)
    try:
        outcome = acquire(shortfall, attempt, Ec2Gateway(StackSettings.load().owner))
    except TargetNotMet as error:
        logger.info("Target not met", attempt=attempt, outcome=error.outcome.to_event())
        # The frames below say nothing more, and the state machine's payload has to hold them.
        raise error.with_traceback(None) from None
    logger.info("Target met", attempt=attempt, outcome=outcome.to_event())
    return outcome.to_event()
