"""UpdatePrices is started by a run that meets a target without a price, and never fails it."""

import pytest

from tests.integration.resilience.calls import CallFault
from tests.integration.resilience.execution import Execution, Phase
from tests.integration.resilience.world import World

POOL = ("r5b.2xlarge", "ap-northeast-1c")


@pytest.fixture(autouse=True)
def _asking_once(world: World) -> None:
    world.ask_for(5)
    # This run makes the tables.
    run(world, "run-0")
    assert world.price_updates == []
    # So that nothing is short, and no run follows.
    world.capacity.set_free(*POOL, 1)
    world.set_target(POOL, 1)


def run(world: World, name: str) -> None:
    """A run that a person starts, so that no other follows it."""
    assert Execution(world, name).run().phase is Phase.SUCCEEDED


def test_runs_of_ten_minutes_start_it_once(world: World) -> None:
    # The clock's ten minutes are not the test's: five runs are in three of them at most.
    for number in range(1, 6):
        run(world, f"run-{number}")
        world.pass_time(120)
    assert len(set(world.price_updates)) == len(world.price_updates) in (1, 2, 3)


@pytest.mark.parametrize(
    "fault", [CallFault.THROTTLED, CallFault.SERVER_ERROR, CallFault.LOST_AFTER, CallFault.NAMELESS]
)
def test_a_run_succeeds_although_it_cannot_be_started(world: World, fault: CallFault) -> None:
    with world.injector.watching(lambda call: fault if call.operation == "StartExecution" else None):
        run(world, "run-1")
    run(world, "run-2")
    assert len(world.price_updates) == 1


def test_a_known_price_starts_nothing(world: World) -> None:
    world.sql("INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('r5b.2xlarge', 'ap-northeast-1', 1)")
    run(world, "run-1")
    assert world.price_updates == []
