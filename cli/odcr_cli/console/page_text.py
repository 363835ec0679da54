"""How the page writes times, statuses, bars and element ids."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from odcr_cli.console.translation import translate as _
from odcr_cli.demands import Demand
from odcr_cli.door import number
from odcr_cli.execution_graph.status_words import status_word as graph_status_word
from odcr_cli.execution_graph.visits import Status
from odcr_cli.formatting import format_moment, parse_moment


@dataclass(frozen=True)
class Mark:
    """The look of a status: a colour and a sign, never colour alone."""

    css: str
    sign: str
    """The name of a symbol in templates/parts.html."""


_GOOD, _WAIT, _BAD, _ODD, _IDLE = (
    Mark("good", "check"),
    Mark("wait", "wait"),
    Mark("bad", "cross"),
    Mark("odd", "bang"),
    Mark("idle", "pause"),
)
_MARKS = {
    "FULFILLED": _GOOD,
    "SUCCEEDED": _GOOD,
    "active": _GOOD,
    "EXCESS": _ODD,
    "ASTRAY": _ODD,
    "caught error": _ODD,
    "INVALID": _BAD,
    "FAILED": _BAD,
    "TIMED_OUT": _BAD,
    "failed": _BAD,
    "QUOTA_EXCEEDED": _BAD,
    "UNSUPPORTED": _BAD,
    "WAITING": _IDLE,
    "STOPPED": _IDLE,
    "ABORTED": _IDLE,
    "cancelled": _IDLE,
    "expired": _IDLE,
}


def mark_of(status: str) -> Mark:
    """The look of a status of a demand, a run or a reservation."""
    return _MARKS.get(status, _WAIT)


def status_word(status: str) -> str:
    """A status in the reader's language."""
    words = {
        "FULFILLED": _("Fulfilled"),
        "PENDING": _("Pending"),
        "ASTRAY": _("Astray"),
        "SHORT": _("Short"),
        "EXCESS": _("Excess"),
        "THROTTLED": _("Throttled"),
        "QUOTA_EXCEEDED": _("Quota exceeded"),
        "UNSUPPORTED": _("Unsupported"),
        "INVALID": _("Invalid"),
        "WAITING": _("Waiting"),
        "STOPPED": _("Stopped"),
        "CAPPED": _("Capped"),
        "FAILED": _("Failed"),
        "NEW": _("New"),
        "RUNNING": _("Running"),
        "SUCCEEDED": _("Succeeded"),
        "TIMED_OUT": _("Timed out"),
        "ABORTED": _("Aborted"),
    }
    return words.get(status, status)


def state_word(status: Status) -> str:
    """A state's status in the reader's language."""
    return graph_status_word(status, _)


def state_mark(status: Status) -> Mark:
    """The look of a state's status."""
    return mark_of({"succeeded": "SUCCEEDED", "running": "RUNNING", "aborted": "ABORTED"}.get(status, status))


def rough_duration(seconds: float) -> str:
    """A duration in its largest unit: `3 min`."""
    whole = max(0, int(seconds))
    if whole >= 86_400:
        return _("{n} d", n=whole // 86_400)
    if whole >= 3_600:
        return _("{n} h", n=whole // 3_600)
    return _("{n} min", n=whole // 60) if whole >= 60 else _("{n} s", n=whole)


def exact_duration(seconds: float | None) -> str:
    """A duration to the second: `1:52`."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("{n} s", n=f"{seconds:.1f}")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def age(value: str | datetime, now: datetime) -> str:
    """How long ago a moment was."""
    when = parse_moment(value) if isinstance(value, str) else value
    return rough_duration((now - when).total_seconds())


def iso(value: str | datetime) -> str:
    """A moment in ISO format, for machines."""
    when = parse_moment(value) if isinstance(value, str) else value
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(value: str | datetime) -> str:
    """A moment in UTC, for people."""
    return f"{value if isinstance(value, str) else format_moment(value)} UTC"


def key_in_page(demand: Demand) -> str:
    """The element id of a demand."""
    return ("group-" if demand.is_group else "row-") + re.sub(
        r"[^A-Za-z0-9.-]", lambda character: f"_{ord(character[0]):x}_", demand.name
    )


@dataclass(frozen=True)
class Bar:
    """The parts of a bar, in percent of its length."""

    in_use: float
    held: float
    """Held, and not known to be in use."""
    missing: float
    excess: float


def bar_of(demand: Demand) -> Bar:
    """A bar of held against wanted: in use, held but unused, missing, excess."""
    longest = max(demand.held, demand.wanted)
    if not longest:
        return Bar(0, 0, 0, 0)
    wanted_and_held = min(demand.held, demand.wanted)
    used = min(number(demand.in_use), wanted_and_held) if demand.unit == "instances" else number(0)
    share = 100 / float(longest)
    return Bar(
        float(used) * share,
        float(wanted_and_held - used) * share,
        float(demand.missing) * share,
        float(max(demand.held - demand.wanted, number(0))) * share,
    )
