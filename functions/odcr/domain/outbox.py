"""The mails and events that wait to be sent, and the order in which a run sends them.

A run sends one item after the other and stops at the first refusal. So the stream that was refused last time comes
last, and mails and events do not hold each other up. Within a stream, the oldest item goes first.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from odcr.domain.events import entries
from odcr.domain.wire import size_of

MAX_BYTES = 115_000
"""Bytes of a mail or a batch of events as JSON. One of each fits into a state's output, into SNS and into EventBridge.

These take 256 KiB each: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and
https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

_CUT = "... The rest did not fit into this message; odcr_status has it."


class Stream(StrEnum):
    """What sort of item it is. Each may be refused while the other is not."""

    MAILS = "MAILS"
    EVENTS = "EVENTS"

    @property
    def max_waiting(self) -> int:
        """Rows that the outbox keeps before it drops the oldest. A run adds at most one mail, so 100 last for hours."""
        return 100 if self is Stream.MAILS else 1_000

    @property
    def max_sent(self) -> int:
        """Rows that a run sends at most."""
        return 10 if self is Stream.MAILS else 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox: a mail, or a batch of events."""

    id: int
    execution: str
    """The run that wrote it."""
    recorded: datetime
    """When it was written, in UTC."""
    subject: str
    message: str
    """A mail's text; for events, a list of `{"DetailType", "Detail"}` as JSON."""
    events: int
    """Events in the batch; 0 for a mail."""
    dropped: int
    """Older mails or events that were dropped to make room."""

    @property
    def stream(self) -> Stream:
        """The stream that it belongs to."""
        return Stream.EVENTS if self.events else Stream.MAILS

    def to_item(self, execution: str, bus: str) -> dict[str, Any]:
        """What the state machine sends: `{"Id", "Subject", "Message"}` or `{"Id", "Entries"}`.

        Args:
            execution: the run that sends it. A mail from an earlier run says that it is late.
            bus: the event bus's name.
        """
        if self.events:
            return {"Id": self.id, "Entries": entries(json.loads(self.message), self.recorded, bus, self.dropped)}
        notes = []
        if self.dropped:
            notes.append(
                f"{self.dropped} earlier message(s) could not be sent and were dropped; odcr_history has the changes."
            )
        if self.execution != execution:
            notes.append(f"Written at {self.recorded:%Y-%m-%d %H:%M} UTC, when it could not be sent.")
        # A row from an older version may be longer.
        message = shortened(self.message)
        return {
            "Id": self.id,
            "Subject": self.subject,
            "Message": "\n".join([*notes, "", message]) if notes else message,
        }


def to_send(waiting: Iterable[Waiting], execution: str, bus: str, room: int) -> list[dict[str, Any]]:
    """What a run sends, in order.

    Args:
        waiting: the rows, the oldest first.
        execution: the run.
        bus: the event bus's name.
        room: bytes of all items together.
    """
    streams: dict[Stream, list[Waiting]] = {stream: [] for stream in Stream}
    for row in waiting:
        streams[row.stream].append(row)
    mails, events = ((row.to_item(execution, bus) for row in streams[stream]) for stream in Stream)
    # Half of the room is enough for any row. Events get what mails leave.
    items = {Stream.MAILS: list(_in_order(mails, room // 2))}
    items[Stream.EVENTS] = list(_in_order(events, room - size_of(items[Stream.MAILS])))
    return [item for stream in _order(streams, execution) for item in items[stream]]


def _order(streams: dict[Stream, list[Waiting]], execution: str) -> Sequence[Stream]:
    """The streams, one that was refused last time at the end. If both were, chance decides."""
    late = [stream for stream, rows in streams.items() if rows and rows[0].execution != execution]
    # Seeded, so that a repeated state comes to the same order.
    random.Random(execution).shuffle(late)  # noqa: S311 - fairness, not secrecy
    return [*(stream for stream in streams if stream not in late), *late]


def _in_order(items: Iterable[dict[str, Any]], room: int) -> Iterator[dict[str, Any]]:
    """The items up to the first that does not fit, so that none overtakes an older one."""
    for item in items:
        room -= size_of(item)
        if room < 0:
            return
        yield item


def shortened(message: str) -> str:
    """The message, or as many of its first lines as fit."""
    if size_of(message) <= MAX_BYTES:
        return message
    room = MAX_BYTES - size_of(_CUT)
    kept = []
    for line in message.splitlines():
        room -= size_of(line)
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, _CUT])
