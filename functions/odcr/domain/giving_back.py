"""Giving instances back: what was bought twice, or what a lowered target no longer wants."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from odcr.domain.ladder import MAX_STEP
from odcr.domain.ports import Ec2
from odcr.domain.progress import Progress
from odcr.domain.refusal import OF_THE_MOMENT, Changed, NoCapacity, QuotaReached, Refusal
from odcr.domain.reservation import Reservation


@dataclass(frozen=True, slots=True)
class Reduction:
    """A reservation that is to hold less."""

    reservation: Reservation
    kept: int
    """Instances that it holds afterwards; with 0 it is cancelled."""


def reductions(
    reservations: Iterable[Reservation], excess: int, spare: Callable[[Reservation], int]
) -> list[Reduction]:
    """Which reservations give how much: the first ones all that they can, until the excess is gone.

    Args:
        reservations: in the order in which they are to give.
        excess: instances to give back.
        spare: how many instances a reservation can give.

    Returns:
        At most `excess` instances, in one reduction for each reservation that gives any.
    """
    found = []
    for one in reservations:
        given = min(excess, spare(one))
        if given > 0:
            found.append(Reduction(one, one.count - given))
            excess -= given
    return found


def give_back(progress: Progress, planned: Sequence[Reduction], ec2: Ec2, turn: Callable[[], bool]) -> None:
    """Reduces and cancels as planned, and ends early if there is no turn any more.

    All counts are absolute, so repeating it is harmless. A reservation that stays comes before those that end: when
    those are cancelled, EC2 has confirmed what stays. One that EC2 does not take back is left, and told.

    Args:
        progress: is told of each reduction when it is made.
        planned: what is to be given back.
        ec2: the way to EC2.
        turn: waits for the turn of the next request; False if there is none.

    Raises:
        Refusal: if it is to be asked again, or if somebody changed something meanwhile.
    """
    for reduction in sorted(planned, key=lambda one: one.kept == 0):
        reservation = reduction.reservation
        while reservation.count > reduction.kept:
            if not turn():
                return
            progress.calls += 1
            # One request changes a count by so much at most; a cancellation has no limit.
            count = max(reduction.kept, reservation.count - MAX_STEP) if reduction.kept else 0
            try:
                if count:
                    ec2.resize(reservation, count)
                else:
                    _end(reservation, ec2)
            except (*OF_THE_MOMENT, Changed):
                raise
            except Refusal as refusal:
                progress.unchangeable[reservation.id] = refusal
                break
            reservation = replace(reservation, count=count)
            progress.take_over(reservation)


def confirm(progress: Progress, planned: Sequence[Reduction], ec2: Ec2, turn: Callable[[], bool]) -> bool:
    """Makes sure of the reservations that stay as they are, before anything is given up for their sake.

    A describe may lag: it may show a reservation that a person has just cancelled, or reduced. So whatever stays is set
    to the count that it has, which EC2 refuses if the reservation has ended.

    Args:
        progress: what is held.
        planned: what is to be given back.
        ec2: the way to EC2.
        turn: waits for the turn of the next request; False if there is none.

    Returns:
        Whether all that stays was confirmed; False if there was no turn, or one cannot be confirmed.

    Raises:
        Changed: if something that was to stay is not there as it was shown.
        Refusal: if it is to be asked again.
    """
    changing = {reduction.reservation.id for reduction in planned}
    for one in progress.held:
        if one.id in changing:
            continue
        if one.state == "pending" or not turn():
            return False
        if not one.is_changeable:
            # A fleet's: there is no request that has no effect on it.
            continue
        progress.calls += 1
        try:
            ec2.resize(one, one.count)
        except (NoCapacity, QuotaReached) as shortage:
            # To a request for no more than there is: it is less by now.
            raise Changed(shortage.code, shortage.message) from None
        except (*OF_THE_MOMENT, Changed):
            raise
        except Refusal as refusal:
            progress.unchangeable[one.id] = refusal
            return False
    return True


def _end(reservation: Reservation, ec2: Ec2) -> None:
    try:
        ec2.cancel(reservation)
    except Changed:
        # It has ended before: so a request finds it that was not answered and is sent again.
        return
