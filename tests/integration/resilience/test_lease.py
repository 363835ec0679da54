"""A run that dies with the lease in its hands keeps the next ones from nothing for long, and none works beside it."""

from collections.abc import Callable

import pytest

from odcr.domain.pace import RESERVED_SECONDS
from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, all_of, make_tables, play
from tests.integration.resilience.injector import LATE_SECONDS
from tests.integration.resilience.single_fault import KILLS, Point, run_with, takeover_seconds
from tests.integration.resilience.world import World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
REQUESTS = ("CreateCapacityReservation", "ModifyCapacityReservation", "CancelCapacityReservation")


@pytest.fixture(autouse=True)
def _tables(world: World, _empty: None) -> None:
    make_tables(world)


def at_work(world: World, free: int = 6) -> Execution:
    """A run that stands before ReserveCapacity."""
    world.capacity.set_free(*KEY, free)
    world.set_target(KEY, 6)
    run = Execution(world, "run-1")
    while run.key_of(0) is None:
        run.step()
    return run


def throttled(*operations: str) -> Callable[[Call], CallFault | None]:
    return lambda call: CallFault.THROTTLED if call.operation in operations else None


def following(world: World, since: float) -> Execution:
    """The first run that asks EC2 after those that are there, and has ended; the schedule starts one each minute."""
    before = {one.name for one in all_of(world)}

    def those() -> list[Execution]:
        return [one for one in all_of(world) if one.name not in before and "FindShortfalls" in one.stepper.entered]

    play(world, lambda: any(one.is_over for one in those()), scheduled=since)
    return those()[0]


def test_after_an_abort_asking_goes_on_once_the_lease_has_expired(world: World) -> None:
    run = at_work(world)
    run.abort()
    stopped = world.clock.now()
    asked = following(world, stopped + 30).stepper.entered["FindShortfalls"]
    assert run.stepper.started + world.lease_seconds < asked <= run.stepper.started + world.lease_seconds + 60
    assert (world.held(KEY), world.disagreements()) == (6, [])


def test_a_run_that_could_not_give_its_lease_back_keeps_nobody_for_long(world: World) -> None:
    world.capacity.set_free(*KEY, 6)
    world.set_target(KEY, 6)
    run = Execution(world, "run-1")
    # Lambda throttles for as long as the retries last.
    with world.injector.watching(throttled("FindShortfalls", "RecordResults")):
        run.run()
    assert (run.phase, world.is_leased()) == (Phase.FAILED, True)
    stopped = world.clock.now()
    next_run = following(world, stopped + 30)
    assert next_run.phase is Phase.SUCCEEDED
    assert next_run.stepper.entered["FindShortfalls"] <= stopped + 60
    assert world.held(KEY) == 6


def test_a_run_at_work_is_never_robbed(world: World) -> None:
    """Not even one whose every attempt ends without an answer, so that it works for as long as a run can."""
    run = at_work(world, free=0)
    world.ask_every(5)
    sent: list[float] = []

    def choose(call: Call) -> CallFault | None:
        if call.service is Service.EC2 and call.operation in REQUESTS:
            sent.append(world.clock.now())
            return CallFault.LATE
        return None

    with world.injector.watching(choose):
        play(world, lambda: run.is_over, scheduled=run.stepper.started + 30)
    others = [one for one in all_of(world) if one.name not in ("run-1", "makes-the-tables")]
    assert len(others) >= 2
    assert {one.phase for one in others} <= {Phase.SKIPPED, Phase.RUNNING}
    assert run.phase is Phase.SUCCEEDED
    assert sent[-1] > run.stepper.started + 60
    # Its last request was answered, or given up, before its lease expired.
    assert sent[-1] + LATE_SECONDS <= run.stepper.started + world.ask_seconds + RESERVED_SECONDS
    assert world.ask_seconds + RESERVED_SECONDS < world.lease_seconds


def test_a_function_that_outlives_its_run_is_over_before_another_asks(world: World) -> None:
    world.ask_every(5)
    run = at_work(world, free=0)
    run.step()
    run.abort()
    began = run.stepper.started
    asked: list[float] = []

    def choose(call: Call) -> CallFault | None:
        if call.operation in REQUESTS:
            asked.append(world.clock.now() - began)
        return None

    with world.injector.watching(choose):
        next_run = following(world, world.clock.now() + 30)
    # One function asks on for its run's time, though nobody waits for it; then nobody does until the lease has expired.
    assert len([moment for moment in asked if moment <= world.ask_seconds]) > 10
    assert [moment for moment in asked if world.ask_seconds < moment <= world.lease_seconds] == []
    assert (next_run.phase, world.held(KEY), world.disagreements()) == (Phase.SUCCEEDED, 0, [])


def test_what_such_a_function_buys_is_found_by_the_next_run(world: World) -> None:
    world.ask_every(5)
    run = at_work(world, free=0)
    run.step()
    run.abort()
    world.pass_time(20)
    world.capacity.set_free(*KEY, 12)
    next_run = following(world, world.clock.now() + 30)
    assert next_run.phase is Phase.SUCCEEDED
    assert (world.held(KEY), world.free(KEY), world.disagreements()) == (6, 6, [])


def test_whatever_goes_wrong_while_a_run_takes_over_the_one_after_it_ends_right(world: World) -> None:
    at_work(world).abort()
    world.pass_time(world.lease_seconds + 1)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    until = next(number for number, call in enumerate(calls) if call.operation == "FindShortfalls")
    assert {call.service for call in calls[:until]} == {Service.LAMBDA, Service.DATABASE, Service.SECRET}
    wrong = {}
    for number, call in enumerate(calls[:until]):
        for fault in call.faults:
            point = Point(number, call, fault, aborted=fault in KILLS)
            world.restore(snapshot)
            run_with(world, point)
            stopped = world.clock.now()
            if world.held(KEY) == 6:
                continue
            next_run = following(world, stopped + 30)
            asked = next_run.stepper.entered["FindShortfalls"] - stopped
            if next_run.phase is not Phase.SUCCEEDED or world.held(KEY) != 6 or world.disagreements():
                wrong[point] = (next_run.failure, world.held(KEY), world.disagreements())
            elif asked > takeover_seconds(world):
                wrong[point] = f"asked only {asked:.0f} s later"
    assert not wrong, "\n".join(f"{point}: {found}" for point, found in wrong.items())
