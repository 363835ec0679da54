"""When to ask for a demand, from its start to its deadline and beyond, and the verdict at the deadline.

Times are ISO 8601 in UTC, as in the tables, and are compared as texts to the second.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from odcr.domain.amounts import Amount
from odcr.domain.event_codec import As, Event
from odcr.domain.outcome import Status
from odcr.domain.target import Judgement, Target, Terms, Verdict
from odcr.domain.wording import MAX_REASON, minute

LAST_HOURS = 24
"""Hours before a deadline in which even a dry pool is asked at full pace."""


@dataclass(frozen=True, slots=True)
class Rest(Event):
    """Why to ask for nothing now, though something is missing."""

    status: Status
    """WAITING or STOPPED."""
    reason: Annotated[str, As(longest=MAX_REASON)]


def iso(now: datetime) -> str:
    """A time as text, to compare."""
    return f"{now:%Y-%m-%dT%H:%M:%S}"


def judge(target: Target, reserved: Amount, shown_ids: Collection[str], now: str, *, is_met: bool) -> Judgement | None:
    """The verdict that is due; None before the deadline, after it is recorded, and while it has to wait.

    If EC2 does not show a recorded reservation, its answer may lag, or the tag is gone. The verdict waits up to an hour
    for it to be looked up. Only a verdict within that hour, on a demand with a record, gives anything up: correcting a
    row later, or losing the record, must not.

    Args:
        target: the demand and its record.
        reserved: units that EC2 shows as held.
        shown_ids: the reservations that EC2 shows as held.
        now: the time, as `iso` writes it.
        is_met: whether everything that the weights allow is held, which may be less than the total.
    """
    deadline = target.terms.deadline
    if deadline is None or not _is_past(deadline, now) or _is_of(target.last_judgement, deadline):
        return None
    is_in_time = not _is_past(iso(datetime.fromisoformat(deadline) + timedelta(hours=1)), now)
    is_astray = target.last_status == Status.ASTRAY
    is_late = target.is_fresh and reserved < target.recorded
    if is_in_time and not is_astray and (is_late or not set(target.recorded_ids) <= set(shown_ids)):
        return None
    standing = max(reserved, target.recorded) if is_astray or is_late else reserved
    if is_met or standing >= target.capacity:
        return Judgement(Verdict.MET, deadline)
    is_known = target.last_status not in (None, Status.INVALID)
    return Judgement(Verdict.MISSED, deadline, target.terms.releases_if_missed and is_in_time and is_known)


def is_given_up(target: Target, due: Judgement | None) -> bool:
    """Whether to give back what is held for a demand, as its deadline was missed.

    Args:
        target: the demand.
        due: the verdict of this run; None: the recorded one counts.
    """
    judgement = due or target.last_judgement
    return (
        target.terms.releases_if_missed
        and judgement is not None
        and judgement.gives_up
        and _is_of(judgement, target.terms.deadline)
    )


def rest(target: Target, reserved: Amount, now: str, *, is_given_up: bool) -> Rest | None:
    """Why to ask for nothing now; None: ask.

    Args:
        target: the demand.
        reserved: units that EC2 shows as held.
        now: the time, as `iso` writes it.
        is_given_up: whether to give back what is held, as the deadline was missed.
    """
    terms, held = target.terms, f"{reserved} of {target.capacity} held"
    if is_given_up and terms.deadline is not None:
        why = "" if reserved else f" Nothing is asked for any more, as On_Missed in {target.key.option_table} says."
        return Rest(Status.STOPPED, f"The deadline, {minute(terms.deadline)}, was missed.{why}")
    if terms.start_at is not None and not _is_past(terms.start_at, now):
        return Rest(Status.WAITING, f"{held}. Nothing is asked for before Start_At, {minute(terms.start_at)}.")
    if terms.stops_at_deadline and terms.deadline is not None and _is_past(terms.deadline, now):
        reason = f"{held}. Nothing is asked for after the Deadline, {minute(terms.deadline)}: After_Deadline says stop."
        return Rest(Status.STOPPED, reason)
    return None


def is_in_last_hours(terms: Terms, now: str) -> bool:
    """Whether the deadline is so near that even a dry pool is asked at full pace."""
    if terms.deadline is None or _is_past(terms.deadline, now):
        return False
    first = datetime.fromisoformat(terms.deadline) - timedelta(hours=LAST_HOURS)
    return _is_past(iso(first), now)


def _is_past(moment: str, now: str) -> bool:
    return moment[:19] <= now[:19]


def _is_of(judgement: Judgement | None, deadline: str | None) -> bool:
    return judgement is not None and judgement.deadline == deadline
