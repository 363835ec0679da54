"""Writing what a run found and achieved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import ER

from odcr.domain.cell import number_or, text_of
from odcr.domain.messages import Change
from odcr.domain.outcome import Outcome, Status, Totals
from odcr.domain.rows import name_of
from odcr.domain.target import TargetKey, reason_to_reject
from odcr.domain.wire import ids_to_text
from odcr.gateways.batch import Insert, write
from odcr.gateways.current_capacity import read_capacity, write_current
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.table import Row, TableUnusable, code_of, read
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_Row = tuple[object, ...]

# Since is set before Status: MySQL assigns from left to right, and it compares with the old status. The key is written
# anew, for to MySQL a key with a blank behind it is the same.
_STATUS = Insert(
    "odcr_status",
    {
        "InstanceType": "VALUES(InstanceType)",
        "AvailabilityZone": "VALUES(AvailabilityZone)",
        "Since": "IF(Status = VALUES(Status), Since, VALUES(Since))",
        "Status": "VALUES(Status)",
        "Short_Since": "VALUES(Short_Since)",
        "Target_Capacity": "VALUES(Target_Capacity)",
        "Reserved": "VALUES(Reserved)",
        "Reason": "VALUES(Reason)",
        "Reservation_Ids": "VALUES(Reservation_Ids)",
        "Duplicate_Ids": "VALUES(Duplicate_Ids)",
        "Last_Tried": "COALESCE(VALUES(Last_Tried), Last_Tried)",
        "Execution": "VALUES(Execution)",
    },
)
_HISTORY = Insert(
    "odcr_history",
    dict.fromkeys(
        (
            "Execution",
            "InstanceType",
            "AvailabilityZone",
            "Recorded",
            "Previous_Status",
            "Status",
            "Short_Since",
            "Target_Capacity",
            "Reserved",
            "Acquired",
            "Lost",
            "Calls",
            "Reason",
        )
    ),
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a target stood after the last run that wrote about it."""

    status: str
    short_since: datetime | None
    reserved: int = -1
    execution: str = ""
    cells: Row = ()
    """Its key as the table has it."""


_UNKNOWN = _Standing("", None)


def record(cursor: "Cursor", execution: str, attempted: Sequence[Outcome], seen: Sequence[Outcome]) -> None:
    """Writes the truth into `odcr_capacity`, each target's status, and the history.

    Args:
        cursor: in the transaction that also releases the lease.
        execution: the run.
        attempted: outcomes of the run's shortfalls; each for which EC2 was asked gets a row of history.
        seen: targets that needed no asking; they get one only if their status changed.
    """
    # PyMySQL sends many rows in one statement only if their values are nothing but parameters.
    cursor.execute("SELECT UTC_TIMESTAMP()")
    ((now,),) = cursor.fetchall()
    previous = _standings(cursor)
    outcomes = [*attempted, *seen]
    tried = {outcome.key for outcome in attempted if outcome.was_tried}
    unwritten = _write_status(cursor, execution, now, outcomes, tried, previous)
    rows = read_capacity(cursor)
    write_current(cursor, execution, {name_of(o.key): o.reserved for o in outcomes}, rows, unwritten)
    changed = [o for o in outcomes if o.key in tried or o.lost or previous.get(o.key, _UNKNOWN).status != o.status]
    _write_history(cursor, execution, now, changed, previous)
    _forget(cursor, execution, previous, {name_of(o.key): o for o in outcomes}, {row.name for row in rows})


def changes_of(cursor: "Cursor", execution: str) -> list[Change]:
    """What an execution changed, as it was recorded: a status, what was released, or what was lost and replaced."""
    try:
        try:
            rows = _changed_rows(cursor, execution, "OR Acquired < 0 OR Lost > 0")
        except pymysql.err.MySQLError as error:
            if code_of(error) != ER.BAD_FIELD_ERROR:
                raise
            # The table is of an earlier version, and odcr alters none.
            rows = _changed_rows(cursor, execution, "OR Acquired < 0")
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        logger.error("odcr_history cannot be read, so nobody is told of changes", error=text_of_error(error))
        return []
    return [
        Change(
            TargetKey(text_of(type_), text_of(zone)),
            None if before is None else text_of(before),
            Status(text_of(after)),
            number_or(reserved, 0),
            None if target is None else number_or(target, 0),
            text_of(reason),
            _time(short_since),
        )
        for type_, zone, before, after, reserved, target, reason, short_since in rows
        if text_of(after) in Status.__members__
    ]


def _changed_rows(cursor: "Cursor", execution: str, or_: str) -> Sequence[Row]:
    cursor.execute(
        "SELECT InstanceType, AvailabilityZone, Previous_Status, Status, Reserved, "  # noqa: S608 - our text
        "Target_Capacity, Reason, Short_Since FROM odcr_history WHERE Execution = %s "
        f"AND (Previous_Status IS NULL OR Previous_Status <> Status {or_}) "
        "ORDER BY InstanceType, AvailabilityZone",
        (execution,),
    )
    rows: Sequence[Row] = cursor.fetchall()
    return rows


def totals(cursor: "Cursor") -> Totals:
    """How all targets together stand, as it is recorded."""
    try:
        cursor.execute(
            "SELECT COALESCE(SUM(Target_Capacity), 0), COALESCE(SUM(Reserved), 0), "
            "COALESCE(SUM(GREATEST(COALESCE(Target_Capacity, 0) - Reserved, 0)), 0), COUNT(Short_Since), "
            "COALESCE(TIMESTAMPDIFF(MINUTE, MIN(Short_Since), UTC_TIMESTAMP()), 0) FROM odcr_status"
        )
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        logger.error("odcr_status cannot be summed up", error=text_of_error(error))
        return Totals(0, 0, 0, 0, 0)
    (row,) = cursor.fetchall()
    return Totals(*(int(number) for number in row))


def _forget(
    cursor: "Cursor",
    execution: str,
    previous: Mapping[TargetKey, _Standing],
    outcomes: Mapping[TargetKey, Outcome],
    rows: Collection[TargetKey],
) -> None:
    """Deletes the status of what is gone from `odcr_capacity` and for which nothing is held.

    A target stays on the list until two runs have seen that nothing is held: one alone may have been shown less than
    there is. For a key that makes no sense nothing can ever have been held.
    """
    gone: list[Row] = []
    for key, standing in previous.items():
        name = name_of(key)
        if name in rows:
            continue
        outcome = outcomes.get(name)
        reserved = outcome.reserved if outcome else standing.reserved
        was_seen_before = outcome is None and standing.status == Status.FULFILLED and standing.execution != execution
        if reserved == 0 and (was_seen_before or reason_to_reject(name, 0) is not None):
            gone.append(standing.cells)
    gone += [
        (name.instance_type, name.availability_zone)
        for name, outcome in outcomes.items()
        if name not in rows and outcome.reserved == 0 and reason_to_reject(name, 0) is not None
    ]
    cursor.executemany("DELETE FROM odcr_status WHERE InstanceType = %s AND AvailabilityZone = %s", gone)


def _standings(cursor: "Cursor") -> dict[TargetKey, _Standing]:
    keys, others = ("InstanceType", "AvailabilityZone"), ("Status", "Short_Since", "Reserved", "Execution")
    try:
        rows = read(cursor, "odcr_status", keys, others)
    except TableUnusable as error:
        logger.error("odcr_status cannot be read", error=str(error))
        return {}
    return {
        TargetKey(text_of(row[0]), text_of(row[1])): _Standing(
            text_of(row[2]), _time(row[3]), number_or(row[4], -1), text_of(row[5]), row[:2]
        )
        for row in rows
    }


def _time(cell: object) -> datetime | None:
    return cell if isinstance(cell, datetime) else None


def _write_status(
    cursor: "Cursor",
    execution: str,
    now: datetime,
    outcomes: Iterable[Outcome],
    tried: set[TargetKey],
    previous: Mapping[TargetKey, _Standing],
) -> set[TargetKey]:
    """Writes a row for each outcome; the names of those that the database did not take."""
    rows: list[_Row] = [
        (
            o.key.instance_type,
            o.key.availability_zone,
            now,
            str(o.status),
            (previous.get(o.key, _UNKNOWN).short_since or now) if o.is_short else None,
            o.target,
            o.reserved,
            o.reason[:1024],
            ids_to_text(o.reservation_ids, o.more_ids),
            ids_to_text(o.duplicate_ids),
            now if o.key in tried else None,
            execution,
        )
        for o in outcomes
    ]
    refused = write(cursor, _STATUS, rows, _in_short)
    return {name_of(TargetKey(str(row[0]), str(row[1]))) for row in refused}


def _in_short(row: _Row, error: str) -> _Row:
    """What is recorded of a target whose status the database refuses: whatever it was, the next run tries again."""
    reason = f"This result could not be recorded in full: {error}. Correct odcr_status."
    return (
        *row[:2],
        row[2],
        str(Status.FAILED),
        row[4],
        _clipped(row[5]),
        _clipped(row[6]),
        _plain(reason),
        "1 more",
        "",
        *row[10:],
    )


def _clipped(number: object) -> int | None:
    return min(max(number, 0), 2**31 - 1) if isinstance(number, int) else None


def _plain(text: str) -> str:
    return text[:250].encode("ascii", "replace").decode()


def _write_history(
    cursor: "Cursor",
    execution: str,
    now: datetime,
    outcomes: Iterable[Outcome],
    previous: Mapping[TargetKey, _Standing],
) -> None:
    # Short_Since is also told of a target that is met at last: so long it took.
    write(
        cursor,
        _HISTORY,
        [
            (
                execution,
                o.key.instance_type,
                o.key.availability_zone,
                now,
                before.status or None,
                str(o.status),
                before.short_since or (now if o.is_short else None),
                o.target,
                o.reserved,
                o.acquired,
                o.lost,
                o.calls,
                o.reason[:1024],
            )
            for before, o in ((previous.get(o.key, _UNKNOWN), o) for o in outcomes)
        ],
    )
