"""Sentences for people with texts of unknown length in them: names in rows, ids, EC2's messages.

A reason is cut at `MAX_REASON` characters. So it starts with what to do, and each such text has a limit of its own.
"""

from collections.abc import Sequence

MAX_REASON = 190
"""Characters of a reason, so that 500 outcomes fit into one state's 256 KiB."""

MAX_NAME = 48
"""Characters of a quoted name. Every valid name is shorter."""


def quoted(name: str, limit: int = MAX_NAME) -> str:
    """A name in quotes, with invisible characters escaped; at most `limit` characters."""
    text = repr(name)
    return text if len(text) <= limit else f"{text[: limit - 4]}...{text[-1]}"


def listed(names: Sequence[str], room: int, last: str = "and") -> str:
    """The names separated by commas, and the number of those that do not fit.

    Returns:
        Such as `cr-1, cr-2 and 48 more`: at most `room` characters, but at least the beginning of one name.
    """
    for shown in range(len(names), 0, -1):
        hidden = len(names) - shown
        parts = [*names[:shown], *([f"{hidden} more"] if hidden else [])]
        text = f" {last} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        if len(text) <= room:
            return text
    return f"{names[0][: max(0, room - 3)]}..." if names else ""


def with_detail(what_to_do: str, detail: str) -> str:
    """What to do, followed by as much of the detail in parentheses as a reason has room for."""
    room = MAX_REASON - len(what_to_do) - len(" ()")
    if room < len("...") or not detail:
        return what_to_do
    return f"{what_to_do} ({detail if len(detail) <= room else detail[: room - 3] + '...'})"


def minute(moment: str) -> str:
    """A time, given as ISO 8601 in UTC, for people."""
    return f"{moment[:16].replace('T', ' ')} UTC"


def brief(name: str, limit: int = MAX_NAME) -> str:
    """A name that needs no quotes, cut to `limit` characters."""
    return name if len(name) <= limit else f"{name[: limit - 3]}..."


def counted(count: object, unit: str) -> str:
    """An amount with its unit, such as `3 vCPUs`.

    Args:
        count: the amount.
        unit: `instances` or `vcpus`.
    """
    return f"{count} {'vCPUs' if unit == 'vcpus' else 'instances'}"
