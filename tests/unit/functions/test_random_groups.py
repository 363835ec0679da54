"""Random lives of a group: pools that others empty and fill, people, rivals, lost records; after each attempt it holds
what it says, no more than its total, and no less than it had of it."""

import itertools
import random
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from odcr.domain.amounts import Amount
from odcr.domain.refusal import Refusal
from odcr.domain.reservation import Reservation
from odcr.domain.target import Member, Strategy, Target, TargetKey, units
from tests.unit.functions import test_groups
from tests.unit.functions.pool import FakePace, acquire_at_pace
from tests.unit.functions.test_groups import A, B, C, group, recorded, seen, token

WEIGHTS = [1, 1, 2, 3, 8, Decimal("0.5"), Decimal("1.5")]
LIVES = 150
STEPS = 8


class Ec2(test_groups.Ec2):
    """EC2 that gives each reservation an id of its own, and shows what has ended."""

    def __init__(self, free: dict[TargetKey, int]) -> None:
        super().__init__(free)
        self._numbers = itertools.count(1)

    def create(self, key: TargetKey, options: object, count: int, observed: object, occasion: str) -> Reservation:
        del options, observed, occasion
        self._take(key, count)
        number = next(self._numbers)
        made = Reservation(f"cr-{number}", key, count, "active", made=token(number), created=f"{number:08}")
        self.reservations.append(made)
        return made

    def cancel(self, reservation: Reservation) -> None:
        self.free[reservation.key] += self._own(reservation).count
        self._put(replace(self._own(reservation), state="cancelled"))

    @property
    def alive(self) -> list[Reservation]:
        return [reservation for reservation in self.reservations if reservation.is_held]


def held(cloud: Ec2, target: Target) -> Amount:
    weights = {member.key: member.weight for member in target.members}
    return units((reservation.count, weights[reservation.key]) for reservation in cloud.alive)


@pytest.mark.parametrize("seed", range(LIVES))
def test_whatever_happens_around_it_no_attempt_exceeds_the_total_or_gives_away_what_it_had(seed: int) -> None:
    dice = random.Random(seed)
    members = (
        Member(key, dice.choice(WEIGHTS), least=dice.choice([0, 0, 0, 2]), most=dice.choice([None, None, 5]))
        for key in (A, B, C)
    )
    target = group(
        dice.randint(0, 30), *members, strategy=dice.choice(list(Strategy)), allows_overshoot=dice.random() < 0.3
    )
    cloud = Ec2({key: dice.randint(0, 12) for key in (A, B, C)})
    for step in range(STEPS):
        cloud.free |= {key: dice.randint(0, 12) for key in (A, B, C) if dice.random() < 0.4}
        if dice.random() < 0.15 and cloud.alive:
            cloud.cancel(dice.choice(cloud.alive))
        if dice.random() < 0.2:
            target = replace(target, capacity=dice.randint(0, 30))
        before, comparison = held(cloud, target), seen(target, cloud)
        outcome = comparison.observed[0] if comparison.observed else None
        for shortfall in comparison.shortfalls:
            has_rival = dice.random() < 0.3
            if has_rival:
                with suppress(Refusal):
                    acquire_at_pace(shortfall, "rival", 0, cloud, FakePace(left=dice.choice([3, 1000])))
            try:
                outcome = acquire_at_pace(
                    shortfall, f"run-{step}", 0, cloud, FakePace(left=dice.choice([2, 1000, 1000]))
                )
            except Refusal as refusal:
                outcome = refusal.outcome
            after = held(cloud, target)
            overshoot = max(member.weight or 1 for member in target.members) if target.allows_overshoot else 0
            assert has_rival or after <= max(target.capacity + overshoot, before)
            assert after >= min(before, target.capacity)
            assert has_rival or outcome.reserved == after
        if outcome is not None and dice.random() < 0.85:
            target = recorded(target, outcome)
