"""A run that dies with the lease in its hands keeps the next ones from nothing, and one that lives is never robbed."""

from collections.abc import Callable

import pytest

from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase
from tests.integration.resilience.test_every_call import KILLS, TAKEN_OVER_SECONDS, Point, run_with
from tests.integration.resilience.world import World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
FUNCTION_SECONDS = 120
"""ReserveCapacity's time limit."""


@pytest.fixture(autouse=True)
def _tables(world: World, _empty: None) -> None:
    assert Execution(world, "makes-the-tables").run().phase is Phase.SUCCEEDED


def at_work(world: World, name: str = "run-1") -> Execution:
    """A run that stands before ReserveCapacity."""
    world.capacity.set_free(*KEY, 6)
    world.set_target(KEY, 6)
    run = Execution(world, name)
    while run.key_of(0) is None:
        run.step()
    return run


def throttled(*operations: str) -> Callable[[Call], CallFault | None]:
    return lambda call: CallFault.THROTTLED if call.operation in operations else None


def schedule(world: World, since: float) -> Execution:
    """Starts a run each minute, as the schedule does, until one asks EC2; the run."""
    for number in range(10):
        world.clock.wait_until(since + 60 * number)
        run = Execution(world, f"scheduled-{number}").run()
        if "FindShortfalls" in run.played.entered:
            return run
    raise AssertionError("ten minutes passed, and no run asked EC2")


def test_after_an_abort_asking_goes_on_within_two_minutes_of_the_functions_limit(world: World) -> None:
    run = at_work(world)
    run.abort()
    stopped = world.clock.now()
    following = schedule(world, stopped + 30)
    asked = following.played.entered["FindShortfalls"]
    assert stopped + FUNCTION_SECONDS <= asked <= stopped + TAKEN_OVER_SECONDS
    assert (world.held(KEY), world.disagreements()) == (6, [])


def test_a_run_that_could_not_give_its_lease_back_keeps_nobody_for_long(world: World) -> None:
    run = Execution(world, "run-1")
    world.capacity.set_free(*KEY, 6)
    world.set_target(KEY, 6)
    # Lambda throttles for as long as the retries last.
    with world.injector.watching(throttled("FindShortfalls", "RecordResults")):
        run.run()
    assert (run.phase, world.is_leased()) == (Phase.FAILED, True)
    stopped = world.clock.now()
    following = schedule(world, stopped + 30)
    assert following.phase is Phase.SUCCEEDED
    assert following.played.entered["FindShortfalls"] <= stopped + TAKEN_OVER_SECONDS
    assert world.held(KEY) == 6


def test_a_run_at_work_is_never_robbed(world: World) -> None:
    run = at_work(world)
    for number in range(12):
        world.pass_time(60)
        other = Execution(world, f"other-{number}").run()
        assert other.phase is Phase.SKIPPED
    run.run()
    assert (run.phase, world.held(KEY)) == (Phase.SUCCEEDED, 6)


def test_a_run_that_step_functions_does_not_know_yet_is_not_robbed(world: World) -> None:
    run = at_work(world)
    with world.injector.watching(lambda call: CallFault.STALE if CallFault.STALE in call.faults else None):
        other = Execution(world, "other").run()
    assert other.phase is Phase.SKIPPED
    run.run()
    assert (run.phase, world.held(KEY)) == (Phase.SUCCEEDED, 6)


def test_a_start_that_did_not_learn_who_works_is_no_success(world: World) -> None:
    at_work(world)
    with world.injector.watching(throttled("DescribeExecution")):
        other = Execution(world, "other").run()
    assert other.phase is Phase.FAILED
    assert other.failure is not None
    assert other.failure.error == "HolderUnknown"


def test_a_function_that_outlives_its_run_is_over_before_another_asks(world: World) -> None:
    """The run is stopped while its function works, and the next one takes over as soon as it may."""
    run = at_work(world)
    world.capacity.set_free(*KEY, 12)
    following: list[Execution] = []

    def meanwhile() -> None:
        run.abort()
        following.append(Execution(world, "following").run())

    world.injector.meanwhile = meanwhile
    number = iter(range(10**6))

    def choose(call: Call) -> CallFault | None:
        is_first_request = call.operation == "CreateCapacityReservation" and next(number) == 0
        return CallFault.MEANWHILE if is_first_request else None

    with world.injector.watching(choose):
        run.step()
    assert following[0].phase is Phase.SUCCEEDED
    assert (world.held(KEY), world.free(KEY), world.disagreements()) == (6, 6, [])


def test_whatever_goes_wrong_while_a_run_takes_over_the_one_after_it_ends_right(world: World) -> None:
    at_work(world).abort()
    snapshot = world.snapshot()
    # The run that died is among those that Step Functions knows no more, as after 90 days: the harder case.
    calls = run_with(world, None)
    until = next(number for number, call in enumerate(calls) if call.operation == "FindShortfalls")
    assert {call.service for call in calls[:until]} == {
        Service.LAMBDA,
        Service.STEP_FUNCTIONS,
        Service.DATABASE,
        Service.SECRET,
    }
    wrong = {}
    for number, call in enumerate(calls[:until]):
        for fault in call.faults:
            point = Point(number, call, fault, aborted=fault in KILLS)
            world.restore(snapshot)
            run_with(world, point)
            stopped = world.clock.now()
            following = schedule(world, stopped + 30)
            asked = following.played.entered["FindShortfalls"] - stopped
            if following.phase is not Phase.SUCCEEDED or world.held(KEY) != 6 or world.disagreements():
                wrong[point] = (following.failure, world.held(KEY), world.disagreements())
            # What does not exist is asked for again until the lease is older than a minute.
            if asked > TAKEN_OVER_SECONDS + 70:
                wrong[point] = f"asked only {asked:.0f} s later"
    assert not wrong, "\n".join(f"{point}: {found}" for point, found in wrong.items())
