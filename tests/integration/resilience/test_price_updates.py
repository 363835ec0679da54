"""A run starts UpdatePrices when a target has no price, and succeeds even if that fails."""

import pytest

from tests.integration.resilience.calls import CallFault
from tests.integration.resilience.execution import Execution, Phase
from tests.integration.resilience.world import World

POOL = ("r5b.2xlarge", "ap-northeast-1c")


@pytest.fixture(autouse=True)
def _asking_once(world: World) -> None:
    world.ask_for(5)
    # Creates the tables.
    run(world, "run-0")
    assert world.price_updates == []
    # Nothing is short, so that no run follows.
    world.capacity.set_free(*POOL, 1)
    world.set_target(POOL, 1)


def run(world: World, name: str) -> None:
    """A run that a person starts: no other follows it."""
    assert Execution(world, name).run().phase is Phase.SUCCEEDED


def test_runs_within_ten_minutes_start_it_once(world: World) -> None:
    # The periods of ten minutes begin by the clock, so five runs are in one to three of them.
    for number in range(1, 6):
        run(world, f"run-{number}")
        world.pass_time(120)
    assert len(set(world.price_updates)) == len(world.price_updates) in (1, 2, 3)


@pytest.mark.parametrize(
    "fault", [CallFault.THROTTLED, CallFault.SERVER_ERROR, CallFault.LOST_AFTER, CallFault.UNLISTED_ERROR]
)
def test_a_run_succeeds_even_if_it_cannot_start_the_update(world: World, fault: CallFault) -> None:
    with world.injector.watching(lambda call: fault if call.operation == "StartExecution" else None):
        run(world, "run-1")
    run(world, "run-2")
    assert len(world.price_updates) == 1


def test_a_known_price_starts_no_update(world: World) -> None:
    world.sql("INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('r5b.2xlarge', 'ap-northeast-1', 1)")
    run(world, "run-1")
    assert world.price_updates == []
