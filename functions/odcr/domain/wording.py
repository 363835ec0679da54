"""Words around texts whose length somebody else decides: a row's names, ids, EC2's messages.

A reason is cut at `MAX_REASON` characters. So what to do comes first, and each of these texts has a limit of its own.
"""

from collections.abc import Sequence

MAX_REASON = 190
"""Characters of a reason: 500 outcomes have to fit into one state's 256 KiB."""

MAX_NAME = 48
"""Characters that a quoted name takes; every right name is shorter."""


def quoted(name: str, limit: int = MAX_NAME) -> str:
    """A name in quotes, with what cannot be seen escaped; at most `limit` characters."""
    text = repr(name)
    return text if len(text) <= limit else f"{text[: limit - 4]}...{text[-1]}"


def listed(names: Sequence[str], room: int, last: str = "and") -> str:
    """The names with commas between them; those that do not fit into `room` characters are counted.

    Returns:
        E.g. `cr-1, cr-2 and 48 more`: at most `room` characters, but at least one name or its beginning.
    """
    for shown in range(len(names), 0, -1):
        hidden = len(names) - shown
        parts = [*names[:shown], *([f"{hidden} more"] if hidden else [])]
        text = f" {last} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        if len(text) <= room:
            return text
    return f"{names[0][: max(0, room - 3)]}..." if names else ""


def with_detail(what_to_do: str, detail: str) -> str:
    """What to do, and in parentheses as much of the detail as a reason has room for."""
    room = MAX_REASON - len(what_to_do) - len(" ()")
    if room < len("...") or not detail:
        return what_to_do
    return f"{what_to_do} ({detail if len(detail) <= room else detail[: room - 3] + '...'})"


def minute(moment: str) -> str:
    """A time, ISO 8601 in UTC, as people read it."""
    return f"{moment[:16].replace('T', ' ')} UTC"


def brief(name: str, limit: int = MAX_NAME) -> str:
    """A name that is known to have only plain characters, cut to `limit`."""
    return name if len(name) <= limit else f"{name[: limit - 3]}..."


def counted(count: object, unit: str) -> str:
    """So many of a unit, as people say it.

    Args:
        count: an amount.
        unit: `instances` or `vcpus`.
    """
    return f"{count} {'vCPUs' if unit == 'vcpus' else 'instances'}"
