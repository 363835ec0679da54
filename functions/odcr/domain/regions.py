"""The Regions that a run asks what they hold, and the outcomes of demands in Regions that do not say.

For these demands nothing is bought, and the record is kept. A group goes on without a member whose Region cannot be
asked at all, unless something may be held there.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import InvalidTarget, OutcomeUnknown, Refusal, RequestLimitExceeded
from odcr.domain.reservation import Reservation
from odcr.domain.target import Member, Target, TargetKey
from odcr.domain.wording import brief, listed, quoted, with_detail
from odcr.domain.zone import is_zone_id, nearest, region_of

Zones = Mapping[str, Mapping[str, str] | Refusal]
"""For each Region whose zones were looked up, their names by their ids."""

_LAST = 2


@dataclass(frozen=True, slots=True)
class Findings:
    """What the Regions answered. Each Region to ask is in exactly one of the first four fields."""

    reservations: dict[str, list[Reservation]] = field(default_factory=dict)
    silent: dict[str, Refusal] = field(default_factory=dict)
    """Regions that did not say what is held, with their answers."""
    missing: set[str] = field(default_factory=set)
    """Regions that do not exist: botocore does not know them, and their endpoint's name does not resolve."""
    postponed: set[str] = field(default_factory=set)
    """Regions that botocore does not know, and that another run will ask."""
    zones: dict[str, Mapping[str, str] | Refusal] = field(default_factory=dict)
    """For each Region whose zones were looked up, their names by their ids."""
    groups: dict[tuple[str, str], set[str] | Refusal] = field(default_factory=dict)
    """The ids of the reservations in each resource group, by Region and name of the group."""

    @property
    def unseen(self) -> set[str]:
        """Regions that have not said what is held there."""
        return {*self.silent, *self.missing, *self.postponed}


def region_of_row(key: TargetKey, home: str) -> str | None:
    """The Region of a row, or of a group's member; None if its zone is invalid.

    Args:
        key: its key, as written.
        home: the stack's own Region, where zone ids of unknown form are looked up.
    """
    return region_of(key.zone) or (home if is_zone_id(key.zone) else None)


def regions_by_id(targets: Collection[Target], rejected: Iterable[Outcome], home: str) -> set[str]:
    """The Regions whose zones have to be looked up, because a row has a zone id."""
    keys = [key for target in targets for key in keys_of(target)]
    keys += [key for outcome in rejected for key in keys_of(outcome)]
    keys += [TargetKey(target.key.instance_type, row.zone) for target in targets for row in target.elsewhere]
    return {region for key in keys if is_zone_id(key.zone) and (region := region_of_row(key, home))}


def keys_of(demand: Target | Outcome) -> list[TargetKey]:
    """The keys of a demand's pools."""
    if isinstance(demand, Target):
        return [pool.key for pool in demand.pools]
    return [pool.key for pool in demand.pools] if demand.key.is_group else [demand.key]


def groups_to_ask(targets: Iterable[Target], home: str) -> set[tuple[str, str]]:
    """The Region and name of each resource group that demands name."""
    return {
        (region, options.resource_group)
        for target in targets
        for options in (target.options, *(row.options for row in target.elsewhere))
        if options.resource_group
        for pool in target.pools
        if (region := region_of_row(pool.key, home))
    }


def regions_to_ask(targets: Iterable[Target], rejected: Iterable[Outcome], home: str) -> dict[str, int]:
    """The Regions of all demands, and the stack's own, where something may be held without a row.

    Returns:
        A rank for each: 0 if it has answered before, 1 if it was never asked, 2 otherwise.
    """
    ranks: dict[str, int] = {}
    for target in targets:
        for pool in target.pools:
            if region := region_of_row(pool.key, home):
                ranks[region] = min(_rank(target, pool), ranks.get(region, _LAST))
    for outcome in rejected:
        for key in keys_of(outcome):
            ranks.setdefault(region_of_row(key, home) or home, _LAST)
    ranks.setdefault(home, _LAST)
    return ranks


def _rank(target: Target, pool: Member) -> int:
    last_status = pool.last_status if target.key.is_group else target.last_status
    if pool.last_reserved or last_status not in (None, Status.INVALID, Status.FAILED):
        return 0
    return 1 if last_status is None else _LAST


def is_seen(demand: Target | Outcome, findings: Findings, home: str) -> bool:
    """Whether all Regions of a demand have said what is held for it.

    Args:
        demand: a row, or a group after `with_unseen_members`; or the outcome of an invalid one.
        findings: what the Regions answered.
        home: the stack's own Region.
    """
    return next(_unseen(demand, findings, home), None) is None


def _unseen(demand: Target | Outcome, findings: Findings, home: str) -> Iterator[str]:
    """The Regions that may hold something for a demand, and did not say."""
    if isinstance(demand, Target) and demand.key.is_group:
        keys = [member.key for member in demand.members if not member.fault or _may_hold(member)]
    else:
        keys = keys_of(demand)
    for key in keys:
        region = region_of_row(key, home)
        if region in findings.unseen:
            yield region


def _may_hold(member: Member) -> bool:
    return bool(member.last_reserved or member.last_ids or member.more_ids)


def with_unseen_members(
    target: Target,
    findings: Findings,
    home: str,
    known: Collection[str],
    partition_of: Callable[[str], str | None],
) -> Target:
    """A group with a fault for each member whose Region does not exist, or cannot be asked by this stack.

    The group goes on without these members. A member gets no fault, so the group has to wait, if something is recorded
    for it, or if botocore knows its Region and it did not answer.

    Args:
        target: a group; a row stays as it is.
        findings: what the Regions answered.
        home: the stack's own Region.
        known: the Regions that botocore knows.
        partition_of: tells the partition of a Region; None if it is unknown.
    """
    if not target.key.is_group:
        return target

    def with_fault(member: Member) -> Member:
        region = region_of_row(member.key, home)
        if region not in findings.unseen or _may_hold(member):
            return member
        status, reason = _why_unseen(region, findings, home, known, partition_of)
        return replace(member, fault=reason) if status is Status.INVALID or region not in known else member

    return replace(target, members=tuple(map(with_fault, target.members)))


def outcomes_of_unseen(
    targets: Iterable[Target],
    findings: Findings,
    home: str,
    known: Collection[str],
    partition_of: Callable[[str], str | None],
) -> list[Outcome]:
    """The outcomes of demands that are not `is_seen`. A demand with a record in a postponed Region has none.

    Args:
        targets: all targets, after `with_unseen_members`.
        findings: what the Regions answered.
        home: the stack's own Region.
        known: the Regions that botocore knows.
        partition_of: tells the partition of a Region; None if it is unknown.
    """
    outcomes = []
    for target in targets:
        region = next(_unseen(target, findings, home), None)
        if region is None or (region in findings.postponed and target.last_status is not None):
            continue
        outcomes.append(with_record_kept(target, *_why_unseen(region, findings, home, known, partition_of)))
    return outcomes


def _why_unseen(
    region: str,
    findings: Findings,
    home: str,
    known: Collection[str],
    partition_of: Callable[[str], str | None],
) -> tuple[Status, str]:
    """The status and the reason of a demand in one of the `findings.unseen`."""
    partition, own = partition_of(region), partition_of(home)
    if region in findings.missing:
        return Status.INVALID, why_missing(region, [other for other in known if partition_of(other) == own])
    if region in findings.postponed:
        return Status.FAILED, why_postponed(region)
    if partition and own and partition != own:
        return Status.INVALID, why_elsewhere(region, partition, own)
    refusal = findings.silent[region]
    return _status_after(refusal), why_silent(region, refusal)


def _status_after(refusal: Refusal) -> Status:
    return Status.THROTTLED if isinstance(refusal, RequestLimitExceeded) else Status.FAILED


def why_silent(region: str, refusal: Refusal) -> str:
    """The reason if a Region did not say what is held there."""
    place = brief(region)
    # The detail may be cut, so the advice comes before it.
    detail = refusal.text.removeprefix(refusal.advice).strip()
    if isinstance(refusal, RequestLimitExceeded):
        what_to_do = f"EC2 takes no more requests in {place} for now; the next run asks again."
        return with_detail(what_to_do, detail)
    what_to_do = f"{place} does not say what is held there, so nothing is bought."
    if isinstance(refusal, OutcomeUnknown):
        what_to_do = f"{what_to_do} If it lasts: is the zone's name right, the Region enabled?"
    elif refusal.advice and not isinstance(refusal, InvalidTarget):
        what_to_do = f"{what_to_do} {refusal.advice}"
    return with_detail(what_to_do, detail)


def why_elsewhere(region: str, partition: str, own: str) -> str:
    """The reason if a Region belongs to another partition, which has accounts of its own."""
    return (
        f"Give {brief(region)} a stack in an account of its own partition, {partition}, and delete the row here: this "
        f"stack is in {own}."
    )


def why_missing(region: str, known: Iterable[str]) -> str:
    """The reason if neither botocore nor the DNS knows a Region."""
    return f"Correct the zone: there is no Region {quoted(region)}.{nearest(region, known)}"


def why_postponed(region: str) -> str:
    """The reason if a Region that botocore does not know is left to another run."""
    return f"Check the zone's name: the Region {quoted(region)} is not known here. One of the next runs looks for it."


def with_unread_zones(target: Target, region: str, refusal: Refusal, key: TargetKey | None = None) -> Outcome:
    """The outcome of a target with a zone id, if its Region did not say which zone that is.

    Args:
        target: a row, or a group.
        region: the Region.
        refusal: its answer.
        key: the key of the group's member; None for a row.
    """
    zones = (key.zone if key else target.key.zone, *(row.zone for row in target.elsewhere))
    id_ = brief(next((zone for zone in zones if is_zone_id(zone)), zones[0]))
    what_to_do = f"Write the zone's name if this lasts: {brief(region)} does not say which zone {id_} is."
    return with_record_kept(target, _status_after(refusal), with_detail(what_to_do, str(refusal)))


def with_unknown_zone(target: Target, region: str, zones: Mapping[str, str]) -> Outcome:
    """The outcome of a row with a zone id that its Region does not have."""
    return with_record_kept(target, Status.INVALID, why_unknown_zone(target.key, region, zones))


def why_unknown_zone(key: TargetKey, region: str, zones: Mapping[str, str]) -> str:
    """The reason if a Region does not have a zone with this id."""
    id_ = key.availability_zone
    guess = nearest(id_, zones) or (f" It has {listed(sorted(zones), 40)}." if zones else "")
    return f"Correct the zone: {brief(region)} has no zone with the id {quoted(id_)}.{guess}"
