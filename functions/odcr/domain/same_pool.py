"""Rows that mean the same pool: by a zone's name and by its id, or spelled anew since the last run."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from odcr.domain.outcome import Outcome
from odcr.domain.status import Status
from odcr.domain.target import Target, TargetKey
from odcr.domain.wording import brief
from odcr.domain.zone import is_zone_id


def conflicts(targets: Iterable[Target]) -> list[Outcome]:
    """The rows that ask for a pool for which another row asks already: INVALID, with a sentence that names it.

    The first row is the one for which something is recorded as held, then the one that was served before, then the one
    by the zone's name.
    """
    first: dict[TargetKey, Target] = {}
    seconds = []
    for target in sorted((one for one in targets if not one.withdrawn), key=_rank):
        other = first.setdefault(target.key.pool, target)
        if other is not target:
            reason = (
                f"Delete this row or that of {brief(other.key.availability_zone)}: both are one zone, and "
                f"{brief(other.key.availability_zone)} asks for its {brief(target.key.instance_type)} already."
            )
            seconds.append(Outcome(target.key, Status.INVALID, target.capacity, 0, reason=reason))
    return seconds


def with_record(targets: Sequence[Target], rejected: Sequence[Outcome]) -> tuple[list[Target], list[Outcome]]:
    """The rows, and those that a run has no record of with the record of the row whose place they take.

    What a run recorded tells a reservation that was bought twice from one that was not, whatever the row's spelling.

    Args:
        targets: with those of rows that are gone.
        rejected: rows that make no sense.
    """
    gone = {target.key.pool: target for target in targets if target.withdrawn}

    def taking_over(one: Target) -> Target:
        before = gone.get(one.key.pool)
        if before is None or one.withdrawn or one.last_ids:
            return one
        return replace(
            one, last_ids=before.last_ids, last_reserved=before.last_reserved, more_ids=one.more_ids + before.more_ids
        )

    def keeping(one: Outcome) -> Outcome:
        before = gone.get(one.key.pool)
        if before is None or one.reservation_ids:
            return one
        return replace(one, reservation_ids=before.last_ids, more_ids=one.more_ids + before.more_ids)

    return [taking_over(one) for one in targets], [keeping(one) for one in rejected]


def _rank(target: Target) -> tuple[bool, bool, bool]:
    was_served = target.last_status not in (None, Status.INVALID)
    return (target.last_reserved == 0, not was_served, is_zone_id(target.key.availability_zone))
