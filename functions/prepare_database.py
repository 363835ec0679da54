"""PrepareDatabase: creates or repairs odcr's database user when its login is refused, and updates older tables."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.wire import required
from odcr.gateways.database import DatabaseUnavailable, LoginRefused, explained, transaction
from odcr.gateways.database_user import prepare_user, update_tables
from odcr.gateways.schema_versions import TablesOutdated
from odcr.gateways.secret import administrator_login, database_login
from odcr.observability import logger
from odcr.settings import DatabaseSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation; repeating it has no further effect.

    Args:
        event: `{"Execution": str}`, the run whose login was refused or whose tables are outdated.
        context: Lambda's.

    Returns:
        `{"User": str, "Database": str}`: who may log in now, and where.

    Raises:
        DatabaseNotPrepared, TablesTooNew, DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    settings = DatabaseSettings.load()
    with explained():
        user = database_login(settings.secret_arn, fresh=True)
        arn = settings.administrator_secret_arn
        administrator = administrator_login(arn, user) if arn else None
    if not _are_only_tables_outdated(settings.secret_arn):
        prepare_user(administrator, user)
    statements = update_tables(administrator or user)
    logger.info(
        "Database prepared", execution=execution, user=user.username, database=user.dbname, statements=statements
    )
    return {"User": user.username, "Database": user.dbname}


def _are_only_tables_outdated(secret_arn: str) -> bool:
    """Whether the functions' user can log in, and finds outdated tables."""
    try:
        with transaction(secret_arn):
            return False
    except (LoginRefused, DatabaseUnavailable):
        # A user who has used up its limits counts as unavailable.
        return False
    except TablesOutdated:
        return True
