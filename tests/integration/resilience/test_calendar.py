"""A demand with a start and a deadline, run by run, with everything that can happen to the run that judges it."""

from typing import Any

from tests.integration.resilience.calls import CallFault, Service
from tests.integration.resilience.execution import make_tables, run
from tests.integration.resilience.single_fault import points_of, recover, run_with
from tests.integration.resilience.world import World

KEY = ("r5b.2xlarge", "ap-northeast-1c")


def demand(world: World, **columns: str) -> None:
    """15 wanted where 12 are free, with these columns of odcr_option; times are seconds from now."""
    make_tables(world)
    world.ask_for(10)
    world.capacity.set_free(*KEY, 12)
    world.set_target(KEY, 15)
    names = ", ".join(("InstanceType", "AvailabilityZone", *columns))
    values = ", ".join(
        f"'{value}'" if value.isalpha() else f"UTC_TIMESTAMP() + INTERVAL {value} SECOND" for value in columns.values()
    )
    world.sql(f"INSERT INTO odcr_option ({names}) VALUES ('{KEY[0]}', '{KEY[1]}', {values})")


def status(world: World) -> tuple[Any, ...]:
    ((*row,),) = world.sql("SELECT Status, Reserved, Verdict FROM odcr_status")
    return tuple(row)


def verdicts(world: World) -> list[str]:
    """Those that people were told, or are still to be told."""
    told = [one["Message"] for one in world.published] + [
        row[0] for row in world.sql("SELECT Message FROM odcr_outbox")
    ]
    return [word for text in told for word in ("MET ITS", "MISSED ITS") if f"{word} DEADLINE" in text]


def test_a_demand_is_asked_for_from_its_start_judged_at_its_deadline_and_given_back(world: World) -> None:
    demand(world, Start_At="150", Deadline="400", On_Missed="release")
    run(world, "run-1")
    assert (status(world), world.held(KEY)) == (("WAITING", 0, None), 0)
    world.pass_time(90)
    run(world, "run-2")
    assert (status(world), world.held(KEY)) == (("SHORT", 12, None), 12)
    world.pass_time(300)
    run(world, "run-3")
    assert (status(world), world.held(KEY)) == (("STOPPED", 12, "MISSED"), 12)
    run(world, "run-4")
    assert (status(world), world.held(KEY)) == (("STOPPED", 0, "MISSED"), 0)
    for name in ("run-5", "run-6"):
        run(world, name)
        assert (status(world), world.held(KEY)) == (("STOPPED", 0, "MISSED"), 0)
    assert verdicts(world) == ["MISSED ITS"]


def test_a_later_deadline_keeps_what_was_to_be_given_back_and_asks_on(world: World) -> None:
    demand(world, Deadline="150", On_Missed="release")
    run(world, "run-1")
    world.pass_time(120)
    run(world, "run-2")
    assert status(world) == ("STOPPED", 12, "MISSED")
    world.sql("UPDATE odcr_option SET Deadline = UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    world.capacity.set_free(*KEY, 3)
    run(world, "run-3")
    assert (status(world), world.held(KEY)) == (("FULFILLED", 15, "MISSED"), 15)
    world.pass_time(3600)
    run(world, "run-4")
    assert status(world) == ("FULFILLED", 15, "MET")
    assert verdicts(world) == ["MISSED ITS", "MET ITS"]


def test_the_verdict_is_told_once_whatever_happens_to_the_run_that_comes_to_it(world: World) -> None:
    demand(world, Deadline="150", On_Missed="release")
    run(world, "run-1")
    world.pass_time(120)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    points = [one for one in points_of(calls) if one.fault in (CallFault.KILLED_AFTER, CallFault.LOST_AFTER)]
    assert {Service.DATABASE, Service.LAMBDA, Service.NOTIFICATIONS} <= {one.call.service for one in points}
    mailed = next(number for number, call in enumerate(calls) if call.service is Service.NOTIFICATIONS)
    wrong = {}
    for point in points:
        world.restore(snapshot)
        world.published.clear()
        run_with(world, point)
        recover(world)
        for name in ("run-3", "run-4"):
            world.pass_time(world.lease_seconds)
            run(world, name)
        told, recorded = verdicts(world), world.sql("SELECT Verdict FROM odcr_history WHERE Verdict IS NOT NULL")
        # A mail that has left and could not be taken out of the outbox is sent again: SNS does not know it.
        most = 2 if point.number >= mailed else 1
        is_once = recorded == (("MISSED",),) and 1 <= len(told) <= most
        if not is_once or (status(world), world.held(KEY)) != (("STOPPED", 0, "MISSED"), 0):
            wrong[point] = (told, status(world), world.held(KEY))
    assert not wrong, "\n".join(f"{point}: {found}" for point, found in wrong.items())
