"""The work of a run for many targets, counted rather than timed."""

import itertools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.integration.resilience.calls import Call, Service
from tests.integration.resilience.execution import Execution, Phase, make_tables
from tests.integration.resilience.world import World

SIZES = (125, 250, 500, 1000)
STATEMENTS = 27 + 4
"""Statements of a run that has nothing to do: 27, and four for calendars and costs."""


def fill(world: World, rows: int) -> None:
    """Inserts so many targets of unknown types, which EC2 refuses at the first request."""
    world.reset()
    world.sql(
        "INSERT INTO odcr_capacity VALUES "
        + ", ".join(f"('m5.{number}xlarge', 'ap-northeast-1c', 5, 0)" for number in range(rows))
    )


def functions_entered(work: Callable[[], object]) -> int:
    """Python functions entered: unlike their time, the number is the same in every run."""
    entered = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal entered
        entered += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered


def work_of_a_run(world: World, rows: int) -> tuple[int, list[Call]]:
    fill(world, rows)
    calls: list[Call] = []
    run = Execution(world, f"run-{rows}")

    def up_to_the_map() -> None:
        run.step()
        run.step()

    with world.injector.watching(lambda call: calls.append(call)):
        entered = functions_entered(up_to_the_map)
        # The Map is not counted: it has one independent item for each shortfall.
        run.decline_all()
        entered += functions_entered(run.run)
    assert run.phase is Phase.SUCCEEDED, run.failure
    return entered, calls


def test_the_work_of_a_run_grows_no_faster_than_its_targets(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make_tables(world)
    work_of_a_run(world, SIZES[0])
    entered = [work_of_a_run(world, rows)[0] for rows in SIZES]
    points = itertools.pairwise(zip(SIZES, entered, strict=True))
    per_row = [(later - earlier) / (more - fewer) for (fewer, earlier), (more, later) in points]
    with capsys.disabled():
        print(
            f"\nPython functions entered for {SIZES} targets: {entered}; {[round(each) for each in per_row]} a target"
        )
    # Beyond 500 shortfalls it grows more slowly, because a run takes on no more.
    assert max(per_row) < 1.1 * per_row[0]


def work_for_a_group(world: World, pools: int) -> int:
    """Functions entered by a run for a group of so many pools, all of them dry."""
    world.reset()
    world.ask_for(15)
    zones, sizes = ("ap-northeast-1a", "ap-northeast-1c"), ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge")
    keys = [(f"m5.{size}", zone) for size in sizes for zone in zones]
    world.set_group("sale", 100, dict.fromkeys(keys[:pools], 1))
    run = Execution(world, f"run-{pools}")
    entered = functions_entered(run.run)
    assert run.phase is Phase.SUCCEEDED, run.failure
    return entered


def test_the_work_of_a_run_grows_no_faster_than_the_pools_of_a_group(world: World) -> None:
    make_tables(world)
    work_for_a_group(world, 2)
    two, four, eight = (work_for_a_group(world, pools) for pools in (2, 4, 8))
    assert eight - four < 1.1 * 2 * (four - two)


def test_many_targets_need_hardly_more_calls_than_few(world: World) -> None:
    make_tables(world)
    few, many = (work_of_a_run(world, rows)[1] for rows in (10, 1000))
    asked = [[call for call in calls if call.service is Service.EC2] for calls in (few, many)]
    assert asked[0] == asked[1]
    assert len(many) - len(few) <= 2


@pytest.mark.parametrize("groups", [0, 1])
def test_an_idle_run_makes_no_more_statements_than_these(world: World, groups: int) -> None:
    """Such a run comes every minute for months, so every stack pays for each statement that a feature adds."""
    key = ("m5.large", "ap-northeast-1c")
    make_tables(world)
    world.capacity.set_free(*key, 5)
    world.set_target(key, 5)
    if groups:
        # One of its pools holds nothing.
        world.capacity.set_free("c5.large", "ap-northeast-1a", 5)
        world.set_group("sale", 5, {("c5.large", "ap-northeast-1a"): 1, ("c5.large", "ap-northeast-1c"): 1})
    for name in ("run-1", "run-2"):
        assert Execution(world, name).run().phase is Phase.SUCCEEDED
        world.pass_time(61)
    calls: list[Call] = []
    with world.injector.watching(lambda call: calls.append(call)):
        assert Execution(world, "idle").run().phase is Phase.SUCCEEDED
    statements = [call.operation for call in calls if call.service is Service.DATABASE and call.operation != "connect"]
    # With groups, a run also records that it took the lease.
    assert len(statements) <= STATEMENTS + groups
