"""`odcr_outbox`: mails and events that have not been sent yet. What is refused now, a later run sends."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from odcr.domain.events import batches
from odcr.domain.outbox import MAX_BYTES, Stream, Waiting, shortened

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_CONDITIONS = {Stream.MAILS: "Events = 0", Stream.EVENTS: "Events > 0"}


def put_in_outbox(
    cursor: "Cursor", execution: str, messages: Iterable[Mapping[str, str]], events: Iterable[dict[str, Any]]
) -> None:
    """Keeps mails and events until they are sent. If there are too many, drops the oldest; the next one says how many.

    Args:
        cursor: in the transaction that records what they report.
        execution: the run.
        messages: `{"Subject", "Message"}`, the oldest first.
        events: `{"DetailType", "Detail"}`, the oldest first.
    """
    mail_rows = [(execution, mail["Subject"], shortened(mail["Message"]), 0) for mail in messages]
    # Without escapes, as in the state machine's data: that takes fewer bytes.
    event_rows = [
        (execution, "", json.dumps(batch, ensure_ascii=False), len(batch)) for batch in batches(events, MAX_BYTES)
    ]
    if not mail_rows and not event_rows:
        return
    cursor.executemany(
        "INSERT INTO odcr_outbox (Execution, Recorded, Subject, Message, Events) "
        "VALUES (%s, UTC_TIMESTAMP(), %s, %s, %s)",
        [*mail_rows, *event_rows],
    )
    for stream, rows in ((Stream.MAILS, mail_rows), (Stream.EVENTS, event_rows)):
        if rows:
            _drop_oldest(cursor, stream)


def _drop_oldest(cursor: "Cursor", stream: Stream) -> None:
    where = _CONDITIONS[stream]
    cursor.execute(
        f"SELECT Id FROM odcr_outbox WHERE {where} ORDER BY Id DESC LIMIT 1 OFFSET %s",  # noqa: S608 - our words
        (stream.max_waiting - 1,),
    )
    if not (oldest := cursor.fetchone()):
        return
    cursor.execute(
        "SELECT COALESCE(SUM(GREATEST(Events, 1) + Dropped), 0) FROM odcr_outbox "  # noqa: S608 - our words
        f"WHERE {where} AND Id < %s",
        oldest,
    )
    ((dropped,),) = cursor.fetchall()
    if dropped:
        cursor.execute(f"DELETE FROM odcr_outbox WHERE {where} AND Id < %s", oldest)  # noqa: S608 - our words
        cursor.execute("UPDATE odcr_outbox SET Dropped = Dropped + %s WHERE Id = %s", (dropped, *oldest))


def next_to_send(cursor: "Cursor", *, with_events: bool) -> list[Waiting]:
    """What a run has to send, the oldest of each stream first.

    Args:
        cursor: in a transaction.
        with_events: whether there is an event bus. If not, waiting events are deleted, so that they do not arrive years
            later on a new bus.
    """
    parts = [
        "(SELECT Id, Execution, Recorded, Subject, Message, Events, Dropped FROM odcr_outbox "  # noqa: S608 - our words
        f"WHERE {_CONDITIONS[stream]} ORDER BY Id LIMIT {stream.max_sent})"
        for stream in Stream
    ]
    cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY Id")
    rows = [Waiting(*row) for row in cursor.fetchall()]
    if not with_events and any(row.events for row in rows):
        cursor.execute("DELETE FROM odcr_outbox WHERE Events > 0")
        return [row for row in rows if not row.events]
    return rows


def remove_from_outbox(cursor: "Cursor", message_id: int) -> None:
    """Deletes a message that was sent. Repeating it has no further effect."""
    cursor.execute("DELETE FROM odcr_outbox WHERE Id = %s", (message_id,))
