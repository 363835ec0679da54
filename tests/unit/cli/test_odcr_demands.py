"""Reads demands from the tables' rows."""

from decimal import Decimal
from typing import Any

from odcr_cli.demand_tables import demands_of
from odcr_cli.demands import Demand, sums_of

Row = dict[str, Any]


def status(type_: str, zone: str, group: str = "", **columns: Any) -> Row:
    row = {"InstanceType": type_, "AvailabilityZone": zone, "Group_Name": group, "Status": "SHORT", "Reserved": 0}
    return row | {"Reason": "", "Since": "2026-11-10 20:00:00", "Reservation_Ids": ""} | columns


def row(type_: str, zone: str, wanted: int) -> Row:
    return {"InstanceType": type_, "AvailabilityZone": zone, "Target_Capacity": wanted, "Current_Capacity": 0}


def member(group: str, type_: str, zone: str, **columns: Any) -> Row:
    return {"Group_Name": group, "InstanceType": type_, "AvailabilityZone": zone, "Priority": 0} | columns


def demands(
    *rows: Row, groups: Any = (), members: Any = (), recorded: Any = (), options: Any = ()
) -> dict[str, Demand]:
    return {demand.name: demand for demand in demands_of(rows, options, groups, members, recorded, prices=[])}


def test_a_target_joins_its_row_and_its_recorded_status() -> None:
    recorded = status("r5b.2xlarge", "ap-northeast-1c", Reserved=4, In_Use=3, Unused=1, Hourly_Cost="2.384")
    by_name = demands(row("r5b.2xlarge", "ap-northeast-1c", 15), recorded=[recorded])
    target = by_name["r5b.2xlarge ap-northeast-1c"]
    assert (target.wanted, target.held, target.missing, target.in_use, target.unused) == (15, 4, 11, 3, 1)
    assert target.hourly_cost == Decimal("2.384")
    assert not target.is_met
    assert target.pools[0].region == "ap-northeast-1"


def test_a_row_that_no_run_has_seen_is_new() -> None:
    (target,) = demands(row("m5.large", "eu-west-1a", 2)).values()
    assert (target.status, target.held, target.is_met) == ("NEW", 0, False)


def test_a_target_that_was_raised_since_the_last_run_is_not_met() -> None:
    recorded = status("m5.large", "eu-west-1a", Status="FULFILLED", Reserved=2)
    (target,) = demands(row("m5.large", "eu-west-1a", 3), recorded=[recorded]).values()
    assert target.missing == 1
    assert not target.is_met


def test_what_is_held_for_a_row_that_is_gone_is_shown() -> None:
    recorded = status("m5.large", "eu-west-1a", Status="EXCESS", Reserved=2)
    (target,) = demands(recorded=[recorded]).values()
    assert (target.is_there, target.wanted, target.held) == (False, 0, 2)
    assert target.is_met
    assert not target.pools[0].is_member


def test_waiting_counts_as_met_and_stopped_does_not() -> None:
    for name, is_met in (("WAITING", True), ("STOPPED", False), ("INVALID", False), ("CAPPED", False)):
        recorded = status("m5.large", "eu-west-1a", Status=name)
        (target,) = demands(row("m5.large", "eu-west-1a", 3), recorded=[recorded]).values()
        assert target.is_met is is_met, name


def test_an_invalid_row_is_never_met() -> None:
    recorded = status("m5.larg", "eu-west-1a", Status="INVALID")
    (target,) = demands(row("m5.larg", "eu-west-1a", 0), recorded=[recorded]).values()
    assert not target.is_met


def test_a_group_opens_to_its_pools_in_their_order() -> None:
    by_name = demands(
        row("m5.large", "eu-west-1a", 1),
        groups=[{"Group_Name": "web", "TotalTargetCapacity": "64", "Unit": "vcpus"}],
        members=[
            member("web", "m5.large", "eu-west-1a", Priority=2, Weight="2"),
            member("web", "m6i.large", "eu-west-1b", Priority=1),
        ],
        recorded=[
            status("", "", "web", Status="SHORT", Reserved=24, Hourly_Cost="1.5", Target_Capacity=64),
            status("m5.large", "eu-west-1a", "web", Reserved=2, Hourly_Cost="0.5"),
            status("m6i.large", "eu-west-1b", "web", Reserved=3, Weight="2", Hourly_Cost="1"),
            status("c5.large", "eu-west-1c", "web", Reserved=1),
            status("m5.large", "eu-west-1a", Status="FULFILLED", Reserved=1),
        ],
    )
    web = by_name["web"]
    assert (web.unit, web.wanted, web.held, web.missing) == ("vcpus", 64, 24, 40)
    assert [(pool.instance_type, pool.held, pool.weight, pool.is_member) for pool in web.pools] == [
        ("m6i.large", 3, 2, True),
        ("m5.large", 2, 2, True),
        ("c5.large", 1, None, False),
    ]
    # The same pool in a row is the row's.
    assert by_name["m5.large eu-west-1a"].held == 1


def test_a_group_that_holds_all_that_its_weights_allow_is_met() -> None:
    by_name = demands(
        groups=[{"Group_Name": "web", "TotalTargetCapacity": "15", "Unit": "vcpus"}],
        recorded=[status("", "", "web", Status="FULFILLED", Reserved=14.5, Target_Capacity=15)],
    )
    assert by_name["web"].is_met
    assert by_name["web"].missing == Decimal("0.5")


def test_a_group_that_is_gone_keeps_what_it_holds() -> None:
    by_name = demands(
        recorded=[
            status("", "", "web", Status="EXCESS", Reserved=4, Unit="vcpus"),
            status("m5.large", "eu-west-1a", "web", Reserved=2),
        ]
    )
    assert (by_name["web"].is_there, by_name["web"].unit, len(by_name["web"].pools)) == (False, "vcpus", 1)


def test_sums_count_instances_and_tell_what_has_no_price() -> None:
    by_name = demands(
        row("m5.large", "eu-west-1a", 3),
        row("c5.large", "eu-west-1b", 2),
        groups=[{"Group_Name": "web", "TotalTargetCapacity": "8", "Unit": "vcpus"}],
        members=[member("web", "m6i.large", "eu-west-1b")],
        recorded=[
            status("m5.large", "eu-west-1a", Reserved=1, In_Use=1, Unused=0, Hourly_Cost="0.1"),
            status("c5.large", "eu-west-1b", Status="EXCESS", Reserved=4),
            status("", "", "web", Reserved=4, Unused=2),
            status("m6i.large", "eu-west-1b", "web", Reserved=2, In_Use=0, Unused=2, Hourly_Cost="0.2"),
        ],
    )
    sums = sums_of(list(by_name.values()))
    assert (sums.demands, sums.unmet, sums.wanted, sums.held, sums.missing) == (3, 2, 5, 5, 2)
    assert (sums.in_use, sums.unused, sums.hourly_cost, sums.unpriced) == (1, 2, {"USD": Decimal("0.3")}, 4)


def test_a_cost_has_the_currency_of_the_price_with_which_a_run_worked_it_out() -> None:
    def costs(zone: str, price: Row | None, **recorded: Any) -> dict[str, Decimal]:
        priced = [{"InstanceType": "m5.large", "Region": "eu-west-1", "Hourly_Price": "3"} | price] if price else []
        held = status("m5.large", zone, Reserved=2, Hourly_Cost="6", **recorded)
        (parsed,) = demands_of([row("m5.large", zone, 2)], [], [], [], [held], priced)
        return dict(parsed.costs)

    six = Decimal(6)
    assert costs("eu-west-1a", {"Currency": "EUR"}) == {"EUR": six}
    assert costs("eu-west-1a", {"Currency": "EUR", "Platform": "Windows"}, Platform="Windows") == {"EUR": six}
    # Of another platform, it says nothing: the cost is in what the price list of the partition is in.
    assert costs("eu-west-1a", {"Currency": "EUR", "Platform": "Windows"}) == {"USD": six}
    assert costs("cn-north-1a", None) == {"CNY": six}


def test_a_group_that_is_paid_in_two_currencies_costs_two_amounts() -> None:
    pools = [("m5.large", "eu-west-1a"), ("c5.large", "eu-west-1b")]
    (parsed,) = demands_of(
        [],
        [],
        [{"Group_Name": "web", "TotalTargetCapacity": "3"}],
        [member("web", *pool) for pool in pools],
        [status("", "", "web", Reserved=3)] + [status(*pool, "web", Reserved=1, Hourly_Cost="0.5") for pool in pools],
        [{"InstanceType": "c5.large", "Region": "eu-west-1", "Hourly_Price": "0.5", "Currency": "EUR"}],
    )
    assert parsed.costs == {"USD": Decimal("0.5"), "EUR": Decimal("0.5")}
    assert sums_of([parsed]).hourly_cost == parsed.costs


def test_a_group_whose_total_was_raised_since_the_last_run_is_not_met() -> None:
    by_name = demands(
        groups=[{"Group_Name": "web", "TotalTargetCapacity": "100", "Unit": "vcpus"}],
        recorded=[status("", "", "web", Status="FULFILLED", Reserved=10, Target_Capacity=10)],
    )
    assert not by_name["web"].is_met
    assert by_name["web"].missing == 90


def test_rows_are_put_together_as_the_product_does() -> None:
    for type_, zone in ((" M5.Large", "EU-west-1A "), ("m5.large", "euw1-az3")):
        option = {"InstanceType": type_, "AvailabilityZone": zone, "Platform": "Windows"}
        (target,) = demands(row("m5.large", "eu-west-1a", 1), options=[option]).values()
        assert target.options == option
    for type_, zone in (("m5.large", "eu-west-1b"), ("m5.large", "use1-az1"), ("c5.large", "eu-west-1a")):
        option = {"InstanceType": type_, "AvailabilityZone": zone, "Platform": "Windows"}
        (target,) = demands(row("m5.large", "eu-west-1a", 1), options=[option]).values()
        assert target.options == {}
    by_name = demands(
        groups=[{"Group_Name": "Web", "TotalTargetCapacity": "64", "Unit": "VCPUS"}],
        members=[member("web ", "m5.large", "eu-west-1a")],
    )
    assert by_name["Web"].unit == "vcpus"
    assert [pool.is_member for pool in by_name["Web"].pools] == [True]
