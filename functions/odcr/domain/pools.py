"""The Regions that a run asks, which pool each row and each reservation means, and what cannot be told.

Nothing is bought for a target whose Region did not say what is held there, and nothing is forgotten.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import InvalidTarget, OutcomeUnknown, Refusal, RequestLimitExceeded
from odcr.domain.reservation import UNREADABLE, Reservation, may_be_for, why_unreadable
from odcr.domain.target import OptionRow, Target, TargetKey, is_zone_id, nearest, region_of
from odcr.domain.wording import brief, listed, quoted, with_detail

Zones = Mapping[str, Mapping[str, str] | Refusal]
"""Of each Region whose zones were asked for: their names by their ids."""


_LAST = 2


@dataclass(frozen=True, slots=True)
class Findings:
    """What the Regions answered. Each that was to be asked is in exactly one of the first four."""

    reservations: dict[str, list[Reservation]] = field(default_factory=dict)
    silent: dict[str, Refusal] = field(default_factory=dict)
    """Regions that did not say what is held."""
    missing: set[str] = field(default_factory=set)
    """Regions that do not exist: botocore does not know them, and their endpoint's name does not resolve."""
    postponed: set[str] = field(default_factory=set)
    """Regions that botocore does not know, and whose turn comes in another run."""
    zones: dict[str, Mapping[str, str] | Refusal] = field(default_factory=dict)
    """For the Regions whose zones were wanted: the zones' names by their ids."""

    @property
    def unseen(self) -> set[str]:
        """Regions of which it is not known what is held there."""
        return {*self.silent, *self.missing, *self.postponed}


def region_of_row(key: TargetKey, home: str) -> str | None:
    """The Region that a row means.

    Args:
        key: the row's key, as it is written.
        home: the stack's own Region, in which an id is looked up that does not tell its Region.
    """
    return region_of(key.zone) or (home if is_zone_id(key.zone) else None)


def regions_by_id(targets: Iterable[Target], rejected: Iterable[Outcome], home: str) -> set[str]:
    """The Regions in which a row gives a zone's id, so that their zones are to be asked for."""
    keys = [target.key for target in targets] + [outcome.key for outcome in rejected]
    keys += [TargetKey(target.key.instance_type, row.zone) for target in targets for row in target.elsewhere]
    return {region for key in keys if is_zone_id(key.zone) and (region := region_of_row(key, home))}


def regions_to_ask(targets: Iterable[Target], rejected: Iterable[Outcome], home: str) -> dict[str, int]:
    """The Regions that rows mean, and the stack's own: what is held there is found though no row is left.

    Returns:
        A rank for each. Those come first that have answered before, then those that were never asked.
    """
    ranks: dict[str, int] = {}
    for target in targets:
        if region := region_of_row(target.key, home):
            ranks[region] = min(_region_rank(target), ranks.get(region, _LAST))
    for outcome in rejected:
        ranks.setdefault(region_of_row(outcome.key, home) or home, _LAST)
    ranks.setdefault(home, _LAST)
    return ranks


def _region_rank(target: Target) -> int:
    if target.last_reserved or target.last_status not in (None, Status.INVALID, Status.FAILED):
        return 0
    return 1 if target.last_status is None else _LAST


def outcomes_of_unseen(
    targets: Iterable[Target],
    findings: Findings,
    home: str,
    known: Collection[str],
    partition_of: Callable[[str], str | None],
) -> list[Outcome]:
    """The outcomes of targets whose Region was not seen, unless the record says all there is to say.

    Args:
        targets: all.
        findings: what the Regions answered.
        home: the stack's own Region.
        known: the Regions that botocore knows.
        partition_of: the partition of a Region, if it can be told.
    """
    own = partition_of(home)
    outcomes = []
    for target in targets:
        region = region_of_row(target.key, home)
        partition = region and partition_of(region)
        if region in findings.missing:
            outcomes.append(in_no_region(target, region, [one for one in known if partition_of(one) == own]))
        elif region in findings.postponed and target.last_status is None:
            outcomes.append(waiting_for_its_turn(target, region))
        elif region in findings.silent and partition and own and partition != own:
            outcomes.append(in_other_partition(target, region, partition, own))
        elif region in findings.silent:
            outcomes.append(in_silent_region(target, region, findings.silent[region]))
    return outcomes


def in_silent_region(target: Target, region: str, refusal: Refusal) -> Outcome:
    """A Region that did not say what is held there."""
    place = brief(region)
    # The advice stands outside the detail, which may be cut.
    detail = refusal.text.removeprefix(refusal.advice).strip()
    if isinstance(refusal, RequestLimitExceeded):
        what_to_do = f"EC2 takes no more questions in {place} for now; the next run asks again."
        return with_record_kept(target, Status.THROTTLED, with_detail(what_to_do, detail))
    what_to_do = f"{place} cannot be asked what is held; nothing is reserved blindly."
    if isinstance(refusal, OutcomeUnknown):
        what_to_do = f"{what_to_do} If it lasts: is the zone's name right, the Region enabled?"
    elif refusal.advice and not isinstance(refusal, InvalidTarget):
        what_to_do = f"{what_to_do} {refusal.advice}"
    return with_record_kept(target, Status.FAILED, with_detail(what_to_do, detail))


def in_other_partition(target: Target, region: str, partition: str, own: str) -> Outcome:
    """A Region that cannot be asked, of a partition that has accounts of its own."""
    reason = (
        f"Give {brief(region)} a stack in an account of its own partition, {partition}, and delete the row here: this "
        f"stack is in {own}."
    )
    return with_record_kept(target, Status.INVALID, reason)


def in_no_region(target: Target, region: str, known: Collection[str]) -> Outcome:
    """A Region that neither botocore nor the DNS knows."""
    reason = f"Correct the zone: there is no Region {quoted(region)}.{nearest(region, known)}"
    return with_record_kept(target, Status.INVALID, reason)


def waiting_for_its_turn(target: Target, region: str) -> Outcome:
    """A Region that may exist, and that has not been asked yet, for too many others may exist as well."""
    reason = f"Check the zone's name: the Region {quoted(region)} is not known here. One of the next runs asks for it."
    return with_record_kept(target, Status.FAILED, reason)


def with_unread_zones(target: Target, region: str, refusal: Refusal) -> Outcome:
    """A row by a zone's id, or one of odcr_option for it, in a Region that did not say which zone that is."""
    zones = (target.key.zone, *(row.zone for row in target.elsewhere))
    id_ = brief(next((zone for zone in zones if is_zone_id(zone)), target.key.zone))
    status = Status.THROTTLED if isinstance(refusal, RequestLimitExceeded) else Status.FAILED
    what_to_do = f"Write the zone's name if this lasts: {brief(region)} does not say which zone {id_} is."
    return with_record_kept(target, status, with_detail(what_to_do, str(refusal)))


def with_unknown_zone(target: Target, region: str, zones: Mapping[str, str]) -> Outcome:
    """A row by a zone's id that its Region does not have."""
    id_ = target.key.availability_zone
    guess = nearest(id_, zones) or (f" It has {listed(sorted(zones), 40)}." if zones else "")
    return with_record_kept(
        target, Status.INVALID, f"Correct the zone: {brief(region)} has no zone with the id {quoted(id_)}.{guess}"
    )


@dataclass(frozen=True, slots=True)
class Located:
    """Targets whose zone is known by its name, and those for which that cannot be told."""

    targets: list[Target] = field(default_factory=list)
    unsure: list[Outcome] = field(default_factory=list)
    unread: set[tuple[str, str]] = field(default_factory=set)
    """Types and Regions in which some row may mean any zone: what is held there may be for it."""


def locate(targets: Iterable[Target], zones: Zones, home: str) -> Located:
    """Gives each target by a zone's id the zone's name, and the options that a row of odcr_option has for the pool."""
    located = Located()
    for target in targets:
        region = region_of_row(target.key, home)
        ids = zones.get(region or "", {})
        by_id = is_zone_id(target.key.zone)
        if region is None or not (by_id or target.elsewhere):
            located.targets.append(target)
        elif isinstance(ids, Refusal):
            located.unsure.append(with_unread_zones(target, region, ids))
            located.unread.add((target.key.pool.instance_type, region))
        elif by_id and target.key.zone not in ids and not target.withdrawn:
            located.unsure.append(with_unknown_zone(target, region, ids))
        else:
            key = target.key.in_zone(ids.get(target.key.zone, "")) if by_id else target.key
            found = (row for row in target.elsewhere if ids.get(row.zone, row.zone) == key.zone)
            row = next(found, OptionRow(key.zone, target.options, target.priority))
            located.targets.append(replace(target, key=key, options=row.options, priority=row.priority, elsewhere=()))
    return located


def locate_rejected(rejected: Iterable[Outcome], zones: Zones, home: str) -> list[Outcome]:
    """The same for rows that make no sense. Those whose zone cannot be told are left out; their record stays."""
    located = []
    for outcome in rejected:
        ids = zones.get(region_of_row(outcome.key, home) or "", {})
        if not is_zone_id(outcome.key.zone):
            located.append(outcome)
        elif not isinstance(ids, Refusal):
            located.append(replace(outcome, key=outcome.key.in_zone(ids.get(outcome.key.zone, ""))))
    return located


def certain(
    reservations: Iterable[Reservation], targets: Iterable[Target], unread: set[tuple[str, str]]
) -> tuple[list[Reservation], list[Target]]:
    """What can be compared although the zones of some rows cannot be told.

    A reservation for which no other row asks may be held for one of these, and so may that of a row that is gone.
    """
    targets = [one for one in targets if not (one.withdrawn and _is_in(one.key.pool, unread))]
    asked = {target.key.pool for target in targets}
    return [one for one in reservations if one.key in asked or not _is_in(one.key, unread)], targets


def _is_in(pool: TargetKey, unread: set[tuple[str, str]]) -> bool:
    return (pool.instance_type, region_of(pool.zone)) in unread


def conflicts(targets: Iterable[Target]) -> list[Outcome]:
    """The rows that ask for a pool for which another row asks already: INVALID, with a sentence that names it.

    The first row is the one for which something is recorded as held, then the one that was served before, then the one
    by the zone's name.
    """
    first: dict[TargetKey, Target] = {}
    seconds = []
    for target in sorted((one for one in targets if not one.withdrawn), key=_pool_rank):
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


def _pool_rank(target: Target) -> tuple[bool, bool, bool]:
    was_served = target.last_status not in (None, Status.INVALID)
    return (target.last_reserved == 0, not was_served, is_zone_id(target.key.availability_zone))


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
        unclear.append(with_record_kept(target, Status.FAILED, why_unreadable(one)))
    others = [one for one in rejected if not any(may_be_for(unknown, one.key) for unknown in partial)]
    counted = [one for one in reservations if one.state != UNREADABLE and one.key not in taken_out]
    return clear, others, counted, unclear
