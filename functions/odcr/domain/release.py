"""Giving back: the surplus always, and what is held above a lowered target if the stack's parameter says so.

Capacity given back before a peak may be gone for good. So one run announces a release and the next one makes it: a typo
that is corrected within a minute costs nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import Amount, amount
from odcr.domain.attempt import Attempt
from odcr.domain.holding import Holding
from odcr.domain.ladder import MAX_STEP
from odcr.domain.refusal import OF_THE_MOMENT, Changed, InsufficientInstanceCapacity, OutOfTime, QuotaExceeded, Refusal
from odcr.domain.reservation import Reduction, Reservation, reductions
from odcr.domain.surplus import HeldPool
from odcr.domain.target import Announcement, Target, TargetKey

MAX_RELEASES = 40
"""Releases per run. They start at once, so that they act on targets that were read a moment ago."""


def announcement(serving: Sequence[Reservation], reserved: Amount, target: Amount) -> Announcement | None:
    """The release that the next run may make; None if none of it is this stack's to give back.

    Args:
        serving: the reservations that count for the demand.
        reserved: units that they hold.
        target: units wanted.
    """
    may_be_released = any(reservation.may_be_released for reservation in serving)
    return Announcement(reserved, target) if reserved > target and may_be_released else None


def is_due(target: Target, pools: Sequence[HeldPool], allocation: Allocation) -> bool:
    """Whether this run may give back what is held above a target.

    It may if the last run announced just that: the same target, and as much held, in reservations that it recorded. A
    target that was only just lowered has to wait. For a deleted row nothing is ever announced.
    """
    serving = list(chain.from_iterable(pool.serving for pool in pools))
    return (
        target.last_announced == Announcement(allocation.held, target.capacity)
        and all(reservation.id in target.recorded_ids for reservation in serving)
        and any(planned(pools, allocation).values())
    )


def planned(pools: Sequence[HeldPool], allocation: Allocation) -> dict[TargetKey, list[Reduction]]:
    """How much a release takes from which reservation, in each pool the newest first.

    Only unused capacity is given back: capacity in use costs nothing on top of its instance. While a reservation is
    pending nothing is given back, for it may fail.

    Returns:
        By pool, any number of reservations that end, and at most one that is reduced. The rest is for later runs.
    """
    if not all(reservation.is_changeable for pool in pools for reservation in pool.serving):
        return {}
    spare = {pool.key: sum(map(_unused, pool.serving)) for pool in pools}
    counts = allocation.to_give_back(amount(max(0, allocation.held - allocation.total)), spare)
    plan = {}
    for pool in pools:
        given = reductions(pool.newest_first, counts.get(pool.key, 0), _unused)
        staying = [reduction for reduction in given if reduction.kept]
        plan[pool.key] = [reduction for reduction in given if not reduction.kept] + staying[:1]
    return plan


def _unused(reservation: Reservation) -> int:
    """Unused instances that a reservation can give back."""
    return reservation.count - reservation.in_use if reservation.can_be_given_back else 0


def release(attempt: Attempt, is_recent: Callable[[], bool]) -> None:
    """Gives back what is held above a target, as announced.

    Args:
        attempt: an attempt at a release.
        is_recent: whether the target was read from the table a moment ago.

    Raises:
        Refusal: if EC2 refuses, or if somebody has changed something meanwhile.
    """
    shortfall = attempt.shortfall
    is_announced = all(reservation.id in shortfall.reservation_ids for reservation in attempt.reservations)
    if not is_announced or attempt.managed > shortfall.reserved:
        return
    plan = planned([holding.held_pool for holding in attempt.holdings], attempt.own_allocation)
    attempt.may_have_released |= any(plan.values())
    _give_back(attempt, plan, is_recent, keeps_something=bool(attempt.target))


def give_back_surplus(attempt: Attempt) -> None:
    """Gives back the surplus and nothing else, whatever the stack's parameter says.

    Raises:
        Refusal: if it has to be tried again, or if somebody has changed something meanwhile.
    """
    attempt.look_for_duplicates()
    before = attempt.managed
    try:
        _give_back(attempt, attempt.surplus(can_now=True), lambda: True, keeps_something=True)
    finally:
        attempt.returned = amount(attempt.returned + before - attempt.managed)


def _give_back(
    attempt: Attempt,
    plan: Mapping[TargetKey, Sequence[Reduction]],
    goes_on: Callable[[], bool],
    *,
    keeps_something: bool,
) -> None:
    """Confirms what stays in all pools, if anything has to, and gives back as planned, the lowest priority first."""
    pairs = [(holding, plan.get(holding.pool.key.pool, ())) for holding in attempt.holdings]
    if not any(reduced for _, reduced in pairs):
        return
    try:
        if keeps_something and not all(_confirm(attempt, holding, reduced, goes_on) for holding, reduced in pairs):
            return
        for holding, reduced in reversed(pairs):
            _give_back_in_pool(attempt, holding, reduced, goes_on)
    except (InsufficientInstanceCapacity, QuotaExceeded) as shortage:
        # We asked for no more than was held, so less is held by now.
        raise Changed(shortage.code, shortage.message) from None


def _confirm(attempt: Attempt, holding: Holding, planned: Sequence[Reduction], goes_on: Callable[[], bool]) -> bool:
    """Makes sure that the reservations which stay are really there, before others are given back.

    Describe may lag, and show a reservation that a person has just cancelled or reduced. So each one that stays is set
    to the count that it has, which EC2 refuses if it has ended.

    Args:
        attempt: the attempt.
        holding: the pool.
        planned: what will be given back.
        goes_on: whether to go on giving back.

    Returns:
        Whether everything that stays is confirmed; False if the time is up, or one cannot be confirmed.

    Raises:
        Changed: if something that should stay is gone.
        Refusal: if it has to be tried again.
    """
    changing = {reduction.reservation.id for reduction in planned}
    for reservation in holding.reservations:
        if reservation.id in changing:
            continue
        if reservation.state == "pending":
            return False
        if not reservation.is_changeable:
            # A fleet's: no request could confirm it without an effect.
            continue
        if not goes_on():
            return False
        try:
            attempt.resize(holding, reservation, reservation.count)
        except OutOfTime:
            return False
        except (*OF_THE_MOMENT, Changed):
            raise
        except Refusal as refusal:
            holding.unchangeable[reservation.id] = refusal
            return False
    return True


def _give_back_in_pool(
    attempt: Attempt, holding: Holding, planned: Sequence[Reduction], goes_on: Callable[[], bool]
) -> None:
    """Reduces and cancels as planned; ends early if the time is up.

    All counts are absolute, so a repetition is harmless. Reductions come before cancellations, so by then EC2 has
    confirmed what stays. What EC2 does not take back stays, and the outcome's reason says so.

    Args:
        attempt: the attempt.
        holding: the pool.
        planned: what to give back.
        goes_on: whether to go on giving back.

    Raises:
        Refusal: if it has to be tried again, or if somebody has changed something meanwhile.
    """
    for reduction in sorted(planned, key=lambda reduction: reduction.kept == 0):
        reservation = reduction.reservation
        while reservation.count > reduction.kept:
            if not goes_on():
                return
            # One request reduces a count by at most MAX_STEP; a cancellation has no limit.
            count = max(reduction.kept, reservation.count - MAX_STEP) if reduction.kept else 0
            try:
                if count:
                    attempt.resize(holding, reservation, count)
                else:
                    attempt.cancel(holding, reservation)
            except OutOfTime:
                return
            except (*OF_THE_MOMENT, Changed):
                raise
            except Refusal as refusal:
                holding.unchangeable[reservation.id] = refusal
                break
            reservation = replace(reservation, count=count)
            holding.take_over(reservation)
