"""The plan of one run: which shortfalls it asks for, how often, and how many at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import Any

from odcr.domain.calendar import is_in_last_hours, iso
from odcr.domain.outcome import Status
from odcr.domain.pace import KEPT, REQUESTS_PER_SECOND, Action
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import Target, TargetKey
from odcr.domain.zone import region_of
from odcr.settings import AskSettings

SLOWEST_SECONDS = 60
"""The longest interval between two askings for a target that asking may help."""

SLOW_SECONDS = 15
"""The interval between two askings from which on no function stays for a target."""

_STEPS = ((1.5, SLOWEST_SECONDS), (1.25, 30), (1.0, SLOW_SECONDS))
"""How long a pool has been dry, in multiples of SlowAfterHours, and the interval from then on, in seconds."""

_ROUND_SECONDS = 8
"""The shortest time between two rounds: each visit costs a state transition and an invocation."""

_USED = 0.9
"""The part of the rate that first requests may take. Climbs take the rest, and more."""

_VISIT_SECONDS = 1.5
"""About how long a visit takes."""

_WORKING = 0.5
"""The part of a slowed round in which its places visit targets. In the rest no function runs."""

_EVENTS = 18_000
"""History events for visits. Step Functions ends an execution at 25,000, and retries need some."""

_EVENTS_PER_VISIT = 7

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
    """Shortfalls that are asked for in the same way, in parallel with other branches."""

    shortfalls: tuple[Shortfall, ...]
    places: int
    """How many of them are worked on at once."""
    every: float = 0.0
    """Seconds from one asking to the next in a function that stays; 0: one asking per round."""
    pause: int = 0
    """Seconds between two rounds."""
    rounds_until: datetime | None = None
    """When the last round begins; None: there is only one."""

    def visits(self, now: datetime) -> float:
        """The most visits that its shortfalls get in a run."""
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
    """Whether something short is to be asked for more than once a minute."""

    @property
    def asked(self) -> int:
        """How many shortfalls this run asks for. The others wait for the next run."""
        return sum(len(branch.shortfalls) for branch in self.branches)

    def to_event(self, started: datetime, ask_until: datetime) -> list[dict[str, Any]]:
        """The items of ReserveShortfalls.

        Args:
            started: when the run started.
            ask_until: when to send its last request at the latest.
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
    """Seconds from one asking for a target to the next while few are short.

    A dry pool is asked less and less often, except on the last day before a deadline. A target that waits for a person
    is asked for once a minute.
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
    is_alone: bool,
    are_all: bool,
    is_blind: bool,
) -> Plan:
    """Shares out the places of a run.

    If there is a place for each pool at full pace, each target has a function that stays and asks again and again.
    Otherwise functions visit the targets in rounds, with a branch for each Region and action, as each of these has a
    bucket of its own. Slowed targets are visited in rounds too, so that no function waits for them.

    Args:
        shortfalls: those of the run, the least recently tried first.
        targets: their targets, by key.
        settings: the stack's settings.
        now: the time.
        ask_until: when to send the run's last request at the latest.
        is_alone: whether the schedule starts a run every minute. Slowed targets then need only one round.
        are_all: whether these are all shortfalls. The others come first in the next run, so this one ends after one
            round of the fullest bucket.
        is_blind: whether others may be short that EC2 did not show. Then the next run starts within a minute.
    """
    paces = {shortfall.key: interval(targets[shortfall.key], settings, now) for shortfall in shortfalls}
    slow_keys = {
        shortfall.key for shortfall in shortfalls if not shortfall.is_release and paces[shortfall.key] >= SLOW_SECONDS
    }
    full = [shortfall for shortfall in shortfalls if shortfall.key not in slow_keys]
    slowed = [shortfall for shortfall in shortfalls if shortfall.key in slow_keys]

    by_pace = _grouped(
        slowed, lambda shortfall: f"{_first_pool(shortfall).key.region} {paces[shortfall.key]:.0f}"
    ).values()
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
        events = _EVENTS - _EVENTS_PER_VISIT * sum(branch.visits(now) for branch in slow)
        branches = _rounds(full, places, now, ask_until, events, is_repeated=are_all)

    def urgency(shortfall: Shortfall) -> tuple[bool, int]:
        return not shortfall.is_release, targets[shortfall.key].terms.priority

    # The longest-waiting shortfalls are in the run; among these the most urgent come first.
    in_order = [
        replace(branch, shortfalls=tuple(sorted(branch.shortfalls, key=urgency))) for branch in (*branches, *slow)
    ]
    return Plan(tuple(in_order), any(pace < SLOWEST_SECONDS for pace in paces.values()))


def _staying(shortfalls: Sequence[Shortfall], every: float) -> list[Branch]:
    """Branches in which each shortfall has a function that stays, at a pace for all pools that share its buckets."""
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
    """A branch for each bucket, at most as many as there are places. The others wait for the next run.

    Groups, whose pools may need several buckets, share one branch per Region so that they take even turns.
    """
    groups = list(_grouped(shortfalls, _branch_name).values())[:places]
    seconds = _seconds_of_rounds(groups, (ask_until - now).total_seconds(), events)
    most = max(1, int(_USED * REQUESTS_PER_SECOND * seconds))
    groups = [_first_of(group, most) for group in groups]
    if not is_repeated:
        seconds = min(seconds, max(map(_round_seconds, groups)) / _USED)
    branches = []
    for group in groups:
        # No last round that would be cut short: it would leave out the same shortfalls each time.
        last = seconds - 0.7 * _round_seconds(group)
        branches.append(
            Branch(
                tuple(group),
                # If more waited for a first request than tokens are kept for climbs, climbs would wait for them.
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
    """A branch for each Region and pace, at most as many as there are places. The others wait for the next run.

    Args:
        groups: each pace with its shortfalls in one Region.
        places: places of all of them together.
        now: the time.
        ask_until: when to send the run's last request at the latest.
        are_others: whether others are asked for at full pace, so that the run must not end with a pause.
        is_repeated: whether shortfalls that are visited once a minute get more than one round.
    """
    branches = []
    for pace, group in groups[:places]:
        requests = _requests(group)
        count = min(ceil(requests * _VISIT_SECONDS / (pace * _WORKING)), max(1, places // len(groups)))
        # Alone, they end the run with a pause and a round too late to ask, as the next run's first one is due then.
        cycle = pace if are_others else 0.9 * pace
        pause = max(1, round(cycle - ceil(requests / count) * _VISIT_SECONDS))
        until = ask_until - timedelta(seconds=pause if are_others else pace / 2)
        is_once = not is_repeated and pace >= SLOWEST_SECONDS
        branches.append(Branch(tuple(group), count, pause=pause, rounds_until=None if is_once else until))
    if sum(branch.visits(now) for branch in branches) > _EVENTS / 2 / _EVENTS_PER_VISIT:
        return [replace(branch, rounds_until=None) for branch in branches]
    return branches


def _first_pool(shortfall: Shortfall) -> Pool:
    """The pool to ask first."""
    sensible = [pool for pool in shortfall.pools if region_of(pool.key.zone)] or list(shortfall.pools)
    return next((pool for pool in sensible if pool.may_buy), sensible[0])


def _buckets(shortfall: Shortfall) -> list[str]:
    """The bucket of the first request for each of its pools."""
    asked = [pool for pool in shortfall.pools if pool.may_buy] or [_first_pool(shortfall)]
    return [f"{pool.key.region} {Action.MODIFY if pool.reservation_ids else Action.CREATE}" for pool in asked]


def _branch_name(shortfall: Shortfall) -> str:
    """The name of a demand's branch: its bucket, or its Region if it is a group."""
    bucket, region = _buckets(shortfall)[0], _first_pool(shortfall).key.region
    return region if shortfall.key.is_group else bucket


def _requests(shortfalls: Iterable[Shortfall]) -> int:
    """The requests in a round of these without climbs: one for each pool."""
    return sum(max(1, sum(pool.may_buy for pool in shortfall.pools)) for shortfall in shortfalls)


def _first_of(shortfalls: Sequence[Shortfall], most: int) -> list[Shortfall]:
    """The first of these that take at most so many requests together; at least one."""
    summed = accumulate(_requests([shortfall]) for shortfall in shortfalls)
    return [
        shortfall
        for index, (shortfall, requests) in enumerate(zip(shortfalls, summed, strict=True))
        if requests <= most or not index
    ]


def _grouped(shortfalls: Iterable[Shortfall], name: Callable[[Shortfall], str]) -> dict[str, list[Shortfall]]:
    groups: dict[str, list[Shortfall]] = {}
    for shortfall in shortfalls:
        groups.setdefault(name(shortfall), []).append(shortfall)
    return groups


def _round_seconds(group: Sequence[Shortfall]) -> float:
    """How long a round of these takes without climbs, in seconds."""
    return max(_ROUND_SECONDS, _requests(group) / REQUESTS_PER_SECOND)


def _seconds_of_rounds(groups: Sequence[Sequence[Shortfall]], most: float, events: float) -> float:
    """How long rounds may go on before their visits fill the run's history, in seconds."""
    visits = sum(len(group) / _round_seconds(group) for group in groups)
    return max(0.0, min(most, events / _EVENTS_PER_VISIT / visits))


def _iso(moment: datetime) -> str:
    """A time as Step Functions compares it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
