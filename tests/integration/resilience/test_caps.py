"""No purchase exceeds a cap, whatever fails and whoever buys at the same time."""

from decimal import Decimal
from typing import Any

import pytest

import find_shortfalls
import manage_targets
from tests.integration.resilience.calls import CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, make_tables, run
from tests.integration.resilience.single_fault import IS_LONG, Point, points_of, recover, run_with
from tests.integration.resilience.tasks import Context
from tests.integration.resilience.world import Snapshot, World

FIRST, SECOND = ("r5b.2xlarge", "ap-northeast-1c"), ("c5.large", "ap-northeast-1c")
PRICES = {FIRST: Decimal("0.7"), SECOND: Decimal("0.1")}
CAP = Decimal("3.05")
MEANWHILE, CREATE = CallFault.MEANWHILE, "CreateCapacityReservation"
FAULTS = (CallFault.KILLED_AFTER, CallFault.LOST_AFTER, CallFault.MEANWHILE, CallFault.LATE, CallFault.STALE)


@pytest.fixture(autouse=True)
def _cap(world: World, _empty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_HOURLY_SPEND", str(CAP))
    make_tables(world)
    world.ask_for(10)
    for (instance_type, _), price in PRICES.items():
        world.sql(
            "INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES (%s, 'ap-northeast-1', %s)",
            instance_type,
            price,
        )


def hourly_spend(world: World) -> Decimal:
    return sum((world.held(key) * price for key, price in PRICES.items()), Decimal(0))


def statuses(world: World) -> dict[str, str]:
    return {str(key): str(status) for key, status in world.sql("SELECT InstanceType, Status FROM odcr_status")}


def find_shortfalls_in(world: World, execution: str) -> tuple[Any, Any]:
    """The event and the answer of FindShortfalls in a run."""
    return next(
        (event, answer)
        for name, event, answer in world.answered
        if name == "FindShortfalls" and event["Execution"] == execution
    )


def ledger_in(snapshot: Snapshot) -> dict[str, Any]:
    """The attributes of the ledger's item."""
    (item,) = (item for item in snapshot.buckets.values() if "Run_Name" in item.attrs)
    return {name: attribute.to_json() for name, attribute in item.attrs.items()}


def want(world: World, free: int = 40) -> None:
    for key in PRICES:
        world.capacity.set_free(*key, free)
        world.set_target(key, 20)
    world.sql("INSERT INTO odcr_option (InstanceType, AvailabilityZone, Priority) VALUES (%s, %s, -1)", *FIRST)


def test_the_first_demand_gets_what_fits_and_both_are_reported_as_capped(world: World) -> None:
    want(world)
    run(world, "run-1")
    # 4 * 0.7 = 2.8, and 2 * 0.1 = 0.2.
    assert (world.held(FIRST), world.held(SECOND)) == (4, 2)
    assert statuses(world) == {"r5b.2xlarge": "CAPPED", "c5.large": "CAPPED"}
    run(world, "run-2")
    assert hourly_spend(world) == Decimal("3.0")


def test_the_next_run_gives_the_room_that_a_dry_pool_leaves_to_the_next_demand(world: World) -> None:
    want(world)
    world.capacity.set_free(*FIRST, 1)
    run(world, "run-1")
    assert (world.held(FIRST), world.held(SECOND)) == (1, 2)
    run(world, "run-2")
    assert (world.held(FIRST), world.held(SECOND)) == (1, 20)
    assert hourly_spend(world) == Decimal("2.7")


def test_a_price_that_rises_stops_purchases_and_releases_nothing(world: World) -> None:
    want(world, free=3)
    run(world, "run-1")
    assert (world.held(FIRST), world.held(SECOND)) == (3, 2)
    world.sql("UPDATE odcr_price SET Hourly_Price = 2 WHERE InstanceType = %s", FIRST[0])
    for key in PRICES:
        world.capacity.set_free(*key, 40)
    run(world, "run-2")
    assert (world.held(FIRST), world.held(SECOND)) == (3, 2)
    assert set(statuses(world).values()) == {"CAPPED"}


def test_without_a_price_nothing_is_bought_until_one_is_given(world: World) -> None:
    want(world)
    world.sql("DELETE FROM odcr_price WHERE InstanceType = %s", FIRST[0])
    run(world, "run-1")
    assert (world.held(FIRST), world.held(SECOND)) == (0, 20)
    ((reason,),) = world.sql("SELECT Reason FROM odcr_status WHERE InstanceType = %s", FIRST[0])
    statement = str(reason).split("Run: ")[1]
    world.sql(statement)
    run(world, "run-2")
    # At the 0.50 of the example: 3.05 - 20 * 0.1 pays for two.
    assert (world.held(FIRST), world.held(SECOND)) == (2, 20)


@pytest.mark.parametrize("seconds", [61, 400], ids=["EC2 may not show all yet", "EC2 shows all"])
def test_a_plan_equals_what_the_next_run_asks_for_and_changes_nothing(world: World, seconds: float) -> None:
    want(world, free=3)
    run(world, "run-1")
    world.pass_time(seconds)
    snapshot = world.snapshot()
    assert Execution(world, "run-2").run().phase is Phase.SUCCEEDED
    event, result = find_shortfalls_in(world, "run-2")

    world.restore(snapshot)
    context: Any = Context(world, world.clock.now() + 60)
    loaded = manage_targets.handler({"Plan": True}, context)
    assert loaded == {name: event[name] for name in loaded} | {"InstancesDue": False}
    planned = find_shortfalls.handler({**event, **loaded, "Execution": "plan", "Plan": True}, context)
    assert planned == {**result, "Instances": None}
    assert result["Branches"]
    after = world.snapshot()
    assert (after.rows, ledger_in(after)) == (snapshot.rows, ledger_in(snapshot))


def test_a_plan_during_a_run_does_not_take_its_room_in_the_ledger(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(world)
    plans: list[object] = []

    def plan() -> None:
        ledger = ledger_in(world.snapshot())
        event = find_shortfalls_in(world, "run-1")[0]
        context: Any = Context(world, world.clock.now() + 60)
        answer = find_shortfalls.handler({**event, "Execution": "plan", "Plan": True}, context)
        assert ledger_in(world.snapshot()) == ledger
        plans.append(answer["Branches"])

    monkeypatch.setattr(world.injector, "meanwhile", plan)
    with world.injector.watching(lambda call: MEANWHILE if call.operation == CREATE and not plans else None):
        run(world, "run-1")
    assert len(plans) == 1
    assert (world.held(FIRST), world.held(SECOND)) == (4, 2)


def test_the_cap_holds_whatever_fails_and_whoever_buys_at_the_same_time(world: World) -> None:
    want(world)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    recover(world)
    assert hourly_spend(world) == Decimal("3.0")
    points = [point for point in points_of(calls) if point.fault in FAULTS and not point.aborted]
    if not IS_LONG:
        # Faults of the database do not change what is bought: every fifth is enough.
        points = [
            point
            for number, point in enumerate(points)
            if point.call.service is not Service.DATABASE or number % 5 == 0
        ]
    assert {Service.EC2, Service.BUCKETS, Service.LAMBDA} <= {point.call.service for point in points}
    failures: dict[Point, object] = {}
    for point in points:
        world.restore(snapshot)
        run_with(world, point)
        spends = [hourly_spend(world)]
        recover(world)
        spends.append(hourly_spend(world))
        world.pass_time(400)
        run(world, "run-last")
        spends.append(hourly_spend(world))
        if max(spends) > CAP or spends[-1] < Decimal("2.4"):
            failures[point] = (spends, statuses(world), world.held(FIRST), world.held(SECOND))
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
