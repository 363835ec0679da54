"""The messages that are still to be sent, in the database: what SNS refuses today is sent by a later run."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from odcr.domain.messages import MAX_SENT_BY_A_RUN, MAX_WAITING, Waiting, shortened

if TYPE_CHECKING:
    from pymysql.cursors import Cursor


def put_in_outbox(cursor: "Cursor", execution: str, messages: Iterable[Mapping[str, str]]) -> None:
    """Keeps messages until they are sent. If there are too many, the oldest are dropped, and the next one says so.

    Args:
        cursor: in the transaction that records what they tell of.
        execution: the run.
        messages: `{"Subject", "Message"}`, the oldest first.
    """
    rows = [(execution, one["Subject"], shortened(one["Message"])) for one in messages]
    if not rows:
        return
    cursor.executemany(
        "INSERT INTO odcr_outbox (Execution, Recorded, Subject, Message) VALUES (%s, UTC_TIMESTAMP(), %s, %s)", rows
    )
    cursor.execute("SELECT Id FROM odcr_outbox ORDER BY Id DESC LIMIT 1 OFFSET %s", (MAX_WAITING - 1,))
    if oldest := cursor.fetchone():
        _drop_before(cursor, oldest[0])


def _drop_before(cursor: "Cursor", oldest: int) -> None:
    cursor.execute("SELECT COUNT(*) + COALESCE(SUM(Dropped), 0) FROM odcr_outbox WHERE Id < %s", (oldest,))
    ((dropped,),) = cursor.fetchall()
    if dropped:
        cursor.execute("DELETE FROM odcr_outbox WHERE Id < %s", (oldest,))
        cursor.execute("UPDATE odcr_outbox SET Dropped = Dropped + %s WHERE Id = %s", (dropped, oldest))


def still_to_be_sent(cursor: "Cursor") -> list[Waiting]:
    """The messages that a run is to send, the oldest first."""
    cursor.execute(
        "SELECT Id, Execution, Recorded, Subject, Message, Dropped FROM odcr_outbox ORDER BY Id LIMIT %s",
        (MAX_SENT_BY_A_RUN,),
    )
    return [Waiting(*row) for row in cursor.fetchall()]


def take_out_of_outbox(cursor: "Cursor", message_id: int) -> None:
    """Forgets a message that was sent. Doing so again has no effect."""
    cursor.execute("DELETE FROM odcr_outbox WHERE Id = %s", (message_id,))
