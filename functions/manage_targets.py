"""ManageTargets: the door to the tables for people and their programs."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.requests import Changes, Reading, ReadingTogether, request_of
from odcr.gateways.changing import make
from odcr.gateways.database import DatabaseUnavailable, transaction
from odcr.gateways.next_share import load
from odcr.gateways.reading import read_part
from odcr.gateways.schema import VERSION
from odcr.observability import logger
from odcr.settings import DatabaseSettings, SpendSettings

_TRIES = 3
"""Of a change: a run that records at the same moment may win, and then it is made anew."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One request.

    Args:
        event: one of
            `{"Read": table, "Where": {key column: value}, "Since": "YYYY-MM-DD HH:MM:SS", "After": str}`;
            `{"Read": [table, ...]}`, of up to six tables;
            `{"Change": [{"Table": str, "Row": {column: value} | null, "Was": {column: value} | null}], "Try": bool}`;
            `{"Plan": true}`. All but the first field may be left out.
        context: Lambda's.

    Returns:
        For Read `{"Rows": [{column: value}], "Next": str | null, "Version": int}`: Next is the After of the next part.
        Rows are in the order of their keys, and one that is there all the time is read once, whatever comes and goes
        from part to part. Moments are in UTC, amounts are text. Of several tables, as they were at one moment,
        `{"Tables": {table: {"Rows", "Next"}}, "Version": int}`.

        For Change `{"Committed": bool, "Changed": int, "Problems": [{"Table", "Key", "Reason"}],
        "Conflicts": [{"Table", "Key", "Is"}]}`. All is changed or nothing. Row null removes; without Was whatever is
        there is overwritten, with Was null nothing may be there. Columns that Row leaves out stay as they are.

        For Plan what LoadTargets would hand on now; no lease is taken, and nothing written.

    Raises:
        InvalidRequest: if the event makes no sense.
        TableUnusable, TablesOutdated, TablesTooNew, DatabaseUnavailable, LoginRefused, InvalidSecret: see there.
    """
    request = request_of(event)
    secret = DatabaseSettings.load().secret_arn
    if isinstance(request, Reading):
        with transaction(secret) as cursor:
            rows, following = read_part(cursor, request)
        return {"Rows": rows, "Next": following, "Version": VERSION}
    if isinstance(request, ReadingTogether):
        with transaction(secret) as cursor:
            parts = {table: read_part(cursor, Reading(table)) for table in request.tables}
        tables = {table: {"Rows": rows, "Next": following} for table, (rows, following) in parts.items()}
        return {"Tables": tables, "Version": VERSION}
    if isinstance(request, Changes):
        return _change(secret, request)
    with transaction(secret) as cursor:
        loaded = load(cursor, has_cap=SpendSettings.load().cap is not None)
    return loaded.share(turn="plan").to_event() | {"InstancesDue": False}


def _change(secret: str, changes: Changes) -> dict[str, Any]:
    for tried in range(1, _TRIES + 1):
        try:
            with transaction(secret) as cursor:
                result = make(cursor, changes)
                is_committed = result.is_clean and not changes.is_trial
                if not is_committed:
                    cursor.connection.rollback()
            break
        except DatabaseUnavailable:
            if tried == _TRIES:
                raise
    logger.info(
        "Rows changed" if is_committed else "Nothing changed",
        changed=result.count if is_committed else 0,
        problems=len(result.problems),
        conflicts=len(result.conflicts),
    )
    return result.to_event(is_committed=is_committed)
