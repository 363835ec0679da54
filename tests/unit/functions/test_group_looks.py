"""How often an attempt at a group looks at EC2: once for all its pools, before each asking."""

from dataclasses import dataclass, field

from odcr.domain.outcome import Status
from odcr.domain.reservation import Reservation
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import Strategy, TargetKey
from tests.unit.functions import pool
from tests.unit.functions.pool import FakePace, acquire_at_pace

KEYS = [TargetKey(f"r5b{number}.2xlarge", f"ap-northeast-1{'acd'[number % 3]}", group="web") for number in range(6)]


@dataclass
class Market(pool.Pool):
    """EC2 for several pools with something free in all together."""

    looks: list[tuple[TargetKey, ...]] = field(default_factory=list)

    def find(self, *keys: TargetKey) -> list[Reservation]:
        self.looks.append(keys)
        return [reservation for reservation in self.reservations if reservation.key in keys]


def group(*pools: Pool) -> Shortfall:
    return Shortfall(pools, 10, strategy=Strategy.prioritized)


def test_all_pools_are_looked_at_in_one_request() -> None:
    ec2, pace = Market(free=2), FakePace(1000, askings=2)
    outcome = acquire_at_pace(group(*(Pool(key, 0) for key in KEYS)), "run-1", 0, ec2, pace)
    assert (outcome.status, outcome.reserved, pace.looks[:2]) == (Status.SHORT, 2, [True, True])
    assert ec2.looks == [tuple(KEYS)] * 3
    assert {reservation.key for reservation in ec2.reservations} == {KEYS[0]}


def test_each_pool_gets_its_own_reservations() -> None:
    held = [Reservation(f"cr-{number}", key, number, "active") for number, key in enumerate(KEYS) if number]
    ec2 = Market(free=0, reservations=held)
    pools = [
        Pool(key, number, (f"cr-{number}",) if number else (), may_buy=number != 5) for number, key in enumerate(KEYS)
    ]
    outcome = acquire_at_pace(
        Shortfall(tuple(pools), 20, strategy=Strategy.prioritized), "run-1", 0, ec2, FakePace(1000)
    )
    assert outcome.reserved == 15
    assert [pool.reserved for pool in outcome.pools] == [0, 1, 2, 3, 4, 5]
    assert [pool.reservation_ids for pool in outcome.pools] == [(), *((f"cr-{number}",) for number in range(1, 6))]


def test_an_invalid_pool_that_never_held_anything_is_not_looked_at() -> None:
    ec2 = Market(free=0)
    invalid = Pool(KEYS[0], 0, may_buy=False, remark="Write it as EC2 does.")
    acquire_at_pace(group(invalid, Pool(KEYS[1], 0)), "", 0, ec2, FakePace(9))
    assert ec2.looks == [(KEYS[1],)]


def test_a_pools_status_stays_until_it_is_asked_again() -> None:
    """A pool that is known to be dry is asked for one instance first, also if its turn did not come the last time."""
    dry = [Pool(key, 0, last_status="SHORT") for key in KEYS]
    outcome = acquire_at_pace(group(*dry), "run-1", 0, Market(free=0), FakePace(2))
    assert [pool.calls for pool in outcome.pools] == [1, 1, 0, 0, 0, 0]
    assert {pool.status for pool in outcome.pools} == {Status.SHORT}


def test_each_pools_first_request_waits_its_turn() -> None:
    pace = FakePace(1000)
    acquire_at_pace(group(*(Pool(key, 0, last_status="SHORT") for key in KEYS[:3])), "run-1", 0, Market(free=1), pace)
    region = KEYS[0].region
    # One of the first pool is granted, and the climb goes on there: two, and one. An empty text is another pool's turn.
    assert pace.regions == [region, region, region, "", region, "", region]
