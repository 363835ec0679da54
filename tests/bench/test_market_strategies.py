"""The strategies in the market: the product's own code, its rivals, and the original."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from bench.market import ladders, machine, original
from bench.market.clock import INVOKE_SECONDS, REQUEST_SECONDS, STEP_SECONDS
from bench.market.comparison import trial
from bench.market.ec2 import DESCRIBE, Pool
from bench.market.ladders import MakeLadder
from bench.market.scenario import END_SECONDS, SIXES, supply
from bench.market.strategies import ODCR, RIVALS
from bench.market.target import MarketTarget
from odcr.domain.ladder import ask_ladder
from odcr.domain.target import Strategy as Spread
from tests.bench.bursts import free_at


def asks_of(ladder: MakeLadder, gap: int, free: int, *, from_one: bool = True) -> list[int]:
    """The counts that a ladder asks for in a pool that nobody else uses."""
    climb, asks = ladder(gap, from_one=from_one), []
    granted: bool | None = None
    while True:
        try:
            ask = next(climb) if granted is None else climb.send(granted)
        except StopIteration:
            return asks
        asks.append(ask)
        granted = ask <= free
        free -= ask if granted else 0


def mutating(target: MarketTarget) -> list[float]:
    return [at for at, action in target.ec2.requests if action != DESCRIBE]


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The counts of all requests that reach a pool."""
    counts: list[int] = []
    take: Callable[[Pool, int], bool] = Pool.take

    def noted(pool: Pool, count: int) -> bool:
        counts.append(count)
        return take(pool, count)

    monkeypatch.setattr(Pool, "take", noted)
    return counts


@pytest.mark.parametrize(
    ("ladder", "gap", "free", "asks"),
    [
        (ladders.all_or_nothing, 15, 15, [15]),
        (ladders.all_or_nothing, 15, 14, [15]),
        (ladders.all_or_nothing, 1500, 2000, [1000, 500]),
        (ladders.one_at_a_time, 15, 3, [1, 1, 1, 1]),
        (ladders.one_at_a_time, 2, 3, [1, 1]),
        (ladders.one_at_a_time, 15, 0, [1]),
        (ladders.halving, 15, 15, [15]),
        (ladders.halving, 15, 4, [15, 7, 3, 3, 1, 1]),
        (ladders.halving, 15, 0, [15, 7, 3, 1]),
        (ladders.halving, 5, 4, [5, 2, 2, 1]),
    ],
)
def test_a_rival_asks_as_its_ladder_says(ladder: MakeLadder, gap: int, free: int, asks: list[int]) -> None:
    assert asks_of(ladder, gap, free) == asks
    assert asks_of(ladder, gap, free, from_one=False) == asks


@pytest.mark.parametrize(
    ("gap", "asks"), [(15, [10, 5]), (10, [10]), (9, [9]), (60, [10] * 6), (23, [10, 10, 3]), (0, [])]
)
def test_the_original_asks_in_tens_and_a_remainder(gap: int, asks: list[int]) -> None:
    assert original.asks(gap) == asks


def test_the_original_goes_on_after_a_refusal(asks: list[int]) -> None:
    target = MarketTarget(0, 15, [free_at(0, 7)])
    original.play([target], every=END_SECONDS)
    assert asks == [10, 5]
    assert target.ec2.held == 5


def test_the_original_with_fifteen_missing_and_four_free_gets_nothing(asks: list[int]) -> None:
    target = MarketTarget(0, 15, [free_at(0, 4)])
    original.play([target])
    assert asks == [10, 5] * 72
    assert target.ec2.held == 0


def test_the_original_asks_for_the_remainder_in_one_request(asks: list[int]) -> None:
    target = MarketTarget(0, 15, [free_at(0, 12), free_at(1000, 12)])
    original.play([target])
    assert asks[:6] == [10, 5, 5, 5, 5, 5]  # at 300, 600 and 900 seconds; at 1200 there are fourteen
    assert target.ec2.held == 15


def test_the_original_s_function_dies_at_its_time_limit() -> None:
    targets = [MarketTarget(number, 150, []) for number in range(50)]
    original.play(targets, every=END_SECONDS)
    times = [at for target in targets for at in mutating(target)]
    assert max(times) + REQUEST_SECONDS <= original.FUNCTION_SECONDS
    assert not targets[-1].ec2.requests


@pytest.mark.usefixtures("half_an_hour")
def test_odcr_asks_as_the_products_ladder_says(asks: list[int]) -> None:
    ODCR.play([MarketTarget(0, 15, [free_at(0, 4)])])
    climb = asks_of(ask_ladder, 15, 4, from_one=False)
    assert asks == [*climb, *[1] * (len(asks) - len(climb))]  # from then on it is dry
    asks.clear()
    RIVALS[1].play([MarketTarget(0, 15, [free_at(0, 15)])])
    assert asks == [1] * 15


@pytest.mark.usefixtures("half_an_hour")
def test_odcr_asks_at_the_times_that_the_deployed_files_set() -> None:
    target, settings = MarketTarget(0, 1, []), machine.ask_settings()
    ODCR.play([target])
    times = mutating(target)
    # LoadTargets, FindShortfalls with its describe, and the attempt's own look come first.
    before = 3 * INVOKE_SECONDS + 2 * STEP_SECONDS + 2 * REQUEST_SECONDS
    assert times[0] == pytest.approx(before)
    assert times[1] - times[0] == settings.every == 5
    pauses = [later - earlier for earlier, later in pairwise(times)]
    # Between two runs, RecordResults and the start of the next one come as well.
    assert max(pauses) <= settings.every + before + 2 * INVOKE_SECONDS + STEP_SECONDS
    assert sum(pause > settings.every + 0.01 for pause in pauses) <= 1800 / 100


@pytest.mark.usefixtures("half_an_hour")
def test_the_schedule_starts_the_runs_while_nothing_is_short() -> None:
    assert machine.every_seconds() == 60
    starts = [at for at, _ in machine.play([MarketTarget(0, 15, [free_at(0, 15)])])]
    assert [later - earlier for earlier, later in pairwise(starts)] == pytest.approx([60.0] * 29)


@pytest.mark.usefixtures("half_an_hour")
def test_a_start_finds_the_lease_held_while_a_run_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = machine.play([MarketTarget(0, 15, [])])
    monkeypatch.setattr(machine, "every_seconds", lambda: 7.0)
    assert len(machine.play([MarketTarget(0, 15, [])])) <= len(alone) + 1


def test_a_dry_pool_costs_one_request_at_a_time(half_an_hour: float) -> None:
    played = trial(ODCR, [MarketTarget(0, 150, [])])
    assert played.calls == pytest.approx(half_an_hour / machine.ask_settings().every, rel=0.1)
    assert played.overdrawn == 0


@pytest.mark.parametrize("targets", [10, 60])
def test_many_targets_stay_within_the_buckets_together(targets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "END_SECONDS", 300.0)
    played = trial(ODCR, [MarketTarget(seed, 60, supply(SIXES, seed)) for seed in range(targets)])
    assert played.overdrawn == 0
    assert played.acquired > 0


@pytest.mark.usefixtures("half_an_hour")
@pytest.mark.parametrize(("spread", "held"), [(Spread.prioritized, [6, 0, 0]), (Spread.balanced, [2, 2, 2])])
def test_odcr_spreads_a_groups_total_as_the_strategy_says(spread: Spread, held: list[int]) -> None:
    group = MarketTarget(0, 6, *[[free_at(0, 6)]] * 3, spread=spread)
    ODCR.play([group])
    assert [sum(reservation.count for reservation in group.ec2.of(key)) for key in group.pools] == held


@pytest.mark.usefixtures("half_an_hour")
def test_odcr_goes_on_with_what_each_pool_gives_and_no_further_than_the_total() -> None:
    supplies = [[free_at(at, count)] for at, count in ((0, 3), (600, 5), (900, 9))]
    group = MarketTarget(0, 12, *supplies, spread=Spread.prioritized)
    ODCR.play([group])
    assert [sum(reservation.count for reservation in group.ec2.of(key)) for key in group.pools] == [3, 5, 4]
