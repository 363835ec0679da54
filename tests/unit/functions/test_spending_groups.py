"""What a cap lets a group buy, beside rows: money for its pools together."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odcr.domain.amounts import Amount
from odcr.domain.bounds import bounded
from odcr.domain.budget import Budget, Spent, spent
from odcr.domain.calendar import Rest
from odcr.domain.comparison import Comparison
from odcr.domain.demand_share import OF_ITS_POOLS
from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.price_pools import PricePool
from odcr.domain.prices import Price, PriceList, Source
from odcr.domain.reservation import Reservation
from odcr.domain.shortfall import Limit, Pool, Shortfall
from odcr.domain.spending import shared_out
from odcr.domain.target import USUAL_OPTIONS, Member, Target, TargetKey, Terms, Unit, group_key
from odcr.domain.use import Use
from odcr.domain.wire import MAX_STATE_BYTES, ROOM, size_of
from odcr.domain.wording import MAX_REASON
from tests.unit.functions.defaults import compare
from tests.unit.functions.test_spending import C5, M5, R5B, ZONE, budget, held
from tests.unit.functions.test_spending import target as row

WEB = group_key("web")


def member(key: TargetKey, weight: Amount = 1, recorded: int = 0, group: str = "web", **fields: Any) -> Member:
    its = TargetKey(key.instance_type, key.availability_zone, group=group)
    return replace(Member(its, weight, last_reserved=recorded, last_kept=recorded), **fields)


def group(*members: Member, wanted: Amount = 15, priority: int = 0, own: str | None = None, **fields: Any) -> Target:
    terms = Terms(priority=priority, max_hourly_cost=own)
    name = members[0].key.group
    status = "CAPPED" if any(member.last_reserved for member in members) else None
    its = Target(group_key(name), wanted, members=members, terms=terms, last_status=status)
    return replace(its, **fields)


def short(target: Target, *reserved: int, **fields: Any) -> Shortfall:
    """The group's shortfall, with what the run saw in its pools."""
    seen = dict(zip(target.members, reserved, strict=False))
    pools = tuple(
        Pool(
            member.key,
            seen.get(member, 0),
            tuple(f"cr-{number}" for _ in range(bool(seen.get(member, 0)))),
            member.last_reserved,
            kept=member.last_kept,
            weight=member.weight or 1,
            most=member.most,
            last_status=member.last_status,
            is_removed=member.is_removed,
            may_buy=not (member.is_removed or member.fault),
            remark=member.fault,
        )
        for number, member in enumerate(target.members)
    )
    its = Shortfall(pools, target.capacity, target.last_status, target.options)
    return replace(its, allows_overshoot=target.allows_overshoot, unit=target.unit, **fields)


def shared(
    its: Budget, targets: list[Target], shortfalls: list[Shortfall], *others: Reservation, why_closed: str = ""
) -> Comparison:
    """What is shared out to the groups' shortfalls, and to those of the rows."""
    reservations = [*others, *(reservation for shortfall in shortfalls for reservation in shown(shortfall))]
    comparison = compare([target for target in targets if not target.key.is_group], [], others)
    comparison.shortfalls.extend(shortfalls)
    comparison.standings.update({shortfall.key: shortfall.standing_outcome() for shortfall in shortfalls})
    before, by_key = spent(reservations, targets, its), {target.key: target for target in targets}
    return shared_out(comparison, by_key, its, before, why_closed=why_closed)


def shown(shortfall: Shortfall) -> list[Reservation]:
    return [Reservation(f"cr-{pool.key}", pool.key, pool.reserved, "active") for pool in shortfall.pools]


def limit(comparison: Comparison, key: TargetKey = WEB) -> Limit:
    (shortfall,) = (shortfall for shortfall in comparison.shortfalls if shortfall.key == key)
    assert shortfall.limit is not None
    return shortfall.limit


def capped(comparison: Comparison, key: TargetKey = WEB) -> Outcome:
    (outcome,) = (outcome for outcome in comparison.observed if outcome.key == key)
    assert outcome.status is Status.CAPPED
    return outcome


def test_without_a_cap_a_group_has_no_limit_and_needs_no_price() -> None:
    demand = group(member(R5B), member(M5))
    assert shared(Budget(), [demand], [short(demand)]).shortfalls == [short(demand)]


@pytest.mark.parametrize(
    ("cap", "wanted", "members", "cost"),
    [
        # 15 of the dearest pool, or what there is.
        ("100", 15, (member(R5B), member(M5)), "10.5"),
        ("3.05", 15, (member(R5B), member(M5)), "3.05"),
        # Eight of the large ones, and the small ones cost less.
        ("100", 15, (member(R5B, 2), member(M5)), "5.6"),
        ("100", Decimal("7.5"), (member(M5, Decimal("0.5")),), "1.5"),
        # The dear one does not fit, is full, is no member any more, or has a mistake.
        ("100", 3, (member(R5B, 4), member(M5)), "0.3"),
        ("100", 3, (member(R5B, most=0), member(M5)), "0.3"),
        ("100", 3, (member(R5B, is_removed=True), member(M5)), "0.3"),
        ("100", 3, (member(R5B, fault="Correct it."), member(M5)), "0.3"),
    ],
)
def test_a_group_may_cost_what_is_missing_costs_in_its_dearest_pool_as_far_as_there_is_room(
    cap: str, wanted: Amount, members: tuple[Member, ...], cost: str
) -> None:
    demand = group(*members, wanted=wanted)
    comparison = shared(budget(cap), [demand], [short(demand)])
    assert (limit(comparison).cost, limit(comparison).count, limit(comparison).price) == (cost, None, OF_ITS_POOLS)
    assert [pool.price for pool in comparison.shortfalls[0].pools] == [
        {"r5b.2xlarge": "0.7", "m5.large": "0.1"}[pool.key.instance_type] for pool in comparison.shortfalls[0].pools
    ]


def test_an_allowed_overshoot_gets_room_for_one_instance_more() -> None:
    demand = group(member(R5B, 4), member(M5), wanted=3, allows_overshoot=True)
    # One of the large ones covers it; and one more instance of the dearest.
    assert limit(shared(budget("100"), [demand], [short(demand)])).cost == "1.4"


def test_capacity_held_by_the_group_and_by_others_counts() -> None:
    demand = group(member(R5B, recorded=2), member(M5, recorded=3))
    comparison = shared(budget("5"), [demand], [short(demand, 2, 3)], held(C5, 10))
    # It holds 1.7, the others 1.0, and 2.3 are left.
    assert limit(comparison).cost == "4.0"
    assert limit(comparison).reason == (
        "More would exceed MaxHourlySpend: 5.00 USD an hour, 2.70 spent before this run, "
        "0.1000 for the cheapest instance."
    )


def test_recorded_capacity_that_ec2_does_not_show_may_be_bought_again_without_room() -> None:
    demand = group(member(R5B, recorded=2), member(M5, recorded=10))
    assert spent([], [demand], budget("2.4")).amount == Decimal("2.4")
    comparison = shared(budget("2.4"), [demand, row(C5, 5)], [short(demand)])
    assert limit(comparison).cost == "2.4"
    assert capped(comparison, C5).reserved == 0
    # And no more of it than the cap allows, once a price rose.
    comparison = shared(budget("2"), [demand], [short(demand)])
    assert limit(comparison).cost == "2.0"


def test_a_groups_pool_and_a_row_for_the_same_pool_count_separately() -> None:
    demand = group(member(M5, recorded=10))
    beside = row(M5, 10, last_status="FULFILLED", last_reserved=10)
    # The row's are shown, the group's are not.
    assert spent([held(M5, 10)], [demand, beside], budget("9")).amount == 2


def test_if_one_instance_fits_the_first_demand_gets_it() -> None:
    demand = group(member(R5B), member(M5), priority=-1)
    comparison = shared(budget("0.19"), [demand, row(C5, 5)], [short(demand)])
    assert (limit(comparison).cost, capped(comparison, C5).reserved) == ("0.19", 0)
    after = replace(demand, terms=Terms(priority=1))
    comparison = shared(budget("0.19"), [after, row(C5, 5)], [short(after)])
    assert [(shortfall.key, shortfall.limit and shortfall.limit.count) for shortfall in comparison.shortfalls] == [
        (C5, 1)
    ]
    assert capped(comparison).reserved == 0


def test_a_group_that_fits_not_even_once_is_capped_and_leaves_the_room_to_the_next() -> None:
    demand = group(member(R5B, recorded=2), member(R5B, 2, group="web"), wanted=Decimal("4.5"), priority=-1)
    comparison = shared(budget("1.9"), [demand, row(M5, 9)], [short(demand, 2)])
    outcome = capped(comparison)
    assert (outcome.target, outcome.reserved, outcome.is_short) == (Decimal("4.5"), 2, True)
    assert outcome.reason == (
        "2.5 of 4.5 missing. More would exceed MaxHourlySpend: 1.90 USD an hour, 1.40 spent before this run, "
        "0.7000 for the cheapest instance."
    )
    assert outcome.ids == ("cr-0",)
    assert outcome.reservation_ids == ()
    assert limit(comparison, M5).count == 5


def test_a_capped_group_keeps_what_the_run_saw_of_its_pools() -> None:
    demand = group(member(R5B, 8, 3, last_kept=2, last_status="SHORT"), member(M5, 2), wanted=64, unit=Unit.vcpus)
    shortfall = short(demand, 3)
    outcome = capped(shared(budget("2.1"), [demand], [shortfall]))
    assert (outcome.reserved, outcome.target, outcome.unit) == (24, 64, Unit.vcpus)
    first, second = outcome.pools
    assert (first.key, first.status, first.target, first.reserved, first.weight) == (
        demand.members[0].key,
        Status.SHORT,
        2,
        3,
        8,
    )
    assert (second.status, second.reserved, second.weight) == (Status.FULFILLED, 0, 2)
    assert {(pool.platform, pool.tenancy) for pool in outcome.pools} == {("Linux/UNIX", "default")}


def test_a_group_has_a_cap_of_its_own() -> None:
    demand = group(member(R5B), member(M5, recorded=5), own="1.5", priority=-1)
    comparison = shared(budget(None), [demand, row(C5, 99)], [short(demand, 0, 5)])
    assert limit(comparison) == Limit(
        None,
        "More would exceed Max_Hourly_Cost in odcr_group: 1.50 USD an hour, 0.50 spent before this run, "
        "0.1000 for the cheapest instance.",
        cost="1.5",
        price="",
    )
    # What it leaves of the stack's room is the next one's, in the same run.
    comparison = shared(budget("2"), [demand, row(C5, 99)], [short(demand, 0, 5)])
    assert (limit(comparison).cost, limit(comparison, C5).count) == ("1.5", 5)
    full = group(member(R5B, recorded=2), own="1.5")
    reason = capped(shared(budget(None), [full], [short(full, 2)])).reason
    assert "odcr_group: 1.50 USD an hour, 1.40 spent" in reason
    assert len(reason) <= 190


def test_in_a_pool_of_unknown_price_nothing_is_bought_under_a_cap_and_the_others_go_on() -> None:
    demand = group(member(R5B), member(M5))
    its = budget("100", **{"r5b.2xlarge": None})
    comparison = shared(its, [demand], [short(demand)])
    first, second = comparison.shortfalls[0].pools
    statement = (
        "REPLACE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('r5b.2xlarge', 'ap-northeast-1', 0.50)"
    )
    assert (first.may_buy, first.price) == (False, "")
    assert first.remark == f"Price unknown, so a cap stops it. Run: {statement}"
    assert (second.may_buy, second.price, second.remark) == (True, "0.1", "")
    assert limit(comparison).cost == "1.5"


def test_without_any_price_the_group_and_its_pools_say_how_to_give_one() -> None:
    demand = group(member(R5B), member(M5, fault="Correct its Weight."))
    for its, own in ((budget("100", **{"r5b.2xlarge": None}), None), (budget(None, **{"r5b.2xlarge": None}), "9")):
        target = replace(demand, terms=Terms(max_hourly_cost=own))
        outcome = capped(shared(its, [target], [short(target)]))
        assert outcome.reason.startswith("15 of 15 missing. Price unknown, so a cap stops it. Run: REPLACE INTO")
        assert len(outcome.reason) <= 190
        assert outcome.pools[0].reason.startswith("Price unknown")
        # What is to be corrected anyway stays what it says.
        assert outcome.pools[1].reason == "Correct its Weight."


def test_while_something_is_held_at_an_unknown_price_the_group_buys_nothing() -> None:
    demand = group(member(R5B, recorded=1), member(M5), own="100")
    unknown = {"r5b.2xlarge": None}
    comparison = shared(budget(None, **unknown), [demand, row(C5, 2, max_hourly_cost="1")], [short(demand, 1)])
    assert capped(comparison).reason == (
        "14 of 15 missing. Give the price of r5b.2xlarge in ap-northeast-1c in odcr_price: "
        "until then Max_Hourly_Cost allows no purchase."
    )
    assert limit(comparison, C5).count == 2
    # Of the stack's cap the whole sum is unknown.
    comparison = shared(budget("100", **unknown), [demand, row(C5, 2)], [short(demand, 1)])
    assert "until then MaxHourlySpend" in capped(comparison).reason
    assert "until then MaxHourlySpend" in capped(comparison, C5).reason
    # With something else to do, its pools buy nothing meanwhile.
    (busy,) = shared(budget(None, **unknown), [demand], [short(demand, 1, has_other_work=True)]).shortfalls
    assert [pool.may_buy for pool in busy.pools] == [False, False]


def test_unseen_capacity_at_an_unknown_price_makes_the_sum_unknown() -> None:
    demand = group(member(R5B, recorded=1))
    assert spent([], [demand], budget("100", **{"r5b.2xlarge": None})) == Spent(unknown=demand.members[0].key)


def test_a_run_that_may_spend_nothing_lets_groups_spend_nothing() -> None:
    demand = group(member(M5, recorded=2))
    why = "Another run shares out MaxHourlySpend; the next one asks again."
    assert why in capped(shared(budget("100"), [demand], [short(demand, 1)], why_closed=why)).reason
    busy = shared(budget("100"), [demand], [short(demand, 1, has_other_work=True)], why_closed=why)
    assert (limit(busy).cost, limit(busy).reason) == ("0.1", why)


def test_other_work_is_done_and_a_loss_is_replaced_for_no_more_than_it_cost() -> None:
    demand = group(member(M5, recorded=15), member(R5B))
    full = shared(budget("100"), [demand], [short(demand, 15, has_other_work=True)])
    # 15 of the dear ones in their place would cost 10.5, of which nobody has taken the room.
    assert limit(full) == Limit(None, "", OF_ITS_POOLS, "1.5")
    # Nothing is asked for: nothing is limited.
    resting = short(demand, 15, rest=Rest(Status.STOPPED, "Stopped."))
    assert shared(budget("100"), [demand], [resting]).shortfalls == [resting]


def test_a_rest_smaller_than_any_weight_is_not_blamed_on_a_cap() -> None:
    demand = group(member(R5B, 4, recorded=3), wanted=15)
    comparison = shared(budget("0"), [demand], [short(demand, 3)])
    assert (limit(comparison).cost, limit(comparison).reason) == ("2.1", "")


def test_a_limit_travels_to_the_attempt() -> None:
    demand = group(member(R5B, Decimal("0.5")), member(M5))
    (shortfall,) = shared(budget("3.05"), [demand], [short(demand)]).shortfalls
    assert Shortfall.from_event(shortfall.to_event()) == shortfall


# Random demands

_TYPES = ("r5b.2xlarge", "m5.large", "c5.large", "t3.nano")
_PRICES = st.decimals("0.001", "2", places=4)
_ROOMS = st.decimals("-5", "20", places=2)
_WEIGHTS: st.SearchStrategy[Amount] = st.sampled_from([1, 2, Decimal("0.5"), Decimal("3.25")])


@st.composite
def _demands(draw: st.DrawFn) -> tuple[Budget, list[Target], list[Shortfall], list[Reservation]]:
    counts = st.integers(0, 9)
    listed: dict[PricePool, Price | None] = {}
    for name in _TYPES:
        price = draw(_PRICES) if draw(counts) else None
        listed[PricePool(name, "ap-northeast-1").folded] = Price(price, "USD", Source.LIST) if price else None
    targets: list[Target] = []
    shortfalls: list[Shortfall] = []
    reservations: list[Reservation] = []
    for name in draw(st.lists(st.sampled_from(_TYPES), unique=True)):
        key = TargetKey(name, ZONE)
        seen, recorded = draw(counts), draw(counts)
        its_ids = (f"cr-{name}",)
        targets.append(
            row(key, draw(counts), priority=draw(counts), last_status="SHORT", last_reserved=recorded, last_ids=its_ids)
        )
        reservations += [held(key, seen)] if seen else []
    for number in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(_TYPES), unique=True, min_size=1))
        members = [
            member(
                TargetKey(name, ZONE),
                draw(_WEIGHTS),
                draw(counts),
                f"group-{number}",
                is_removed=draw(st.booleans()),
                most=draw(st.none() | counts),
            )
            for name in names
        ]
        own = draw(st.none() | st.decimals("0", "20", places=2).map(str))
        demand = group(*members, wanted=draw(st.integers(0, 40)), priority=draw(counts), own=own)
        demand = replace(demand, allows_overshoot=draw(st.booleans()))
        targets.append(demand)
        shortfalls.append(short(demand, *(draw(counts) for _ in members), has_other_work=draw(st.booleans())))
    everything = [*reservations, *(pool for shortfall in shortfalls for pool in shown(shortfall))]
    its = Budget(prices=PriceList(listed))
    room = draw(_ROOMS) if draw(counts) else None
    if room is not None:
        # Near what is spent already, also below it.
        its = replace(its, cap=max(Decimal(0), spent(everything, targets, its).amount + room))
    return its, targets, shortfalls, reservations


@given(_demands())
@settings(max_examples=150, deadline=None)
def test_all_limits_together_are_never_above_a_cap(
    demands: tuple[Budget, list[Target], list[Shortfall], list[Reservation]],
) -> None:
    its, targets, shortfalls, others = demands
    everything = [*others, *(pool for shortfall in shortfalls for pool in shown(shortfall))]
    comparison = shared(its, targets, shortfalls, *others)
    owns = {target.key: target.terms.max_hourly_cost for target in targets}
    seen = spent(everything, [], its)
    cost = seen.amount
    for shortfall in comparison.shortfalls:
        if shortfall.limit is None:
            assert (its.cap is None and owns[shortfall.key] is None) or shortfall.reserved >= shortfall.target
            continue
        prices = {pool.key: its.price(pool.key, USUAL_OPTIONS) for pool in shortfall.pools}
        now = sum((pool.reserved * (prices[pool.key] or 0) for pool in shortfall.pools), Decimal(0))
        if shortfall.limit.count is not None:
            most = shortfall.limit.count * (prices[shortfall.pools[0].key] or Decimal(0))
        else:
            most = Decimal(shortfall.limit.cost)
            # What buys has a price, and nothing buys beside what is held at an unknown one.
            assert all(pool.price for pool in shortfall.pools if pool.may_buy and not pool.is_removed)
            if any(pool.reserved and not pool.price for pool in shortfall.pools):
                assert not any(pool.may_buy and not pool.is_removed for pool in shortfall.pools)
        assert most >= now
        own = owns[shortfall.key]
        assert own is None or most <= max(Decimal(own), now)
        cost += most - now
    if its.cap is not None and seen.unknown is None:
        assert cost <= max(its.cap, seen.amount)


def test_the_data_of_a_run_under_a_cap_fit_into_a_state() -> None:
    """A shortfall grows by its limit and its pools' prices after the comparison was cut to what fits."""
    keys = [TargetKey(f"m5.{number}xlarge", ZONE) for number in range(600)]
    targets = {key: Target(key, 900_000) for key in keys}
    comparison = Comparison([Shortfall((Pool(key, 0),), 900_000) for key in keys])
    price = Price(Decimal("1.234567"), "USD", Source.LIST)
    prices = {PricePool(key.instance_type, "ap-northeast-1").folded: price for key in keys}
    kept = shared_out(
        bounded(comparison, has_caps=True, room=ROOM),
        targets,
        Budget(Decimal(10**9), PriceList(prices)),
        Spent(Decimal("12345.67")),
        why_closed="",
    )
    assert len(kept.shortfalls) > 200

    def with_reason(shortfall: Shortfall) -> Shortfall:
        return replace(shortfall, limit=shortfall.limit and replace(shortfall.limit, reason="x" * MAX_REASON))

    worst = [
        Outcome(shortfall.key, Status.QUOTA_EXCEEDED, 1, 900_000, ("cr-0123456789abcdef0",))
        for shortfall in kept.shortfalls
    ]
    items = [
        {
            **with_reason(shortfall).to_event(),
            "Outcome": to_round(replace(outcome, reason="x" * MAX_REASON, use=Use(900_000, 900_000))),
        }
        for shortfall, outcome in zip(kept.shortfalls, worst, strict=True)
    ]
    assert size_of(items) < MAX_STATE_BYTES
