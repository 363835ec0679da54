"""The Regions that a run asks what is held there, and what is said of targets whose Region did not tell.

Nothing is bought for these, and nothing forgotten.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import InvalidTarget, OutcomeUnknown, Refusal, RequestLimitExceeded
from odcr.domain.reservation import Reservation
from odcr.domain.target import Target, TargetKey, is_zone_id, nearest, region_of
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
    groups: dict[tuple[str, str], set[str] | Refusal] = field(default_factory=dict)
    """The ids of the reservations in each resource group, by its Region and name."""

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


def groups_to_ask(targets: Iterable[Target], home: str) -> set[tuple[str, str]]:
    """The resource groups that rows name, by Region and name."""
    return {
        (region, options.resource_group)
        for target in targets
        for options in (target.options, *(row.options for row in target.elsewhere))
        if options.resource_group and (region := region_of_row(target.key, home))
    }


def regions_to_ask(targets: Iterable[Target], rejected: Iterable[Outcome], home: str) -> dict[str, int]:
    """The Regions that rows mean, and the stack's own: what is held there is found though no row is left.

    Returns:
        A rank for each. Those come first that have answered before, then those that were never asked.
    """
    ranks: dict[str, int] = {}
    for target in targets:
        if region := region_of_row(target.key, home):
            ranks[region] = min(_rank(target), ranks.get(region, _LAST))
    for outcome in rejected:
        ranks.setdefault(region_of_row(outcome.key, home) or home, _LAST)
    ranks.setdefault(home, _LAST)
    return ranks


def _rank(target: Target) -> int:
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
