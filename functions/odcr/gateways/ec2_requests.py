"""Requests that change something in EC2: sent again only if no answer came, and counted in metrics."""

from collections.abc import Callable
from typing import TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from odcr.domain.refusal import OutcomeUnknown, Refusal, RequestRefused
from odcr.gateways.ec2_errors import Ec2Error, refusal_of
from odcr.observability import logger, metrics

_T = TypeVar("_T")


def send(request: Callable[[], _T]) -> _T:
    """Sends a request, and sends it once more, unchanged, if no answer comes.

    Whoever asks for another count before the first outcome is known buys twice.

    Raises:
        Refusal: if EC2 refuses, or does not answer the second time either.
    """
    try:
        try:
            return _counted(request)
        except Ec2Error as error:
            if not isinstance(refusal_of(error), OutcomeUnknown):
                raise
            return _counted(request)
    except Ec2Error as error:
        raise logged_refusal(error) from error


def logged_refusal(error: Exception) -> Refusal:
    """The refusal that an `Ec2Error` means; an unexpected one is logged in full, because the outcome cuts its text."""
    refusal = refusal_of(error)
    if isinstance(refusal, RequestRefused):
        logger.warning("EC2 refused", code=refusal.code, error=refusal.message)
    return refusal


def _counted(request: Callable[[], _T]) -> _T:
    metrics.add_metric("CapacityRequests", MetricUnit.Count, 1)
    try:
        return request()
    except Ec2Error:
        metrics.add_metric("CapacityRefusals", MetricUnit.Count, 1)
        raise
