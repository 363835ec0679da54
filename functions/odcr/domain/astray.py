"""Recorded reservations that EC2 does not show under the stack's tag: held without it, split off, lent out, or lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from odcr.domain.ports import Ec2
from odcr.domain.reservation import HELD_STATES, Reservation, held, ids_of, lost, serving
from odcr.domain.shortfall import MAY_BE_ASTRAY, Pool, Shortfall
from odcr.domain.tags import OWNER_TAG


@dataclass(frozen=True, slots=True)
class Search:
    """What became of the recorded reservations in one pool."""

    observed: list[Reservation]
    """What EC2 shows in the pool, and what it shows only without the filter on the tag."""
    astray: Sequence[Reservation] = ()
    """Reservations held for the demand without this stack's tag: somebody removed it, or split them off."""
    astray_count: int = 0
    """Instances held astray, no more than a run recorded: any growth since then is not ours."""
    lent: int = 0
    """Recorded instances that are now lent out as an interruptible reservation."""
    lost: int = 0
    """Recorded instances that are gone. Only these have to be bought."""


def search_for_recorded(
    pool: Pool,
    shortfall: Shortfall,
    wanted: int,
    observed: list[Reservation],
    ec2: Ec2,
) -> Search:
    """Looks for recorded reservations that EC2 does not show under the stack's tag, before anything replaces them.

    Args:
        pool: what the run saw there.
        shortfall: the demand that the pool serves.
        wanted: instances there that are not surplus.
        observed: what EC2 shows there under the stack's tag, in every state.
        ec2: the gateway to EC2.
    """
    options, expected, known_ids = shortfall.options, min(pool.recorded, wanted), pool.recorded_ids
    seen = serving(observed, options)
    shown = set(ids_of(observed))
    missing = lost(expected, known_ids, seen, pool.more_ids)
    if held(seen) >= wanted and shortfall.last_status not in MAY_BE_ASTRAY:
        # Whatever is gone has been bought again, perhaps by an attempt that died.
        return Search(observed, lost=0 if shortfall.is_fresh else missing)
    if not missing and all(id_ in shown for id_ in known_ids):
        return Search(observed)
    others = [reservation for reservation in ec2.find_all(pool.key) if reservation.id not in shown]
    # If it has the tag after all, the first Describe lagged. If it has ended, that explains why less is held.
    observed = [
        *observed,
        *(
            reservation
            for reservation in others
            if reservation.is_managed or (reservation.id in known_ids and reservation.state not in HELD_STATES)
        ),
    ]
    seen = serving(observed, options)
    untagged = [reservation for reservation in serving(others, options) if not reservation.is_managed]
    astray = [reservation for reservation in untagged if reservation.id in known_ids]
    missing = lost(expected, known_ids, [*seen, *astray], pool.more_ids)
    lent = min(missing, sum(reservation.lent for reservation in seen if reservation.id in known_ids))
    missing -= lent
    if set(known_ids) <= set(ids_of([*seen, *astray])):
        # Otherwise what is missing is what has ended, not what was split off.
        parents = [reservation for reservation in seen if reservation.id in known_ids]
        split_off = _split_off(
            [reservation for reservation in untagged if reservation.id not in known_ids], parents, missing
        )
        astray += split_off
        missing -= held(split_off)
    elsewhere = held(reservation for reservation in seen if reservation.id in known_ids)
    astray_count = min(held(astray), max(0, pool.recorded - elsewhere))
    return Search(observed, astray, astray_count, lent, missing)


def _split_off(untagged: Sequence[Reservation], parents: Sequence[Reservation], missing: int) -> list[Reservation]:
    """What a person split off our reservations. EC2 does not say where a reservation came from.

    A part is like its source except for the tags, which EC2 does not copy:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservationBySplitting.html

    Returns:
        The reservations that are like a parent, younger, and hold exactly what is missing, alone or together.
    """
    if not missing:
        return []
    alike = [
        reservation
        for reservation in untagged
        for parent in parents
        # A part has no tags.
        if OWNER_TAG not in reservation.tags
        and (reservation.match_criteria, reservation.ends) == (parent.match_criteria, parent.ends)
        and reservation.created >= parent.created
    ]
    alike = list({reservation.id: reservation for reservation in alike}.values())
    exact = next(([reservation] for reservation in alike if reservation.count == missing), alike)
    return exact if held(exact) == missing else []
