"""What changed in a run, and how people are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odcr.domain.advice import advice
from odcr.domain.status import Status
from odcr.domain.target import TargetKey

MAX_SUBJECT = 100
"""Characters of an SNS subject: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

MAX_LISTED = 100
"""Changes that a message tells one by one; nobody reads more, and SNS takes no more than 256 KiB."""


@dataclass(frozen=True, slots=True)
class Change:
    """A target whose status is another than before, or of which something was released."""

    key: TargetKey
    before: str | None
    """The status before; None for a target that is new."""
    after: Status
    reserved: int
    target: int | None
    reason: str = ""
    short_since: datetime | None = None
    """Since when it has not been met, in UTC, or was not until now; None if it was met before, too."""

    def to_event(self) -> dict[str, Any]:
        """The change as RecordResults returns it."""
        return {
            **self.key.to_event(),
            "From": self.before,
            "To": str(self.after),
            "Reserved": self.reserved,
            "TargetCapacity": self.target,
        }


def announcements(owner: str, changes: Sequence[Change]) -> list[dict[str, str]]:
    """The message about a run's changes: none if there are none, else one.

    Args:
        owner: the stack that speaks.
        changes: what changed.

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
        lines += [f"    {text}" for text in (change.reason, advice(change.key, change.after, change.reason)) if text]
    if len(changes) > MAX_LISTED:
        lines.append(f"... and {len(changes) - MAX_LISTED} more; odcr_status has them all.")
    return [{"Subject": f"EC2 capacity {owner}: {summary}"[:MAX_SUBJECT], "Message": "\n".join(lines)}]


def _line(change: Change) -> str:
    wanted = "?" if change.target is None else change.target
    line = f"{change.after}: {change.key}: {change.reserved} of {wanted} held (was {change.before or 'new'})"
    if change.short_since is None:
        return line
    since = f"since {change.short_since:%Y-%m-%d %H:%M} UTC"
    if change.after.is_met:
        return f"{line}; it was missing some {since}"
    missing = "an unknown number" if change.target is None else max(0, change.target - change.reserved)
    return f"{line}; missing {missing} {since}"
