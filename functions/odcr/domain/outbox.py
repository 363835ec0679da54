"""How mails and events wait until they are sent, and in which order they leave.

A run sends one after the other, and ends at the first that is refused. So what was refused comes last, and what is
new of the other stream first: neither keeps the other waiting. Within its stream nothing overtakes what is older.
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
"""Of a mail or a batch of events as JSON: one of each fits between two states, and into SNS and EventBridge.

256 KiB each: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and
https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

_CUT = "... The rest did not fit into this message; odcr_status has it."


class Stream(StrEnum):
    """Mails and events are refused for reasons of their own, and wait each for themselves."""

    MAILS = "MAILS"
    EVENTS = "EVENTS"

    @property
    def max_waiting(self) -> int:
        """Rows that the outbox keeps; then the oldest go. Mails last for an outage of hours: a run adds one at most."""
        return 100 if self is Stream.MAILS else 1_000

    @property
    def max_sent(self) -> int:
        """Rows that a run sends. What is left is the next run's."""
        return 10 if self is Stream.MAILS else 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox: a mail, or events that leave together."""

    id: int
    execution: str
    """The run that wrote it."""
    recorded: datetime
    """When, in UTC."""
    subject: str
    message: str
    """A mail's text; of events the JSON of `{"DetailType", "Detail"}`, a list."""
    events: int = 0
    """How many there are; 0: a mail."""
    dropped: int = 0
    """How many older mails, or events, were dropped to make room for it."""

    @property
    def stream(self) -> Stream:
        """Which of the two it belongs to."""
        return Stream.EVENTS if self.events else Stream.MAILS

    def to_item(self, execution: str, bus: str) -> dict[str, Any]:
        """As the state machine sends it: `{"Id", "Subject", "Message"}` or `{"Id", "Entries"}`.

        Args:
            execution: the run that sends it. If another one wrote it, a mail says that it is late.
            bus: the event bus's name.
        """
        if self.events:
            return {"Id": self.id, "Entries": entries(json.loads(self.message), self.recorded, bus, self.dropped)}
        said = []
        if self.dropped:
            said.append(
                f"{self.dropped} earlier message(s) could not be sent and were dropped; odcr_history has the changes."
            )
        if self.execution != execution:
            said.append(f"Written at {self.recorded:%Y-%m-%d %H:%M} UTC, when it could not be sent.")
        # Rows of an older version may be longer.
        message = shortened(self.message)
        return {
            "Id": self.id,
            "Subject": self.subject,
            "Message": "\n".join([*said, "", message]) if said else message,
        }


def to_send(waiting: Iterable[Waiting], execution: str, bus: str, room: int) -> list[dict[str, Any]]:
    """What a run sends, in its order.

    Args:
        waiting: the oldest first.
        execution: the run.
        bus: the event bus's name.
        room: bytes.
    """
    streams: dict[Stream, list[Waiting]] = {stream: [] for stream in Stream}
    for row in waiting:
        streams[row.stream].append(row)
    mails, events = ((row.to_item(execution, bus) for row in streams[stream]) for stream in Stream)
    # Half of the room is enough for one row of any size; what mails leave is for events.
    items = {Stream.MAILS: list(_in_order(mails, room // 2))}
    items[Stream.EVENTS] = list(_in_order(events, room - size_of(items[Stream.MAILS])))
    return [item for stream in _order(streams, execution) for item in items[stream]]


def _order(streams: dict[Stream, list[Waiting]], execution: str) -> Sequence[Stream]:
    """The stream with something that was refused last. If both have, nobody knows which will be: chance decides."""
    late = [stream for stream, rows in streams.items() if rows and rows[0].execution != execution]
    # A state that is repeated says the same.
    random.Random(execution).shuffle(late)  # noqa: S311 - fairness, not secrecy
    return [*(stream for stream in streams if stream not in late), *late]


def _in_order(items: Iterable[dict[str, Any]], room: int) -> Iterator[dict[str, Any]]:
    """The items that fit, up to the first that does not: none overtakes an older one."""
    for item in items:
        room -= size_of(item)
        if room < 0:
            return
        yield item


def shortened(message: str) -> str:
    """The message, or as many of its lines as fit."""
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
