"""RotateSecret: does one step of rotating the database secret, called by Secrets Manager."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.wire import required
from odcr.gateways.secret_rotation import RotationFailed, rotate
from odcr.observability import logger
from odcr.settings import DatabaseSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda's signature
    """One step; repeating it has no further effect.

    Args:
        event: `{"Step": str, "SecretId": str, "ClientRequestToken": str}`.
        context: Lambda's.

    Raises:
        RotationFailed, DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    step, secret_id, token = (required(event, name, str) for name in ("Step", "SecretId", "ClientRequestToken"))
    secret_arn = DatabaseSettings.load().secret_arn
    if secret_id != secret_arn:
        raise RotationFailed("The secret is not this stack's. Rotate it with a function of its own.")
    rotate(step, secret_arn, token)
    logger.info("Rotation step done", step=step, version=token)
