"""What is missing: the targets compared with what EC2 holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from odcr.domain.calendar import is_given_up, iso, judge, rest
from odcr.domain.correction import NO_WISHES, Wishes
from odcr.domain.misfits import Unused, unused_of
from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.pools import certain, conflicts, locate, locate_rejected, set_apart, with_record
from odcr.domain.price_pools import kind_of
from odcr.domain.reasons import astray_remark, named, reason_for_excess, reason_to_give_up, remarks
from odcr.domain.regions import Findings, region_of_row
from odcr.domain.release import MAX_RELEASES, announcement, is_due
from odcr.domain.reservation import HELD_STATES, Reservation, duplicates, held, ids_of, lost
from odcr.domain.run_share import RunShare
from odcr.domain.shortfall import MAY_BE_ASTRAY, Pool, Shortfall
from odcr.domain.target import Announcement, Target, TargetKey
from odcr.domain.use import Use, use_of
from odcr.domain.wire import MAX_IDS, ROOM, fitting, in_turns, size_of
from odcr.domain.wording import MAX_REASON, minute, quoted

MAX_SHORTFALLS = 500
"""Shortfalls that one run works on, which keeps its history below 25,000 events. The others come first next time."""

_STILL_DIFFERENT = "Its reservations differ from odcr_option; they are changed within ten minutes, where EC2 lets them."

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
    """The outcome that a group would have if it were only looked at."""
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

    def is_seen(one: Target | Outcome) -> bool:
        return region_of_row(one.key, home) not in findings.unseen

    located = locate(filter(is_seen, share.targets), findings.zones, home)
    reservations = [one for region in findings.reservations.values() for one in region]
    targets, rejected, reservations, unclear = set_apart(located.targets, filter(is_seen, share.rejected), reservations)
    reservations, targets = certain(reservations, targets, located.unread)
    seconds = conflicts(targets)
    targets = [target for target in targets if target.key not in {outcome.key for outcome in seconds}]
    targets, rejected = with_record(targets, locate_rejected(rejected, findings.zones, home))
    found = compare(
        targets,
        rejected,
        reservations,
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
            pool = target.key.pool
            spelled[pool] = target.key
            _compare_one(
                target, by_key.pop(pool, []), uncounted.get(pool, []), comparison, wishes, releases=releases, now=now
            )
    for outcome in rejected:
        # What the row probably meant, unless another row means it rightly.
        spelled.setdefault(outcome.key.pool, outcome.key)
        managed = by_key.pop(outcome.key.pool, [])
        twice = duplicates(managed, outcome.reservation_ids, outcome.more_ids)
        seen = replace(outcome, reserved=held(managed), reservation_ids=ids_of(managed), duplicate_ids=ids_of(twice))
        seen = replace(seen, more_ids=0, use=use_of(managed), is_use_known=True)
        comparison.rejected.append(replace(seen, **kind_of(managed)))
    for target in targets:
        if target.withdrawn:
            managed, row = by_key.pop(target.key.pool, []), spelled.get(target.key.pool)
            if not managed and row is None and _may_be_astray(target, []):
                comparison.shortfalls.append(_shortfall(target, [], []))
                continue
            if managed:
                outcome = _unlisted(target.key, managed, releases=releases, is_complete=is_complete)
            else:
                outcome = _ended(target, row, uncounted.get(target.key.pool, []))
            if not is_recorded(target, outcome):
                comparison.observed.append(outcome)
    if is_complete:
        comparison.observed.extend(_unlisted(key, managed, releases=releases) for key, managed in by_key.items())
    return comparison


def bounded(comparison: Comparison, room: int = ROOM) -> Comparison:
    """What of a comparison one run can work on and pass on in so many bytes.

    A shortfall and its outcome travel together. What is left out comes again in the next run: shortfalls then come
    first, and of what is told each time it is another choice. However many wait for capacity, some is told in each run.
    """
    releases = [shortfall for shortfall in comparison.shortfalls if shortfall.is_release]
    others = [shortfall for shortfall in comparison.shortfalls if not shortfall.is_release]
    first = [*releases[:MAX_RELEASES], *others][:MAX_SHORTFALLS]
    sized = [(one, _item_bytes(one)) for one in first]
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
    most = max(shortfall.target, shortfall.reserved)
    longest = Outcome(
        shortfall.key,
        Status.QUOTA_EXCEEDED,
        shortfall.target,
        most,
        # One more reservation for each of 500 that have some fits into what ROOM leaves.
        shortfall.standing_ids or ("cr-0123456789abcdef0",),
        shortfall.duplicate_ids,
        acquired=-shortfall.reserved if shortfall.is_release else shortfall.target,
        calls=999,
        refusals=999,
        announced=Announcement(shortfall.reserved, shortfall.target) if shortfall.is_release else None,
        reason="x" * MAX_REASON,
        lost=min(shortfall.recorded, shortfall.target) if shortfall.recorded_ids else 0,
        use=Use(most, most),
    )
    return size_of({**shortfall.to_event(), "Outcome": to_round(longest)})


def _compare_one(
    target: Target,
    managed: Sequence[Reservation],
    uncounted: Sequence[Reservation],
    comparison: Comparison,
    wishes: Wishes,
    *,
    releases: bool,
    now: str,
) -> None:
    serving = [one for one in managed if one.serves(target.options)]
    others = [one for one in managed if not (one.serves(target.options) or one.is_for_another_group(target.options))]
    uncounted = [*uncounted, *(one for one in managed if one.is_for_another_group(target.options))]
    reserved = held(serving)
    use = comparison.uses[target.key] = use_of(serving)
    if unused := unused_of(target.key, target.options, serving):
        comparison.unused.append(unused)
    judgement = judge(target, reserved, ids_of(serving), now)
    if given_up := is_given_up(target, judgement):
        releases = True
    resting = rest(target, reserved, now, is_given_up=given_up)
    wanted = replace(target, capacity=0) if given_up else target
    # Which of them a run has announced and recorded is not known beyond what can be named.
    releases = releases and not target.more_ids and len(serving) <= MAX_IDS
    bought_twice = duplicates(serving, target.last_ids, target.more_ids)
    is_missing = reserved < wanted.capacity

    def observe(status: Status, ids: Sequence[Reservation], reason: str, **found: Any) -> None:
        outcome = Outcome(
            target.key,
            status,
            target.capacity,
            reserved,
            ids_of(ids),
            ids_of(bought_twice),
            reason=reason,
            judgement=judgement,
            use=use,
            platform=target.options.platform,
            tenancy=target.options.tenancy,
            **found,
        )
        # An excess is told again: its target may have changed, and the reason with it.
        if judgement or status == Status.EXCESS or not is_recorded(target, outcome):
            comparison.observed.append(outcome)

    if is_missing and not resting and (reason := _reason_to_ask_no_more(target, others, now)):
        observe(Status.INVALID, managed, reason)
        return
    if is_missing and target.is_resting and reserved == target.last_reserved and not (resting or judgement):
        return

    if reserved <= wanted.capacity:
        bought_twice = []
    is_release = releases and reserved > wanted.capacity and is_due(wanted, serving)
    outside_group, remark = wishes.outside_group(target, serving)
    is_wrong = bool(outside_group) or any(wishes.differs(one, target.options, now) for one in serving)
    is_work = (is_missing and not resting) or is_release or any(one.can_be_given_back for one in bought_twice)
    # One that was pending when it was made joins its group as soon as it is there.
    is_left = target.was_just_tried and target.last_status != Status.PENDING
    is_to_correct = is_wrong and not (given_up or is_left)
    # What is recorded and not shown is looked for before it is forgotten, also where nothing is bought for it.
    is_to_look = _may_be_astray(target, serving) or (resting is not None and not _shows_all(target, serving))
    if is_work or is_to_correct or is_to_look:
        shortfall = _shortfall(target, serving, bought_twice, outside_group, is_release=is_release)
        comparison.shortfalls.append(
            replace(
                shortfall,
                rest=resting,
                is_given_up=given_up,
                judgement=judgement,
                has_other_work=not (is_missing and not resting) or is_to_correct or is_to_look,
            )
        )
        return

    status, announced, reasons = Status.FULFILLED, None, []
    # Only of what EC2 may be showing late is nothing said yet.
    gone = 0 if target.is_fresh and reserved < target.last_reserved else _lost(target, serving)
    lenders = [one for one in serving if one.lent]
    if gone:
        reasons.append(f"{gone} that were held are gone; as many are held in {named(serving)}.")
    if resting and (is_missing or given_up):
        status = resting.status
        reasons = [f"{gone} that were held are gone."] if gone else []
        reasons.append(resting.reason)
    elif reserved > wanted.capacity:
        status = Status.EXCESS
    elif others:
        status = Status.EXCESS
        reasons.append(f"Nothing is given back unasked, so cancel these unless you want them: {_others(others)}.")
    elif lenders:
        status = Status.ASTRAY
        reasons.append(astray_remark([], lenders, sum(one.lent for one in lenders)))
    elif any(one.state == "pending" for one in serving):
        status = Status.PENDING
        reasons.append("EC2 is still providing some of it, which can take five minutes and may fail.")
    elif wanted.capacity == 0:
        reasons.append("The target is 0: nothing is to be reserved.")
    if reserved > wanted.capacity:
        announced = announcement(serving, wanted.capacity) if releases else None
        to_give = reason_to_give_up if given_up else reason_for_excess
        reasons.append(to_give(serving, wanted.capacity, announced))
    reasons += [remark, remarks([*serving, *uncounted], target.options)]
    if is_wrong and target.was_just_tried:
        reasons.append(_STILL_DIFFERENT)
    observe(status, managed, " ".join(part for part in reasons if part), lost=gone, announced=announced)


def _lost(target: Target, serving: Sequence[Reservation]) -> int:
    return lost(min(target.last_reserved, target.capacity), target.last_ids, serving, target.more_ids)


def _shortfall(
    target: Target,
    serving: Sequence[Reservation],
    bought_twice: Sequence[Reservation],
    outside_group: Sequence[str] = (),
    *,
    is_release: bool = False,
) -> Shortfall:
    pool = Pool(
        target.key,
        held(serving),
        ids_of(serving),
        target.last_reserved,
        target.last_ids,
        ids_of(bought_twice),
        target.more_ids,
        tuple(outside_group),
    )
    # Late is only what shows less than the record.
    is_late = target.is_fresh and pool.recorded > pool.reserved
    return Shortfall((pool,), target.capacity, target.last_status, target.options, is_release, is_late)


def _shows_all(target: Target, serving: Sequence[Reservation]) -> bool:
    """Whether EC2 shows all that was recorded."""
    return set(target.last_ids) <= set(ids_of(serving)) and held(serving) >= min(target.last_reserved, target.capacity)


def _may_be_astray(target: Target, serving: Sequence[Reservation]) -> bool:
    """Whether something that was held without the stack's tag has to be looked for, though nothing is missing."""
    return target.last_status in MAY_BE_ASTRAY and not set(target.last_ids) <= set(ids_of(serving))


def _reason_to_ask_no_more(target: Target, others: Sequence[Reservation], now: str) -> str:
    """Why nothing more is to be bought for a target that is short, in words that say what to do; empty if it is."""
    if target.capacity <= held(others):
        # To go on would hold the target twice, and once more whenever the options change.
        return f"Cancel these in EC2, or correct odcr_option; nothing is bought until then: {_others(others)}."
    end = target.options.end_date
    if now and end is not None and end[:19] <= now[:19]:
        return (
            f"End_Date in odcr_option was {minute(end)}: nothing is asked for any more. Set a later one, or NULL, or "
            "delete the row."
        )
    return ""


def is_recorded(target: Target, outcome: Outcome) -> bool:
    """Whether the last run has recorded all that an outcome says."""
    same = (target.last_status, target.current) == (outcome.status, outcome.reserved)
    is_told = target.last_reason == outcome.reason[:MAX_REASON] and target.last_use == outcome.use
    return same and is_told and not target.more_ids and set(target.last_ids) == set(outcome.reservation_ids)


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


def _others(others: Sequence[Reservation]) -> str:
    kind = "another platform, tenancy or placement group"
    return f"{held(others)} are held in {named(others)} with {kind} than the row asks for"
