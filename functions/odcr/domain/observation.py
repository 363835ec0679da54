"""What EC2 shows for a target, unless it lags behind what is known."""

from collections.abc import Iterable, Sequence

from odcr.domain.attempt import Ec2, Progress
from odcr.domain.refusal import Changed, Unanswered
from odcr.domain.reservation import HELD_STATES, Reservation, held, ids_of, lost
from odcr.domain.shortfall import MAY_BE_ASTRAY, Shortfall


def look(progress: Progress, ec2: Ec2) -> list[Reservation]:
    """Takes over what EC2 shows, unless it lags behind what is known.

    A resize sets an absolute count: from too low a count it would give instances away, and a reservation that is not
    seen yet would be made a second time. EC2's answers lag by seconds, so the state machine repeats the item after
    half a minute.

    Returns:
        All that EC2 shows for the target, in every state.

    Raises:
        Unanswered: if less is held than is known, and no reservation has ended that would explain it.
    """
    shortfall = progress.shortfall
    known, known_ids = progress.managed, {reservation.id for reservation in progress.held}
    observed = ec2.find(shortfall.key)
    if progress.reservations is None:
        # Above the target may be what was bought twice, and is given back.
        recorded = shortfall.recorded if shortfall.is_fresh else 0
        known = max(recorded, min(shortfall.reserved, shortfall.target))
        known_ids = {*shortfall.recorded_ids, *shortfall.reservation_ids}
        observed = _looked_up(progress, observed, ec2)
        known -= min(known, progress.astray_count + progress.lent)
    seen = serving(observed, shortfall)
    ended = any(one.id in known_ids and one.state not in HELD_STATES for one in observed)
    if held(seen) < known and not ended:
        # Nobody knows yet whether anything is gone.
        progress.lost = 0
        raise Unanswered(
            "ObservationLags", f"EC2 shows {held(seen)} instances where {known} were known. It is asked again shortly."
        )
    progress.reservations = seen
    return observed


def check(progress: Progress, ec2: Ec2) -> None:
    """Makes sure, after a wait, that nobody has added anything meanwhile: a resize would give it away.

    Raises:
        Changed: if somebody has. Less than is known may be a describe that lags.
    """
    known = {reservation.id: reservation.count for reservation in progress.held}
    for one in serving(ec2.find(progress.shortfall.key), progress.shortfall):
        if one.count > known.get(one.id, 0):
            raise Changed("Changed", f"{one.id} holds {one.count} now.")


def serving(observed: Iterable[Reservation], shortfall: Shortfall) -> list[Reservation]:
    """Those that count for the target."""
    return [one for one in observed if one.is_held and one.serves(shortfall.options)]


def _looked_up(progress: Progress, observed: list[Reservation], ec2: Ec2) -> list[Reservation]:
    """Looks for what a run recorded and the stack's tag does not show, before anything is bought in its place.

    It may be held without the tag, split off, lent out, or lost; only what is lost is to be bought.

    Returns:
        All that EC2 shows, with what it shows only without the filter on the tag.
    """
    shortfall = progress.shortfall
    expected, known_ids = min(shortfall.recorded, shortfall.target), shortfall.recorded_ids
    seen = serving(observed, shortfall)
    shown = set(ids_of(observed))
    missing = lost(expected, known_ids, seen, shortfall.more_ids)
    if held(seen) >= shortfall.target and shortfall.last_status not in MAY_BE_ASTRAY:
        # Whatever is gone was bought again, perhaps by an attempt that died.
        progress.lost = 0 if shortfall.is_fresh else missing
        return observed
    if not missing and all(one in shown for one in known_ids):
        return observed
    others = [one for one in ec2.find_all(shortfall.key) if one.id not in shown]
    # With the tag after all: the other describe lagged. What has ended without it explains why less is held.
    observed = [
        *observed,
        *(one for one in others if one.is_managed or (one.id in known_ids and one.state not in HELD_STATES)),
    ]
    seen = serving(observed, shortfall)
    untagged = [one for one in serving(others, shortfall) if not one.is_managed]
    progress.astray = [one for one in untagged if one.id in known_ids]
    missing = lost(expected, known_ids, [*seen, *progress.astray], shortfall.more_ids)
    progress.lent = min(missing, sum(one.lent for one in seen if one.id in known_ids))
    missing -= progress.lent
    if set(known_ids) <= set(ids_of([*seen, *progress.astray])):
        # Else what is missing is what ended.
        parents = [one for one in seen if one.id in known_ids]
        split_off = _split_off([one for one in untagged if one.id not in known_ids], parents, missing)
        progress.astray += split_off
        missing -= held(split_off)
    progress.lost = missing
    elsewhere = held(one for one in seen if one.id in known_ids)
    progress.astray_count = min(held(progress.astray), max(0, shortfall.recorded - elsewhere))
    return observed


def _split_off(untagged: Sequence[Reservation], parents: Sequence[Reservation], missing: int) -> list[Reservation]:
    """What a person split off a reservation: EC2 says of no reservation where it came from, nor keeps its tags.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservationBySplitting.html: all but the
    tags is as in the source.

    Returns:
        Those that are younger than a reservation like them and hold exactly what is missing, alone or together.
    """
    if not missing:
        return []
    alike = [
        one
        for one in untagged
        for parent in parents
        if (one.match_criteria, one.ends) == (parent.match_criteria, parent.ends) and one.created >= parent.created
    ]
    alike = list({one.id: one for one in alike}.values())
    exact = next(([one] for one in alike if one.count == missing), alike)
    return exact if held(exact) == missing else []
