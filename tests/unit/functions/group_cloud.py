"""EC2 for a group's pools, in memory, and what tests ask of a group there."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from odcr.domain.amounts import Amount
from odcr.domain.comparison import Comparison
from odcr.domain.outcome import Outcome
from odcr.domain.refusal import InsufficientInstanceCapacity, Refusal
from odcr.domain.reservation import Reservation
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Member, ReservationOptions, Target, TargetKey, group_key
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import FakePace, acquire_at_pace

NUMBERS = itertools.count(100)
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
GROUP = group_key("sale")
A, B, C = (TargetKey("r5b.2xlarge", f"ap-northeast-1{zone}", group="sale") for zone in "acd")


def token(number: int) -> str:
    return f"{number:064}"


@dataclass
class Ec2:
    """EC2 for several pools, in memory."""

    free: dict[TargetKey, int]
    reservations: list[Reservation] = field(default_factory=list)
    refusals: dict[TargetKey, list[Refusal]] = field(default_factory=dict)
    """Answers to give in a pool instead of the true ones, first to last."""
    asked: list[tuple[TargetKey, int]] = field(default_factory=list)

    def find(self, *keys: TargetKey) -> list[Reservation]:
        return [reservation for reservation in self.reservations if reservation.key in keys and reservation.is_managed]

    def find_all(self, key: TargetKey) -> list[Reservation]:
        return [reservation for reservation in self.reservations if reservation.key == key]

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        del options, observed, occasion
        self._take(key, count)
        number = len(self.reservations) + 1
        made = Reservation(
            f"cr-{number}", key, count, "active", made=token(next(NUMBERS)), created=f"2026-11-{number:02}"
        )
        self.reservations.append(made)
        return made

    def resize(self, reservation: Reservation, count: int) -> None:
        self._take(reservation.key, count - self._own(reservation).count)
        self._put(replace(self._own(reservation), count=count))

    def cancel(self, reservation: Reservation) -> None:
        self.free[reservation.key] += self._own(reservation).count
        self.reservations = [other for other in self.reservations if other.id != reservation.id]

    def _own(self, reservation: Reservation) -> Reservation:
        return next(own for own in self.reservations if own.id == reservation.id)

    def _put(self, reservation: Reservation) -> None:
        self.reservations = [reservation if other.id == reservation.id else other for other in self.reservations]

    def _take(self, key: TargetKey, count: int) -> None:
        if count > 0:
            self.asked.append((key, count))
        if refusals := self.refusals.get(key):
            raise refusals.pop(0)
        if count > self.free[key]:
            raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")
        self.free[key] -= count


def ec2(*counts: int, **free: int) -> Ec2:
    """EC2 with reservations of so many instances in A, B and C, and so much free."""
    cloud = Ec2({key: free.get(name, 0) for key, name in zip((A, B, C), "abc", strict=True)})
    cloud.reservations = [
        Reservation(f"cr-{number}", key, count, "active", made=token(number), created=f"2026-11-{number:02}")
        for number, (key, count) in enumerate(zip((A, B, C), counts, strict=False), 1)
        if count
    ]
    return cloud


def group(total: Amount, *members: Member, **fields: Any) -> Target:
    """A group with a total, as LoadTargets and FindShortfalls know it."""
    return Target(GROUP, total, members=members or (Member(A, 1), Member(B, 1), Member(C, 1)), **fields)


def recorded(target: Target, outcome: Outcome) -> Target:
    """The group as it is loaded after an outcome of it was recorded."""
    by_key = {pool.key: pool for pool in outcome.pools}
    members = tuple(
        replace(
            member,
            last_reserved=int(pool.reserved),
            last_kept=int(pool.target or 0),
            last_ids=tuple(id_ for id_ in pool.reservation_ids if id_ not in pool.duplicate_ids),
            last_status=str(pool.status),
            last_reason=pool.reason,
            last_use=pool.use,
        )
        for member in target.members
        if (pool := by_key.get(member.key))
    )
    return replace(
        target,
        members=members,
        last_status=str(outcome.status),
        last_reason=outcome.reason,
        last_capacity=outcome.target,
        last_announced=outcome.announced,
        last_judgement=outcome.judgement or target.last_judgement,
    )


def seen(target: Target, cloud: Ec2, **settings: Any) -> Comparison:
    """What a run sees of the group."""
    return compare([target], [], cloud.reservations, **settings)


def shortfall(target: Target, cloud: Ec2, **settings: Any) -> Shortfall:
    """The item of the Map."""
    (short,) = seen(target, cloud, **settings).shortfalls
    return short


def attempt(target: Target, cloud: Ec2, number: int = 0, pace: FakePace | None = None) -> Outcome:
    return acquire_at_pace(shortfall(target, cloud), "run-1", number, cloud, pace or FakePace())


def counts(outcome: Outcome) -> list[Amount]:
    return [pool.reserved for pool in outcome.pools]
