"""Only one run works at a time: a row in the database says which. Another one says when instances are looked at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_NAME = "run"
_LOOK = "look"
_HOURS_OF_LOOK = 1
_TAKEN = "taken"
_MINUTES_OF_RIVALS = 15
"""For so long what a run bought that recorded nothing may come to light: longer than its functions live."""


def take_lease(cursor: "Cursor", execution: str, seconds: int) -> bool:
    """Takes the lease, unless another execution holds it; atomic.

    An execution that already holds it takes it again: a repeated LoadTargets is the same run. A holder that died gives
    nothing back, so its lease expires.

    Args:
        cursor: in a transaction.
        execution: the name of the execution that asks.
        seconds: after how long the lease expires.

    Returns:
        Whether the execution holds the lease now.
    """
    # One statement, since a look before the write would let two executions lock each other out. The assignments go
    # from left to right: the second sees who holds the lease after the first.
    cursor.execute(
        "INSERT INTO odcr_lease (Name, Holder, Expires, Last_Recorded) "
        "VALUES (%s, %s, UTC_TIMESTAMP() + INTERVAL %s SECOND, '') ON DUPLICATE KEY UPDATE "
        "Holder = IF(Holder = '' OR Expires < UTC_TIMESTAMP(), VALUES(Holder), Holder), "
        "Expires = IF(Holder = VALUES(Holder), VALUES(Expires), Expires)",
        (_NAME, execution, seconds),
    )
    return holds_lease(cursor, execution)


def holder_of_lease(cursor: "Cursor") -> str:
    """The execution that holds the lease, or "" if none does; locks the row until the transaction ends."""
    cursor.execute("SELECT Holder FROM odcr_lease WHERE Name = %s FOR UPDATE", (_NAME,))
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def holds_lease(cursor: "Cursor", execution: str) -> bool:
    """Whether the execution holds the lease; locks the row until the transaction ends."""
    return holder_of_lease(cursor) == execution


def release_lease(cursor: "Cursor", execution: str) -> None:
    """Gives the lease back, if the execution holds it."""
    cursor.execute("UPDATE odcr_lease SET Holder = '' WHERE Name = %s AND Holder = %s", (_NAME, execution))


def mark_recorded(cursor: "Cursor", execution: str) -> None:
    """Remembers that the execution's results are written, so that writing them again has no effect."""
    cursor.execute("UPDATE odcr_lease SET Last_Recorded = %s WHERE Name = %s", (execution, _NAME))


def has_recorded(cursor: "Cursor", execution: str) -> bool:
    """Whether the execution was the last to write its results."""
    cursor.execute("SELECT Last_Recorded FROM odcr_lease WHERE Name = %s", (_NAME,))
    row = cursor.fetchone()
    return row is not None and row[0] == execution


def remember_taker(cursor: "Cursor", execution: str) -> None:
    """Remembers which execution took the lease last, and whether the one before it recorded anything.

    Repeating it has no further effect.

    Args:
        cursor: in the transaction that has taken the lease.
        execution: which has taken it.
    """
    # From left to right: Holder is still the run that took the lease before.
    cursor.execute(
        "INSERT INTO odcr_lease (Name, Holder, Expires, Last_Recorded) "
        "SELECT %s, %s, UTC_TIMESTAMP(), run.Last_Recorded FROM odcr_lease run WHERE run.Name = %s "
        "ON DUPLICATE KEY UPDATE Expires = IF(odcr_lease.Holder IN (VALUES(Holder), VALUES(Last_Recorded)), "
        "odcr_lease.Expires, UTC_TIMESTAMP() + INTERVAL %s MINUTE), Holder = VALUES(Holder)",
        (_TAKEN, execution, _NAME, _MINUTES_OF_RIVALS),
    )


@dataclass(frozen=True, slots=True)
class Lately:
    """What is known of the runs before."""

    is_look_due: bool
    """Whether the account's instances were not looked at within the last hour."""
    may_have_rivals: bool
    """Whether a run that took the lease a moment ago, and recorded nothing, may have bought beside those that did."""


def lately(cursor: "Cursor") -> Lately:
    """What is known of the runs before; of rivals only where takers are remembered."""
    cursor.execute("SELECT Name FROM odcr_lease WHERE Name IN (%s, %s) AND Expires > UTC_TIMESTAMP()", (_LOOK, _TAKEN))
    names = {str(name) for (name,) in cursor.fetchall()}
    return Lately(_LOOK not in names, _TAKEN in names)


def mark_looked(cursor: "Cursor", execution: str) -> None:
    """Remembers that the execution has looked at the account's instances; nobody does again within an hour."""
    cursor.execute(
        "INSERT INTO odcr_lease (Name, Holder, Expires, Last_Recorded) "
        "VALUES (%s, '', UTC_TIMESTAMP() + INTERVAL %s HOUR, %s) ON DUPLICATE KEY UPDATE "
        "Expires = VALUES(Expires), Last_Recorded = VALUES(Last_Recorded)",
        (_LOOK, _HOURS_OF_LOOK, execution),
    )
