"""`odcr plan` reads the product's own events."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

from rich.console import Console

from odcr.domain.calendar import Rest
from odcr.domain.outcome import Outcome, Status
from odcr.domain.shortfall import Limit, Pool, Shortfall
from odcr.domain.target import TargetKey, Unit, group_key
from odcr_cli.commands.plan import render, summary
from odcr_cli.demand_tables import demands_of
from odcr_cli.demands import Demand
from odcr_cli.planning import Action, PlannedDemand, plan_request, planned_demands, total_costs
from odcr_cli.prices import Prices

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"
KEY = TargetKey(TYPE, ZONE)
PRICES = Prices(
    {"InstanceType": type_, "Region": "ap-northeast-1", "Platform": "Linux/UNIX", "Tenancy": "default"}
    | {"Hourly_Price": price, "Currency": "USD"}
    for type_, price in ((TYPE, "0.5"), ("m6i.2xlarge", "0.4"), ("m6i.4xlarge", "0.8"))
)
ALL = {"Targets": [], "Rejected": [], "Complete": True}


def answer(*shortfalls: Shortfall, observed: tuple[Outcome, ...] = (), left: bool = False) -> dict[str, Any]:
    """What FindShortfalls answers."""
    branch = {"Shortfalls": [shortfall.to_event() for shortfall in shortfalls], "AskEvery": 5.0, "PauseSeconds": 0}
    return {
        "Branches": [branch],
        "Observed": [outcome.to_event() for outcome in observed],
        "Rejected": [],
        "Left": left,
    }


def one(shortfall: Shortfall, demands: tuple[Demand, ...] = ()) -> PlannedDemand:
    (plans,) = planned_demands(answer(shortfall), ALL, demands, PRICES)
    return plans


def rows(*wanted: tuple[str, int]) -> list[Demand]:
    capacity = [
        {"InstanceType": type_, "AvailabilityZone": ZONE, "Target_Capacity": target} for type_, target in wanted
    ]
    return demands_of(capacity, [], [], [], [], prices=[])


def member(type_: str, held: int, weight: int, **more: Any) -> Pool:
    return Pool(TargetKey(type_, ZONE, group="checkout"), held, weight=weight, **more)


def test_a_row_is_asked_for_up_to_what_is_missing() -> None:
    plan = one(Shortfall((Pool(KEY, 4),), 15))
    assert (plan.name, plan.action, plan.every) == (f"{TYPE} {ZONE}", Action.ASK, 5)
    assert [ask.up_to for ask in plan.asks] == [11]
    assert [plan.wanted, plan.held, plan.missing, plan.costs] == [15, 4, 11, {"USD": Decimal("5.5")}]


def test_a_cap_bounds_it_and_says_why() -> None:
    plan = one(Shortfall((Pool(KEY, 4),), 15, limit=Limit(6, "Max_Hourly_Cost of 3 allows 6 of 15.", price="")))
    assert [ask.up_to for ask in plan.asks] == [2]
    assert "allows 6 of 15" in plan.reason


def test_a_group_may_get_each_pools_part_and_costs_what_its_dearest_would() -> None:
    pools = (member("m6i.2xlarge", 3, 8), member("m6i.4xlarge", 2, 16, most=3), member(TYPE, 0, 8, may_buy=False))
    plan = one(Shortfall(pools, 100, unit=Unit.vcpus))
    assert (plan.name, plan.unit) == ("checkout", "vcpus")
    assert [plan.held, plan.missing] == [56, 44]
    assert [ask.up_to for ask in plan.asks] == [5, 1, 0]
    assert plan.costs == {"USD": Decimal("2.0")}
    covering = one(Shortfall(pools, 100, unit=Unit.vcpus, allows_overshoot=True))
    assert [ask.up_to for ask in covering.asks] == [6, 1, 0]


def test_a_groups_cap_is_money() -> None:
    pools = (member("m6i.2xlarge", 3, 8, price="0.4"), member("m6i.4xlarge", 0, 16, price="0.8"))
    plan = one(Shortfall(pools, 100, limit=Limit(None, "It may cost 2.", cost="2", price="yes")))
    assert [ask.up_to for ask in plan.asks] == [2, 1]


def test_what_is_released_and_what_only_is_looked_at_is_not_asked_for() -> None:
    released = one(Shortfall((Pool(KEY, 15),), 10, is_release=True))
    assert (released.action, released.asks) == (Action.RELEASE, ())
    resting = one(Shortfall((Pool(KEY, 4),), 15, rest=Rest(Status.STOPPED, "The deadline has passed.")))
    assert (resting.action, resting.reason) == (Action.LOOK, "The deadline has passed.")


def test_what_needs_no_asking_has_the_products_reason() -> None:
    outcome = Outcome(KEY, Status.WAITING, 15, 0, reason="Nothing is asked for before Start_At.")
    demands = rows((TYPE, 15), ("m5.large", 2))
    share = ALL | {"Targets": [{"InstanceType": type_, "AvailabilityZone": ZONE} for type_ in (TYPE, "m5.large")]}
    by_name = {plan.name: plan for plan in planned_demands(answer(observed=(outcome,)), share, demands, PRICES)}
    assert by_name[f"{TYPE} {ZONE}"].status == "WAITING"
    assert "Start_At" in by_name[f"{TYPE} {ZONE}"].reason
    assert by_name[f"m5.large {ZONE}"].action is Action.NONE


def test_what_does_not_fit_into_one_run_has_its_turn_later() -> None:
    by_name = {plan.name: plan for plan in planned_demands(answer(left=True), ALL, rows((TYPE, 15)), PRICES)}
    assert "next runs" in by_name[f"{TYPE} {ZONE}"].reason


def test_a_group_that_is_not_asked_for_is_a_demand_too() -> None:
    outcome = Outcome(group_key("checkout"), Status.INVALID, 64, 0, reason="It has no members.")
    (plans,) = planned_demands(answer(observed=(outcome,)), ALL, [], PRICES)
    assert (plans.name, plans.status) == ("checkout", "INVALID")


def test_the_sum_leaves_out_what_has_no_price_and_says_so() -> None:
    unknown = Shortfall((Pool(TargetKey("x1.32xlarge", ZONE), 0),), 2)
    plans = planned_demands(answer(Shortfall((Pool(KEY, 4),), 15), unknown), ALL, [], PRICES)
    assert total_costs(plans) == {"USD": Decimal("5.5")}
    said = summary(plans).plain
    assert "5.50 USD more" in said
    assert "unknown" in said
    assert summary([]).plain == "The next run asks for nothing."


def test_what_is_paid_in_several_currencies_is_not_added_up() -> None:
    yuan = {"InstanceType": "m5.large", "Region": "cn-north-1", "Hourly_Price": "3", "Currency": "CNY"}
    dollars = {"InstanceType": TYPE, "Region": "ap-northeast-1", "Hourly_Price": "0.5"}
    missing = Shortfall((Pool(KEY, 4),), 15), Shortfall((Pool(TargetKey("m5.large", "cn-north-1a"), 0),), 2)
    plans = planned_demands(answer(*missing), ALL, [], Prices([yuan, dollars]))
    assert "up to 5.50 USD, 6.00 CNY more" in summary(plans[::-1]).plain


def test_the_question_is_a_runs_and_says_that_it_is_a_plan() -> None:
    asked = plan_request(ALL, datetime(2026, 11, 10, 21, tzinfo=UTC))
    assert asked["Plan"] is True
    assert asked["StartedAt"] == "2026-11-10T21:00:00+00:00"
    assert {"Targets", "Rejected", "Complete", "Execution", "AskSeconds", "Input"} <= asked.keys()


def test_it_fits_80_columns_and_a_reason_is_text() -> None:
    hostile = "[red]\x1b[31m a reason\n" + "that is long " * 20
    pools = (member("m6i.2xlarge", 3, 8), member(TYPE, 0, 8, may_buy=False, remark=hostile))
    shortfalls = (
        Shortfall((Pool(KEY, 4),), 15, limit=Limit(6, hostile, price="")),
        Shortfall(pools, 100, unit=Unit.vcpus),
        Shortfall((Pool(TargetKey("m5.large", ZONE), 15),), 10, is_release=True),
    )
    console = Console(width=80, file=StringIO())
    for plan in planned_demands(answer(*shortfalls), ALL, [], PRICES):
        console.print(render(plan))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    for part in ("asks for up to 2, 1.00 USD an hour, every 5 s", "none of r5b.2xlarge", "gives back up to 5"):
        assert part in text
