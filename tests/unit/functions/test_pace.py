"""When requests are sent."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.clock import Clock
from localcloud.ec2.request_rate import RequestRate
from odcr.domain.pace import DEPTH, KEPT, LOOK_SECONDS, REQUESTS_PER_SECOND, Action, Pace, after_one_more, sent_at

TOKYO, OREGON = "ap-northeast-1", "us-west-2"


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.at += seconds


@dataclass
class Buckets:
    """In memory, with what was taken out of each."""

    time: Time
    full_at: dict[str, float] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)

    def take(self, bucket: str, kept: int, latest: float) -> float | None:
        full_at = after_one_more(self.full_at.get(bucket, 0.0), self.time.now())
        if sent_at(full_at, kept) > latest:
            return None
        self.full_at[bucket] = full_at
        self.taken[bucket] += 1
        return sent_at(full_at, kept)


def pace(time: Time, buckets: Buckets | None = None, every: float = 5.0, seconds: float = 100.0) -> Pace:
    return Pace(buckets or Buckets(time), every, time.now() + seconds, time.now, time.sleep)


@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 12), st.sampled_from([0, KEPT])),
        min_size=1,
        max_size=60,
    )
)
def test_no_bucket_of_ec2_is_ever_overdrawn(arrivals: list[tuple[float, int, int]]) -> None:
    """Whoever comes when, and asks how often: EC2's bucket, 50 deep and refilled at 5 a second, has what is sent."""
    now, full_at, sent = 0.0, 0.0, []
    for pause, requests, kept in arrivals:
        now += pause
        for _ in range(requests):
            full_at = after_one_more(full_at, now)
            sent.append(max(now, sent_at(full_at, kept)))
    level, last = 50.0, 0.0
    for at in sorted(sent):
        level, last = min(50.0, level + 5.0 * (at - last)), at
        assert level >= 1.0
        level -= 1.0


def test_the_local_ec2_throttles_none_of_a_long_rush() -> None:
    class Stopped(Clock):
        def now(self) -> float:
            return moment

    moment, full_at = 0.0, 0.0
    rate = RequestRate(Stopped())
    for _ in range(1000):
        full_at = after_one_more(full_at, 0.0)
        moment = max(0.0, sent_at(full_at, kept=0))
        assert rate.admit("123456789012", TOKYO, "CreateCapacityReservation")
    assert moment == (1000 - DEPTH) / REQUESTS_PER_SECOND


def test_a_rush_is_sent_at_once_and_then_at_the_rate() -> None:
    time = Time()
    paced = pace(time, seconds=60)
    assert all(paced.await_request(Action.MODIFY, TOKYO) for _ in range(DEPTH))
    assert time.now() == 1000.0
    assert not paced.has_waited
    assert paced.await_request(Action.MODIFY, TOKYO)
    assert time.now() == 1000.0 + 1 / REQUESTS_PER_SECOND
    assert paced.has_waited


def test_a_first_request_leaves_room_for_climbs() -> None:
    time = Time()
    buckets = Buckets(time)
    for _ in range(DEPTH - KEPT):
        assert pace(time, buckets).await_request(Action.CREATE, TOKYO)
    assert time.now() == 1000.0
    first = pace(time, buckets)
    assert first.await_request(Action.CREATE, TOKYO)
    assert time.now() == 1000.25
    assert first.await_request(Action.CREATE, TOKYO)
    assert time.now() == 1000.25, "A climb goes on at once."


def test_each_action_and_each_region_has_a_bucket_of_its_own() -> None:
    time = Time()
    buckets = Buckets(time)
    paced = pace(time, buckets)
    for region in (TOKYO, OREGON):
        for action in Action:
            assert paced.await_request(action, region)
    actions = ("Create", "Modify", "Cancel", "Tag", "Group")
    assert buckets.taken == {f"{region} {action}": 1 for region in (TOKYO, OREGON) for action in actions}


def test_the_first_request_in_each_region_leaves_room_for_climbs() -> None:
    """One attempt asks the pools of a group, which may be in several Regions."""
    time = Time()
    buckets = Buckets(time)
    rush = pace(time, buckets)
    # Its first request leaves room as well, which a full bucket has.
    assert all(rush.await_request(Action.CREATE, OREGON) for _ in range(DEPTH - KEPT))
    paced = pace(time, buckets)
    assert paced.await_request(Action.CREATE, TOKYO)
    assert time.now() == 1000.0
    assert paced.await_request(Action.CREATE, OREGON)
    assert time.now() == 1000.25
    assert paced.await_request(Action.CREATE, OREGON)
    assert time.now() == 1000.25, "A climb goes on at once."
    assert paced.await_asking(looks=False)
    assert time.now() == 1005.0, "The first request of an asking counts, wherever it was sent."


def test_the_first_request_for_each_pool_of_a_group_leaves_room_for_climbs() -> None:
    time = Time()
    buckets = Buckets(time)
    for _ in range(DEPTH - KEPT):
        assert pace(time, buckets).await_request(Action.CREATE, TOKYO)
    paced = pace(time, buckets)
    for pool in (1, 2):
        assert paced.await_request(Action.CREATE, TOKYO)
        assert time.now() == 1000 + 0.25 * pool
        paced.begin_pool()
    assert paced.await_request(Action.CREATE, TOKYO)
    assert time.now() == 1000.75
    assert paced.await_request(Action.CREATE, TOKYO)
    assert time.now() == 1000.75, "A climb goes on at once."


def test_a_request_that_would_be_too_late_takes_no_token() -> None:
    time = Time()
    buckets = Buckets(time)
    paced = pace(time, buckets, seconds=0.1)
    sent = 0
    while paced.await_request(Action.CREATE, TOKYO):
        sent += 1
    assert sent == DEPTH
    assert time.now() == 1000.0
    assert buckets.taken[f"{TOKYO} Create"] == DEPTH


def test_nothing_is_sent_after_the_end() -> None:
    time = Time()
    paced = pace(time, seconds=1)
    time.sleep(1.1)
    assert not paced.await_request(Action.CREATE, TOKYO)


@pytest.mark.parametrize("looks", [False, True])
def test_a_target_is_asked_for_again_every_few_seconds_until_the_end(looks: bool) -> None:
    time = Time()
    paced = pace(time, every=5.0, seconds=20)
    asked = []
    while paced.await_request(Action.CREATE, TOKYO):
        asked.append(time.now())
        time.sleep(0.5)
        if not paced.await_asking(looks=looks):
            break
        time.sleep(LOOK_SECONDS if looks else 0)
    assert asked == [1000.0, 1005.0, 1010.0, 1015.0, 1020.0]


def test_a_long_climb_makes_the_next_asking_no_earlier_than_at_once() -> None:
    time = Time()
    paced = pace(time, every=5.0)
    assert paced.await_request(Action.CREATE, TOKYO)
    time.sleep(12)
    assert paced.await_asking(looks=True)
    assert time.now() == 1012.0


def test_a_visit_asks_once() -> None:
    time = Time()
    paced = pace(time, every=0)
    assert paced.await_request(Action.CREATE, TOKYO)
    assert not paced.await_asking(looks=True)
    assert time.now() == 1000.0


def test_a_request_is_late_once_a_look_has_taken_too_long() -> None:
    time = Time()
    paced = pace(time, seconds=10)
    time.sleep(10)
    assert paced.await_request(Action.MODIFY, TOKYO)
    time.sleep(LOOK_SECONDS)
    assert not paced.is_late()
    time.sleep(16)
    assert paced.is_late()
