"""The pace of many targets, against the bucket that EC2 has."""

import heapq
import itertools

import pytest

from odcr.domain.ladder import ask_ladder
from odcr.domain.pace import BURST, RESERVED_SECONDS, Action, Pace, Share

DEPTH, REFILL = 50, 5
"""EC2's bucket of mutating requests."""
RETRY_SECONDS = 15
ATTEMPTS = 4


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def requests_of(share: Share, start: float, gap: int, free: int) -> list[float]:
    """When one Map item sends its requests, which take no time; the last entry is its end."""
    clock = Clock()
    clock.now = start
    sent: list[float] = []
    for attempt in range(ATTEMPTS):
        pace = Pace(share, attempt, lambda: 1e6, clock.sleep)
        ladder = ask_ladder(gap, from_one=attempt > 0)
        ask = next(ladder, None)
        while ask is not None:
            assert pace.allows_another(Action.CREATE)
            sent.append(clock.now)
            granted = ask <= free
            if granted:
                gap, free = gap - ask, free - ask
            try:
                ask = ladder.send(granted)
            except StopIteration:
                break
        if gap == 0:
            break
        if attempt < ATTEMPTS - 1:
            clock.now += RETRY_SECONDS
    return [*sent, clock.now]


def run(shortfalls: int, start: float, gap: int, free: int) -> tuple[list[float], float]:
    """All requests of a run with one slot per target worked on at once, and when it ends."""
    slots = [start] * min(shortfalls, 40)
    sent: list[float] = []
    for index in range(shortfalls):
        *requests, end = requests_of(Share(index, shortfalls, 40), heapq.heappop(slots), gap, free)
        sent += requests
        heapq.heappush(slots, end)
    return sent, max(slots)


def lowest_level(requests: list[float]) -> float:
    level, at, lowest = float(DEPTH), 0.0, float(DEPTH)
    for now in sorted(requests):
        level = min(DEPTH, level + (now - at) * REFILL) - 1
        lowest, at = min(lowest, level), now
    return lowest


@pytest.mark.parametrize(("gap", "free"), [(15, 15), (15, 0), (150, 97), (1, 1), (200, 199)])
@pytest.mark.parametrize("shortfalls", [1, 3, 8, 25, 26, 40, 41, 100, 500])
def test_the_bucket_is_never_overdrawn_even_if_a_run_starts_when_another_ends(
    shortfalls: int, gap: int, free: int
) -> None:
    first, end = run(shortfalls, 0.0, gap, free)
    second, _ = run(shortfalls, end + 1, gap, free)
    assert lowest_level(first + second) >= 0


def test_the_same_requests_without_a_pace_would_overdraw_it() -> None:
    assert lowest_level([0.0] * 40 * 9) < 0


def test_a_few_targets_never_wait() -> None:
    *requests, end = requests_of(Share(1, 2, 40), 0.0, 200, 133)
    assert set(requests) <= {0.0, 15.0, 30.0, 45.0}
    assert end == 45


def test_the_first_of_many_start_at_once_and_the_others_one_after_another() -> None:
    starts = [requests_of(Share(index, 40, 40), 0.0, 1, 1)[0] for index in range(40)]
    assert starts[:BURST] == [0.0] * BURST
    assert [later - earlier for earlier, later in itertools.pairwise(starts[BURST:])] == pytest.approx([0.25] * 14)


def test_an_attempt_sends_nothing_that_it_could_not_see_the_end_of() -> None:
    clock = Clock()
    pace = Pace(Share(), 0, lambda: RESERVED_SECONDS + 1 - clock.now, clock.sleep)
    assert pace.allows_another(Action.CREATE)
    clock.now = 2
    assert not pace.allows_another(Action.CREATE)
    assert clock.now == 2


def test_the_wait_for_a_turn_counts_too() -> None:
    clock = Clock()
    assert not Pace(Share(40, 500, 40), 0, lambda: RESERVED_SECONDS + 9, clock.sleep).allows_another(Action.CREATE)
    assert clock.now == 0
