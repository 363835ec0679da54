"""A run that dies holding the lease delays the next one only briefly, and no two runs work at once."""

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
    """A run that is about to enter ReserveCapacity."""
    world.capacity.set_free(*KEY, free)
    world.set_target(KEY, 6)
    run = Execution(world, "run-1")
    while run.key_of(0) is None:
        run.step()
    return run


def throttled(*operations: str) -> Callable[[Call], CallFault | None]:
    return lambda call: CallFault.THROTTLED if call.operation in operations else None


def following(world: World, since: float) -> Execution:
    """The first new run that asks EC2, played to its end; the schedule starts one each minute from `since`."""
    before = {run.name for run in all_of(world)}

    def new_runs() -> list[Execution]:
        return [run for run in all_of(world) if run.name not in before and "FindShortfalls" in run.stepper.entered]

    play(world, lambda: any(run.is_over for run in new_runs()), scheduled=since)
    return new_runs()[0]


def test_after_an_abort_asking_goes_on_once_the_lease_has_expired(world: World) -> None:
    run = at_work(world)
    run.abort()
    stopped = world.clock.now()
    asked_at = following(world, stopped + 30).stepper.entered["FindShortfalls"]
    assert run.stepper.started + world.lease_seconds < asked_at <= run.stepper.started + world.lease_seconds + 60
    assert (world.held(KEY), world.disagreements()) == (6, [])


def test_a_run_that_cannot_give_its_lease_back_delays_the_next_one_only_briefly(world: World) -> None:
    world.capacity.set_free(*KEY, 6)
    world.set_target(KEY, 6)
    run = Execution(world, "run-1")
    # Throttled until the retries are used up.
    with world.injector.watching(throttled("FindShortfalls", "RecordResults")):
        run.run()
    assert (run.phase, world.is_leased()) == (Phase.FAILED, True)
    stopped = world.clock.now()
    next_run = following(world, stopped + 30)
    assert next_run.phase is Phase.SUCCEEDED
    assert next_run.stepper.entered["FindShortfalls"] <= stopped + 60
    assert world.held(KEY) == 6


def test_a_run_at_work_keeps_its_lease(world: World) -> None:
    """Even if no request is answered, so that it works for as long as a run can."""
    run = at_work(world, free=0)
    world.ask_every(5)
    request_times: list[float] = []

    def choose(call: Call) -> CallFault | None:
        if call.service is Service.EC2 and call.operation in REQUESTS:
            request_times.append(world.clock.now())
            return CallFault.LATE
        return None

    with world.injector.watching(choose):
        play(world, lambda: run.is_over, scheduled=run.stepper.started + 30)
    others = [run for run in all_of(world) if run.name not in ("run-1", "makes-the-tables")]
    assert len(others) >= 2
    assert {run.phase for run in others} <= {Phase.SKIPPED, Phase.RUNNING}
    assert run.phase is Phase.SUCCEEDED
    assert request_times[-1] > run.stepper.started + 60
    # Its last request was over before its lease expired.
    assert request_times[-1] + LATE_SECONDS <= run.stepper.started + world.ask_seconds + RESERVED_SECONDS
    assert world.ask_seconds + RESERVED_SECONDS < world.lease_seconds


def test_a_function_that_outlives_its_run_ends_before_another_run_asks(world: World) -> None:
    world.ask_every(5)
    run = at_work(world, free=0)
    run.step()
    run.abort()
    began = run.stepper.started
    request_times: list[float] = []

    def choose(call: Call) -> CallFault | None:
        if call.operation in REQUESTS:
            request_times.append(world.clock.now() - began)
        return None

    with world.injector.watching(choose):
        next_run = following(world, world.clock.now() + 30)
    # The function asks until its run's time is up, though the run is gone; then nobody asks until the lease expires.
    assert len([moment for moment in request_times if moment <= world.ask_seconds]) > 10
    assert [moment for moment in request_times if world.ask_seconds < moment <= world.lease_seconds] == []
    assert (next_run.phase, world.held(KEY), world.disagreements()) == (Phase.SUCCEEDED, 0, [])


def test_the_next_run_finds_what_a_function_bought_that_outlived_its_run(world: World) -> None:
    world.ask_every(5)
    run = at_work(world, free=0)
    run.step()
    run.abort()
    world.pass_time(20)
    world.capacity.set_free(*KEY, 12)
    next_run = following(world, world.clock.now() + 30)
    assert next_run.phase is Phase.SUCCEEDED
    assert (world.held(KEY), world.free(KEY), world.disagreements()) == (6, 6, [])


def test_after_any_fault_while_a_run_takes_over_the_next_run_sets_everything_right(world: World) -> None:
    at_work(world).abort()
    world.pass_time(world.lease_seconds + 1)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    until = next(number for number, call in enumerate(calls) if call.operation == "FindShortfalls")
    assert {call.service for call in calls[:until]} == {Service.LAMBDA, Service.DATABASE, Service.SECRET}
    failures = {}
    for number, call in enumerate(calls[:until]):
        for fault in call.faults:
            point = Point(number, call, fault, aborted=fault in KILLS)
            world.restore(snapshot)
            run_with(world, point)
            stopped = world.clock.now()
            if world.held(KEY) == 6:
                continue
            next_run = following(world, stopped + 30)
            delay = next_run.stepper.entered["FindShortfalls"] - stopped
            if next_run.phase is not Phase.SUCCEEDED or world.held(KEY) != 6 or world.disagreements():
                failures[point] = (next_run.failure, world.held(KEY), world.disagreements())
            elif delay > takeover_seconds(world):
                failures[point] = f"asked only {delay:.0f} s later"
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
