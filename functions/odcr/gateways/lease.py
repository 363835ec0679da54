"""`odcr_lease`: which run works now, when instances were last looked at, and which run took the lease last."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_RUN = "run"
_LOOK = "look"
_LOOK_HOURS = 1
_TAKEN = "taken"
_RIVAL_MINUTES = 15
"""How long purchases of a run that recorded nothing may still show up: longer than its functions live."""


def take_lease(cursor: "Cursor", execution: str, seconds: int) -> bool:
    """Takes the lease, unless another execution holds it; atomic.

    An execution that holds it already takes it again: a repeated LoadTargets is the same run. The lease expires,
    because a holder that died never releases it.

    Args:
        cursor: in a transaction.
        execution: the execution's name.
        seconds: time until the lease expires.

    Returns:
        Whether the execution holds the lease now.
    """
    # One statement: if both read before they write, two executions could deadlock. MySQL assigns from left to right, so
    # the second assignment sees the holder after the first.
    cursor.execute(
        "INSERT INTO odcr_lease (Name, Holder, Expires, Last_Recorded) "
        "VALUES (%s, %s, UTC_TIMESTAMP() + INTERVAL %s SECOND, '') ON DUPLICATE KEY UPDATE "
        "Holder = IF(Holder = '' OR Expires < UTC_TIMESTAMP(), VALUES(Holder), Holder), "
        "Expires = IF(Holder = VALUES(Holder), VALUES(Expires), Expires)",
        (_RUN, execution, seconds),
    )
    return holds_lease(cursor, execution)


def holder_of_lease(cursor: "Cursor") -> str:
    """The execution that holds the lease; "" if none does. Locks the row until the transaction ends."""
    cursor.execute("SELECT Holder FROM odcr_lease WHERE Name = %s FOR UPDATE", (_RUN,))
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def holds_lease(cursor: "Cursor", execution: str) -> bool:
    """Whether the execution holds the lease. Locks the row until the transaction ends."""
    return holder_of_lease(cursor) == execution


def release_lease(cursor: "Cursor", execution: str) -> None:
    """Releases the lease, if the execution holds it."""
    cursor.execute("UPDATE odcr_lease SET Holder = '' WHERE Name = %s AND Holder = %s", (_RUN, execution))


def mark_recorded(cursor: "Cursor", execution: str) -> None:
    """Remembers that the execution has written its results, so that it does not write them again."""
    cursor.execute("UPDATE odcr_lease SET Last_Recorded = %s WHERE Name = %s", (execution, _RUN))


def has_recorded(cursor: "Cursor", execution: str) -> bool:
    """Whether the execution was the last to write its results."""
    cursor.execute("SELECT Last_Recorded FROM odcr_lease WHERE Name = %s", (_RUN,))
    row = cursor.fetchone()
    return row is not None and row[0] == execution


def remember_taker(cursor: "Cursor", execution: str) -> None:
    """Remembers which execution took the lease last, and whether the one before recorded anything.

    Repeating it has no further effect.

    Args:
        cursor: in the transaction that has taken the lease.
        execution: the new holder.
    """
    # MySQL assigns from left to right: in the first assignment Holder is still the run that took the lease before.
    cursor.execute(
        "INSERT INTO odcr_lease (Name, Holder, Expires, Last_Recorded) "
        "SELECT %s, %s, UTC_TIMESTAMP(), run.Last_Recorded FROM odcr_lease run WHERE run.Name = %s "
        "ON DUPLICATE KEY UPDATE Expires = IF(odcr_lease.Holder IN (VALUES(Holder), VALUES(Last_Recorded)), "
        "odcr_lease.Expires, UTC_TIMESTAMP() + INTERVAL %s MINUTE), Holder = VALUES(Holder)",
        (_TAKEN, execution, _RUN, _RIVAL_MINUTES),
    )


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """What is known about earlier runs."""

    is_look_due: bool
    """Whether nobody has looked at the account's instances within the last hour."""
    may_have_rivals: bool
    """Whether a recent run took the lease but recorded nothing, so that its attempts may still be buying."""


def read_earlier_runs(cursor: "Cursor") -> EarlierRuns:
    """What is known about earlier runs. Rivals are known only if `remember_taker` is used."""
    cursor.execute("SELECT Name FROM odcr_lease WHERE Name IN (%s, %s) AND Expires > UTC_TIMESTAMP()", (_LOOK, _TAKEN))
    names = {str(name) for (name,) in cursor.fetchall()}
    return EarlierRuns(_LOOK not in names, _TAKEN in names)


def mark_looked(cursor: "Cursor", execution: str) -> None:
    """Remembers that the execution has looked at the account's instances. The next look is due in an hour."""
    cursor.execute(
        "INSERT INTO odcr_lease (Name, Holder, Expires, Last_Recorded) "
        "VALUES (%s, '', UTC_TIMESTAMP() + INTERVAL %s HOUR, %s) ON DUPLICATE KEY UPDATE "
        "Expires = VALUES(Expires), Last_Recorded = VALUES(Last_Recorded)",
        (_LOOK, _LOOK_HOURS, execution),
    )
