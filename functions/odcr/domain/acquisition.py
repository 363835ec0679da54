"""Meeting one demand: what to ask for next, when to ask again, and how it ended."""

from collections.abc import Callable, Generator, Mapping
from itertools import chain

from odcr.domain.amounts import amount
from odcr.domain.attempt import Attempt
from odcr.domain.calendar import Rest
from odcr.domain.correction import correct
from odcr.domain.holding import Holding
from odcr.domain.ladder import ask_ladder
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pace import Pace
from odcr.domain.ports import Ec2, Purse
from odcr.domain.reasons import astray_remark, reason_for_excess, reason_to_give_up, remark_on_group, remarks
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    OutcomeUnknown,
    OutOfTime,
    OverCap,
    QuotaExceeded,
    Refusal,
)
from odcr.domain.release import announcement, give_back_surplus, release
from odcr.domain.shortfall import Limit, Shortfall
from odcr.domain.target import Announcement, TargetKey, Unit
from odcr.domain.wording import counted

MAX_LOOKS = 3
"""Looks in a row after which an attempt gives up because somebody else keeps changing the reservations."""

Ladder = Callable[..., Generator[int, bool, None]]
"""A function like `ask_ladder`."""


def acquire(
    shortfall: Shortfall,
    occasion: str,
    attempt_number: int,
    ec2: Ec2,
    pace: Pace,
    is_recent: Callable[[], bool],
    *,
    stack_tags: Mapping[str, str],
    now: str,
    purse: Purse | None,
    ladder: Ladder = ask_ladder,
) -> Outcome:
    """Asks EC2 until the target is met, or the attempt has to end.

    Args:
        shortfall: the demand, and what was held when the run looked.
        occasion: the visit to the target, by its run and its time: part of a client token, unless it is the first.
        attempt_number: how often the state machine has repeated this visit; 0 the first time.
        ec2: the gateway to EC2.
        pace: when to send requests.
        is_recent: whether the target was read from the table a moment ago; otherwise nothing is released.
        stack_tags: the tags of every reservation of the stack.
        now: the time, ISO 8601 in UTC.
        purse: what pays for purchases under the stack's cap; None: there is no such cap.
        ladder: how many instances to ask for.

    Returns:
        The outcome, if the target is met, its pools are dry, or the time is up.

    Raises:
        Refusal: what else ended the attempt, with the outcome. The state machine decides by its type.
    """
    attempt = Attempt(shortfall, occasion, attempt_number, ec2, pace, stack_tags, now, purse)
    try:
        refusal = _work(attempt, is_recent, ladder)
    except Refusal as raised:
        refusal = raised
    if refusal is None:
        return attempt.outcome(_status(attempt), _reason(attempt), _announced(attempt))
    outcome = attempt.outcome(refusal.status, _reason(attempt, _why(refusal, attempt)), _announced(attempt))
    if refusal.is_error:
        raise refusal.ending(outcome) from None
    return outcome


def _work(attempt: Attempt, is_recent: Callable[[], bool], ladder: Ladder) -> Refusal | None:
    """Looks, closes the gap and gives back the surplus; starts again if somebody else changed something meanwhile.

    Returns:
        Why the target is not met; None if it is.

    Raises:
        Refusal: if the state machine has to repeat the item.
    """
    while True:
        try:
            attempt.look()
            return _close(attempt, is_recent, ladder)
        except Changed as change:
            if attempt.looks_in_a_row >= MAX_LOOKS:
                return change


def _close(attempt: Attempt, is_recent: Callable[[], bool], ladder: Ladder) -> Refusal | None:
    shortfall, before = attempt.shortfall, attempt.reserved
    if shortfall.has_other_work:
        # First: a reservation that ends too early would not be grown.
        correct(attempt)
    refusal = _climb(attempt, ladder)
    while attempt.missing and isinstance(refusal, InsufficientInstanceCapacity) and attempt.await_asking():
        got, dry = attempt.reserved, refusal
        refusal = _climb(attempt, ladder)
        if isinstance(refusal, OutOfTime) and attempt.reserved == got:
            refusal = dry
    is_unmet = attempt.missing or (refusal is not None and refusal.is_of_the_pool and not attempt.allocation.is_met)
    if refusal is not None and is_unmet:
        if refusal.is_error and attempt.reserved > before:
            # The state machine may repeat the item at once, so the outcome should have what EC2 shows now.
            attempt.look()
        return refusal

    if attempt.excess or any(reservation.id not in shortfall.reservation_ids for reservation in attempt.reservations):
        give_back_surplus(attempt)
    if shortfall.is_release and attempt.excess:
        release(attempt, is_recent)
    if attempt.missing:
        # EC2 granted it all, but its reservations do not show it.
        raise OutcomeUnknown(
            "NotHeld", f"EC2 shows {attempt.reserved} of {shortfall.target}. It is asked again shortly."
        )
    return None


def _climb(attempt: Attempt, ladder: Ladder) -> Refusal | None:
    """Asks all pools once, and returns the refusal that counts; None if there was none."""
    before, held = attempt.calls, attempt.reserved
    refusal = _ask(attempt, ladder)
    is_only_answer = attempt.calls == before + 1
    if isinstance(refusal, QuotaExceeded) and is_only_answer and attempt.shortfall.last_status != Status.QUOTA_EXCEEDED:
        # One quota error between capacity errors says little; two in a row count.
        refusal = _ask(attempt, ladder)
    if attempt.reserved > held:
        # A new reservation joins its resource group at once: somebody may be waiting for it.
        correct(attempt, is_new_only=True)
    return refusal


def _ask(attempt: Attempt, ladder: Ladder) -> Refusal | None:
    """Asks one pool after another until everything is held or all pools are dry.

    Returns:
        The refusal that says most; None if there was none.

    Raises:
        OutcomeUnknown: if nobody knows whether a request had an effect.
        Changed: if EC2 no longer has what it showed.
    """
    by_key = {holding.pool.key.pool: holding for holding in attempt.holdings}
    dry: dict[TargetKey, Refusal] = {}
    asked: set[TargetKey] = set()
    while not attempt.shortfall.rest and (next_ask := attempt.allocation.to_ask_next(dry)):
        key, count = next_ask
        holding = by_key[key]
        before = holding.standing
        if asked and key not in asked:
            attempt.pace.begin_pool()
        asked.add(key)
        refusal = _ask_pool(attempt, ladder, holding, count)
        if refusal is None:
            holding.refusal = None
            if holding.standing < before + count:
                # EC2 granted it, but the reservation does not show it: asking for more might buy it twice.
                return None
            continue
        holding.refusal, dry[key] = refusal, refusal
        if not (isinstance(refusal, (InsufficientInstanceCapacity, QuotaExceeded)) or holding.is_unusable):
            return refusal
    # A dry pool is a surer answer than a used-up quota, and says more than another pool's fault.
    kinds = (InsufficientInstanceCapacity, QuotaExceeded, Refusal)
    return next((refusal for kind in kinds for refusal in dry.values() if isinstance(refusal, kind)), None)


def _ask_pool(attempt: Attempt, ladder: Ladder, holding: Holding, gap: int) -> Refusal | None:
    """Climbs the ladder in one pool, and returns the refusal that counts; None if all was granted."""
    steps = ladder(gap, from_one=attempt.number > 0 or holding.was_refused)
    count, shortage = next(steps, None), None
    while count is not None:
        try:
            attempt.add(holding, count)
            granted = True
        except (InsufficientInstanceCapacity, QuotaExceeded) as refused:
            # A quota may leave room for part of the gap too. Of the two, "dry" is the surer answer.
            shortage = shortage if isinstance(shortage, InsufficientInstanceCapacity) else refused
            holding.was_refused = True
            granted = False
        except (OutcomeUnknown, Changed):
            raise
        except Refusal as other:
            return other
        try:
            count = steps.send(granted)
        except StopIteration:
            count = None
    return shortage


def _announced(attempt: Attempt) -> Announcement | None:
    """The rest of a release, for the next run."""
    if not attempt.shortfall.is_release:
        return None
    return announcement(attempt.reservations, attempt.managed, attempt.target)


def _status(attempt: Attempt) -> Status:
    """The status of a demand that is met, or that nothing is asked for."""
    if (rest := _rest(attempt)) and not (attempt.astray or attempt.lenders):
        return rest.status
    if _limit(attempt):
        return Status.CAPPED
    if attempt.own_allocation.is_excess:
        return Status.EXCESS
    if attempt.astray or attempt.lenders:
        return Status.ASTRAY
    if not (attempt.allocation.is_met or attempt.shortfall.rest):
        # Something is missing, but no pool can be asked for it.
        return Status.INVALID if attempt.allocation.is_full else _status_of_pools(attempt)
    return (
        Status.PENDING
        if any(reservation.state == "pending" for reservation in attempt.reservations)
        else Status.FULFILLED
    )


def _status_of_pools(attempt: Attempt) -> Status:
    """The status of a group that is short while no pool with room can be asked."""
    answers = [Status(holding.pool.last_status) for holding in attempt.holdings if holding.pool.last_status]
    answers += [holding.refusal.status for holding in attempt.holdings if holding.refusal]
    return next((status for status in (Status.SHORT, Status.UNSUPPORTED) if status in answers), Status.INVALID)


def _rest(attempt: Attempt) -> Rest | None:
    """Why nothing is asked for, if something is missing or the demand was given up."""
    shortfall = attempt.shortfall
    return shortfall.rest if not attempt.allocation.is_met or shortfall.is_given_up else None


def _limit(attempt: Attempt) -> Limit | None:
    """The cap that keeps the demand short, if it is one."""
    limit, allocation = attempt.shortfall.limit, attempt.allocation
    if limit is None or allocation.is_met or allocation.to_ask_next() is not None:
        return None
    buying = [place for place in allocation.places if place.may_buy]
    is_reason = any(place.affordable == 0 for place in buying) or (not buying and bool(limit.reason))
    return limit if is_reason else None


def _why(refusal: Refusal, attempt: Attempt) -> str:
    """Why the target is not met, for people."""
    missing = _missing(attempt)
    match refusal:
        case InsufficientInstanceCapacity():
            zones = refusal.other_zones
            hint = f" EC2 suggests {zones}, which may be dry as well." if zones else ""
            key = attempt.shortfall.key
            where = f"in {len(attempt.holdings)} pools" if key.is_group else f"{key}"
            return f"EC2 has no more {where}: {missing}. odcr keeps asking.{hint}"
        case OverCap():
            return f"{missing}. {refusal.message}"
        case OutOfTime():
            return f"Time ran out before everything was asked for: {missing}. The next run goes on from here."
        case Changed():
            return f"Somebody else keeps changing the reservations; the next run tries again. ({refusal})"
        case _:
            return refusal.text


def _missing(attempt: Attempt) -> str:
    """How much is missing, for people."""
    target, unit = attempt.shortfall.target, attempt.shortfall.unit
    return f"{amount(target - attempt.reserved)} of {target}{' vCPUs' if unit is Unit.vcpus else ''} missing"


def _reason(attempt: Attempt, why: str = "") -> str:
    """The reason of the outcome: what became of what was held, why the target is not met, and other remarks.

    Args:
        attempt: the attempt as it ended.
        why: why the target is not met; empty if it is.
    """
    shortfall, reservations, lenders = attempt.shortfall, attempt.reservations, attempt.lenders
    parts = []
    if attempt.released:
        why_released = (
            "its deadline was missed" if shortfall.is_given_up else f"the target was lowered to {attempt.target}"
        )
        parts.append(f"Released {attempt.released}, as {why_released}.")
    if not why and (rest := _rest(attempt)):
        parts.append(rest.reason)
    if not why and (limit := _limit(attempt)):
        parts.append(f"{_missing(attempt)}. {limit.reason}")
    if attempt.own_allocation.is_excess and (shortfall.is_release or not why):
        to_give = reason_to_give_up if shortfall.is_given_up else reason_for_excess
        parts.append(to_give(reservations, attempt.own_allocation, _announced(attempt)))
    if not why:
        parts.append(remark_on_group(shortfall, attempt.allocation))
    if attempt.returned:
        parts.append(f"{counted(attempt.returned, shortfall.unit)} were bought twice and have been given back.")
    if attempt.lost:
        added = amount(max(0, attempt.managed - shortfall.reserved))
        parts.append(f"{attempt.lost} that were held are gone; {added} were bought again.")
    if why:
        parts.append(why)
    if attempt.absorbed:
        is_or_are = "is" if attempt.absorbed == 1 else "are"
        parts.append(f"{attempt.absorbed} of it {is_or_are} in use by instances that were already running.")
    parts.append(astray_remark(shortfall.key, attempt.astray, lenders, sum(lender.lent for lender in lenders)))
    for holding in attempt.holdings:
        unchanged = {**holding.uncorrected, **holding.unchangeable}
        parts += [f"EC2 does not change {id_}: {refusal.text}" for id_, refusal in unchanged.items()]
    observed = () if why else chain.from_iterable(holding.observed for holding in attempt.holdings)
    by_id = {reservation.id: reservation for reservation in (*observed, *reservations)}
    parts.append(remarks(by_id.values(), shortfall.options))
    return " ".join(part for part in parts if part)
