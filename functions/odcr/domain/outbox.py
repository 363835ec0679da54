"""Messages that wait to be sent: how many, how long, and what is said about those that had to go.

A message leaves by Amazon SNS, which takes 256 KiB: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odcr.domain.payload import size_of

MAX_WAITING = 100
"""Messages that the outbox keeps. A run adds one at most, so this is an outage of hours; then the oldest go."""

MAX_SENT_BY_A_RUN = 10
"""Messages. What is left is the next run's."""

MAX_BYTES = 200_000
"""Of a message as JSON, so that any one fits between two states, and into SNS."""

_CUT = "... The rest did not fit into this message; odcr_status has it."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the outbox."""

    id: int
    execution: str
    """The run that wrote it."""
    recorded: datetime
    """When, in UTC."""
    subject: str
    message: str
    dropped: int = 0
    """How many older messages were dropped to make room for it."""

    def to_event(self, execution: str) -> dict[str, Any]:
        """The message as the state machine publishes it: `{"Id", "Subject", "Message"}`.

        Args:
            execution: the run that sends it. If another one wrote it, the message says that it is late.
        """
        said = []
        if self.dropped:
            said.append(
                f"{self.dropped} earlier message(s) could not be sent and were dropped; odcr_history has the changes."
            )
        if self.execution != execution:
            said.append(f"Written at {self.recorded:%Y-%m-%d %H:%M} UTC, when it could not be sent.")
        text = "\n".join([*said, "", self.message]) if said else self.message
        return {"Id": self.id, "Subject": self.subject, "Message": text}


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


def in_order(messages: Iterable[dict[str, Any]], room: int) -> Iterator[dict[str, Any]]:
    """The messages that fit, up to the first that does not: none overtakes an older one.

    Args:
        messages: the oldest first.
        room: bytes.
    """
    for message in messages:
        room -= size_of(message)
        if room < 0:
            return
        yield message
