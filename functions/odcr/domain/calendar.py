"""When a demand is asked for: not before its start, and after its deadline as its row says; and the verdict on it.

Times are ISO 8601 in UTC, as the tables have them, and are compared as texts to the second.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from odcr.domain.amounts import Amount
from odcr.domain.outcome import Status
from odcr.domain.target import Judgement, Target, Terms, Verdict
from odcr.domain.wire import As, Event
from odcr.domain.wording import MAX_REASON, minute

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


def judge(
    target: Target, reserved: Amount, shown_ids: Collection[str], now: str, *, is_met: bool = False
) -> Judgement | None:
    """The verdict that is due; None before the deadline, once it is recorded, and while it cannot be given.

    What EC2 does not show although it was recorded may be late, or may have lost its tag. It is looked for before the
    verdict, for an hour at most. Only a verdict within that hour, on a demand of which a run has a record, gives
    anything up: a row that was corrected later, or a record that was lost, must not.

    Args:
        target: the demand, with what was recorded of it.
        reserved: units that EC2 shows as held.
        shown_ids: the reservations that it shows as held.
        now: the time.
        is_met: whether that is all that the weights allow, though it may be less than the total.
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
    """Whether what is held for the demand is to be given back, because its deadline was missed.

    Args:
        target: the demand.
        due: the verdict that this run has come to.
    """
    judgement = due or target.last_judgement
    return (
        target.terms.releases_if_missed
        and judgement is not None
        and judgement.gives_up
        and _is_of(judgement, target.terms.deadline)
    )


def rest(target: Target, reserved: Amount, now: str, *, is_given_up: bool) -> Rest | None:
    """Why nothing is asked for now; None if it is to be asked for.

    Args:
        target: the demand.
        reserved: units that EC2 shows as held.
        now: the time.
        is_given_up: whether its deadline was missed, and what is held is given back.
    """
    terms, held = target.terms, f"{reserved} of {target.capacity} held"
    if is_given_up and terms.deadline is not None:
        rest_of_it = (
            "" if reserved else f" Nothing is asked for any more, as On_Missed in {target.key.option_table} says."
        )
        return Rest(Status.STOPPED, f"The deadline, {minute(terms.deadline)}, was missed.{rest_of_it}")
    if terms.start_at is not None and not _is_past(terms.start_at, now):
        return Rest(Status.WAITING, f"{held}. Nothing is asked for before Start_At, {minute(terms.start_at)}.")
    if terms.stops_at_deadline and terms.deadline is not None and _is_past(terms.deadline, now):
        reason = f"{held}. Nothing is asked for after the Deadline, {minute(terms.deadline)}: After_Deadline says stop."
        return Rest(Status.STOPPED, reason)
    return None


def is_in_last_hours(terms: Terms, now: str) -> bool:
    """Whether the deadline is so near that the demand is asked for at full pace, however long its pool has been dry."""
    if terms.deadline is None or _is_past(terms.deadline, now):
        return False
    first = datetime.fromisoformat(terms.deadline) - timedelta(hours=LAST_HOURS)
    return _is_past(iso(first), now)


def _is_past(moment: str, now: str) -> bool:
    return moment[:19] <= now[:19]


def _is_of(judgement: Judgement | None, deadline: str | None) -> bool:
    return judgement is not None and judgement.deadline == deadline
