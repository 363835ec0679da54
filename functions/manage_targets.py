"""ManageTargets: the door to the tables for people and their programs."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.requests import Changes, Reading, ReadingTogether, request_of
from odcr.gateways.database import DatabaseUnavailable, transaction
from odcr.gateways.next_share import load
from odcr.gateways.row_changes import make_changes
from odcr.gateways.row_pages import read_part
from odcr.gateways.schema import VERSION
from odcr.observability import logger
from odcr.settings import DatabaseSettings, SpendSettings

_TRIES = 3
"""Tries of one change: a run that records at the same time may win, and the change starts over."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One request.

    Args:
        event: one of
            `{"Read": table, "Where": {key column: value}, "Since": "YYYY-MM-DD HH:MM:SS", "After": str}`;
            `{"Read": [table, ...]}`, of up to six tables;
            `{"Change": [{"Table": str, "Row": {column: value} | null, "Was": {column: value} | null}], "Try": bool}`;
            `{"Plan": true}`. All fields but the first are optional.
        context: Lambda's.

    Returns:
        For Read, `{"Rows": [{column: value}], "Next": str | null, "Version": int}`. Next is the After of the next part.
        Rows come in the order of their keys. A row that exists all the time is read exactly once, even if others come
        and go between parts. Times are in UTC, amounts are text. For several tables, all read at one moment,
        `{"Tables": {table: {"Rows", "Next"}}, "Version": int}`.

        For Change, `{"Committed": bool, "Changed": int, "Problems": [{"Table", "Key", "Reason"}],
        "Conflicts": [{"Table", "Key", "Is"}]}`. Either all changes are made or none. A Row of null deletes the row.
        Without Was the change overwrites any row; a Was of null requires that there is none. Columns missing in Row
        stay as they are.

        For Plan, what LoadTargets would return now; it takes no lease and writes nothing.

    Raises:
        InvalidRequest: if the event is not a valid request.
        TableUnusable, TablesOutdated, TablesTooNew, DatabaseUnavailable, LoginRefused, InvalidSecret: see there.
    """
    request = request_of(event)
    secret = DatabaseSettings.load().secret_arn
    if isinstance(request, Reading):
        with transaction(secret) as cursor:
            rows, next_after = read_part(cursor, request)
        return {"Rows": rows, "Next": next_after, "Version": VERSION}
    if isinstance(request, ReadingTogether):
        with transaction(secret) as cursor:
            parts = {table: read_part(cursor, Reading(table)) for table in request.tables}
        tables = {table: {"Rows": rows, "Next": next_after} for table, (rows, next_after) in parts.items()}
        return {"Tables": tables, "Version": VERSION}
    if isinstance(request, Changes):
        return _change(secret, request)
    with transaction(secret) as cursor:
        loaded = load(cursor, has_cap=SpendSettings.load().cap is not None)
    return loaded.share(seed="plan").to_event() | {"InstancesDue": False}


def _change(secret: str, changes: Changes) -> dict[str, Any]:
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction(secret) as cursor:
                result = make_changes(cursor, changes)
                is_committed = result.is_clean and not changes.is_trial
                if not is_committed:
                    cursor.connection.rollback()
            break
        except DatabaseUnavailable:
            if attempt == _TRIES:
                raise
    logger.info(
        "Rows changed" if is_committed else "Nothing changed",
        changed=result.count if is_committed else 0,
        problems=len(result.problems),
        conflicts=len(result.conflicts),
    )
    return result.to_event(is_committed=is_committed)
