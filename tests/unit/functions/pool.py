"""EC2 for one target, in memory, as the acquisition sees it; and what tests ask of an attempt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from odcr.domain import acquisition
from odcr.domain.outcome import Outcome
from odcr.domain.pace import Action
from odcr.domain.refusal import InsufficientInstanceCapacity, Refusal
from odcr.domain.reservation import Reservation, held
from odcr.domain.shortfall import Pool as PoolOfDemand
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")


@dataclass
class FakePace:
    """As many requests as the attempt has time for."""

    left: int = 1000
    has_waited: bool = False

    askings: int = 0
    """How often a dry pool is asked again."""
    actions: list[Action] = field(default_factory=list)
    looks: list[bool] = field(default_factory=list)

    regions: list[str] = field(default_factory=list)

    def await_request(self, action: Action, region: str) -> bool:
        self.left -= 1
        self.actions.append(action)
        self.regions.append(region)
        return self.left >= 0

    def begin_pool(self) -> None:
        self.regions.append("")

    def is_late(self) -> bool:
        return False

    def await_asking(self, *, looks: bool) -> bool:
        self.looks.append(looks)
        self.askings -= 1
        return self.askings >= 0


def acquire(short: Shortfall, attempt: int, pool: "Pool", requests: int = 1000) -> Outcome:
    return acquire_at_pace(short, "run-1", attempt, pool, FakePace(requests))


def acquire_at_pace(
    short: Shortfall,
    occasion: str,
    attempt: int,
    ec2: Any,
    pace: Any,
    *,
    is_recent: bool = True,
    stack_tags: Mapping[str, str] | None = None,
    now: str = "",
    purse: Any = None,
) -> Outcome:
    """One attempt of a stack without tags and without a cap, unless they are given."""
    return acquisition.acquire(
        short, occasion, attempt, ec2, pace, lambda: is_recent, stack_tags=stack_tags or {}, now=now, purse=purse
    )


@dataclass
class Pool:
    """EC2 for one key, as the acquisition sees it."""

    free: int
    reservations: list[Reservation] = field(default_factory=list)
    asks: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    """Answers to give instead of the true ones, first to last."""
    occasions: list[str] = field(default_factory=list)
    observed: list[str] = field(default_factory=list)
    """What the last creation was told to have been there before."""
    changes: list[tuple[str, ...]] = field(default_factory=list)
    """What was changed about a reservation besides its count, and its id."""
    groups: dict[str, set[str]] = field(default_factory=dict)

    def find(self, key: TargetKey) -> list[Reservation]:
        return [one for one in self.find_all(key) if one.is_managed]

    def find_all(self, key: TargetKey) -> list[Reservation]:
        return [reservation for reservation in self.reservations if reservation.key == key]

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        self.occasions.append(occasion)
        self.observed = [reservation.id for reservation in observed]
        self._take(count)
        made = Reservation(f"cr-{len(self.reservations) + 1}", key, count, "active", options.platform, options.tenancy)
        self.reservations.append(made)
        return made

    def resize(self, reservation: Reservation, count: int) -> None:
        index = next(i for i, own in enumerate(self.reservations) if own.id == reservation.id)
        self._take(count - self.reservations[index].count)
        self.reservations[index] = replace(self.reservations[index], count=count)

    def cancel(self, reservation: Reservation) -> None:
        self.free += reservation.count
        self.reservations = [own for own in self.reservations if own.id != reservation.id]

    def adjust(self, reservation: Reservation, options: ReservationOptions) -> None:
        self._change(reservation, ends=options.end_date, match_criteria=options.match_criteria)

    def tag(self, reservation: Reservation, tags: Mapping[str, str], removed: Sequence[str]) -> None:
        before = next(own.tags for own in self.reservations if own.id == reservation.id)
        kept = {key: value for key, value in before.items() if key not in removed}
        self._change(reservation, tags={**kept, **tags})

    def join(self, reservation: Reservation, group: str) -> None:
        self.changes.append(("join", reservation.id))
        self._refuse()
        self.groups.setdefault(group, set()).add(reservation.id)

    def _change(self, reservation: Reservation, **changes: Any) -> None:
        self.changes.append((*sorted(changes), reservation.id))
        self._refuse()
        self.reservations = [replace(own, **changes) if own.id == reservation.id else own for own in self.reservations]

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)

    def _take(self, count: int) -> None:
        self.asks.append(count)
        if self.refusals:
            raise self.refusals.pop(0)
        if count > self.free:
            raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")
        self.free -= count


def shortfall(pool: Pool, target: int = 15, last_status: str | None = None) -> Shortfall:
    serving = [one for one in pool.reservations if one.is_held and one.serves(USUAL_OPTIONS)]
    return shortfall_of(KEY, target, held(serving), tuple(reservation.id for reservation in serving), last_status)


def shortfall_of(
    key: TargetKey,
    target: int,
    reserved: int,
    reservation_ids: tuple[str, ...] = (),
    last_status: str | None = None,
    options: ReservationOptions = USUAL_OPTIONS,
    recorded: int = 0,
    recorded_ids: tuple[str, ...] = (),
    *,
    is_release: bool = False,
    is_fresh: bool = False,
    more_ids: int = 0,
) -> Shortfall:
    """The shortfall of a row: a demand with one pool."""
    seen = PoolOfDemand(key, reserved, reservation_ids, recorded, recorded_ids, more_ids=more_ids, kept=recorded)
    return Shortfall((seen,), target, last_status, options, is_release, is_fresh)


def not_met(pool: Pool, refusal: type[Refusal], attempt: int = 0, **short: object) -> Outcome:
    """The outcome of an attempt that ends with this refusal."""
    return ended_by(refusal, lambda: acquire(shortfall(pool, **short), attempt, pool))  # type: ignore[arg-type]


def ended_by(refusal: type[Refusal], attempt: Callable[[], Outcome]) -> Outcome:
    """The outcome of an attempt that ends with this refusal, whether it returns or raises it."""
    if not refusal.is_error:
        outcome = attempt()
        assert outcome.status == refusal.status
        return outcome
    with pytest.raises(refusal) as caught:
        attempt()
    assert type(caught.value) is refusal
    return caught.value.outcome
