"""Mails and events all arrive, in order, whatever fails; neither kind holds the other back for long."""

from collections.abc import Collection
from typing import Any

import pytest

from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase
from tests.integration.resilience.world import World

POOLS = [("r5b.2xlarge", "ap-northeast-1c"), ("m5.large", "ap-northeast-1a"), ("c5.large", "ap-northeast-1a")]
ANNOUNCING = {"Publish", "PutEvents", "RecordResults"}
FAULTS = (CallFault.THROTTLED, CallFault.SERVER_ERROR, CallFault.LOST_AFTER, CallFault.UNLISTED_ERROR)
RUNS = 40
"""More than it takes until each of the two streams has come first."""


@pytest.fixture(autouse=True)
def _with_a_bus(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS_NAME", "default")
    # One request per target is enough here.
    world.ask_for(5)
    # Creates the tables.
    assert Execution(world, "run-before").run().phase is Phase.SUCCEEDED


def run(world: World, number: int, gains: tuple[str, str] | None = None) -> Phase:
    """A run that a person starts; `gains` is a new target of 1, whose pool has an instance free."""
    if gains:
        world.capacity.set_free(*gains, 1)
        world.set_target(gains, 1)
    world.pass_time(61)
    return Execution(world, f"run-{number}").run().phase


def events(world: World) -> list[str]:
    """The instance types of the events, in order, without repetitions."""
    return list(dict.fromkeys(entry["Detail"]["Demand"]["InstanceType"] for entry in world.events))


def mails(world: World) -> list[str]:
    """The instance types that the mails name, in order, without repetitions."""
    named = [[kind for kind, _ in POOLS if kind in mail["Message"]] for mail in world.published]
    return list(dict.fromkeys(kind for kinds in named for kind in kinds))


def assert_all_arrived(world: World, kinds: list[str]) -> None:
    assert (events(world), mails(world)) == (kinds, kinds)
    assert world.sql("SELECT COUNT(*) FROM odcr_outbox") == ((0,),)
    by_id: dict[str, Any] = {}
    for entry in world.events:
        assert by_id.setdefault(entry["Detail"]["Id"], entry) == entry
    assert len(by_id) == len(kinds)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", range(4))
def test_one_fault_while_announcing_changes_nothing(world: World, number: int, fault: CallFault) -> None:
    """In Publish, PutEvents, or the two calls that delete what was sent from the outbox."""
    announcing: list[Call] = []

    def choose(call: Call) -> CallFault | None:
        if call.operation in ANNOUNCING:
            announcing.append(call)
        # The first of these calls is the RecordResults that records.
        return fault if call.operation in ANNOUNCING and len(announcing) == number + 2 else None

    with world.injector.watching(choose):
        assert run(world, 1, POOLS[0]) is Phase.SUCCEEDED
    # The faulty call was repeated.
    assert len(announcing) == 6
    assert_all_arrived(world, [POOLS[0][0]])


def refusing(world: World, operations: Collection[str]) -> Any:
    return world.injector.watching(lambda call: CallFault.SERVER_ERROR if call.operation in operations else None)


@pytest.mark.parametrize(
    ("refused", "arrived"), [("PutEvents", mails), ("Publish", events)], ids=["the bus refuses", "the topic refuses"]
)
def test_a_stream_that_is_refused_delays_the_other_by_some_runs_at_most(
    world: World, refused: str, arrived: Any
) -> None:
    with refusing(world, {refused}):
        for number, pool in enumerate(POOLS):
            assert run(world, number, pool) is Phase.FAILED
        number = len(POOLS)
        while arrived(world) != [kind for kind, _ in POOLS]:
            assert number < RUNS
            assert run(world, number) is Phase.FAILED
            number += 1
    assert run(world, number) is Phase.SUCCEEDED
    assert_all_arrived(world, [kind for kind, _ in POOLS])


@pytest.mark.parametrize("first", ["PutEvents", "Publish"])
def test_after_both_were_refused_the_first_to_work_again_gets_everything(world: World, first: str) -> None:
    with refusing(world, {"PutEvents", "Publish"}):
        for number, pool in enumerate(POOLS):
            assert run(world, number, pool) is Phase.FAILED
    number = len(POOLS)
    arrived = events if first == "PutEvents" else mails
    with refusing(world, {"PutEvents", "Publish"} - {first}):
        while len(arrived(world)) < len(POOLS):
            assert number < RUNS
            assert run(world, number) is Phase.FAILED
            number += 1
    assert run(world, number) is Phase.SUCCEEDED
    assert_all_arrived(world, [kind for kind, _ in POOLS])


def test_a_later_run_completes_the_announcements_of_an_aborted_one(world: World) -> None:
    world.capacity.set_free(*POOLS[0], 1)
    world.set_target(POOLS[0], 1)
    execution = Execution(world, "run-0")
    while not world.published:
        execution.step()
    execution.abort()
    assert run(world, 1, POOLS[1]) is Phase.SUCCEEDED
    # The first mail was still in the outbox, so it is sent twice.
    assert len(world.published) == 3
    assert_all_arrived(world, [kind for kind, _ in POOLS[:2]])


def test_these_are_all_faults_of_put_events() -> None:
    assert Call(Service.EVENTS, "PutEvents").faults == FAULTS
