"""How a total is spread over pools: against what can be counted by hand, and against its rules for anything."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odcr.domain.allocation import Allocation, PoolState
from odcr.domain.amounts import Amount
from odcr.domain.target import Strategy, TargetKey, units

A, B, C = (TargetKey("m5.large", f"us-east-1{zone}", group="g") for zone in "abc")
D = TargetKey("c5.large", "us-east-1a", group="g")


def bought(
    allocation: Allocation, free: dict[TargetKey, int], dry: set[TargetKey] | None = None
) -> tuple[dict[TargetKey, int], list[tuple[TargetKey, int]]]:
    """What an asker holds that makes every request, and the requests; a pool grants what it has."""
    free, dry, asks = dict(free), dry or set(), []
    pools = {pool.key: pool for pool in allocation.pools}
    while ask := Allocation(
        list(pools.values()), allocation.total, allocation.strategy, allocation.allows_overshoot
    ).to_ask_next(dry):
        key, count = ask
        asks.append(ask)
        granted = min(count, free[key])
        free[key] -= granted
        was = pools[key]
        affordable = None if was.affordable is None else was.affordable - granted
        pools[key] = PoolState(
            key, was.held + granted, was.weight, was.least, was.most, was.may_buy, was.is_removed, affordable
        )
        if granted < count:
            dry.add(key)
        assert len(asks) < 1000
    return {key: pool.held for key, pool in pools.items()}, asks


def test_the_first_pool_is_asked_for_everything_and_the_next_for_the_rest() -> None:
    held, asks = bought(Allocation([PoolState(A, 0), PoolState(B, 2), PoolState(C, 0)], 10), {A: 3, B: 1, C: 99})
    assert asks == [(A, 8), (B, 5), (C, 4)]
    assert held == {A: 3, B: 3, C: 4}


def test_balanced_fills_the_zones_as_evenly_as_the_pools_allow() -> None:
    three = [PoolState(A, 0), PoolState(B, 0), PoolState(C, 0)]
    assert bought(Allocation(three, 10, Strategy.balanced), {A: 99, B: 99, C: 99})[0] == {A: 4, B: 3, C: 3}
    assert bought(Allocation(three, 10, Strategy.balanced), {A: 1, B: 99, C: 99})[0] == {A: 1, B: 5, C: 4}
    uneven = [PoolState(A, 6), PoolState(B, 0), PoolState(C, 1)]
    assert bought(Allocation(uneven, 12, Strategy.balanced), {A: 99, B: 99, C: 99})[0] == {A: 6, B: 3, C: 3}


def test_a_zone_of_two_types_counts_as_one() -> None:
    pools = [PoolState(A, 0), PoolState(D, 0), PoolState(B, 0)]
    assert bought(Allocation(pools, 8, Strategy.balanced), {A: 1, D: 99, B: 99})[0] == {A: 1, D: 3, B: 4}


def test_a_pool_below_its_least_comes_first_and_keeps_its_share() -> None:
    pools = [PoolState(A, 0), PoolState(B, 0, least=3)]
    assert bought(Allocation(pools, 10), {A: 99, B: 99})[1] == [(B, 3), (A, 7)]
    held, _ = bought(Allocation(pools, 10), {A: 99, B: 1})
    assert held == {A: 7, B: 1}
    short = [PoolState(A, 0, least=8), PoolState(B, 0, least=8)]
    assert bought(Allocation(short, 10), {A: 99, B: 99})[0] == {A: 8, B: 2}


def test_no_pool_is_asked_for_more_than_its_row_or_a_cap_allows() -> None:
    pools = [PoolState(A, 1, most=3), PoolState(B, 0, affordable=2), PoolState(C, 0, may_buy=False)]
    assert bought(Allocation(pools, 10), {A: 99, B: 99, C: 99})[0] == {A: 3, B: 2, C: 0}


@pytest.mark.parametrize(
    ("weights", "total", "overshoot", "expected"),
    [
        ((4, 8), 30, False, (7, 0)),
        ((4, 8), 30, True, (8, 0)),
        ((8, 4), 30, False, (3, 1)),
        ((8, 6), 29, False, (3, 0)),
        ((8, 6), 29, True, (3, 1)),
        ((Decimal("0.5"), 1), Decimal("2.5"), False, (5, 0)),
        ((Decimal("1.5"), 1), Decimal("2.2"), False, (1, 0)),
    ],
)
def test_a_rest_smaller_than_any_weight_is_left_or_overshot(
    weights: Any, total: Amount, overshoot: bool, expected: Any
) -> None:
    pools = [PoolState(A, 0, weights[0]), PoolState(B, 0, weights[1])]
    held, _ = bought(Allocation(pools, total, allows_overshoot=overshoot), {A: 99, B: 99})
    assert tuple(held.values()) == expected
    after = Allocation([PoolState(A, held[A], weights[0]), PoolState(B, held[B], weights[1])], total)
    assert after.is_met


def test_a_group_whose_pools_are_all_full_is_not_met() -> None:
    full = Allocation([PoolState(A, 2, most=2), PoolState(B, 1, most=1)], 10)
    assert (full.is_full, full.is_met, full.has_rest, full.to_ask_next()) == (True, False, False, None)
    # Of one that has no row any more nobody says how much it may hold.
    assert Allocation([PoolState(A, 2, most=2), PoolState(B, 1, is_removed=True, may_buy=False)], 10).is_full


def test_a_dry_pool_that_would_fit_leaves_the_group_unmet() -> None:
    allocation = Allocation([PoolState(A, 0, 4), PoolState(B, 0, 1)], 3, allows_overshoot=True)
    assert (allocation.is_met, allocation.to_ask_next({B})) == (False, None)


@pytest.mark.parametrize(
    ("strategy", "excess", "expected"),
    [
        (Strategy.prioritized, 2, {D: 2}),
        (Strategy.prioritized, 5, {D: 2, C: 3}),
        (Strategy.prioritized, 9, {D: 2, C: 3, B: 4}),
        (Strategy.prioritized, 13, {D: 2, C: 4, B: 5, A: 2}),
        (Strategy.balanced, 4, {D: 2, B: 2}),
        (Strategy.balanced, 6, {D: 2, B: 3, C: 1}),
    ],
)
def test_the_last_pools_give_back_first(strategy: Strategy, excess: int, expected: dict[TargetKey, int]) -> None:
    pools = [PoolState(A, 3), PoolState(B, 6, least=1), PoolState(C, 4), PoolState(D, 2, is_removed=True)]
    allocation = Allocation(pools, 1, strategy)
    given = allocation.to_give_back(excess, {A: 3, B: 6, C: 3 if excess < 13 else 4, D: 2})
    assert given == expected


def test_giving_back_leaves_the_total() -> None:
    pools = [PoolState(A, 3, 4), PoolState(B, 2, 3)]
    assert Allocation(pools, 10).to_give_back(8, {A: 3, B: 2}) == {B: 2}
    assert Allocation(pools, 10).to_give_back(8, {A: 3, B: 0}) == {A: 2}


_POOLS = st.lists(
    st.builds(
        dict,
        held=st.integers(0, 20),
        weight=st.sampled_from([1, 2, 3, 8, Decimal("0.5"), Decimal("1.25")]),
        least=st.sampled_from([0, 0, 2, 5]),
        most=st.none() | st.integers(0, 25),
        may_buy=st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@given(_POOLS, st.integers(0, 100), st.sampled_from(Strategy), st.booleans(), st.data())
def test_whatever_is_granted_the_total_is_never_exceeded(
    given_pools: list[dict[str, Any]], total: int, strategy: Strategy, overshoot: bool, data: st.DataObject
) -> None:
    keys = [TargetKey(f"m{index}.large", f"us-east-1{'abc'[index % 3]}", group="g") for index in range(5)]
    pools = [PoolState(key, **values) for key, values in zip(keys, given_pools, strict=False)]
    free = {pool.key: data.draw(st.integers(0, 30)) for pool in pools}
    allocation = Allocation(pools, total, strategy, overshoot)
    held, asks = bought(allocation, free)
    counts = units((held[pool.key], pool.weight) for pool in pools)
    if allocation.held < total:
        most = total + (max(pool.weight for pool in pools) if overshoot else 0)
        assert counts < most or counts == total
    else:
        assert not asks
    for pool in pools:
        assert held[pool.key] == pool.held or (pool.may_buy and (pool.most is None or held[pool.key] <= pool.most))


@given(_POOLS, st.integers(0, 100), st.sampled_from(Strategy), st.data())
def test_giving_back_leaves_the_total_whatever_is_spare(
    given_pools: list[dict[str, Any]], total: int, strategy: Strategy, data: st.DataObject
) -> None:
    keys = [TargetKey(f"m{index}.large", f"us-east-1{'abc'[index % 3]}", group="g") for index in range(5)]
    pools = [PoolState(key, **values) for key, values in zip(keys, given_pools, strict=False)]
    allocation = Allocation(pools, total, strategy)
    excess = max(0, allocation.held - total)
    spare = {pool.key: data.draw(st.integers(0, pool.held)) for pool in pools}
    given = allocation.to_give_back(excess, spare)
    assert all(count <= spare[key] for key, count in given.items())
    left = excess - units((given.get(pool.key, 0), pool.weight) for pool in pools)
    assert left >= 0
    # Nothing that could still be given back is kept.
    assert all(pool.weight > left or given.get(pool.key, 0) == spare[pool.key] for pool in pools)
