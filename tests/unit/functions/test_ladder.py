"""The ask ladder against an exact model of a pool that nobody else uses."""

from math import ceil, log2

import pytest

from odcr.domain.ladder import MAX_STEP, ask_ladder


def climb(gap: int, free: int, *, from_one: bool) -> tuple[int, list[int]]:
    """Plays the ladder against a pool: what was acquired, and every ask."""
    ladder = ask_ladder(gap, from_one=from_one)
    acquired, asks = 0, []
    ask = next(ladder, None)
    while ask is not None:
        asks.append(ask)
        granted = acquired + ask <= free
        acquired += ask * granted
        try:
            ask = ladder.send(granted)
        except StopIteration:
            ask = None
    return acquired, asks


@pytest.mark.parametrize("from_one", [False, True])
def test_the_ladder_gets_exactly_what_a_pool_has_in_few_calls(from_one: bool) -> None:
    for gap in range(1, 201):
        rungs = ceil(log2(gap + 1))
        for free in range(201):
            acquired, asks = climb(gap, free, from_one=from_one)
            case = f"gap {gap}, free {free}: {asks}"
            assert acquired == min(gap, free), case
            assert len(asks) <= (2 * rungs + 1 if from_one else 2 + rungs), case


def test_one_call_is_enough_if_everything_is_there() -> None:
    assert climb(15, 15, from_one=False) == (15, [15])


def test_a_known_dry_pool_takes_one_call() -> None:
    assert climb(15, 0, from_one=True) == (0, [1])


@pytest.mark.parametrize("from_one", [False, True])
@pytest.mark.parametrize(("gap", "free"), [(1001, 5000), (2500, 2500), (2500, 1700), (1500, 0), (3000, 999)])
def test_a_gap_above_a_thousand_takes_several_steps(gap: int, free: int, from_one: bool) -> None:
    acquired, asks = climb(gap, free, from_one=from_one)
    assert acquired == min(gap, free)
    assert max(asks) <= MAX_STEP


def test_no_gap_takes_no_call() -> None:
    assert climb(0, 10, from_one=False) == (0, [])
