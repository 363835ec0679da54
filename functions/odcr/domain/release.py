"""Giving back: what was bought twice, and, if the stack's parameter says so, what is held above a lowered target.

Capacity that is given back cannot be bought again before a peak, so a release is announced by one run and made by the
next: a slip of the finger that is mended within a minute costs nothing.
"""

from collections.abc import Callable, Iterable, Sequence

from odcr.domain.attempt import Attempt
from odcr.domain.refusal import Changed, InsufficientInstanceCapacity, QuotaExceeded
from odcr.domain.reservation import Reduction, Reservation, held, reductions
from odcr.domain.target import Announcement, Target

MAX_RELEASES = 40
"""Releases in one run. They come first and start at once, so that their targets have not grown old meanwhile."""


def announcement(serving: Sequence[Reservation], target: int) -> Announcement | None:
    """The release that the next run may make; None if nothing of it is this stack's to give back.

    What a person put under odcr's care by tagging it never is, nor what is committed or lent out.
    """
    may_be_released = any(one.may_be_released for one in serving)
    return Announcement(held(serving), target) if held(serving) > target and may_be_released else None


def is_due(target: Target, serving: Sequence[Reservation]) -> bool:
    """Whether this run may give back what is held above a target.

    The last run has to have announced it: the same target, as many instances, in reservations that it recorded. So a
    target that was lowered a moment ago is not enough, nor is a row that was deleted, for which nothing is announced.
    """
    return (
        target.last_announced == Announcement(held(serving), target.capacity)
        and all(one.id in target.last_ids for one in serving)
        and bool(planned(serving, target.capacity))
    )


def planned(serving: Iterable[Reservation], target: int) -> list[Reduction]:
    """What a release takes from which reservation: the newest end first, and the oldest stay.

    Only what is unused is given back: the capacity that an instance runs in costs nothing on top of the instance. While
    a reservation is pending nothing is, for it may fail.

    Returns:
        At most one reservation that is reduced and stays, and any number of them that end. What is left above the
        target after that is for other runs.
    """
    by_age = sorted(serving, key=lambda one: (one.created, one.id), reverse=True)
    if not all(one.is_changeable for one in by_age):
        return []
    found = reductions(
        by_age, held(by_age) - target, lambda one: one.count - one.in_use if one.can_be_given_back else 0
    )
    staying = [reduction for reduction in found if reduction.kept]
    return [reduction for reduction in found if not reduction.kept] + staying[:1]


def release(attempt: Attempt, is_recent: Callable[[], bool]) -> None:
    """Gives back what is held above a target for which it was announced.

    Args:
        attempt: at a shortfall that is a release.
        is_recent: whether the target was read from the table a moment ago.

    Raises:
        Refusal: if EC2 refuses, or if somebody changed something meanwhile.
    """
    shortfall = attempt.shortfall
    is_announced = all(one.id in shortfall.reservation_ids for one in attempt.reservations)
    if not is_announced or attempt.managed > shortfall.reserved:
        return
    (holding,) = attempt.holdings
    reduced = planned(holding.reservations, attempt.target)
    attempt.may_have_released |= bool(reduced)
    try:
        # With a target of 0 nothing has to stay.
        if reduced and (not attempt.target or attempt.confirm(holding, reduced, is_recent)):
            attempt.give_back(holding, reduced, is_recent)
    except (InsufficientInstanceCapacity, QuotaExceeded) as shortage:
        # To a request for no more than there is: it is less by now.
        raise Changed(shortage.code, shortage.message) from None


def give_back_duplicates(attempt: Attempt) -> None:
    """Gives back what was bought twice, and no more than that, whatever the stack's parameter says.

    Raises:
        Refusal: if it is to be asked again, or if somebody changed something meanwhile.
    """
    looks = [(holding, holding.look_for_duplicates()) for holding in attempt.holdings]
    for holding, duplicates in looks:
        spare = [one for one in duplicates if one.can_be_given_back]
        reduced = reductions(spare, attempt.excess, lambda one: one.count)
        before = holding.managed
        try:
            if reduced and attempt.confirm(holding, reduced):
                attempt.give_back(holding, reduced)
        finally:
            attempt.returned += before - holding.managed
