"""The mails and events that are still to be sent, in the database: what is refused today is sent by a later run."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from odcr.domain.events import batches
from odcr.domain.outbox import MAX_BYTES, Stream, Waiting, shortened

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_OF_STREAM = {Stream.MAILS: "Events = 0", Stream.EVENTS: "Events > 0"}


def put_in_outbox(
    cursor: "Cursor", execution: str, messages: Iterable[Mapping[str, str]], events: Iterable[dict[str, Any]] = ()
) -> None:
    """Keeps mails and events until they are sent. If there are too many, the oldest are dropped, and the next says so.

    Args:
        cursor: in the transaction that records what they tell of.
        execution: the run.
        messages: `{"Subject", "Message"}`, the oldest first.
        events: `{"DetailType", "Detail"}`, the oldest first.
    """
    mails = [(execution, one["Subject"], shortened(one["Message"]), 0) for one in messages]
    # As the state machine's data is: characters of any language take their bytes and no more.
    told = [(execution, "", json.dumps(batch, ensure_ascii=False), len(batch)) for batch in batches(events, MAX_BYTES)]
    if not mails and not told:
        return
    cursor.executemany(
        "INSERT INTO odcr_outbox (Execution, Recorded, Subject, Message, Events) "
        "VALUES (%s, UTC_TIMESTAMP(), %s, %s, %s)",
        [*mails, *told],
    )
    for stream, rows in ((Stream.MAILS, mails), (Stream.EVENTS, told)):
        if rows:
            _drop_oldest(cursor, stream)


def _drop_oldest(cursor: "Cursor", stream: Stream) -> None:
    where = _OF_STREAM[stream]
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
    """What a run is to send, each stream's oldest first.

    Args:
        cursor: in a transaction.
        with_events: whether there is an event bus. If there is none, events that still wait are deleted: nobody wants
            them, and whoever names a bus again is not to get them years later.
    """
    parts = [
        "(SELECT Id, Execution, Recorded, Subject, Message, Events, Dropped FROM odcr_outbox "  # noqa: S608 - our words
        f"WHERE {_OF_STREAM[stream]} ORDER BY Id LIMIT {stream.max_sent})"
        for stream in Stream
    ]
    cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY Id")
    rows = [Waiting(*row) for row in cursor.fetchall()]
    if not with_events and any(row.events for row in rows):
        cursor.execute("DELETE FROM odcr_outbox WHERE Events > 0")
        return [row for row in rows if not row.events]
    return rows


def remove_from_outbox(cursor: "Cursor", message_id: int) -> None:
    """Forgets what was sent. Doing so again has no effect."""
    cursor.execute("DELETE FROM odcr_outbox WHERE Id = %s", (message_id,))
