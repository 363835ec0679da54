"""PrepareDatabase: makes odcr's own database user, or mends it, when its login was refused."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.wire import required
from odcr.gateways.database import explained
from odcr.gateways.database_user import prepare_user
from odcr.gateways.secret import administrator_login, database_login
from odcr.observability import logger
from odcr.settings import DatabaseSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation; repeating it has no further effect.

    Args:
        event: `{"Execution": str}`, the run whose login was refused.
        context: Lambda's.

    Returns:
        `{"User": str, "Database": str}`: who may log in now, and where.

    Raises:
        DatabaseNotPrepared, DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    settings = DatabaseSettings.load()
    with explained():
        user = database_login(settings.secret_arn, fresh=True)
        arn = settings.administrator_secret_arn
        administrator = administrator_login(arn, user) if arn else None
    prepare_user(administrator, user)
    logger.info("Database prepared", execution=execution, user=user.username, database=user.dbname)
    return {"User": user.username, "Database": user.dbname}
