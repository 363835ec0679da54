"""Writing what a run found and achieved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from odcr.domain.change import Change
from odcr.domain.outcome import Outcome
from odcr.domain.status import Status
from odcr.domain.target import TargetKey, reason_to_reject
from odcr.domain.totals import Totals

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a target stood after the last run that wrote about it."""

    status: str
    short_since: datetime | None


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
    _write_status(cursor, execution, now, outcomes, tried, previous)
    _write_current(cursor, execution)
    changed = (o for o in outcomes if o.key in tried or o.lost or previous.get(o.key, _UNKNOWN).status != o.status)
    _write_history(cursor, execution, now, changed, previous)
    # A row that is gone from odcr_capacity stays on the list until two runs have seen that nothing is held for it: one
    # alone may have been shown less than there is.
    cursor.execute(
        "DELETE s FROM odcr_status s LEFT JOIN odcr_capacity c "
        "ON c.InstanceType = s.InstanceType COLLATE utf8mb4_bin "
        "AND c.AvailabilityZone = s.AvailabilityZone COLLATE utf8mb4_bin "
        "WHERE c.InstanceType IS NULL AND s.Reserved = 0 AND s.Status = 'FULFILLED' AND s.Execution <> %s",
        (execution,),
    )
    _forget_nonsense(cursor)


def changes_of(cursor: "Cursor", execution: str) -> list[Change]:
    """What an execution changed, as it was recorded: a status, what was released, or what was lost and replaced."""
    cursor.execute(
        "SELECT InstanceType, AvailabilityZone, Previous_Status, Status, Reserved, Target_Capacity, Reason, "
        "Short_Since FROM odcr_history WHERE Execution = %s "
        "AND (Previous_Status IS NULL OR Previous_Status <> Status OR Acquired < 0 OR Lost > 0) "
        "ORDER BY InstanceType, AvailabilityZone",
        (execution,),
    )
    return [
        Change(TargetKey(instance_type, zone), before, Status(after), reserved, target, reason, short_since)
        for instance_type, zone, before, after, reserved, target, reason, short_since in cursor.fetchall()
    ]


def totals(cursor: "Cursor") -> Totals:
    """How all targets together stand, as it is recorded."""
    cursor.execute(
        "SELECT COALESCE(SUM(Target_Capacity), 0), COALESCE(SUM(Reserved), 0), "
        "COALESCE(SUM(GREATEST(COALESCE(Target_Capacity, 0) - Reserved, 0)), 0), COUNT(Short_Since), "
        "COALESCE(TIMESTAMPDIFF(MINUTE, MIN(Short_Since), UTC_TIMESTAMP()), 0) FROM odcr_status"
    )
    (row,) = cursor.fetchall()
    return Totals(*(int(number) for number in row))


def _forget_nonsense(cursor: "Cursor") -> None:
    """Deletes the status of rows that are gone and for whose key nothing can ever have been held."""
    cursor.execute(
        "SELECT s.InstanceType, s.AvailabilityZone FROM odcr_status s LEFT JOIN odcr_capacity c "
        "ON c.InstanceType = s.InstanceType COLLATE utf8mb4_bin "
        "AND c.AvailabilityZone = s.AvailabilityZone COLLATE utf8mb4_bin "
        "WHERE c.InstanceType IS NULL AND s.Status = 'INVALID' AND s.Reserved = 0"
    )
    gone = [key for key in cursor.fetchall() if reason_to_reject(TargetKey(*key), 0) is not None]
    cursor.executemany("DELETE FROM odcr_status WHERE InstanceType = %s AND AvailabilityZone = %s", gone)


def _standings(cursor: "Cursor") -> dict[TargetKey, _Standing]:
    cursor.execute("SELECT InstanceType, AvailabilityZone, Status, Short_Since FROM odcr_status")
    return {
        TargetKey(instance_type, zone): _Standing(status, since)
        for instance_type, zone, status, since in cursor.fetchall()
    }


def _write_current(cursor: "Cursor", execution: str) -> None:
    # From the status rows that this run has just written: one statement, whatever the number of rows. Unlike an upsert
    # it never brings back a row that was deleted while the run went on.
    cursor.execute(
        "UPDATE odcr_capacity c JOIN odcr_status s "
        "ON c.InstanceType = s.InstanceType COLLATE utf8mb4_bin "
        "AND c.AvailabilityZone = s.AvailabilityZone COLLATE utf8mb4_bin "
        "SET c.Current_Capacity = s.Reserved WHERE s.Execution = %s",
        (execution,),
    )


def _write_status(
    cursor: "Cursor",
    execution: str,
    now: datetime,
    outcomes: Iterable[Outcome],
    tried: set[TargetKey],
    previous: Mapping[TargetKey, _Standing],
) -> None:
    rows: list[_Row] = [
        (
            o.key.instance_type,
            o.key.availability_zone,
            str(o.status),
            now,
            (previous.get(o.key, _UNKNOWN).short_since or now) if o.is_short else None,
            o.target,
            o.reserved,
            o.reason,
            ",".join(o.reservation_ids),
            ",".join(o.duplicate_ids),
            now if o.key in tried else None,
            execution,
        )
        for o in outcomes
    ]
    # Since is set before Status: MySQL assigns from left to right, and it compares with the old status. The key is
    # written anew, for to MySQL a key with a blank behind it is the same.
    cursor.executemany(
        "INSERT INTO odcr_status (InstanceType, AvailabilityZone, Status, Since, Short_Since, Target_Capacity, "
        "Reserved, Reason, Reservation_Ids, Duplicate_Ids, Last_Tried, Execution) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON DUPLICATE KEY UPDATE InstanceType = VALUES(InstanceType), AvailabilityZone = VALUES(AvailabilityZone), "
        "Since = IF(Status = VALUES(Status), Since, VALUES(Since)), Status = VALUES(Status), "
        "Short_Since = VALUES(Short_Since), Target_Capacity = VALUES(Target_Capacity), "
        "Reserved = VALUES(Reserved), Reason = VALUES(Reason), "
        "Reservation_Ids = VALUES(Reservation_Ids), Duplicate_Ids = VALUES(Duplicate_Ids), "
        "Last_Tried = COALESCE(VALUES(Last_Tried), Last_Tried), "
        "Execution = VALUES(Execution)",
        rows,
    )


def _write_history(
    cursor: "Cursor",
    execution: str,
    now: datetime,
    outcomes: Iterable[Outcome],
    previous: Mapping[TargetKey, _Standing],
) -> None:
    # Short_Since is also told of a target that is met at last: so long it took.
    cursor.executemany(
        "INSERT INTO odcr_history (Execution, InstanceType, AvailabilityZone, Recorded, Previous_Status, Status, "
        "Short_Since, Target_Capacity, Reserved, Acquired, Lost, Calls, Reason) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
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
                o.reason,
            )
            for before, o in ((previous.get(o.key, _UNKNOWN), o) for o in outcomes)
        ],
    )
