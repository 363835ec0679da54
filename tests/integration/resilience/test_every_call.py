"""One scenario, once for each of its calls and each thing that can go wrong with that call."""

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
TWICE = ("m5.xlarge", "ap-northeast-1c")
TYPO = ("r5b", "ap-northeast-1c")
HELD = {SCARCE: 3, GROWING: 8, SETTLED: 2, TWICE: 3}
"""What has to be held in the end."""


def set_up(world: World) -> None:
    """Something for every part of a run to do, after an earlier run has done its own."""
    world.reset()
    # Two askings for what is short show as much as eight.
    world.ask_for(15)
    ec2 = Ec2Gateway(OWNER, "123456789012")
    for key, free in ((SCARCE, 4), (GROWING, 14), (SETTLED, 2), (TWICE, 5)):
        world.capacity.set_free(*key, free)
    world.make_foreign(SCARCE, 1, None)
    world.set_target(GROWING, 4)
    world.set_target(SETTLED, 2)
    assert Execution(world, "run-before").run().phase is Phase.SUCCEEDED
    world.pass_time(61)
    world.set_target(GROWING, 8)
    world.set_target(SCARCE, 5)
    world.set_target(TYPO, 1)
    world.set_target(TWICE, 3)
    first = ec2.create(TargetKey(*TWICE), USUAL_OPTIONS, 3, [])
    ec2.create(TargetKey(*TWICE), USUAL_OPTIONS, 2, [first])


def unsaid(world: World) -> list[str]:
    """Changes that were recorded and of which nobody was told."""
    told = " ".join(f"{message['Subject']} {message['Message']}" for message in world.published)
    changed = world.sql(
        "SELECT DISTINCT InstanceType, AvailabilityZone FROM odcr_history "
        "WHERE Execution <> 'run-before' AND (Previous_Status IS NULL OR Previous_Status <> Status)"
    )
    return [f"nobody was told of {key}" for key in changed if not all(part in told for part in key)]


def wrong_after(world: World, snapshot: Snapshot, point: Point) -> list[str]:
    world.restore(snapshot)
    foreign = world.foreign()
    before = sum(world.injector.fired.values())
    run_with(world, point)
    if sum(world.injector.fired.values()) == before:
        return ["the fault did not fire"]
    over = [f"{key}: more than its target" for key in HELD if world.held(key) > HELD[key] and key != TWICE]
    recover(world)
    held = {key: world.held(key) for key in HELD}
    return [
        *over,
        *world.disagreements(),
        *unsaid(world),
        *([f"held {held}"] if held != HELD else []),
        *(["somebody else's reservation was touched"] if world.foreign() != foreign else []),
    ]


def test_whatever_goes_wrong_with_any_one_call_the_next_run_ends_right(
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

    wrong = {point: found for point in points if (found := wrong_after(world, snapshot, point))}

    with capsys.disabled():
        services = Counter(call.service.value for call in calls)
        kinds = Counter(point.fault.value for point in points)
        print(f"\n{len(points)} points: {len(calls)} calls {dict(services)}, each with {dict(kinds)}")
    assert not wrong, "\n".join(f"{point}: {found}" for point, found in wrong.items())
    assert {call.service for call in calls} == set(Service)
    assert {point.fault for point in points} == set(CallFault)


@pytest.mark.parametrize(
    ("too_many_rights", "statements"),
    [(False, {"CREATE", "ALTER", "GRANT", "SHOW"}), (True, {"CREATE", "ALTER", "GRANT", "SHOW", "DROP"})],
    ids=["corrected", "made anew"],
)
def test_whatever_goes_wrong_while_the_login_is_mended_the_next_run_ends_right(
    world: World, too_many_rights: bool, statements: set[str]
) -> None:
    make_tables(world)

    def mend(point: Point | None) -> list[Call]:
        """A run that finds the password changed; the calls that it made."""
        world.reset()
        world.capacity.set_free(*SETTLED, 2)
        world.set_target(SETTLED, 2)
        world.lead_the_password_astray()
        if too_many_rights:
            world.give_the_user_too_many_rights()
        return run_with(world, point)

    calls = mend(None)
    until = max(number for number, call in enumerate(calls) if call.operation == "GRANT")
    points = points_of(calls[: until + 6])
    assert statements | {"connect"} <= {point.call.operation for point in points}
    wrong = {}
    for point in points:
        mend(point)
        recover(world)
        if world.disagreements() or world.held(SETTLED) != 2:
            wrong[point] = (world.disagreements(), world.held(SETTLED))
    assert not wrong, wrong
