"""What an hour of what is held costs, how it is told, and when a price is looked for at once."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.amounts import Amount
from odcr.domain.costs import (
    Cost,
    Costs,
    Standing,
    costs_of,
    pool_of,
    recorded_cost,
    recorded_cost_of,
    recorded_costs,
    start_of_update,
    totals_of,
)
from odcr.domain.messages import Change, announcements
from odcr.domain.outcome import Outcome, Status, shared_fields, to_round, with_record_kept
from odcr.domain.price_pools import PricePool, kind_of
from odcr.domain.prices import PriceList, prices_of
from odcr.domain.reservation import Reservation
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey, group_key

KEY = TargetKey("m5.large", "us-east-1a")
OTHER = TargetKey("r5b.2xlarge", "ap-northeast-1c")
NOW = datetime(2026, 11, 26, 18, 39, tzinfo=UTC)


def standing(key: TargetKey = KEY, reserved: int = 10, target: int | None = 10, status: str = "FULFILLED") -> Standing:
    return Standing(key, status, target, reserved, platform=USUAL_OPTIONS.platform, tenancy=USUAL_OPTIONS.tenancy)


def price_list(**currencies: str) -> PriceList:
    """m5.large costs 0.096, and r5b.2xlarge 0.6 if its currency is given."""
    rows = [("m5.large", "us-east-1", None, None, "0.096", currencies.get("m5", "USD"), "list")]
    if "r5b" in currencies:
        rows.append(("r5b.2xlarge", "ap-northeast-1", None, None, "0.6", currencies["r5b"], "given"))
    return prices_of(rows)[0]


# ---- What it costs


def test_held_instances_cost_their_price() -> None:
    costs = costs_of([standing(), standing(OTHER, 15)], price_list(r5b="USD"), "us-east-1")
    assert costs.by_key == {KEY: Cost(Decimal("0.9600"), "USD"), OTHER: Cost(Decimal("9.0000"), "USD")}
    assert (costs.total, costs.unpriced, costs.others) == (Cost(Decimal("9.96"), "USD"), 0, ())


def test_the_price_depends_on_platform_and_tenancy() -> None:
    windows = replace(standing(), platform="Windows")
    row = ("m5.large", "us-east-1", "Windows", "default", "0.188", "USD", "list")
    prices, _ = prices_of([row])
    assert costs_of([windows], prices, "us-east-1").total == Cost(Decimal("1.88"), "USD")
    for other in (replace(windows, tenancy="dedicated"), standing(), replace(windows, platform=None)):
        costs = costs_of([other], prices, "us-east-1")
        assert (costs.by_key, costs.total, costs.unpriced) == ({KEY: None}, None, 10)


def test_an_unknown_price_is_counted_beside_the_sum() -> None:
    costs = costs_of([standing(), standing(OTHER, 15)], price_list(), "us-east-1")
    assert (costs.by_key[OTHER], costs.total, costs.unpriced) == (None, Cost(Decimal("0.96"), "USD"), 15)


def test_a_target_that_holds_nothing_costs_nothing() -> None:
    pool = pool_of(OTHER, USUAL_OPTIONS.platform, USUAL_OPTIONS.tenancy)
    assert recorded_cost(0, pool, price_list()) == 0
    assert recorded_cost(1, pool, price_list()) is None
    assert costs_of([standing(reserved=0)], price_list(), "us-east-1") == Costs()


def test_a_cost_that_the_column_cannot_hold_is_unknown() -> None:
    prices, _ = prices_of([("m5.large", "us-east-1", None, None, "99999999", "USD", "given")])
    pool = pool_of(KEY, USUAL_OPTIONS.platform, USUAL_OPTIONS.tenancy)
    assert recorded_cost(100, pool, prices) == Decimal(9999999900)
    assert recorded_cost(101, pool, prices) is None


@pytest.mark.parametrize(
    ("m5", "r5b", "region", "total", "others"),
    [
        ("EUR", "EUR", "us-east-1", "9.96 EUR", []),
        ("EUR", "USD", "us-east-1", "9.00 USD", ["0.96 EUR"]),
        ("CNY", "USD", "us-east-1", "9.00 USD", ["0.96 CNY"]),
        ("CNY", "USD", "cn-north-1", "0.96 CNY", ["9.00 USD"]),
        ("EUR", "GBP", "us-east-1", "None", ["0.96 EUR", "9.00 GBP"]),
    ],
)
def test_the_total_is_in_the_currency_of_the_partition(
    m5: str, r5b: str, region: str, total: str, others: list[str]
) -> None:
    costs = costs_of([standing(), standing(OTHER, 15)], price_list(m5=m5, r5b=r5b), region)
    assert (str(costs.total), [str(cost) for cost in costs.others]) == (total, others)


def test_totals_have_the_cost_and_the_number_of_unpriced_instances() -> None:
    short = replace(standing(OTHER, 15, 20, "SHORT"), short_minutes=90)
    rests, invalid = standing(OTHER, 4, 15, "WAITING"), standing(OTHER, 0, None, "INVALID")
    standings = [standing(reserved=12), short, rests, invalid]
    totals = totals_of(standings, costs_of(standings, price_list(), "us-east-1"))
    assert (totals.wanted, totals.held, totals.missing) == (34, 31, 5)
    assert (totals.unmet, totals.longest_shortage_minutes) == (1, 90)
    assert (totals.hourly_cost, totals.unpriced) == (Decimal("1.152"), 19)


# ---- Groups

WEB = group_key("web")


def of_group(key: TargetKey, reserved: int, weight: Amount = 1, **more: Any) -> Standing:
    """A pool of the group."""
    return replace(standing(replace(key, group="web"), reserved, reserved), weight=weight, **more)


def test_a_group_costs_what_its_pools_cost_and_all_costs_are_summed_once() -> None:
    group = Standing(WEB, "SHORT", Decimal("12.5"), Decimal("7.5"))
    standings = [standing(), group, of_group(KEY, 5, Decimal("0.5")), of_group(OTHER, 5)]
    prices = price_list(r5b="USD")
    costs = costs_of(standings, prices, "us-east-1")
    assert (costs.by_key[WEB], costs.total) == (Cost(Decimal("3.48"), "USD"), Cost(Decimal("4.44"), "USD"))
    assert costs.remark(WEB) == ", 3.48 USD an hour"
    assert recorded_costs(standings, prices)[WEB] == Decimal("3.48")


@pytest.mark.parametrize("prices", [price_list(), price_list(r5b="EUR")], ids=["unknown", "of another currency"])
def test_a_group_with_a_pool_that_cannot_be_added_has_no_cost(prices: PriceList) -> None:
    standings = [Standing(WEB, "SHORT", 12, 10), of_group(KEY, 5), of_group(OTHER, 5)]
    assert costs_of(standings, prices, "us-east-1").remark(WEB) == ", price unknown"
    assert recorded_costs(standings, prices)[WEB] is None


def test_a_group_that_holds_nothing_costs_nothing() -> None:
    standings = [Standing(WEB, "SHORT", 12, 0), of_group(OTHER, 0)]
    assert costs_of(standings, price_list(), "us-east-1").remark(WEB) == ""
    assert recorded_costs(standings, price_list()) == {standing.key: 0 for standing in standings}


@pytest.mark.parametrize("held", [0, 5])
def test_the_outcome_of_a_group_costs_the_same(held: int) -> None:
    pools = (Outcome(replace(KEY, group="web"), Status.SHORT, held, held), Outcome(OTHER, Status.SHORT, 0, 0))
    outcome = Outcome(WEB, Status.SHORT, 12, held, pools=pools)
    assert recorded_cost_of(outcome, price_list()) == Decimal("0.096") * held
    unknown = replace(outcome, pools=(replace(pools[1], reserved=1), pools[0]))
    assert recorded_cost_of(unknown, price_list()) is None


@pytest.mark.parametrize(
    ("status", "target", "wanted", "missing"),
    [
        ("SHORT", Decimal("12.5"), 15 + 7, 7),
        ("SHORT", Decimal("12.25"), 15 + 7, 7),
        ("FULFILLED", Decimal("9.25"), 15, 0),
        ("PENDING", Decimal("9.25"), 15, 0),
        ("WAITING", 100, 15, 0),
        ("EXCESS", 8, 15, 0),
        ("FULFILLED", 0, 0, 0),
        ("INVALID", None, 0, 0),
    ],
)
def test_a_group_misses_instances_of_its_smallest_weight(
    status: str, target: Amount | None, wanted: int, missing: int
) -> None:
    group = Standing(WEB, status, target, Decimal(9), short_minutes=30 if status == "SHORT" else None)
    pools = [
        of_group(KEY, 12, Decimal("0.5"), unused=3, unused_minutes=5),
        of_group(OTHER, 3, 1, status="SHORT", short_minutes=90),
    ]
    totals = totals_of([group, *pools, standing(reserved=4)], costs=Costs())
    assert (totals.wanted, totals.held, totals.missing) == (wanted + 10, 19, missing + 6)
    assert (totals.unmet, totals.longest_shortage_minutes) == ((1, 30) if status == "SHORT" else (0, 0))
    assert (totals.unused, totals.longest_unused_minutes) == (3, 5)


def test_the_price_of_an_empty_pool_of_a_group_is_looked_up() -> None:
    pool = of_group(OTHER, 0)
    for target, status, is_asked in ((12, "SHORT", True), (0, "FULFILLED", False), (12, "INVALID", False)):
        name = start_of_update([Standing(WEB, status, target, 0), pool], price_list(), NOW)
        assert (name is not None) is is_asked
    assert start_of_update([Standing(WEB, "SHORT", 12, 0), replace(pool, status="INVALID")], price_list(), NOW) is None


# ---- What has the price


def test_the_price_follows_the_zone_as_written_in_the_row() -> None:
    """UpdatePrices, which does not know the zone's name, asks for the same."""
    by_id = TargetKey("m5.large", "use1-wl1-bos-wlz1", "us-east-1-wl1-bos-wlz-1")
    assert pool_of(by_id, "Windows", "default") == PricePool("m5.large", "use1-wl1-bos-wlz1", "Windows")


def test_an_outcome_has_its_platform_only_if_its_shortfall_does_not() -> None:
    usual = Outcome(KEY, Status.FULFILLED, 1, 1)
    assert not {"Platform", "Tenancy"} & set(usual.to_event())
    windows = replace(usual, platform="Windows", tenancy="dedicated")
    assert Outcome.from_event(windows.to_event()) == windows
    shortfall = Shortfall((Pool(KEY, 0),), 1, options=ReservationOptions("Windows", "dedicated")).to_event()
    attempted = to_round(usual)
    assert not {"Platform", "Tenancy"} & set(attempted)
    assert Outcome.from_event({**shared_fields(shortfall), **attempted}) == windows


def test_an_unseen_target_keeps_its_platform() -> None:
    target = Target(KEY, 1, options=ReservationOptions("Windows", "dedicated"))
    kept = with_record_kept(target, Status.FAILED, "silent")
    assert (kept.platform, kept.tenancy) == ("Windows", "dedicated")


def test_reservations_of_several_kinds_have_no_price() -> None:
    linux = Reservation("cr-1", KEY, 1, "active")
    assert kind_of([]) == {}
    assert kind_of([replace(linux, platform="Windows")] * 2) == {"platform": "Windows", "tenancy": "default"}
    kind = kind_of([linux, replace(linux, platform="Windows")])
    assert kind == {"platform": "several", "tenancy": "default"}
    assert PricePool("m5.large", "us-east-1", **kind).product is None


# ---- How it is told


def test_a_message_has_the_cost_of_each_change_and_the_total() -> None:
    changes = [Change(KEY, "SHORT", Status.FULFILLED, 10, 10), Change(OTHER, None, Status.SHORT, 4, 15)]
    empty = TargetKey("c5.large", "us-east-1a")
    standings = [standing(), standing(OTHER, 4), standing(empty, 0), standing(TargetKey("m5.large", "us-east-1b"), 1)]
    costs = costs_of(standings, price_list(), "us-east-1")
    (message,) = announcements("odcr", [*changes, Change(empty, None, Status.SHORT, 0, 15)], {}, costs)
    lines = message["Message"].splitlines()
    assert "FULFILLED: m5.large in us-east-1a: 10 of 10 held, 0.96 USD an hour (was SHORT)" in lines
    assert "SHORT: r5b.2xlarge in ap-northeast-1c: 4 of 15 held, price unknown (was new)" in lines
    assert "SHORT: c5.large in us-east-1a: 0 of 15 held (was new)" in lines
    assert lines[-2:] == [
        "",
        "All that is held costs 1.06 USD an hour, without 4 instance(s) whose price is unknown.",
    ]


def test_a_message_has_sums_in_several_currencies_and_says_if_no_price_is_known() -> None:
    both = costs_of([standing(), standing(OTHER, 15)], price_list(m5="EUR", r5b="USD"), "us-east-1")
    assert both.summary() == "All that is held costs 9.00 USD and 0.96 EUR an hour."
    none = costs_of([standing(OTHER, 15)], price_list(), "us-east-1")
    assert none.summary() == "The price of the 15 instance(s) held is unknown. Give it in odcr_price."
    assert Costs().summary() == ""


# ---- The early start of UpdatePrices


def test_a_missing_price_starts_an_update_once_in_ten_minutes() -> None:
    names = [start_of_update([standing(OTHER)], price_list(), NOW.replace(minute=minute)) for minute in (30, 39, 40)]
    assert [name and name.rpartition("-")[0] for name in names] == [
        "wanted-2026-11-26T18-30",
        "wanted-2026-11-26T18-30",
        "wanted-2026-11-26T18-40",
    ]
    assert names[0] == names[1]
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,80}", str(names[0]))


def test_a_new_target_starts_another_update() -> None:
    zones = [standing(TargetKey("r5b.2xlarge", zone)) for zone in ("ap-northeast-1a", "ap-northeast-1c")]
    name = start_of_update(zones, price_list(), NOW)
    assert name == start_of_update(zones[1:], price_list(), NOW)
    assert name != start_of_update([*zones, standing(TargetKey("c5.large", "us-east-1a"))], price_list(), NOW)


@pytest.mark.parametrize(
    "one",
    [
        standing(),
        # Of these UpdatePrices does not know.
        standing(OTHER, 4, 0, "EXCESS"),
        standing(OTHER, 0, None, "INVALID"),
        standing(TargetKey("m5.large", "moon"), 0, 1, "FAILED"),
        replace(standing(OTHER), platform=None),
    ],
)
def test_no_update_starts_for_known_prices_or_targets_without_one(one: Standing) -> None:
    assert start_of_update([one], price_list(), NOW) is None


@pytest.mark.parametrize(("price", "source"), [(None, "list"), (None, "given"), ("a dollar", "given")])
def test_no_update_starts_for_prices_that_the_list_lacks_or_that_are_invalid(price: str | None, source: str) -> None:
    prices, _ = prices_of([("m5.large", "us-east-1", None, None, price, "USD", source)])
    assert start_of_update([standing()], prices, NOW) is None


def test_no_update_starts_while_the_table_cannot_be_read() -> None:
    assert start_of_update([standing()], PriceList(is_readable=False), NOW) is None
