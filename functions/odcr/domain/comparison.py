"""What is missing: the targets compared with what EC2 holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter

from odcr.domain.amounts import Amount
from odcr.domain.calendar import iso
from odcr.domain.correction import NO_WISHES, Wishes
from odcr.domain.misfits import Unused, unused_of
from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.pools import certain, conflicts, locate, locate_rejected, set_apart, with_record
from odcr.domain.price_pools import kind_of
from odcr.domain.reasons import named, remarks
from odcr.domain.regions import Findings, is_seen
from odcr.domain.release import MAX_RELEASES
from odcr.domain.reservation import HELD_STATES, Reservation, duplicates, held, ids_of
from odcr.domain.run_share import RunShare
from odcr.domain.seen_demand import SeenDemand, is_recorded, may_be_astray
from odcr.domain.seen_pool import SeenPool
from odcr.domain.shortfall import Limit, Pool, Shortfall
from odcr.domain.target import MAX_TARGET, Announcement, Target, TargetKey, Unit, units
from odcr.domain.use import Use, use_of
from odcr.domain.wire import ROOM, fitting, in_turns, size_of
from odcr.domain.wording import MAX_REASON, quoted

MAX_SHORTFALLS = 500
"""Shortfalls that one run works on, which keeps its history below 25,000 events. The others come first next time."""

_AN_ID = ("cr-0123456789abcdef0",)
"""As long as ids are."""

_A_PRICE, _A_COST = "1234.567890", "1234567.890123"
"""As long as they are."""

_TOLD_ROOM = ROOM // 5
"""Bytes for what is to be told, also while shortfalls need more than there is; they have what it leaves."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The targets, sorted by what is to be done about them."""

    shortfalls: list[Shortfall] = field(default_factory=list)
    observed: list[Outcome] = field(default_factory=list)
    """Targets that need no work but whose record in the table is to be corrected."""
    rejected: list[Outcome] = field(default_factory=list)
    """Rows that make no sense, with what is held for them."""
    unused: list[Unused] = field(default_factory=list, compare=False)
    """Targets part of whose capacity is unused."""
    uses: dict[TargetKey, Use] = field(default_factory=dict, compare=False)
    """What is in use and unused of each target."""
    standings: dict[TargetKey, Outcome] = field(default_factory=dict, compare=False)
    """Of each group the outcome that it has if nothing is done about it."""
    targets: dict[TargetKey, Target] = field(default_factory=dict)
    """What was compared, with the options and the terms that a row in another spelling may have."""

    @property
    def is_blind(self) -> bool:
        """Whether targets may be short that EC2 did not show, so that nothing is asked for them."""
        return any(one.is_short and one.status in (Status.FAILED, Status.THROTTLED) for one in self.observed)


def find_shortfalls(
    share: RunShare,
    findings: Findings,
    not_seen: Sequence[Outcome],
    home: str,
    *,
    releases: bool,
    now: datetime,
    stack_tags: Mapping[str, str] | None = None,
) -> Comparison:
    """Compares a run's targets with what the Regions showed. What cannot be told stays as it is recorded.

    Args:
        share: what LoadTargets passed on.
        findings: what the Regions answered.
        not_seen: outcomes of the targets whose Region did not say what is held there.
        home: the stack's own Region.
        releases: whether what is held above a lowered target is given back.
        now: the time, in UTC.
        stack_tags: what every reservation of the stack bears.
    """

    def is_known(one: Target | Outcome) -> bool:
        return is_seen(one, findings, home)

    located = locate(filter(is_known, share.targets), findings.zones, home)
    reservations = [one for region in findings.reservations.values() for one in region]
    targets, rejected, reservations, unclear = set_apart(
        located.targets, filter(is_known, share.rejected), reservations
    )
    reservations, targets = certain(reservations, targets, located.unread)
    seconds = conflicts(targets)
    targets = [target for target in targets if target.key not in {outcome.key for outcome in seconds}]
    targets, rejected = with_record(targets, locate_rejected(rejected, findings.zones, home))
    # What is held for a group that is not compared is held for no other.
    everyone = {one.key for one in share.targets} | {one.key for one in (*share.rejected, *not_seen)}
    absent = {key for key in everyone if key.is_group} - {one.key for one in targets} - {one.key for one in rejected}
    found = compare(
        targets,
        rejected,
        [one for one in reservations if one.key.demand not in absent],
        is_complete=share.is_complete,
        releases=releases,
        now=iso(now),
        wishes=Wishes(stack_tags or {}, findings.groups),
    )
    found.targets.update({target.key: target for target in targets})
    found.observed.extend([*seconds, *located.unsure, *unclear, *not_seen])
    return found


def compare(
    targets: Sequence[Target],
    rejected: Iterable[Outcome],
    reservations: Iterable[Reservation],
    *,
    is_complete: bool = True,
    releases: bool = False,
    now: str = "",
    wishes: Wishes = NO_WISHES,
) -> Comparison:
    """Decides for every target whether it is fulfilled, short or in excess.

    Args:
        targets: what is wanted, each pool once, least recently tried first; and the rows that are gone.
        rejected: rows that make no sense, with the reservations that a run recorded for them; what is held for them is
            held all the same.
        reservations: what this stack manages in the targets' Regions, in any state.
        is_complete: whether these are all rows of the table that could ask for a reservation.
        now: the time, ISO 8601 in UTC: what was to end before it is asked for no more.
        releases: whether what is held above a lowered target is given back. For a row that is gone nothing ever is.
        wishes: what reservations are to be like besides what their rows say.

    Returns:
        The shortfalls, in the targets' order, and what the table has wrong. A managed reservation that no row asks for
        is observed as an excess over a target of 0: it is a bill that somebody must see.
    """
    by_key: dict[TargetKey, list[Reservation]] = {}
    uncounted: dict[TargetKey, list[Reservation]] = {}
    for reservation in reservations:
        if reservation.is_held:
            by_key.setdefault(reservation.key, []).append(reservation)
        elif reservation.state in HELD_STATES:
            uncounted.setdefault(reservation.key, []).append(reservation)

    comparison = Comparison()
    # A row that is gone comes last: what was held for it counts for the row that took its place, however it is spelled.
    spelled: dict[TargetKey, TargetKey] = {}
    for target in targets:
        if not target.withdrawn:
            spelled.update({one.key.pool: target.key for one in target.pools})
            pools = [
                SeenPool(one, target, by_key.pop(one.key.pool, []), uncounted.get(one.key.pool, []))
                for one in target.pools
            ]
            _compare_one(SeenDemand(target, pools, wishes, releases, now), comparison)
    for outcome in rejected:
        comparison.rejected.append(_seen_rejected(outcome, by_key, spelled))
    for target in targets:
        if target.withdrawn:
            found = _seen_withdrawn(target, by_key, spelled, uncounted, releases=releases, is_complete=is_complete)
            if isinstance(found, Shortfall):
                comparison.shortfalls.append(found)
            elif not is_recorded(target, found):
                comparison.observed.append(found)
    if is_complete:
        comparison.observed.extend(_unlisted_demands(by_key, releases=releases))
    return comparison


def _compare_one(seen: SeenDemand, comparison: Comparison) -> None:
    target = seen.target
    for one in seen.pools:
        comparison.uses[one.member.key] = use_of(one.serving)
        if unused := unused_of(one.member.key, target.options, one.serving):
            comparison.unused.append(unused)
    comparison.uses[target.key] = seen.use
    if target.key.is_group:
        comparison.standings[target.key] = seen.standing()
    found = seen.work()
    if isinstance(found, Shortfall):
        comparison.shortfalls.append(found)
    elif found is not None:
        comparison.observed.append(found)


def _seen_rejected(
    outcome: Outcome, by_key: dict[TargetKey, list[Reservation]], spelled: dict[TargetKey, TargetKey]
) -> Outcome:
    """A row that makes no sense, with what is held for it."""
    if outcome.key.is_group:
        own = [key for key in by_key if key.group == outcome.key.group]
        recorded = {one.key.pool: one for one in outcome.pools}
        keys = dict.fromkeys([*recorded, *own])
        pools = tuple(
            _seen_rejected(recorded.get(key, Outcome(key, outcome.status, 0, 0)), by_key, spelled) for key in keys
        )
        reserved = units((int(one.reserved), one.weight) for one in pools)
        return replace(outcome, reserved=reserved, pools=pools, use=_together(pools), is_use_known=True)
    # What the row probably meant, unless another row means it rightly.
    spelled.setdefault(outcome.key.pool, outcome.key)
    managed = by_key.pop(outcome.key.pool, [])
    twice = duplicates(managed, outcome.reservation_ids, outcome.more_ids)
    seen = replace(outcome, reserved=held(managed), reservation_ids=ids_of(managed), duplicate_ids=ids_of(twice))
    seen = replace(seen, more_ids=0, use=use_of(managed), is_use_known=True)
    return replace(seen, target=held(managed) if outcome.key.group else outcome.target, **kind_of(managed))


def _seen_withdrawn(
    target: Target,
    by_key: dict[TargetKey, list[Reservation]],
    spelled: Mapping[TargetKey, TargetKey],
    uncounted: Mapping[TargetKey, Sequence[Reservation]],
    *,
    releases: bool,
    is_complete: bool,
) -> Outcome | Shortfall:
    """A row that is gone, with what is held for it all the same."""
    if target.key.is_group:
        managed = {key: by_key.pop(key) for key in list(by_key) if key.group == target.key.group}
        if not managed and may_be_astray(target, []):
            return SeenDemand(
                target, [SeenPool(one, target) for one in target.members], NO_WISHES, False, ""
            ).shortfall({})
        weights = {one.key.pool: one.weight for one in target.members}
        managed = {**{key: [] for key in weights}, **managed}
        return _unlisted_group(target.key, managed, weights, releases=releases, unit=target.unit)
    managed_there, row = by_key.pop(target.key.pool, []), spelled.get(target.key.pool)
    if managed_there:
        return _unlisted(target.key, managed_there, releases=releases, is_complete=is_complete)
    if row is None and may_be_astray(target, []):
        return SeenDemand(target, [SeenPool(target.pools[0], target)], NO_WISHES, False, "").shortfall({})
    return _ended(target, row, uncounted.get(target.key.pool, []))


def _unlisted_demands(by_key: Mapping[TargetKey, list[Reservation]], *, releases: bool) -> list[Outcome]:
    """What is held and no row asks for: a bill that somebody must see."""
    groups: dict[TargetKey, dict[TargetKey, list[Reservation]]] = {}
    found = []
    for key, managed in by_key.items():
        if key.group:
            groups.setdefault(key.demand, {})[key] = managed
        else:
            found.append(_unlisted(key, managed, releases=releases))
    return found + [_unlisted_group(key, pools, {}, releases=releases) for key, pools in groups.items()]


def _unlisted_group(
    key: TargetKey,
    managed: Mapping[TargetKey, Sequence[Reservation]],
    weights: Mapping[TargetKey, Amount | None],
    *,
    releases: bool,
    unit: Unit = Unit.instances,
) -> Outcome:
    pools = tuple(
        replace(
            Outcome(one, Status.FULFILLED, held(there), held(there), ids_of(there), use=use_of(there)),
            weight=weights.get(one),
            **kind_of(there),
        )
        for one, there in managed.items()
    )
    everything = [one for there in managed.values() for one in there]
    reserved = units((int(one.reserved), one.weight) for one in pools)
    if not everything:
        reason = "The group is gone, and nothing is held for it any more."
        return Outcome(key, Status.FULFILLED, 0, 0, reason=reason, pools=pools, unit=unit)
    to_end = "or insert it with a total of 0 to release it" if releases else f"or cancel {named(everything)} in EC2"
    reason = f"Held for no row of odcr_group. Insert it to keep it, {to_end}."
    outcome = Outcome(key, Status.EXCESS, 0, reserved, reason=reason, use=use_of(everything), pools=pools, unit=unit)
    return replace(outcome, **kind_of(everything))


def _together(pools: Iterable[Outcome]) -> Use:
    uses = [one.use for one in pools]
    return Use(sum(one.in_use for one in uses), sum(one.unused for one in uses))


def bounded(comparison: Comparison, room: int = ROOM, *, has_caps: bool = False) -> Comparison:
    """What of a comparison one run can work on and pass on in so many bytes.

    A shortfall and its outcome travel together, and, under a cap, its limit and its pools' prices. What is left out
    comes again in the next run: shortfalls then come first, and of what is told each time it is another choice. However
    many wait for capacity, some is told in each run.
    """
    releases = [shortfall for shortfall in comparison.shortfalls if shortfall.is_release]
    others = [shortfall for shortfall in comparison.shortfalls if not shortfall.is_release]
    first = [*releases[:MAX_RELEASES], *others][:MAX_SHORTFALLS]
    sized = [(one, _item_bytes(_with_longest_limit(one) if has_caps else one)) for one in first]
    most = room - _TOLD_ROOM
    seen = [*comparison.observed, *(_too_large(one) for one, size in sized if size > most)]
    kept = min(_TOLD_ROOM, sum(map(_bytes, (*seen, *comparison.rejected))))
    taken, room = fitting((one for one in sized if one[1] <= most), room - kept, itemgetter(1))
    shortfalls = [one for one, _ in taken]
    room += kept
    observed, room = fitting(in_turns(seen, room, _bytes), room, _bytes)
    rejected, _ = fitting(in_turns(comparison.rejected, room, _bytes), room, _bytes)
    return replace(comparison, shortfalls=shortfalls, observed=observed, rejected=rejected)


def _too_large(shortfall: Shortfall) -> Outcome:
    reason = "Its data take more bytes than a run can carry, so nothing is bought: look at its row in odcr_option."
    outcome = Outcome(shortfall.key, Status.FAILED, shortfall.target, shortfall.reserved, reason=reason, more_ids=1)
    return replace(outcome, is_use_known=False)


def _bytes(outcome: Outcome) -> int:
    return size_of(outcome.to_event())


def _item_bytes(shortfall: Shortfall) -> int:
    """The bytes of a shortfall, and of the largest outcome that it can have."""
    most = int(max(shortfall.target, shortfall.reserved))
    is_group = shortfall.key.is_group
    longest = Outcome(
        shortfall.key,
        Status.QUOTA_EXCEEDED,
        shortfall.target,
        most,
        # One more reservation for each of 500 that have some fits into what ROOM leaves.
        () if is_group else shortfall.standing_ids or _AN_ID,
        () if is_group else shortfall.duplicate_ids,
        acquired=-shortfall.reserved if shortfall.is_release else shortfall.target,
        calls=999,
        refusals=999,
        announced=Announcement(shortfall.reserved, shortfall.target) if shortfall.is_release else None,
        reason="x" * MAX_REASON,
        lost=min(shortfall.recorded, shortfall.target) if shortfall.recorded_ids else 0,
        use=Use(most, most),
        pools=tuple(_longest_of_pool(pool, most) for pool in shortfall.pools) if is_group else (),
    )
    return size_of({**shortfall.to_event(), "Outcome": to_round(longest)})


def _with_longest_limit(shortfall: Shortfall) -> Shortfall:
    # Only of a group's pool the reason stands beside it.
    remark = "x" * MAX_REASON if shortfall.key.is_group else ""
    pools = tuple(
        replace(one, may_buy=one.may_buy and not remark, remark=remark, price=_A_PRICE) for one in shortfall.pools
    )
    return replace(shortfall, pools=pools, limit=Limit(MAX_TARGET, "x" * MAX_REASON, _A_PRICE, _A_COST))


def _longest_of_pool(pool: Pool, most: int) -> Outcome:
    return Outcome(
        pool.key,
        Status.QUOTA_EXCEEDED,
        most,
        most,
        pool.standing_ids or _AN_ID,
        pool.duplicate_ids,
        acquired=most,
        calls=999,
        refusals=999,
        reason="x" * MAX_REASON,
        lost=pool.recorded,
        use=Use(most, most),
        weight=pool.weight,
    )


def _ended(target: Target, row: TargetKey | None, uncounted: Sequence[Reservation]) -> Outcome:
    """A row that is gone, and for which nothing is held: at most for another row that means the same pool."""
    if row:
        reason = f"What is held counts for the row {quoted(f'{row}')} now."
    else:
        reason = " ".join(
            part
            for part in (
                "The row is gone, and nothing is held for it any more.",
                remarks(uncounted, target.options),
            )
            if part
        )
    return Outcome(target.key, Status.FULFILLED, 0, 0, reason=reason)


def _unlisted(key: TargetKey, managed: Sequence[Reservation], *, releases: bool, is_complete: bool = True) -> Outcome:
    to_end = "one with a target of 0 to release it" if releases else f"cancel {named(managed)} in EC2"
    reason = f"Held for no row of odcr_capacity. Insert one to keep it, or {to_end}."
    if not is_complete:
        # A row with another spelling may be among those that this run does not look at.
        reason = "Held for no row that is spelled like this. Insert one to keep it, or one with a target of 0."
    outcome = Outcome(key, Status.EXCESS, 0, held(managed), ids_of(managed), reason=reason, use=use_of(managed))
    return replace(outcome, **kind_of(managed))
