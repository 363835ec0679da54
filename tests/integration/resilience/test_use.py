"""Held, in use and unused, run by run, while instances come and go inside and beside the reservation."""

from typing import Any

from localcloud.ec2.faults import DESCRIBE_INSTANCES, Fault, FaultKind
from tests.integration.resilience.calls import Call, Service
from tests.integration.resilience.execution import Execution, Phase, make_tables
from tests.integration.resilience.world import World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
WINDOWS = {"ImageId": "ami-03cf127a"}
"""A Windows image of moto's."""


def run(world: World, name: str) -> list[Call]:
    """Plays a run and returns its DescribeInstances calls."""
    calls: list[Call] = []
    world.start_cold()
    world.pass_time(61)
    with world.injector.watching(calls.append):
        execution = Execution(world, name).run()
    assert execution.phase is Phase.SUCCEEDED, execution.failure
    return [call for call in calls if call == Call(Service.EC2, "DescribeInstances")]


def status(world: World) -> tuple[Any, ...]:
    ((*row,),) = world.sql("SELECT Status, Reserved, In_Use, Unused, Misfits FROM odcr_status")
    return tuple(row)


def test_instances_inside_and_beside_the_reservation_are_counted_run_by_run(world: World) -> None:
    make_tables(world)
    world.capacity.set_free(*KEY, 30)
    world.set_target(KEY, 10)
    before = world.launch(KEY, 3)
    windows = world.launch(KEY, 2, **WINDOWS)
    assert run(world, "run-1") == []
    # Instances that ran before use the reservation as soon as it is active.
    query = "SELECT Reason FROM odcr_history WHERE Execution = 'run-1'"
    assert world.sql(query) == (("3 of it are in use by instances that were already running.",),)
    assert status(world) == ("FULFILLED", 10, 3, 7, None)

    misfits = "2 run beside it and cannot use it: 2 are Windows."
    assert len(run(world, "run-2")) == 1
    assert status(world) == ("FULFILLED", 10, 3, 7, misfits)
    world.terminate(windows)
    inside = world.launch(KEY, 4)
    # For an hour instances are not described again, and the remark stays.
    assert run(world, "run-3") == []
    assert status(world) == ("FULFILLED", 10, 7, 3, misfits)

    world.pass_time(3600)
    world.capacity.inject(Fault(DESCRIBE_INSTANCES, FaultKind.REFUSED, None, code="UnauthorizedOperation"))
    assert len(run(world, "run-4")) == 1
    assert status(world) == ("FULFILLED", 10, 7, 3, misfits)
    world.capacity.clear_faults()
    assert run(world, "run-5") == []
    world.pass_time(3600)
    assert len(run(world, "run-6")) == 1
    assert status(world) == ("FULFILLED", 10, 7, 3, None)

    world.launch(KEY, 3)
    world.pass_time(3600)
    # If all is in use, there are no misfits to look for.
    assert run(world, "run-7") == []
    assert status(world) == ("FULFILLED", 10, 10, 0, None)
    world.terminate([*before, *inside])
    run(world, "run-8")
    assert status(world)[2:4] == (3, 7)
    assert world.sql("SELECT COUNT(*) FROM odcr_history") == ((1,),)
    assert world.sql("SELECT Unused_Since > UTC_TIMESTAMP() - INTERVAL 2 MINUTE FROM odcr_status") == ((1,),)
    assert world.disagreements() == []
