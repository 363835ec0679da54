"""Reading the targets."""

from typing import TYPE_CHECKING

from odcr.domain.outcome import Outcome
from odcr.domain.rows import NO_RECORD, UNREADABLE_RECORD, Record, records_of, targets_of
from odcr.domain.target import Target, TargetKey
from odcr.gateways.table import Row, TableUnusable, lacking, read
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_KEYS = ("InstanceType", "AvailabilityZone")
_OPTIONS = ("Platform", "Tenancy", "Match_Criteria", "End_Date")
_STATUS = ("Status", "Reserved", "Reason", "Reservation_Ids", "Duplicate_Ids", "Last_Tried")
_AGE = {"Last_Tried": "TIMESTAMPDIFF(SECOND, Last_Tried, UTC_TIMESTAMP())"}


def read_targets(cursor: "Cursor") -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity`, sorted into targets and rows that make no sense.

    The tables are put together here, not by the server: to it, columns of two collations may not be comparable.

    A row that was deleted while something was, or may be, held for it comes as a target of 0 that is withdrawn: what it
    holds must not be forgotten.

    Returns:
        The targets, least recently tried first, and an outcome for each rejected row whose record differs: INVALID, or
        FAILED where `odcr_option` cannot be read.

    Raises:
        TableUnusable: if `odcr_capacity` cannot be read at all.
    """
    rows = read(cursor, "odcr_capacity", (*_KEYS, "Target_Capacity"), ("Current_Capacity",))
    options, doubt, option_doubt = _read_options(cursor)
    records, unknown = _read_records(cursor)
    return targets_of(rows, options, records, unknown=unknown, doubt=doubt, option_doubt=option_doubt)


def _read_options(cursor: "Cursor") -> tuple[list[Row], str, str]:
    """The rows of `odcr_option`; why no row's options are known; why those of its rows are not."""
    try:
        options = read(cursor, "odcr_option", _KEYS, _OPTIONS)
    except TableUnusable as error:
        # Whoever has this table wants something else than the usual for some rows, and nobody knows for which.
        logger.error("odcr_option cannot be read", error=str(error))
        return (
            [],
            f"Correct odcr_option: until then nothing is bought, for the row's options are not known. {error}",
            "",
        )
    # Only NULL in a whole column leads to another question.
    absent = [name for index, name in enumerate(_OPTIONS, start=2) if all(row[index] is None for row in options)]
    gaps = lacking(cursor, "odcr_option", absent) if options and _is_suspicious(absent) else []
    if not gaps:
        return options, "", ""
    columns = ", ".join(gaps)
    logger.warning("odcr_option lacks columns", columns=columns)
    return options, "", f"odcr_option has no column {columns}. Add it; until then its rows cannot be understood."


def _is_suspicious(absent: list[str]) -> bool:
    # End_Date usually is NULL everywhere; the others have no NULL in the table that odcr makes.
    return bool(absent) and absent != ["End_Date"]


def _read_records(cursor: "Cursor") -> tuple[dict[TargetKey, Record], Record]:
    """The rows of `odcr_status` by their keys, and the record of a row that has none there."""
    try:
        return records_of(read(cursor, "odcr_status", _KEYS, _STATUS, _AGE)), NO_RECORD
    except TableUnusable as error:
        # EC2 is the truth: what is missing can be bought without it.
        logger.error("odcr_status cannot be read", error=str(error))
        return {}, UNREADABLE_RECORD
