"""One scenario, played once for each fault of each of its calls."""

from collections import Counter

import pytest

from odcr.domain.target import USUAL_OPTIONS, TargetKey
from odcr.gateways.ec2 import Ec2Gateway
from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, make_tables
from tests.integration.resilience.single_fault import Point, points_of, recover, run_with
from tests.integration.resilience.world import OWNER, Snapshot, World

SCARCE = ("c5.large", "ap-northeast-1a")
GROWING = ("r5b.2xlarge", "ap-northeast-1c")
SETTLED = ("m5.large", "ap-northeast-1c")
DUPLICATED = ("m5.xlarge", "ap-northeast-1c")
TYPO = ("r5b", "ap-northeast-1c")
EXPECTED = {SCARCE: 3, GROWING: 8, SETTLED: 2, DUPLICATED: 3}
"""The instances that have to be held in the end."""


def set_up(world: World) -> None:
    """Leaves something to do for every part of a run, after an earlier run."""
    world.reset()
    # Two requests for a shortfall are enough here; usually there are eight.
    world.ask_for(15)
    ec2 = Ec2Gateway(OWNER, "123456789012")
    for key, free in ((SCARCE, 4), (GROWING, 14), (SETTLED, 2), (DUPLICATED, 5)):
        world.capacity.set_free(*key, free)
    world.make_foreign(SCARCE, 1, None)
    world.set_target(GROWING, 4)
    world.set_target(SETTLED, 2)
    assert Execution(world, "run-before").run().phase is Phase.SUCCEEDED
    world.pass_time(61)
    world.set_target(GROWING, 8)
    world.set_target(SCARCE, 5)
    world.set_target(TYPO, 1)
    world.set_target(DUPLICATED, 3)
    first = ec2.create(TargetKey(*DUPLICATED), USUAL_OPTIONS, 3, [], "")
    ec2.create(TargetKey(*DUPLICATED), USUAL_OPTIONS, 2, [first], "")


def unannounced(world: World) -> list[str]:
    """Changes that were recorded but not mailed."""
    mails = " ".join(f"{message['Subject']} {message['Message']}" for message in world.published)
    changed = world.sql(
        "SELECT DISTINCT InstanceType, AvailabilityZone FROM odcr_history "
        "WHERE Execution <> 'run-before' AND (Previous_Status IS NULL OR Previous_Status <> Status)"
    )
    return [f"no mail about {key}" for key in changed if not all(part in mails for part in key)]


def problems_after(world: World, snapshot: Snapshot, point: Point) -> list[str]:
    world.restore(snapshot)
    foreign = world.foreign()
    before = sum(world.injector.fired.values())
    run_with(world, point)
    if sum(world.injector.fired.values()) == before:
        return ["the fault did not fire"]
    over = [
        f"{key}: more held than its target" for key in EXPECTED if world.held(key) > EXPECTED[key] and key != DUPLICATED
    ]
    recover(world)
    held = {key: world.held(key) for key in EXPECTED}
    return [
        *over,
        *world.disagreements(),
        *unannounced(world),
        *([f"held {held}"] if held != EXPECTED else []),
        *(["another owner's reservation has changed"] if world.foreign() != foreign else []),
    ]


def test_after_any_fault_of_any_call_the_next_run_sets_everything_right(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_BUS_NAME", "default")
    make_tables(world)
    set_up(world)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    recover(world)
    assert world.disagreements() == []
    points = points_of(calls)

    failures = {point: problems for point in points if (problems := problems_after(world, snapshot, point))}

    with capsys.disabled():
        services = Counter(call.service.value for call in calls)
        kinds = Counter(point.fault.value for point in points)
        print(f"\n{len(points)} points: {len(calls)} calls {dict(services)}, each with {dict(kinds)}")
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
    assert {call.service for call in calls} == set(Service)
    assert {point.fault for point in points} == set(CallFault)


@pytest.mark.parametrize(
    ("too_many_rights", "statements"),
    [(False, {"CREATE", "ALTER", "GRANT", "SHOW"}), (True, {"CREATE", "ALTER", "GRANT", "SHOW", "DROP"})],
    ids=["password corrected", "user recreated"],
)
def test_after_any_fault_while_the_login_is_repaired_the_next_run_sets_everything_right(
    world: World, too_many_rights: bool, statements: set[str]
) -> None:
    make_tables(world)

    def repair(point: Point | None) -> list[Call]:
        """Plays a run that finds the password changed, and returns its calls."""
        world.reset()
        world.capacity.set_free(*SETTLED, 2)
        world.set_target(SETTLED, 2)
        world.change_the_password()
        if too_many_rights:
            world.grant_too_many_rights()
        return run_with(world, point)

    calls = repair(None)
    until = max(number for number, call in enumerate(calls) if call.operation == "GRANT")
    points = points_of(calls[: until + 6])
    assert statements | {"connect"} <= {point.call.operation for point in points}
    failures = {}
    for point in points:
        repair(point)
        recover(world)
        if world.disagreements() or world.held(SETTLED) != 2:
            failures[point] = (world.disagreements(), world.held(SETTLED))
    assert not failures, failures
