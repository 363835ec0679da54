"""What people are told of a run's changes, and how messages wait until they are sent.

A message leaves by Amazon SNS, which takes 256 KiB: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from odcr.domain.outcome import Status
from odcr.domain.target import Announcement, TargetKey, Verdict, region_of
from odcr.domain.wire import As, Event, size_of

MAX_SUBJECT = 100
"""Characters of an SNS subject: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

MAX_LISTED = 100
"""Changes that a message tells one by one; nobody reads more, and SNS takes no more than 256 KiB."""

MAX_WAITING = 100
"""Messages that the outbox keeps. A run adds one at most, so this is an outage of hours; then the oldest go."""

MAX_SENT_BY_A_RUN = 10
"""Messages. What is left is the next run's."""

MAX_BYTES = 200_000
"""Of a message as JSON, so that any one fits between two states, and into SNS."""

_CUT = "... The rest did not fit into this message; odcr_status has it."

# Families as Amazon EC2's quotas of Running On-Demand instances name them, longest prefix first:
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
_QUOTAS = {
    "inf": "Inf",
    "trn": "Trn",
    "hpc": "HPC",
    "dl": "DL",
    "vt": "G and VT",
    "u": "High Memory",
    "f": "F",
    "g": "G and VT",
    "p": "P",
    "x": "X",
}
_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"


@dataclass(frozen=True, slots=True)
class Change(Event):
    """A target whose status is another than before, or of which something was released."""

    key: Annotated[TargetKey, As(flat=True)]
    before: Annotated[str | None, As("From")]
    """The status before; None for a target that is new."""
    after: Annotated[Status, As("To")]
    reserved: int
    target: Annotated[int | None, As("TargetCapacity")]
    reason: Annotated[str, As(is_left_out=True)] = ""
    short_since: Annotated[datetime | None, As(is_left_out=True)] = None
    """Since when it has not been met, in UTC, or was not until now; None if it was met before, too."""
    verdict: Annotated[Verdict | None, As(is_left_out=True)] = None
    """Of the run that comes to it."""
    deadline: Annotated[datetime | None, As(is_left_out=True)] = None
    """What the verdict is on, in UTC."""
    met_since: Annotated[datetime | None, As(is_left_out=True)] = None
    """Since when all that is wanted is held, in UTC."""


def announcements(
    owner: str, changes: Sequence[Change], announced: Mapping[TargetKey, Announcement]
) -> list[dict[str, str]]:
    """The message about a run's changes: none if there are none, else one.

    Args:
        owner: the stack that speaks.
        changes: what changed.
        announced: the releases that the next run may make, by target.

    Returns:
        A list of at most one `{"Subject", "Message"}`.
    """
    if not changes:
        return []
    counts = {status: sum(change.after == status for change in changes) for status in Status}
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines = [f"{owner}: the status of {len(changes)} target(s) changed.", ""]
    for change in changes[:MAX_LISTED]:
        lines.append(_line(change))
        todo = advice(change.key, change.after, announced.get(change.key))
        lines += [f"    {text}" for text in (change.reason, todo) if text]
    if len(changes) > MAX_LISTED:
        lines.append(f"... and {len(changes) - MAX_LISTED} more; odcr_status has them all.")
    return [{"Subject": f"EC2 capacity {owner}: {summary}"[:MAX_SUBJECT], "Message": "\n".join(lines)}]


def _line(change: Change) -> str:
    wanted = "?" if change.target is None else change.target
    line = f"{change.after}: {change.key}: {change.reserved} of {wanted} held (was {change.before or 'new'})"
    if change.verdict and change.deadline:
        line = f"{change.verdict} ITS DEADLINE, {_minute(change.deadline)}: {line}"
    if change.verdict and change.met_since:
        return f"{line}; all of it since {_minute(change.met_since)}"
    if change.short_since is None:
        return line
    since = f"since {_minute(change.short_since)}"
    if change.after.is_met:
        return f"{line}; it was missing some {since}"
    missing = "an unknown number" if change.target is None else max(0, change.target - change.reserved)
    return f"{line}; missing {missing} {since}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def advice(key: TargetKey, status: Status, announced: Announcement | None = None) -> str:
    """What to do about a target of this status; empty where there is nothing to do.

    Args:
        key: the target, whose Region and quota the advice names.
        status: how it stands.
        announced: the release that the next run may make of it.
    """
    match status:
        case Status.FULFILLED | Status.THROTTLED:
            return ""
        case Status.PENDING:
            return "To do: nothing yet. EC2 takes up to five minutes to provide it; what fails is bought again."
        case Status.ASTRAY:
            return "To do: what the reason says. Until then this stack can neither grow nor give back that part."
        case Status.UNSUPPORTED:
            return (
                "To do: ask for a type that the zone offers, if this does not pass. odcr asks again every ten minutes."
            )
        case Status.SHORT:
            return "To do: nothing, every run asks again. If time runs out, add another type or zone to odcr_capacity."
        case Status.EXCESS if announced:
            return "To do: if that is not meant, raise Target_Capacity at once."
        case Status.EXCESS:
            return "To do: raise Target_Capacity, or reduce or cancel the reservations in the EC2 console."
        case Status.QUOTA_EXCEEDED:
            return (
                f"To do: in Service Quotas, {_region(key)}, Amazon EC2, raise 'Running On-Demand "
                f"{quota_of(key.instance_type)} instances'. It counts vCPUs."
            )
        case Status.CAPPED:
            return "To do: what the reason says, or raise the cap, if it is to be bought all the same."
        case Status.WAITING:
            return "To do: nothing. It is asked for from its Start_At on."
        case Status.STOPPED if announced:
            return "To do: to keep what is held, set On_Missed to 'keep', or a later Deadline, at once."
        case Status.STOPPED:
            return "To do: nothing. To go on asking, set After_Deadline to 'keep-asking', or a later Deadline."
        case Status.INVALID:
            return "To do: correct or delete the row in odcr_capacity, or its row in odcr_option."
        case Status.FAILED:
            return "To do: nothing at first, the next run tries again. If it lasts, look at the run in Step Functions."


def quota_of(instance_type: str) -> str:
    """Which On-Demand quota an instance type counts towards, as Service Quotas names it."""
    return next((name for prefix, name in _QUOTAS.items() if instance_type.startswith(prefix)), _STANDARD)


def _region(key: TargetKey) -> str:
    return region_of(key.availability_zone) or key.availability_zone


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
