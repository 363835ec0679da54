"""Meeting one demand: what to ask for next, and when to ask again."""

from collections.abc import Callable, Generator, Mapping

from odcr.domain.attempt import Attempt
from odcr.domain.attempt_outcome import outcome_of
from odcr.domain.correction import correct
from odcr.domain.holding import Holding
from odcr.domain.ladder import ask_ladder
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pace import Pace
from odcr.domain.ports import Ec2, Purse
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    OutcomeUnknown,
    OutOfTime,
    QuotaExceeded,
    Refusal,
)
from odcr.domain.release import give_back_surplus, release
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import TargetKey

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
    outcome = outcome_of(attempt, refusal)
    if refusal is not None and refusal.is_error:
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
