"""Which pool each row and each reservation belongs to, and which of them cannot be told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import Refusal
from odcr.domain.regions import (
    Zones,
    keys_of,
    region_of_row,
    why_unknown_zone,
    with_unknown_zone,
    with_unread_zones,
)
from odcr.domain.reservation import UNREADABLE, Reservation, may_be_for, why_unreadable
from odcr.domain.target import Member, OptionRow, Target, TargetKey, Unit
from odcr.domain.wording import brief, quoted
from odcr.domain.zone import is_zone_id, region_of


@dataclass(frozen=True, slots=True)
class Located:
    """Targets with the name of their zone, and the others."""

    targets: list[Target] = field(default_factory=list)
    unsure: list[Outcome] = field(default_factory=list)
    """Outcomes of the targets whose zone has an unknown name."""
    unread: "Unread" = field(default_factory=set)


Unread = set[tuple[str, str, str]]
"""The type, Region and group of rows that may mean any zone. What is held there may be for them."""


def locate(targets: Iterable[Target], zones: Zones, home: str) -> Located:
    """Looks up the names of zones given by id, and takes over options from rows that spell the zone differently."""
    located = Located()
    for target in targets:
        if target.key.is_group:
            _locate_group(target, zones, home, located)
            continue
        region = region_of_row(target.key, home)
        ids = zones.get(region or "", {})
        by_id = is_zone_id(target.key.zone)
        if region is None or not (by_id or target.elsewhere):
            located.targets.append(target)
        elif isinstance(ids, Refusal):
            located.unsure.append(with_unread_zones(target, region, ids))
            located.unread.add((target.key.pool.instance_type, region, ""))
        elif by_id and target.key.zone not in ids and not target.withdrawn:
            located.unsure.append(with_unknown_zone(target, region, ids))
        else:
            key = target.key.in_zone(ids.get(target.key.zone, "")) if by_id else target.key
            rows = (row for row in target.elsewhere if ids.get(row.zone, row.zone) == key.zone)
            row = next(rows, OptionRow(key.zone, target.options, target.terms))
            located.targets.append(replace(target, key=key, options=row.options, terms=row.terms, elsewhere=()))
    return located


def _locate_group(target: Target, zones: Zones, home: str, located: Located) -> None:
    """The same for a group. If two members are one pool, the first counts, with the records of both."""
    pools: dict[TargetKey, Member] = {}
    for member in target.members:
        region = region_of_row(member.key, home)
        ids = zones.get(region or "", {})
        is_by_id = is_zone_id(member.key.zone) and region is not None
        if is_by_id and isinstance(ids, Refusal):
            located.unsure.append(with_unread_zones(target, region or "", ids, member.key))
            located.unread.update(
                (member.key.pool.instance_type, region or "", member.key.group) for member in target.members
            )
            return
        named = _named(member, region or "", ids) if is_by_id and not isinstance(ids, Refusal) else member
        first = pools.get(named.key.pool)
        if first and named.last_status:
            reason = f"What is held now counts for the row {quoted(f'{first.key}')}."
            located.unsure.append(Outcome(named.key, Status.FULFILLED, 0, 0, reason=reason, weight=named.weight))
        pools[named.key.pool] = named if first is None else _with_both_records(first, named)
    located.targets.append(replace(target, members=tuple(pools.values())))


def _named(member: Member, region: str, ids: Mapping[str, str]) -> Member:
    if member.key.zone in ids:
        return replace(member, key=member.key.in_zone(ids[member.key.zone]))
    return replace(member, fault=member.fault or why_unknown_zone(member.key, region, ids))


def _with_both_records(first: Member, second: Member) -> Member:
    return replace(
        first,
        last_reserved=max(first.last_reserved, second.last_reserved),
        last_kept=max(first.last_kept, second.last_kept),
        last_ids=tuple(dict.fromkeys((*first.last_ids, *second.last_ids))),
        # A removed member without a record adds nothing to the other's.
        more_ids=first.more_ids if second.is_removed and not second.last_status else first.more_ids + second.more_ids,
    )


def with_tagged_pools(targets: Iterable[Target], reservations: Iterable[Reservation]) -> list[Target]:
    """The targets. A group gets another, removed member for each pool in which something with its tag is held.

    Somebody tagged it, or the record is lost. It counts for the group, because the tag says so.
    """
    held: dict[str, dict[TargetKey, None]] = {}
    for reservation in reservations:
        if reservation.is_held and reservation.key.group:
            held.setdefault(reservation.key.group, {})[reservation.key] = None

    def complete(target: Target) -> Target:
        # A member given by a zone id may be the same pool. `locate` merges the two once the name is known.
        known = {member.key.pool for member in target.members}
        usual = None if target.unit is Unit.vcpus else 1
        weights = {member.key.pool.instance_type: member.weight for member in reversed(target.members)}
        # With more_ids nothing is given back until a run has recorded it.
        added = tuple(
            Member(key, weights.get(key.instance_type, usual), is_removed=True, more_ids=1)
            for key in held.get(target.key.group, {})
            if key not in known
        )
        return replace(target, members=target.members + added) if added else target

    return [complete(target) if target.key.is_group else target for target in targets]


def locate_rejected(rejected: Iterable[Outcome], zones: Zones, home: str) -> list[Outcome]:
    """The same for invalid rows. Those whose zone has an unknown name are left out; their record stays."""
    located = []
    for outcome in rejected:
        if outcome.key.is_group:
            pools = locate_rejected(outcome.pools, zones, home)
            if len(pools) == len(outcome.pools):
                located.append(replace(outcome, pools=tuple(pools)))
            continue
        ids = zones.get(region_of_row(outcome.key, home) or "", {})
        if not is_zone_id(outcome.key.zone):
            located.append(outcome)
        elif not isinstance(ids, Refusal):
            located.append(replace(outcome, key=outcome.key.in_zone(ids.get(outcome.key.zone, ""))))
    return located


def comparable(
    reservations: Iterable[Reservation], targets: Iterable[Target], unread: Unread
) -> tuple[list[Reservation], list[Target]]:
    """The reservations and targets to compare while some rows may mean any zone.

    A reservation that no other row asks for may belong to one of these rows, so it is left out; so is a deleted row.
    """
    targets = [target for target in targets if not (target.withdrawn and _is_in(target.key.pool, unread))]
    asked = {pool.key.pool for target in targets for pool in target.pools}
    return [
        reservation for reservation in reservations if reservation.key in asked or not _is_in(reservation.key, unread)
    ], targets


def _is_in(pool: TargetKey, unread: Unread) -> bool:
    return (pool.instance_type, region_of(pool.zone), pool.group) in unread


def conflicts(targets: Iterable[Target]) -> list[Outcome]:
    """The outcomes of rows that ask for the same pool as another row: INVALID, with a reason that names the other.

    The row that counts is the one with something recorded as held, else the one served before, else the one that gives
    the zone's name.
    """
    first: dict[TargetKey, Target] = {}
    seconds = []
    for target in sorted((target for target in targets if not (target.withdrawn or target.key.is_group)), key=_rank):
        other = first.setdefault(target.key.pool, target)
        if other is not target:
            reason = (
                f"Delete this row or that of {brief(other.key.availability_zone)}: both are one zone, and "
                f"{brief(other.key.availability_zone)} asks for its {brief(target.key.instance_type)} already."
            )
            seconds.append(Outcome(target.key, Status.INVALID, target.capacity, 0, reason=reason))
    return seconds


def with_record(targets: Sequence[Target], rejected: Sequence[Outcome]) -> tuple[list[Target], list[Outcome]]:
    """The rows. One without a record takes over that of a deleted row for the same pool in another spelling.

    Without the record, nobody could tell a duplicate from the other reservations.

    Args:
        targets: including deleted rows.
        rejected: outcomes of invalid rows.
    """
    gone = {target.key.pool: target for target in targets if target.withdrawn}

    def target_with_record(target: Target) -> Target:
        before = gone.get(target.key.pool)
        if before is None or target.withdrawn or target.last_ids or target.key.is_group:
            return target
        return replace(
            target,
            last_ids=before.last_ids,
            last_reserved=before.last_reserved,
            last_judgement=before.last_judgement,
            more_ids=target.more_ids + before.more_ids,
        )

    def outcome_with_record(outcome: Outcome) -> Outcome:
        before = gone.get(outcome.key.pool)
        if before is None or outcome.reservation_ids or outcome.key.is_group:
            return outcome
        return replace(outcome, reservation_ids=before.last_ids, more_ids=outcome.more_ids + before.more_ids)

    return list(map(target_with_record, targets)), list(map(outcome_with_record, rejected))


def _rank(target: Target) -> tuple[bool, bool, bool]:
    was_served = target.last_status not in (None, Status.INVALID)
    return (target.last_reserved == 0, not was_served, is_zone_id(target.key.availability_zone))


def without_partial(
    targets: Iterable[Target], rejected: Iterable[Outcome], reservations: Sequence[Reservation]
) -> tuple[list[Target], list[Outcome], list[Reservation], list[Outcome]]:
    """Sets targets apart for which something may be held that EC2 describes only in part.

    Returns:
        The other targets; the other rejected rows; the reservations without those that are described only in part or
        held for a target set apart; and an outcome for each target set apart. Their records stay as they are.
    """
    partial = [reservation for reservation in reservations if reservation.state == UNREADABLE]
    if not partial:
        return list(targets), list(rejected), list(reservations), []
    clear: list[Target] = []
    unclear: list[Outcome] = []
    taken_out: set[TargetKey] = set()
    for target in targets:
        reservation = next(
            (reservation for reservation in partial if any(may_be_for(reservation, pool.key) for pool in target.pools)),
            None,
        )
        if reservation is None:
            clear.append(target)
            continue
        taken_out.update(pool.key.pool for pool in target.pools)
        unclear.append(with_record_kept(target, Status.FAILED, why_unreadable(reservation)))
    others = [
        outcome
        for outcome in rejected
        if not any(may_be_for(unknown, key) for unknown in partial for key in keys_of(outcome))
    ]
    counted = [
        reservation
        for reservation in reservations
        if reservation.state != UNREADABLE and reservation.key not in taken_out
    ]
    return clear, others, counted, unclear
