"""What a cap lets be bought, by whom, and what is said of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from find_shortfalls import _why_closed
from odcr.domain.budget import Budget, Spent, spent
from odcr.domain.comparison import Comparison
from odcr.domain.outcome import Outcome, Status
from odcr.domain.price_pools import PricePool
from odcr.domain.prices import Price, PriceList, Source
from odcr.domain.refusal import InsufficientInstanceCapacity, OutcomeUnknown, Refusal
from odcr.domain.reservation import Kind, Reservation
from odcr.domain.rounds import resumed
from odcr.domain.run_share import RunShare
from odcr.domain.spending import shared_out
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey, Terms
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import FakePace, Pool, acquire_at_pace, ended_by

ZONE = "ap-northeast-1c"
R5B, M5, C5 = (TargetKey(name, ZONE) for name in ("r5b.2xlarge", "m5.large", "c5.large"))
PRICES = {R5B: "0.7", M5: "0.1", C5: "0.1"}


def budget(cap: str | None, currency: str = "USD", **given: str | None) -> Budget:
    prices = {key.instance_type: price for key, price in PRICES.items()} | given
    listed = {
        PricePool(name, "ap-northeast-1").folded: Price(Decimal(price), currency, Source.LIST) if price else None
        for name, price in prices.items()
    }
    return Budget(None if cap is None else Decimal(cap), PriceList(listed))


def target(key: TargetKey = R5B, wanted: int = 15, **fields: Any) -> Target:
    terms = {name: fields.pop(name) for name in ("priority", "max_hourly_cost") if name in fields}
    return replace(Target(key, wanted, terms=Terms(**terms)), **fields)


def held(key: TargetKey, count: int, **fields: Any) -> Reservation:
    return replace(Reservation(f"cr-{key.instance_type}", key, count, "active"), **fields)


def shared(given: Budget, targets: list[Target], *reservations: Reservation, why_closed: str = "") -> Comparison:
    comparison = compare(targets, [], reservations)
    before = spent(reservations, targets, given)
    return shared_out(comparison, {target.key: target for target in targets}, given, before, why_closed=why_closed)


def limits(comparison: Comparison) -> dict[str, int]:
    """How much each demand may hold; what is capped may hold no more than it does."""
    return {
        **{
            shortfall.key.instance_type: shortfall.limit.count for shortfall in comparison.shortfalls if shortfall.limit
        },
        **{
            outcome.key.instance_type: outcome.reserved
            for outcome in comparison.observed
            if outcome.status is Status.CAPPED
        },
    }


def test_without_a_cap_nothing_is_limited_and_no_price_is_needed() -> None:
    comparison = shared(Budget(), [target(), target(M5)])
    assert [shortfall.limit for shortfall in comparison.shortfalls] == [None, None]


@pytest.mark.parametrize(("cap", "count"), [("10.5", 15), ("10.4", 14), ("0.7", 1), ("100", 15)])
def test_the_room_is_shared_out_in_whole_instances(cap: str, count: int) -> None:
    (shortfall,) = shared(budget(cap), [target()]).shortfalls
    assert shortfall.limit is not None
    assert (shortfall.limit.count, shortfall.limit.price) == (count, "0.7")


@pytest.mark.parametrize("cap", ["0.69", "0"])
def test_a_demand_that_fits_not_even_once_is_capped_with_the_numbers(cap: str) -> None:
    comparison = shared(budget(cap), [target()])
    assert comparison.shortfalls == []
    (outcome,) = comparison.observed
    assert (outcome.status, outcome.target, outcome.reserved, outcome.is_short) == (Status.CAPPED, 15, 0, True)
    assert outcome.reason == (
        f"15 of 15 missing. More would exceed MaxHourlySpend: {Decimal(cap):.2f} USD an hour, "
        "0.00 spent before this run, 0.7000 each."
    )
    recorded_target = target(last_status="CAPPED", last_reason=outcome.reason)
    assert shared(budget(cap), [recorded_target]) == Comparison(targets={})


def test_capacity_already_held_counts_whoever_it_is_for() -> None:
    # Of another platform, for no row, and for a row that is met.
    windows = PricePool("r5b.2xlarge", "ap-northeast-1", "Windows").folded
    given = budget("10")
    prices = {**given.prices.prices, windows: Price(Decimal(1), "USD", Source.GIVEN)}
    reservations = [held(R5B, 2, platform="Windows", id="cr-w"), held(C5, 10), held(M5, 10)]
    comparison = shared(replace(given, prices=PriceList(prices)), [target(), target(M5, 10)], *reservations)
    # 2 + 1 + 1 are spent, and eight of the nine that the rest would pay for are missing... 6 / 0.7.
    assert limits(comparison) == {"r5b.2xlarge": 8}


def test_the_larger_of_seen_and_recorded_counts() -> None:
    lagging = target(M5, 60, last_status="SHORT", last_reserved=50, last_ids=("cr-m5.large",), is_fresh=True)
    seen = [held(M5, 10)]
    assert spent(seen, [lagging], budget("5")).amount == 5
    # It may be 50 again, which was paid for, and no more.
    assert limits(shared(budget("5"), [lagging], *seen)) == {"m5.large": 50}
    unseen = target(R5B, 10, last_status="SHORT", last_reserved=10)
    assert spent([], [unseen], budget("5")).amount == 7


def test_the_lowest_priority_comes_first_and_the_next_gets_the_rest() -> None:
    targets = [target(M5, 10), target(R5B, 2, priority=-1), target(C5, 10, priority=1)]
    assert limits(shared(budget("2"), targets)) == {"r5b.2xlarge": 2, "m5.large": 6, "c5.large": 0}


def test_if_one_instance_fits_the_first_demand_gets_it() -> None:
    targets = [target(M5, 10), target(C5, 10, priority=-1)]
    assert limits(shared(budget("0.19"), targets)) == {"c5.large": 1, "m5.large": 0}


def test_room_left_by_a_dry_pool_goes_to_the_next_demand_in_the_next_run() -> None:
    first, second = target(M5, 10, priority=-1), target(C5, 10)
    assert limits(shared(budget("1"), [first, second])) == {"m5.large": 10, "c5.large": 0}
    dry = replace(first, last_status="SHORT")
    assert limits(shared(budget("1"), [dry, second])) == {"m5.large": 0, "c5.large": 10}
    assert limits(shared(budget("1"), [dry, replace(second, last_status="SHORT")])) == {
        "m5.large": 10,
        "c5.large": 0,
    }


def test_a_demand_has_a_cap_of_its_own_beside_the_stacks() -> None:
    own = target(M5, 10, max_hourly_cost="0.5")
    assert limits(shared(budget(None), [own])) == {"m5.large": 5}
    assert limits(shared(budget("0.3"), [own, target(C5, 1)])) == {"m5.large": 3, "c5.large": 0}
    # What it leaves is another's in the same run.
    assert limits(shared(budget("0.6"), [own, target(C5, 10)])) == {"m5.large": 5, "c5.large": 1}
    (outcome,) = shared(budget(None), [own], held(M5, 5)).observed
    assert outcome.reason == (
        "5 of 10 missing. More would exceed Max_Hourly_Cost in odcr_option: 0.50 USD an hour, "
        "0.50 spent before this run, 0.1000 each."
    )


@pytest.mark.parametrize(("price", "own"), [("2", "10"), (None, "10"), (None, None)])
def test_a_loss_is_not_bought_again_above_a_cap_or_at_an_unknown_price(price: str | None, own: str | None) -> None:
    lost = target(M5, 10, max_hourly_cost=own, last_status="FULFILLED", last_reserved=10, last_ids=("cr-1",))
    comparison = shared(budget(None if own else "100", **{"m5.large": price}), [lost])
    assert limits(comparison) == {"m5.large": 5 if price else 0}


def test_a_loss_is_not_bought_again_once_a_price_rose_above_the_stacks_cap() -> None:
    lost = target(M5, 10, last_status="FULFILLED", last_reserved=10, last_ids=("cr-1",))
    assert limits(shared(budget("1"), [lost])) == {"m5.large": 10}
    assert limits(shared(budget("0.55"), [lost])) == {"m5.large": 5}


def test_current_capacity_written_by_a_person_does_not_count_as_spent() -> None:
    (shortfall,) = shared(budget("5"), [target(R5B, 15, last_reserved=15)]).shortfalls
    assert shortfall.limit is not None
    assert shortfall.limit.count == 7


def test_a_row_by_a_zones_id_counts_once() -> None:
    by_id = TargetKey("m5.large", "apne1-az1", ZONE)
    counted = target(by_id, 20, last_status="SHORT", last_reserved=10, last_ids=("cr-m5.large",))
    assert spent([held(M5, 10)], [counted], budget("5")).amount == 1


def test_in_another_currency_the_statement_names_it() -> None:
    given = replace(budget("100"), currency="CNY")
    (outcome,) = shared(given, [target()]).observed
    assert "Hourly_Price) VALUES ('r5b.2xlarge', 'ap-northeast-1', 'CNY', 0.50)" in outcome.reason


def test_a_price_that_rose_stops_purchases_and_releases_nothing() -> None:
    comparison = shared(budget("5", **{"m5.large": "0.6"}), [target(M5, 20)], held(M5, 10))
    assert comparison.shortfalls == []
    (outcome,) = comparison.observed
    assert (outcome.status, outcome.reserved) == (Status.CAPPED, 10)
    assert "6.00 spent before this run" in outcome.reason


@pytest.mark.parametrize(
    ("options", "statement"),
    [
        (
            USUAL_OPTIONS,
            "REPLACE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES "
            "('r5b.2xlarge', 'ap-northeast-1', 0.50)",
        ),
        (
            ReservationOptions("Windows"),
            "REPLACE INTO odcr_price (InstanceType, Region, Platform, Hourly_Price) VALUES "
            "('r5b.2xlarge', 'ap-northeast-1', 'Windows', 0.50)",
        ),
    ],
)
def test_under_a_cap_nothing_is_bought_at_an_unknown_price_and_the_reason_says_how_to_give_one(
    options: ReservationOptions, statement: str
) -> None:
    given = budget("100", **{"r5b.2xlarge": None})
    for one, its in (
        (target(options=options), given),
        (target(options=options, max_hourly_cost="100"), replace(given, cap=None)),
    ):
        comparison = shared(its, [one, target(M5, 2)])
        (outcome,) = comparison.observed
        assert (outcome.key, outcome.status) == (R5B, Status.CAPPED)
        assert outcome.reason == f"15 of 15 missing. Price unknown, so a cap stops it. Run: {statement}"
        assert len(outcome.reason) <= 190
        # Nobody else is harmed.
        assert [shortfall.key for shortfall in comparison.shortfalls] == [M5]


def test_while_something_is_held_at_an_unknown_price_nothing_is_bought_under_the_stacks_cap() -> None:
    given = budget("100", **{"c5.large": None})
    comparison = shared(given, [target(), target(M5, 2, max_hourly_cost="1")], held(C5, 1))
    capped = [outcome for outcome in comparison.observed if outcome.status is Status.CAPPED]
    assert [outcome.key for outcome in capped] == [R5B, M5]
    assert "Give the price of c5.large in ap-northeast-1c in odcr_price" in capped[0].reason
    # A cap of one demand needs no other's price.
    own = shared(replace(given, cap=None), [target(), target(M5, 2, max_hourly_cost="1")], held(C5, 1))
    assert [shortfall.key for shortfall in own.shortfalls] == [R5B, M5]


def test_a_price_in_another_currency_is_unknown() -> None:
    assert [outcome.status for outcome in shared(budget("100", "EUR"), [target()]).observed] == [Status.CAPPED]


def test_a_capacity_block_was_paid_for_and_what_costs_nothing_is_not_limited() -> None:
    block = held(C5, 1000, kind=Kind.BLOCK)
    assert spent([block], [], budget("1")) == Spent()
    free = Budget(
        Decimal(0), PriceList({PricePool("m5.large", "ap-northeast-1").folded: Price(Decimal(0), "USD", Source.GIVEN)})
    )
    assert limits(shared(free, [target(M5, 10)])) == {"m5.large": 10}


def test_a_price_of_0_that_somebody_gave_reaches_find_shortfalls() -> None:
    pool = PricePool("m5.large", "ap-northeast-1").folded
    given = PriceList({pool: Price(Decimal(0), "USD", Source.GIVEN)})
    assert PriceList.from_known(given.known([])).of(PricePool("m5.large", "ap-northeast-1")) is not None


@pytest.mark.parametrize(
    ("is_settled", "is_complete", "before", "why"),
    [
        (True, True, Spent(Decimal(3)), ""),
        (False, True, Spent(Decimal(3)), "Another run shares out MaxHourlySpend"),
        # A Region of which no row is in this run may hold something.
        (True, False, Spent(Decimal(3)), "One run cannot look at all targets"),
        (True, True, Spent(unknown=C5), ""),
    ],
)
def test_a_run_without_all_targets_spends_nothing(is_settled: bool, is_complete: bool, before: Spent, why: str) -> None:
    settled: list[Decimal] = []

    class Ledger:
        def settle(self, amount: Decimal, *, is_shown: bool) -> bool:
            assert is_shown
            settled.append(amount)
            return is_settled

    share = RunShare([], [], is_complete, [])
    assert _why_closed(Ledger(), share, budget("5"), before, is_shown=True).startswith(why)  # type: ignore[arg-type]
    # While the sum is unknown, no attempt finds any room.
    assert settled == [Decimal(5) if before.unknown else Decimal(3)]


def test_other_work_is_done_under_a_cap_as_well() -> None:
    lowered = target(M5, 5, last_reserved=5, last_ids=("cr-m5.large",))
    reservations = [held(M5, 5), held(M5, 5, id="cr-2", created="2026-11-26", made="0" * 64)]
    (shortfall,) = shared(budget("0"), [lowered], *reservations).shortfalls
    assert shortfall.limit is None


def test_a_run_overtaken_by_another_spends_nothing() -> None:
    (outcome,) = shared(
        budget("100"), [target()], why_closed="Another run shares out MaxHourlySpend; the next one asks again."
    ).observed
    assert (outcome.status, outcome.reserved) == (Status.CAPPED, 0)
    assert "Another run shares out MaxHourlySpend" in outcome.reason


# The attempt


class Purse:
    """Has so much for purchases."""

    def __init__(self, room: str) -> None:
        self.room = Decimal(room)

    def take(self, cost: Decimal) -> bool:
        if cost > self.room:
            return False
        self.room -= cost
        return True

    def put_back(self, cost: Decimal) -> None:
        self.room += cost


def attempt(pool: Pool, purse: Purse | None = None, cap: str = "1") -> Outcome:
    (shortfall,) = shared(budget(cap), [target(M5, 15)], *pool.reservations).shortfalls
    return acquire_at_pace(shortfall, "run-1", 0, pool, FakePace(), purse=purse)


def test_an_attempt_buys_up_to_its_limit_and_says_why_no_more() -> None:
    pool = Pool(100)
    outcome = attempt(pool, Purse("1"))
    assert (outcome.status, outcome.reserved, outcome.is_short) == (Status.CAPPED, 10, True)
    assert outcome.reason.startswith("5 of 15 missing. More would exceed MaxHourlySpend: 1.00 USD an hour")
    assert pool.asks == [10]


def test_a_dry_pool_below_the_limit_is_short() -> None:
    outcome = attempt(Pool(4), Purse("1"))
    assert (outcome.status, outcome.reserved) == (Status.SHORT, 4)


def test_a_definite_refusal_is_put_back_and_a_lost_answer_stays_counted() -> None:
    purse = Purse("1")
    attempt(Pool(4), purse)
    assert purse.room == Decimal("0.6")
    lost = Pool(100, refusals=[OutcomeUnknown("InternalError", "no answer")])
    (shortfall,) = shared(budget("1"), [target(M5, 15)]).shortfalls
    purse = Purse("1.2")
    ended_by(OutcomeUnknown, lambda: acquire_at_pace(shortfall, "run-1", 0, lost, FakePace(), purse=purse))
    assert purse.room == Decimal("0.2")


def test_a_later_round_pays_as_well() -> None:
    pool, purse = Pool(4), Purse("1")
    (shortfall,) = shared(budget("1"), [target(M5, 15)]).shortfalls
    before = acquire_at_pace(shortfall, "run-1", 0, pool, FakePace(), purse=purse)
    pool.free = 100
    after = acquire_at_pace(resumed(shortfall, before), "run-1", 0, pool, FakePace(), purse=purse)
    assert (before.reserved, after.reserved, after.status, purse.room) == (4, 10, Status.CAPPED, 0)


def test_an_attempt_whose_room_another_took_stops_and_is_capped() -> None:
    pool = Pool(100)
    outcome = attempt(pool, Purse("0"))
    assert (outcome.status, outcome.reserved, pool.asks) == (Status.CAPPED, 0, [])
    assert "MaxHourlySpend leaves no room for it at the moment" in outcome.reason


def test_forty_attempts_and_their_repetitions_never_exceed_the_cap() -> None:
    """Whatever the pools give and whatever is lost, each demand holds no more than it was told."""
    keys = [TargetKey(f"m{number}.large", ZONE) for number in range(40)]
    prices = {
        PricePool(key.instance_type, "ap-northeast-1").folded: Price(Decimal("0.1"), "USD", Source.LIST) for key in keys
    }
    given = Budget(Decimal("20.05"), PriceList(prices))
    targets = [Target(key, 15) for key in keys]
    comparison = shared(given, targets)
    pools = {key: Pool(7 + number % 9) for number, key in enumerate(keys)}
    for number, shortfall in enumerate(comparison.shortfalls):
        pool = pools[shortfall.key]
        for repeat in range(3):
            pool.refusals = [_fault(number + repeat)] if (number + repeat) % 3 else []
            try:
                acquire_at_pace(shortfall, "run-1", repeat, pool, FakePace())
            except Refusal:
                continue
    total = sum(reservation.count for pool in pools.values() for reservation in pool.reservations) * Decimal("0.1")
    assert Decimal(5) < total <= Decimal("20.05")


def _fault(number: int) -> Refusal:
    if number % 2:
        return OutcomeUnknown("InternalError", "no answer")
    return InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")
