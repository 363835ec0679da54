"""When a demand is asked for: not before its start, and after its deadline as its row says; and the verdict on it.

Times are ISO 8601 in UTC, as the tables have them, and are compared as texts to the second.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from odcr.domain.outcome import Status
from odcr.domain.target import Judgement, Target, Terms, Verdict
from odcr.domain.wire import As, Event
from odcr.domain.wording import MAX_REASON

LAST_HOURS = 24
"""Hours before a deadline in which a dry pool is asked at full pace."""


@dataclass(frozen=True, slots=True)
class Rest(Event):
    """Why nothing is asked for, though something is missing."""

    status: Status
    """WAITING or STOPPED."""
    reason: Annotated[str, As(longest=MAX_REASON)]


def iso(now: datetime) -> str:
    """A time as it is compared."""
    return f"{now:%Y-%m-%dT%H:%M:%S}"


def judge(target: Target, reserved: int, now: str) -> Judgement | None:
    """The verdict that is due; None before the deadline, and once it is recorded.

    Args:
        target: the demand, with what was recorded of it.
        reserved: instances that EC2 shows as held.
        now: the time.
    """
    deadline = target.terms.deadline
    if deadline is None or not _is_past(deadline, now) or _is_of(target.last_judgement, deadline):
        return None
    # What EC2 may be showing late, or without this stack's tag, is held as it was recorded.
    is_recorded = target.last_status == Status.ASTRAY or (target.is_fresh and reserved < target.last_reserved)
    standing = max(reserved, target.last_reserved) if is_recorded else reserved
    return Judgement(Verdict.MET if standing >= target.capacity else Verdict.MISSED, deadline)


def judge_unmet(terms: Terms, last: Judgement | None, now: str) -> Judgement | None:
    """The verdict that is due on a row that makes no sense, so that nothing can be held for it."""
    deadline = terms.deadline
    if deadline is None or not _is_past(deadline, now) or _is_of(last, deadline):
        return None
    return Judgement(Verdict.MISSED, deadline)


def is_given_up(target: Target, due: Judgement | None) -> bool:
    """Whether what is held for the demand is to be given back, because its deadline was missed.

    Args:
        target: the demand.
        due: the verdict that this run has come to.
    """
    judgement = due or target.last_judgement
    return (
        target.terms.releases_if_missed
        and judgement is not None
        and _is_of(judgement, target.terms.deadline)
        and judgement.verdict is Verdict.MISSED
    )


def rest(target: Target, reserved: int, now: str, *, is_given_up: bool) -> Rest | None:
    """Why nothing is asked for now; None if it is to be asked for.

    Args:
        target: the demand.
        reserved: instances that EC2 shows as held.
        now: the time.
        is_given_up: whether its deadline was missed, and what is held is given back.
    """
    terms, held = target.terms, f"{reserved} of {target.capacity} held"
    if is_given_up and terms.deadline is not None:
        return Rest(
            Status.STOPPED,
            f"The deadline, {shown(terms.deadline)}, was missed; On_Missed in odcr_option says release, so nothing is "
            "asked for any more.",
        )
    if terms.start_at is not None and not _is_past(terms.start_at, now):
        return Rest(Status.WAITING, f"{held}. Nothing is asked for before Start_At, {shown(terms.start_at)}.")
    if terms.stops_at_deadline and terms.deadline is not None and _is_past(terms.deadline, now):
        reason = f"{held}. Nothing is asked for after the Deadline, {shown(terms.deadline)}: After_Deadline says stop."
        return Rest(Status.STOPPED, reason)
    return None


def is_in_last_hours(terms: Terms, now: str) -> bool:
    """Whether the deadline is so near that the demand is asked for at full pace, however long its pool has been dry."""
    if terms.deadline is None or _is_past(terms.deadline, now):
        return False
    first = datetime.fromisoformat(terms.deadline) - timedelta(hours=LAST_HOURS)
    return _is_past(iso(first), now)


def shown(moment: str) -> str:
    """A time as people read it."""
    return f"{moment[:16].replace('T', ' ')} UTC"


def _is_past(moment: str, now: str) -> bool:
    return moment[:19] <= now[:19]


def _is_of(judgement: Judgement | None, deadline: str | None) -> bool:
    return judgement is not None and judgement.deadline == deadline
