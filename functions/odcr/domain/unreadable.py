"""Reservations that EC2 describes without something that is needed to count them."""

from collections.abc import Iterable, Sequence

from odcr.domain.outcome import Outcome
from odcr.domain.refusal import Unanswered
from odcr.domain.reservation import Reservation
from odcr.domain.status import Status
from odcr.domain.target import Target, TargetKey
from odcr.domain.zone import region_of

UNREADABLE = "unreadable"
"""The state of a reservation that is described in part only. It counts as held by nobody, and keeps what it may be for
from being bought blindly. Its key has an empty type if EC2 did not say it, and the Region for an unknown zone."""


def may_be_for(reservation: Reservation, key: TargetKey) -> bool:
    """Whether a reservation that is described in part only may hold something for a target."""
    if reservation.state != UNREADABLE:
        return False
    pool, unsure = key.pool, reservation.key
    return unsure.instance_type in ("", pool.instance_type) and unsure.availability_zone in (
        pool.zone,
        region_of(pool.zone),
    )


def readable(observed: Iterable[Reservation], key: TargetKey) -> list[Reservation]:
    """What was observed for one target.

    Raises:
        Unanswered: if there may be more, of which EC2 does not say enough.
    """
    found = []
    for one in observed:
        if may_be_for(one, key):
            raise Unanswered("IncompleteDescription", _reason(one))
        if one.state != UNREADABLE:
            found.append(one)
    return found


def set_apart(
    targets: Iterable[Target], rejected: Iterable[Outcome], reservations: Sequence[Reservation]
) -> tuple[list[Target], list[Outcome], list[Reservation], list[Outcome]]:
    """Takes out the targets of which it cannot be told how much is held.

    Returns:
        The other targets; the other rejected rows, for the record of these stays as it is; the reservations without
        those that are described in part only, or that are held for what was taken out; an outcome for each such target.
    """
    partial = [one for one in reservations if one.state == UNREADABLE]
    if not partial:
        return list(targets), list(rejected), list(reservations), []
    clear: list[Target] = []
    unclear: list[Outcome] = []
    taken_out = set()
    for target in targets:
        one = next((one for one in partial if may_be_for(one, target.key)), None)
        if one is None:
            clear.append(target)
            continue
        taken_out.add(target.key.pool)
        unclear.append(
            Outcome(
                target.key,
                Status.FAILED,
                target.capacity,
                target.last_reserved,
                target.last_ids,
                reason=_reason(one),
                more_ids=target.more_ids,
            )
        )
    others = [one for one in rejected if not any(may_be_for(unknown, one.key) for unknown in partial)]
    counted = [one for one in reservations if one.state != UNREADABLE and one.key not in taken_out]
    return clear, others, counted, unclear


def _reason(reservation: Reservation) -> str:
    name = reservation.id or "a reservation without an id"
    return (
        f"Nothing is bought, for it cannot be told how much is held: EC2 describes {name} in part only. Look at it in "
        "the EC2 console."
    )
