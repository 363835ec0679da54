"""What is missing: the targets compared with what EC2 shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from odcr.domain.calendar import iso
from odcr.domain.correction import Wishes
from odcr.domain.matching import comparable, conflicts, locate, locate_rejected, with_record, without_partial
from odcr.domain.misfits import Unused, unused_of
from odcr.domain.outcome import Outcome, Status
from odcr.domain.price_pools import kind_of
from odcr.domain.records import is_recorded
from odcr.domain.regions import Findings, is_seen
from odcr.domain.reservation import HELD_STATES, Reservation, duplicates, held, ids_of
from odcr.domain.run_share import RunShare
from odcr.domain.seen_demand import SeenDemand
from odcr.domain.seen_pool import SeenPool
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target, TargetKey, units
from odcr.domain.unlisted import of_deleted_row, of_no_row
from odcr.domain.use import Use, use_of


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a run has to do and to record, target by target."""

    shortfalls: list[Shortfall] = field(default_factory=list)
    observed: list[Outcome] = field(default_factory=list)
    """Targets that need no work, but a new record."""
    rejected: list[Outcome] = field(default_factory=list)
    """Invalid rows, with what is held for them."""
    unused: list[Unused] = field(default_factory=list, compare=False)
    """Targets that hold capacity nobody uses."""
    standings: dict[TargetKey, Outcome] = field(default_factory=dict, compare=False)
    """The outcome of each target if nothing is done about it."""
    targets: dict[TargetKey, Target] = field(default_factory=dict)
    """The targets compared, with options and terms from rows of odcr_option in another spelling."""

    @property
    def is_blind(self) -> bool:
        """Whether a target may be short that is not asked for, because EC2 did not say what is held."""
        return any(
            outcome.is_short and outcome.status in (Status.FAILED, Status.THROTTLED) for outcome in self.observed
        )


def find_shortfalls(
    share: RunShare,
    findings: Findings,
    not_seen: Sequence[Outcome],
    home: str,
    *,
    releases: bool,
    now: datetime,
    stack_tags: Mapping[str, str],
) -> Comparison:
    """Compares a run's targets with what the Regions showed. What they did not show stays as recorded.

    Args:
        share: what LoadTargets passed on.
        findings: what the Regions answered.
        not_seen: outcomes of the targets whose Region did not say what is held there.
        home: the stack's own Region.
        releases: whether to give back what is held above a lowered target.
        now: the time, in UTC.
        stack_tags: the tags of every reservation of the stack.
    """

    def is_known(demand: Target | Outcome) -> bool:
        return is_seen(demand, findings, home)

    located = locate(filter(is_known, share.targets), findings.zones, home)
    reservations = [reservation for region in findings.reservations.values() for reservation in region]
    targets, rejected, reservations, unclear = without_partial(
        located.targets, filter(is_known, share.rejected), reservations
    )
    reservations, targets = comparable(reservations, targets, located.unread)
    conflicting = conflicts(targets)
    targets = [target for target in targets if target.key not in {outcome.key for outcome in conflicting}]
    targets, rejected = with_record(targets, locate_rejected(rejected, findings.zones, home))
    # A group that is not compared keeps its reservations: they count for nothing else.
    demands: list[Target | Outcome] = [*share.targets, *share.rejected, *not_seen]
    compared = {target.key for target in targets} | {outcome.key for outcome in rejected}
    absent = {demand.key for demand in demands if demand.key.is_group} - compared
    comparison = compare(
        targets,
        rejected,
        [reservation for reservation in reservations if reservation.key.demand not in absent],
        is_complete=share.is_complete,
        releases=releases,
        now=iso(now),
        wishes=Wishes(stack_tags, findings.groups),
    )
    comparison.targets.update({target.key: target for target in targets})
    comparison.observed.extend([*conflicting, *located.unsure, *unclear, *not_seen])
    return comparison


def compare(
    targets: Sequence[Target],
    rejected: Iterable[Outcome],
    reservations: Iterable[Reservation],
    *,
    is_complete: bool,
    releases: bool,
    now: str,
    wishes: Wishes,
) -> Comparison:
    """Decides for every target whether it is fulfilled, short or in excess.

    Args:
        targets: each pool once, the least recently tried first; and the deleted rows.
        rejected: the invalid rows, with their recorded reservations.
        reservations: what this stack manages in the targets' Regions, in any state.
        is_complete: whether these are all rows that could ask for a reservation.
        now: the time, ISO 8601 in UTC. A reservation that would end before it is not asked for.
        releases: whether to give back what is held above a lowered target. For a deleted row nothing ever is.
        wishes: what the stack and the resource groups want of reservations.

    Returns:
        The shortfalls in the targets' order, and the records to correct. A managed reservation that no row asks for is
        an excess over a target of 0: somebody pays for it and must see it.
    """
    by_key: dict[TargetKey, list[Reservation]] = {}
    uncounted: dict[TargetKey, list[Reservation]] = {}
    for reservation in reservations:
        if reservation.is_held:
            by_key.setdefault(reservation.key, []).append(reservation)
        elif reservation.state in HELD_STATES:
            uncounted.setdefault(reservation.key, []).append(reservation)

    comparison = Comparison()
    # Deleted rows come last: a row in another spelling may have taken over what they held.
    row_by_pool: dict[TargetKey, TargetKey] = {}
    for target in targets:
        if not target.withdrawn:
            row_by_pool.update({pool.key.pool: target.key for pool in target.pools})
            pools = [
                SeenPool(pool, target, by_key.pop(pool.key.pool, []), uncounted.get(pool.key.pool, []))
                for pool in target.pools
            ]
            _compare_target(SeenDemand(target, pools, wishes, releases, now), comparison)
    for outcome in rejected:
        comparison.rejected.append(_with_holdings(outcome, by_key, row_by_pool))
    for target in targets:
        if target.withdrawn:
            work = of_deleted_row(target, by_key, row_by_pool, uncounted, releases=releases, is_complete=is_complete)
            if isinstance(work, Shortfall):
                comparison.shortfalls.append(work)
            elif not is_recorded(target, work):
                comparison.observed.append(work)
    if is_complete:
        comparison.observed.extend(of_no_row(by_key, releases=releases))
    return comparison


def _compare_target(seen: SeenDemand, comparison: Comparison) -> None:
    target = seen.target
    for pool in seen.pools:
        if unused := unused_of(pool.member.key, target.options, pool.serving):
            comparison.unused.append(unused)
    comparison.standings[target.key] = seen.standing()
    work = seen.work()
    if isinstance(work, Shortfall):
        comparison.shortfalls.append(work)
    elif work is not None:
        comparison.observed.append(work)


def _with_holdings(
    outcome: Outcome, by_key: dict[TargetKey, list[Reservation]], row_by_pool: dict[TargetKey, TargetKey]
) -> Outcome:
    """The outcome of an invalid row, with what is held for it."""
    if outcome.key.is_group:
        own = [key for key in by_key if key.group == outcome.key.group]
        recorded = {pool.key.pool: pool for pool in outcome.pools}
        keys = dict.fromkeys([*recorded, *own])
        pools = tuple(
            _with_holdings(recorded.get(key, Outcome(key, outcome.status, 0, 0)), by_key, row_by_pool) for key in keys
        )
        reserved = units((int(pool.reserved), pool.weight) for pool in pools)
        return replace(outcome, reserved=reserved, pools=pools, use=_sum(pool.use for pool in pools), is_use_known=True)
    # The pool that the row probably meant, unless a valid row has it.
    row_by_pool.setdefault(outcome.key.pool, outcome.key)
    managed = by_key.pop(outcome.key.pool, [])
    return replace(
        outcome,
        target=held(managed) if outcome.key.group else outcome.target,
        reserved=held(managed),
        reservation_ids=ids_of(managed),
        duplicate_ids=ids_of(duplicates(managed, outcome.reservation_ids, outcome.more_ids)),
        more_ids=0,
        use=use_of(managed),
        is_use_known=True,
        **kind_of(managed),
    )


def _sum(uses: Iterable[Use]) -> Use:
    uses = list(uses)
    return Use(sum(use.in_use for use in uses), sum(use.unused for use in uses))
