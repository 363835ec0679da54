"""Giving back: what was bought twice, and, if the stack's parameter says so, what is held above a lowered target.

Capacity that is given back cannot be bought again before a peak, so a release is announced by one run and made by the
next: a slip of the finger that is mended within a minute costs nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import Amount, amount
from odcr.domain.attempt import Attempt
from odcr.domain.refusal import Changed, InsufficientInstanceCapacity, QuotaExceeded
from odcr.domain.reservation import Reduction, Reservation, reductions
from odcr.domain.stock import Stock
from odcr.domain.target import Announcement, Target, TargetKey

MAX_RELEASES = 40
"""Releases in one run. They come first and start at once, so that their targets have not grown old meanwhile."""


def announcement(serving: Sequence[Reservation], reserved: Amount, target: Amount) -> Announcement | None:
    """The release that the next run may make; None if nothing of it is this stack's to give back.

    What a person put under odcr's care by tagging it never is, nor what is committed or lent out.

    Args:
        serving: the reservations that count for the demand.
        reserved: what they hold, in units.
        target: units wanted.
    """
    may_be_released = any(reservation.may_be_released for reservation in serving)
    return Announcement(reserved, target) if reserved > target and may_be_released else None


def is_due(target: Target, stocks: Sequence[Stock], allocation: Allocation) -> bool:
    """Whether this run may give back what is held above a target.

    The last run has to have announced it: the same target, as much held, in reservations that it recorded. So a
    target that was lowered a moment ago is not enough, nor is a row that was deleted, for which nothing is announced.
    """
    serving = list(chain.from_iterable(stock.serving for stock in stocks))
    return (
        target.last_announced == Announcement(allocation.held, target.capacity)
        and all(reservation.id in target.recorded_ids for reservation in serving)
        and any(planned(stocks, allocation).values())
    )


def planned(stocks: Sequence[Stock], allocation: Allocation) -> dict[TargetKey, list[Reduction]]:
    """What a release takes from which reservation: in each pool the newest end first, and the oldest stay.

    Only what is unused is given back: the capacity that an instance runs in costs nothing on top of the instance. While
    a reservation is pending nothing is, for it may fail.

    Returns:
        By pool, at most one reservation that is reduced and stays, and any number of them that end. What is left above
        the target after that is for other runs.
    """
    if not all(reservation.is_changeable for stock in stocks for reservation in stock.serving):
        return {}
    spare = {stock.key: sum(map(_unused, stock.serving)) for stock in stocks}
    counts = allocation.to_give_back(amount(max(0, allocation.held - allocation.total)), spare)
    plan = {}
    for stock in stocks:
        found = reductions(stock.newest_first, counts.get(stock.key, 0), _unused)
        staying = [reduction for reduction in found if reduction.kept]
        plan[stock.key] = [reduction for reduction in found if not reduction.kept] + staying[:1]
    return plan


def _unused(reservation: Reservation) -> int:
    """What a reservation can give back, and nobody uses."""
    return reservation.count - reservation.in_use if reservation.can_be_given_back else 0


def release(attempt: Attempt, is_recent: Callable[[], bool]) -> None:
    """Gives back what is held above a target for which it was announced.

    Args:
        attempt: at a shortfall that is a release.
        is_recent: whether the target was read from the table a moment ago.

    Raises:
        Refusal: if EC2 refuses, or if somebody changed something meanwhile.
    """
    shortfall = attempt.shortfall
    is_announced = all(reservation.id in shortfall.reservation_ids for reservation in attempt.reservations)
    if not is_announced or attempt.managed > shortfall.reserved:
        return
    plan = planned([holding.stock for holding in attempt.holdings], attempt.own)
    attempt.may_have_released |= any(plan.values())
    _give_back(attempt, plan, is_recent, keeps_something=bool(attempt.target))


def give_back_surplus(attempt: Attempt) -> None:
    """Gives back what was bought too much, and no more than that, whatever the stack's parameter says.

    Raises:
        Refusal: if it is to be asked again, or if somebody changed something meanwhile.
    """
    attempt.look_for_duplicates()
    before = attempt.managed
    try:
        _give_back(attempt, attempt.surplus(can_now=True))
    finally:
        attempt.returned = amount(attempt.returned + before - attempt.managed)


def _give_back(
    attempt: Attempt,
    plan: Mapping[TargetKey, Sequence[Reduction]],
    goes_on: Callable[[], bool] = lambda: True,
    *,
    keeps_something: bool = True,
) -> None:
    """Confirms what stays in all pools, if anything has to, and gives back what is planned, the least wanted first."""
    planned_for = [(holding, plan.get(holding.pool.key.pool, ())) for holding in attempt.holdings]
    if not any(reduced for _, reduced in planned_for):
        return
    try:
        if keeps_something and not all(attempt.confirm(holding, reduced, goes_on) for holding, reduced in planned_for):
            return
        for holding, reduced in reversed(planned_for):
            attempt.give_back(holding, reduced, goes_on)
    except (InsufficientInstanceCapacity, QuotaExceeded) as shortage:
        # To a request for no more than there is: it is less by now.
        raise Changed(shortage.code, shortage.message) from None
