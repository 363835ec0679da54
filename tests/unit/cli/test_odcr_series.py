"""Held, wanted, spend and requests over time, from the history."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.price_pools import price_pool
from odcr.domain.prices import prices_of
from odcr.domain.target import ReservationOptions, TargetKey
from odcr_cli.demand_tables import demands_of
from odcr_cli.demands import Demand
from odcr_cli.prices import Price, Prices, price_region
from odcr_cli.request_counts import requests_of
from odcr_cli.series import Series, series_of, total_of
from odcr_cli.spend import spend_of

Row = dict[str, Any]
START, END = datetime(2026, 11, 10, 12, tzinfo=UTC), datetime(2026, 11, 10, 21, tzinfo=UTC)
KEY: Row = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c", "Group_Name": ""}


def at(clock: str, held: float, wanted: float | None, before: str | None = "SHORT", **columns: Any) -> Row:
    """A row of the history."""
    row: Row = KEY | {"Execution": f"run-{clock}", "Recorded": f"2026-11-10 {clock}", "Previous_Status": before}
    row |= {"Status": "SHORT", "Target_Capacity": wanted, "Reserved": held, "Unit": None, "Acquired": 0, "Lost": 0}
    return row | {"Attempts": 1, "Calls": 0, "Refusals": 0, "Reason": ""} | columns


def demand(held: float, wanted: int, **status: Any) -> list[Demand]:
    recorded = KEY | {"Status": "SHORT", "Reserved": held, "Reason": "", "Reservation_Ids": ""} | status
    return demands_of([KEY | {"Target_Capacity": wanted}], [], [], [], [recorded], prices=[])


def steps(series: Series) -> list[tuple[str, float, float]]:
    moments = [f"{moment:%H:%M}" for moment in series.times]
    return list(zip(moments, series.held, series.wanted, strict=True))


def test_a_value_holds_until_the_next_row() -> None:
    history = [at("13:00:00", 4, 15, None), at("15:30:00", 9, 15, Acquired=5)]
    (series,) = series_of(history, demand(9, 15), START, END)
    assert steps(series) == [("13:00", 4, 15), ("15:30", 9, 15)]
    assert series.missing == (11, 6)
    assert series.end == END


def test_before_the_first_row_stands_what_it_changed() -> None:
    (series,) = series_of([at("15:30:00", 9, 15, Acquired=5)], demand(9, 15), START, END)
    assert steps(series) == [("12:00", 4, 15), ("15:30", 9, 15)]
    (lost,) = series_of([at("15:30:00", 9, 15, Lost=6)], demand(9, 15), START, END)
    assert steps(lost)[0] == ("12:00", 15, 15)


def test_a_met_target_that_was_raised_wanted_what_it_held() -> None:
    (series,) = series_of([at("15:30:00", 4, 15, "FULFILLED")], demand(4, 15), START, END)
    assert steps(series) == [("12:00", 4, 4), ("15:30", 4, 15)]


def test_without_rows_nothing_has_changed_and_a_new_row_begins_now() -> None:
    (series,) = series_of([], demand(4, 15), START, END)
    assert steps(series) == [("12:00", 4, 15)]
    new = demands_of([KEY | {"Target_Capacity": 15}], [], [], [], [], prices=[])
    assert steps(series_of([], new, START, END)[0]) == [("21:00", 0, 15)]


def test_a_target_that_was_changed_since_the_last_run_is_wanted_now() -> None:
    (series,) = series_of([at("13:00:00", 4, 15, None)], demand(4, 20), START, END)
    assert steps(series)[-1] == ("21:00", 4, 20)


def test_a_row_that_does_not_say_what_it_wants_changes_only_what_is_held() -> None:
    history = [at("13:00:00", 4, 15, None), at("14:00:00", 4, None, Status="INVALID")]
    (series,) = series_of(history, demand(4, 15), START, END)
    assert steps(series) == [("13:00", 4, 15)]


def test_what_is_gone_ends_with_its_last_row() -> None:
    (series,) = series_of([at("13:00:00", 0, 15, None)], [], START, END)
    assert not series.is_there
    assert steps(series) == [("13:00", 0, 15), ("13:01", 0, 0)]


def test_a_group_is_in_its_units_and_its_pools_are_no_series() -> None:
    own = {"InstanceType": "", "AvailabilityZone": "", "Group_Name": "checkout", "Unit": "vcpus"}
    history = [at("13:00:00", 64, 128, None, **own), at("13:00:00", 8, 8, None, Group_Name="checkout")]
    group = demands_of(
        [],
        [],
        [{"Group_Name": "checkout", "TotalTargetCapacity": "128", "Unit": "vcpus"}],
        [KEY | {"Group_Name": "checkout"}],
        [own | {"Status": "SHORT", "Reserved": 64, "Reason": "", "Reservation_Ids": ""}],
        prices=[],
    )
    (series,) = series_of(history, group, START, END)
    assert (series.name, series.unit, series.is_group) == ("checkout", "vcpus", True)
    assert steps(series) == [("13:00", 64, 128)]
    assert total_of([series]).times == ()


def test_a_row_of_the_name_of_a_group_stays_apart_from_it() -> None:
    own = {"InstanceType": "", "AvailabilityZone": "", "Group_Name": "r5b.2xlarge ap-northeast-1c"}
    history = [at("13:00:00", 4, 15, None), at("13:00:00", 7, 7, None, **own)]
    assert [(part.is_group, part.held[0]) for part in series_of(history, [], START, END)] == [(False, 4), (True, 7)]


def test_one_excess_does_not_make_up_for_anothers_shortage() -> None:
    times = (START, END)
    first = Series("a", "instances", times, (4, 6), (2, 2), END)
    second = Series("b", "instances", times[:1], (0,), (10,), END)
    total = total_of([first, second])
    assert (total.held, total.wanted, total.missing) == ((4, 6), (12, 12), (10, 10))


def test_spend_is_what_was_held_at_the_prices_of_now() -> None:
    prices = Prices([{**_price("r5b.2xlarge"), "Hourly_Price": "0.5", "Currency": "USD"}])
    history = [at("13:00:00", 4, 15, None), at("15:30:00", 9, 15, Acquired=5)]
    (spend,) = spend_of(history, demand(9, 15), prices, START, END)
    assert (spend.currency, spend.amounts, spend.unpriced) == ("USD", (2.0, 4.5), 0)
    recorded = spend_of(history, demand(9, 15, Hourly_Cost="9"), prices, START, END)
    assert recorded[0].amounts == (4.0, 9.0)
    assert spend_of(history, demand(9, 15), Prices([]), START, END) == []


def test_each_currency_is_a_sum_of_its_own() -> None:
    other = KEY | {"InstanceType": "m5.large", "AvailabilityZone": "cn-north-1a"}
    rows = [KEY | {"Target_Capacity": 2}, other | {"Target_Capacity": 3}]
    status = [
        pool | {"Status": "FULFILLED", "Reserved": 2, "Reason": "", "Reservation_Ids": ""} for pool in (KEY, other)
    ]
    prices = Prices(
        [
            _price("r5b.2xlarge") | {"Hourly_Price": "0.5"},
            _price("m5.large", "cn-north-1") | {"Hourly_Price": "3", "Currency": "CNY"},
            _price("x1.32xlarge") | {"Hourly_Price": None},
        ]
    )
    spends = spend_of([], demands_of(rows, [], [], [], status, prices=[]), prices, START, END)
    assert {spend.currency: spend.amounts for spend in spends} == {"USD": (1.0,), "CNY": (6.0,)}


def test_requests_are_those_of_the_pools_in_the_hour_in_which_they_were_made() -> None:
    history = [
        at("13:59:50", 0, 15, Execution="hour 2026-11-10 13:00", Calls=600, Refusals=590),
        at("13:20:00", 1, 15, Calls=3, Refusals=2),
        at("15:00:05", 1, 15, Execution="hour 2026-11-10 15:00", Calls=10, Refusals=10),
        at("13:20:00", 1, 15, InstanceType="", AvailabilityZone="", Group_Name="g", Calls=1000),
    ]
    counts = requests_of(history, START, END)
    assert [hour.hour for hour in counts.hours] == [13, 15]
    assert (counts.calls, counts.refusals) == ((603, 10), (592, 10))


def test_prices_are_by_the_place_that_the_table_names() -> None:
    # As docs/how-to/give-prices.md has them.
    places = {
        "ap-northeast-1c": "ap-northeast-1",
        "apne1-az1": "ap-northeast-1",
        "us-west-2-lax-1a": "us-west-2-lax-1",
        "usw2-lax1-az1": "us-west-2-lax-1",
        "us-east-1-wl1-bos-wlz-1": "us-east-1-wl1-bos-wlz-1",
        "nowhere": "",
    }
    assert {zone: price_region(zone) for zone in places} == places


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"InstanceType": "R5B.2xlarge", "Region": " AP-Northeast-1 "},
        {"Platform": "linux/unix", "Tenancy": "Default"},
        {"Currency": "usd "},
        {"Currency": None},
    ],
)
def test_a_price_is_found_however_it_is_written_as_a_run_finds_it(row: Row) -> None:
    price = _price("r5b.2xlarge") | {"Hourly_Price": "0.5", "Currency": "USD", "Source": "given"} | row
    columns = ("InstanceType", "Region", "Platform", "Tenancy", "Hourly_Price", "Currency", "Source")
    by_a_run, _ = prices_of([[price[name] for name in columns]])
    expected = by_a_run.of(price_pool(TargetKey("r5b.2xlarge", "ap-northeast-1c"), ReservationOptions()))
    price_ = Prices([price]).of_type("r5B.2xlarge", "AP-northeast-1c")
    assert expected
    assert price_ == Price(expected.amount, expected.currency)


def test_of_two_rows_that_mean_the_same_a_given_price_wins_then_the_highest() -> None:
    written = (("m5.large", "0.2", "given"), ("M5.large", "0.1", "given"), ("m5.Large", "9", "list"))
    rows = [_price(type_) | {"Hourly_Price": price, "Source": source} for type_, price, source in written]
    for order in (rows, rows[::-1]):
        assert Prices(order).of_type("m5.large", "ap-northeast-1c") == Price(Decimal("0.2"), "USD")


def _price(type_: str, region: str = "ap-northeast-1") -> Row:
    return {"InstanceType": type_, "Region": region, "Platform": "Linux/UNIX", "Tenancy": "default"}
