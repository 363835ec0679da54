"""A demand with a start and a deadline, run by run, and with every fault in the run that gives the verdict."""

from typing import Any

from tests.integration.resilience.calls import CallFault, Service
from tests.integration.resilience.execution import make_tables, run
from tests.integration.resilience.single_fault import points_of, recover, run_with
from tests.integration.resilience.world import World

KEY = ("r5b.2xlarge", "ap-northeast-1c")


def demand(world: World, **columns: str) -> None:
    """Wants 15 where 12 are free, with these columns of odcr_option; numbers are times, in seconds from now."""
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
    """The verdicts in the mails that were sent or wait in the outbox."""
    messages = [mail["Message"] for mail in world.published] + [
        row[0] for row in world.sql("SELECT Message FROM odcr_outbox")
    ]
    return [word for text in messages for word in ("MET ITS", "MISSED ITS") if f"{word} DEADLINE" in text]


def test_a_demand_waits_for_its_start_misses_its_deadline_and_is_released(world: World) -> None:
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


def test_a_postponed_deadline_keeps_what_is_held_and_asking_resumes(world: World) -> None:
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


def test_the_verdict_comes_once_whatever_fails_in_the_run_that_gives_it(world: World) -> None:
    demand(world, Deadline="150", On_Missed="release")
    run(world, "run-1")
    world.pass_time(120)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    points = [point for point in points_of(calls) if point.fault in (CallFault.KILLED_AFTER, CallFault.LOST_AFTER)]
    assert {Service.DATABASE, Service.LAMBDA, Service.NOTIFICATIONS} <= {point.call.service for point in points}
    mailed = next(number for number, call in enumerate(calls) if call.service is Service.NOTIFICATIONS)
    failures = {}
    for point in points:
        world.restore(snapshot)
        world.published.clear()
        run_with(world, point)
        recover(world)
        for name in ("run-3", "run-4"):
            world.pass_time(world.lease_seconds)
            run(world, name)
        mailed_verdicts, recorded = (
            verdicts(world),
            world.sql("SELECT Verdict FROM odcr_history WHERE Verdict IS NOT NULL"),
        )
        # A mail that was sent but not deleted from the outbox is sent again: SNS does not recognise duplicates.
        most = 2 if point.number >= mailed else 1
        is_once = recorded == (("MISSED",),) and 1 <= len(mailed_verdicts) <= most
        if not is_once or (status(world), world.held(KEY)) != (("STOPPED", 0, "MISSED"), 0):
            failures[point] = (mailed_verdicts, status(world), world.held(KEY))
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
