"""Who is asked for how in one run: how often, and how many at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import Any

from odcr.domain.calendar import is_in_last_hours, iso
from odcr.domain.outcome import Outcome, Status, from_round
from odcr.domain.pace import KEPT, REQUESTS_PER_SECOND, Action
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import Target, TargetKey
from odcr.domain.wire import optional, required
from odcr.domain.zone import region_of
from odcr.settings import AskSettings

SLOWEST_SECONDS = 60
"""The longest time between two askings for a target that asking may help."""

SLOW_SECONDS = 15
"""From so long a time between two askings on, no function stays for a target."""

_STEPS = ((1.5, SLOWEST_SECONDS), (1.25, 30), (1.0, SLOW_SECONDS))
"""How long a pool has been dry, in multiples of SlowAfterHours, and how often it is asked then, in seconds."""

_ROUND_SECONDS = 8
"""The shortest time between two rounds. Each visit is a transition of the state machine and an invocation."""

_USED = 0.9
"""The part of the rate that first requests take; climbs take the rest, and more."""

_VISIT_SECONDS = 1.5
"""What a visit takes, about."""

_WORKING = 0.5
"""The part of a slowed round in which its places visit targets; in the rest there is no function."""

_EVENTS = 18_000
"""Events of the history that visits may make: Step Functions ends an execution at 25,000, and repeats make some."""

_EVENTS_OF_A_VISIT = 7

_AT_FULL_PACE = frozenset(
    {
        Status.SHORT,
        Status.THROTTLED,
        Status.FULFILLED,
        Status.EXCESS,
        Status.PENDING,
        Status.ASTRAY,
        Status.CAPPED,
        Status.WAITING,
        Status.STOPPED,
    }
)


@dataclass(frozen=True, slots=True)
class Branch:
    """Targets that are asked for in the same way, side by side with other branches."""

    shortfalls: tuple[Shortfall, ...]
    places: int
    """How many of them are worked on at once."""
    every: float = 0.0
    """Seconds from one asking to the next, in a function that stays; 0: once in each round."""
    pause: int = 0
    """Seconds between two rounds."""
    rounds_until: datetime | None = None
    """When the last round begins; None: there is one."""

    def visits(self, now: datetime) -> float:
        """How often its targets are visited in a run, at most."""
        count = len(self.shortfalls)
        if self.rounds_until is None or not count:
            return count
        requests = _requests(self.shortfalls)
        cycle = max(self.pause + ceil(requests / self.places) * _VISIT_SECONDS, requests / REQUESTS_PER_SECOND)
        return count * (1 + ceil((self.rounds_until - now).total_seconds() / cycle))


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run asks for."""

    branches: tuple[Branch, ...]
    is_pressing: bool
    """Whether something is short that is asked for more than once a minute."""

    @property
    def asked(self) -> int:
        """How many shortfalls are asked for; the others wait for the next run."""
        return sum(len(branch.shortfalls) for branch in self.branches)

    def to_event(self, started: datetime, ask_until: datetime) -> list[dict[str, Any]]:
        """The items of ReserveShortfalls.

        Args:
            started: when the run started.
            ask_until: when its last request is sent.
        """
        return [
            {
                "Shortfalls": [{**shortfall.to_event(), "Outcome": {}} for shortfall in branch.shortfalls],
                "MaxConcurrency": branch.places,
                "AskEvery": branch.every,
                "AskUntil": _iso(ask_until),
                "PauseSeconds": branch.pause,
                "RoundsUntil": _iso(branch.rounds_until or started),
            }
            for branch in self.branches
        ]


def interval(target: Target, settings: AskSettings, now: datetime) -> float:
    """Seconds from one asking for a target to the next, while few are short.

    A dry pool is asked ever less often, but for the last day before a deadline; what a person has to put right, once a
    minute.
    """
    if target.last_status is not None and target.last_status not in _AT_FULL_PACE:
        return max(SLOWEST_SECONDS, settings.every)
    if is_in_last_hours(target.terms, iso(now)):
        return settings.every
    if settings.slow_after_hours and target.dry_seconds is not None:
        dry = target.dry_seconds / 3600 / settings.slow_after_hours
        return max(settings.every, next((seconds for least, seconds in _STEPS if dry >= least), 0))
    return settings.every


def plan(
    shortfalls: Sequence[Shortfall],
    targets: Mapping[TargetKey, Target],
    settings: AskSettings,
    now: datetime,
    ask_until: datetime,
    *,
    is_alone: bool = False,
    are_all: bool = True,
    is_blind: bool = False,
) -> Plan:
    """Shares the places out.

    While there is a place for each pool that is asked for at full pace, each target has a function that stays and asks
    again and again. Otherwise they are visited in rounds, a branch for each Region and action, as each has a bucket of
    its own. Slowed ones are visited in rounds as well, so that no function waits for them.

    Args:
        shortfalls: the run's, least recently tried first.
        targets: what the table says of them.
        settings: the stack's.
        now: the time.
        ask_until: when the run's last request is sent.
        is_alone: whether the schedule starts a run each minute anyway; slowed targets then need no second round.
        are_all: whether these are all that are short. The others come first in the next run, so this one takes no
            longer than one round of the most that share a bucket.
        is_blind: whether others may be short that EC2 does not show. They are looked at by the next run, once a minute.
    """
    paces = {shortfall.key: interval(targets[shortfall.key], settings, now) for shortfall in shortfalls}
    slow_keys = {
        shortfall.key for shortfall in shortfalls if not shortfall.is_release and paces[shortfall.key] >= SLOW_SECONDS
    }
    full = [shortfall for shortfall in shortfalls if shortfall.key not in slow_keys]
    slowed = [shortfall for shortfall in shortfalls if shortfall.key in slow_keys]

    by_pace = _by(slowed, lambda shortfall: f"{_first_pool(shortfall).key.region} {paces[shortfall.key]:.0f}").values()
    slow = _slowed_rounds(
        [(paces[group[0].key], group) for group in by_pace],
        max(1, settings.places // 2),
        now,
        ask_until,
        are_others=bool(full),
        is_repeated=bool(full) or not is_alone,
    )
    if is_blind and not (shortfalls or is_alone):
        slow = [Branch((), 1, pause=SLOWEST_SECONDS, rounds_until=now + timedelta(seconds=SLOWEST_SECONDS / 2))]
    places = max(1, settings.places - sum(branch.places for branch in slow))
    if _requests(full) <= places:
        branches = _staying(full, settings.every)
    else:
        events = _EVENTS - _EVENTS_OF_A_VISIT * sum(branch.visits(now) for branch in slow)
        branches = _rounds(full, places, now, ask_until, events, is_repeated=are_all)

    def urgency(shortfall: Shortfall) -> tuple[bool, int]:
        return not shortfall.is_release, targets[shortfall.key].terms.priority

    # Who is in the run is decided by who has waited longest; only in it the most urgent come first.
    in_order = [
        replace(branch, shortfalls=tuple(sorted(branch.shortfalls, key=urgency))) for branch in (*branches, *slow)
    ]
    return Plan(tuple(in_order), any(pace < SLOWEST_SECONDS for pace in paces.values()))


def _staying(shortfalls: Sequence[Shortfall], every: float) -> list[Branch]:
    """A function for each, also over several Regions: each paces itself by how many pools share its buckets."""
    load = Counter(bucket for shortfall in shortfalls for bucket in _buckets(shortfall))
    paced: dict[float, list[Shortfall]] = {}
    for shortfall in shortfalls:
        pace = max(load[bucket] for bucket in _buckets(shortfall)) / REQUESTS_PER_SECOND
        paced.setdefault(max(every, pace), []).append(shortfall)
    return [Branch(tuple(group), len(group), every=pace) for pace, group in paced.items()]


def _rounds(
    shortfalls: Sequence[Shortfall],
    places: int,
    now: datetime,
    ask_until: datetime,
    events: float,
    *,
    is_repeated: bool,
) -> list[Branch]:
    """A branch for each bucket. More branches than there are places wait for the next run.

    A demand whose pools need several buckets is in a branch of its Region: whichever its first pool needs, all of these
    take even turns.
    """
    groups = list(_by(shortfalls, _branch).values())[:places]
    seconds = _seconds_of_rounds(groups, (ask_until - now).total_seconds(), events)
    most = max(1, int(_USED * REQUESTS_PER_SECOND * seconds))
    groups = [_of_so_many_requests(group, most) for group in groups]
    if not is_repeated:
        seconds = min(seconds, max(map(_round_seconds, groups)) / _USED)
    branches = []
    for group in groups:
        # A round that would be cut short leaves out the same ones each time.
        last = seconds - 0.7 * _round_seconds(group)
        branches.append(
            Branch(
                tuple(group),
                # No more wait for a first request than are kept for climbs, or climbs would wait for them.
                max(1, min(places // len(groups), KEPT)),
                pause=max(0, ceil(_ROUND_SECONDS - _requests(group) / REQUESTS_PER_SECOND)),
                rounds_until=now + timedelta(seconds=last) if last > _round_seconds(group) else None,
            )
        )
    return branches


def _slowed_rounds(
    groups: Sequence[tuple[float, Sequence[Shortfall]]],
    places: int,
    now: datetime,
    ask_until: datetime,
    *,
    are_others: bool,
    is_repeated: bool,
) -> list[Branch]:
    """A branch for each Region and pace. More branches than there are places wait for the next run.

    Args:
        groups: the targets of one Region and pace, each with that pace.
        places: for all of them.
        now: the time.
        ask_until: when the run's last request is sent.
        are_others: whether others are asked for at full pace, which no pause may keep waiting.
        is_repeated: whether those that are visited once a minute have more than one round.
    """
    branches = []
    for pace, group in groups[:places]:
        requests = _requests(group)
        count = min(ceil(requests * _VISIT_SECONDS / (pace * _WORKING)), max(1, places // len(groups)))
        # Alone, they end the run with a pause and a round that comes too late to ask: the next run's first one is due.
        cycle = pace if are_others else 0.9 * pace
        pause = max(1, round(cycle - ceil(requests / count) * _VISIT_SECONDS))
        until = ask_until - timedelta(seconds=pause if are_others else pace / 2)
        is_once = not is_repeated and pace >= SLOWEST_SECONDS
        branches.append(Branch(tuple(group), count, pause=pause, rounds_until=None if is_once else until))
    if sum(branch.visits(now) for branch in branches) > _EVENTS / 2 / _EVENTS_OF_A_VISIT:
        return [replace(branch, rounds_until=None) for branch in branches]
    return branches


def outcome_so_far(item: Mapping[str, Any]) -> Outcome | None:
    """What became of one item of the Map in its rounds so far; None if its turn has not come.

    Args:
        item: a shortfall, with `Outcome` as the rounds have left it: an outcome, or `{"Before", "Status", "Reason"}`
            if the function ended without any.

    Raises:
        InvalidEvent: if it is neither.
    """
    left = optional(item, "Outcome", dict, {})
    if not left:
        return None
    if "Before" in left:
        before = outcome_so_far({**item, "Outcome": left["Before"]}) or standing_outcome(Shortfall.from_event(item))
        return replace(before, status=Status.FAILED, reason=required(left, "Reason", str))
    return from_round(left, item)


def standing_outcome(shortfall: Shortfall) -> Outcome:
    """What is recorded of a target of which nobody knows what an attempt achieved."""
    is_group = shortfall.key.is_group
    return Outcome(
        shortfall.key,
        Status.FAILED,
        shortfall.target,
        shortfall.standing,
        () if is_group else shortfall.standing_ids,
        () if is_group else shortfall.duplicate_ids,
        more_ids=0 if is_group else shortfall.more_ids,
        judgement=shortfall.judgement,
        is_use_known=False,
        platform=shortfall.options.platform,
        tenancy=shortfall.options.tenancy,
        pools=tuple(pool.standing_outcome(shortfall.options) for pool in shortfall.pools) if is_group else (),
        unit=shortfall.unit,
    )


def resumed(shortfall: Shortfall, before: Outcome) -> Shortfall:
    """The shortfall as the round before left it. What that one bought may not be shown by EC2 yet."""
    if before.pools:
        by_key = {pool.key: pool for pool in before.pools}
        pools = tuple(_left(pool, by_key.get(pool.key, before)) for pool in shortfall.pools)
    else:
        (pool,) = shortfall.pools
        pools = (_left(pool, before),)
    # What the first round could not correct is left to a later run.
    return replace(
        shortfall,
        pools=pools,
        last_status=str(before.status),
        is_fresh=before.acquired != 0,
        has_other_work=False,
    )


def _left(pool: Pool, before: Outcome) -> Pool:
    """A pool as the round before left it."""
    reserved = int(before.reserved)
    return replace(
        pool,
        # Without what is held astray, which the outcome counts as held.
        reserved=min(reserved, pool.reserved + max(0, int(before.acquired))),
        reservation_ids=before.reservation_ids,
        recorded=reserved,
        recorded_ids=tuple(id_ for id_ in before.reservation_ids if id_ not in before.duplicate_ids),
        duplicate_ids=before.duplicate_ids,
        more_ids=before.more_ids,
        kept=reserved if not pool.key.group else int(before.target or 0),
        last_status=str(before.status) if pool.key.group else None,
        may_buy=pool.may_buy and not (pool.key.group and before.status in (Status.UNSUPPORTED, Status.INVALID)),
    )


def in_all(before: Outcome, now: Outcome) -> Outcome:
    """A round's outcome, with what the rounds before achieved."""
    return replace(
        now,
        acquired=before.acquired + now.acquired,
        calls=before.calls + now.calls,
        refusals=before.refusals + now.refusals,
        lost=before.lost + now.lost,
        pools=tuple(_pool_in_all(before.pools, pool) for pool in now.pools),
    )


def _pool_in_all(before: Iterable[Outcome], now: Outcome) -> Outcome:
    return next((in_all(pool, now) for pool in before if pool.key == now.key), now)


def _first_pool(shortfall: Shortfall) -> Pool:
    """The pool that is asked first."""
    sensible = [pool for pool in shortfall.pools if region_of(pool.key.zone)] or list(shortfall.pools)
    return next((pool for pool in sensible if pool.may_buy), sensible[0])


def _buckets(shortfall: Shortfall) -> list[str]:
    """The buckets that the first request for each of its pools is taken out of."""
    asked = [pool for pool in shortfall.pools if pool.may_buy] or [_first_pool(shortfall)]
    return [f"{pool.key.region} {Action.MODIFY if pool.reservation_ids else Action.CREATE}" for pool in asked]


def _branch(shortfall: Shortfall) -> str:
    """The rounds in which a demand is visited: those of its bucket, or of its Region, if it is a group."""
    bucket, region = _buckets(shortfall)[0], _first_pool(shortfall).key.region
    return region if shortfall.key.is_group else bucket


def _requests(shortfalls: Iterable[Shortfall]) -> int:
    """The requests that a round of these takes, without climbs: one for each pool."""
    return sum(max(1, sum(pool.may_buy for pool in shortfall.pools)) for shortfall in shortfalls)


def _of_so_many_requests(shortfalls: Sequence[Shortfall], most: int) -> list[Shortfall]:
    """The first of these that take so many requests together; at least one."""
    summed = accumulate(_requests([shortfall]) for shortfall in shortfalls)
    return [
        shortfall
        for index, (shortfall, requests) in enumerate(zip(shortfalls, summed, strict=True))
        if requests <= most or not index
    ]


def _by(shortfalls: Iterable[Shortfall], name: Callable[[Shortfall], str]) -> dict[str, list[Shortfall]]:
    groups: dict[str, list[Shortfall]] = {}
    for shortfall in shortfalls:
        groups.setdefault(name(shortfall), []).append(shortfall)
    return groups


def _round_seconds(group: Sequence[Shortfall]) -> float:
    """How long a round of these takes, without climbs."""
    return max(_ROUND_SECONDS, _requests(group) / REQUESTS_PER_SECOND)


def _seconds_of_rounds(groups: Sequence[Sequence[Shortfall]], most: float, events: float) -> float:
    """How long rounds may go on, so that the history of the run has room for what they do."""
    visits = sum(len(group) / _round_seconds(group) for group in groups)
    return max(0.0, min(most, events / _EVENTS_OF_A_VISIT / visits))


def _iso(moment: datetime) -> str:
    """As Step Functions compares times."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
