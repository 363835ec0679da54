"""One scenario, once for each of its calls and each thing that can go wrong with that call."""

import os
from collections import Counter
from dataclasses import dataclass

import pytest

from odcr.domain.target import USUAL_OPTIONS, TargetKey
from odcr.gateways.ec2 import Ec2Gateway
from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, all_of, play
from tests.integration.resilience.world import OWNER, Snapshot, World

SCARCE = ("c5.large", "ap-northeast-1a")
GROWING = ("r5b.2xlarge", "ap-northeast-1c")
SETTLED = ("m5.large", "ap-northeast-1c")
TWICE = ("m5.xlarge", "ap-northeast-1c")
TYPO = ("r5b", "ap-northeast-1c")
HELD = {SCARCE: 3, GROWING: 8, SETTLED: 2, TWICE: 3}
"""What has to be held in the end."""
IS_LONG = "HISTORIES" in os.environ
KILLS = (CallFault.KILLED_BEFORE, CallFault.KILLED_AFTER)


def taken_over_seconds(world: World) -> float:
    """After a run has ended: its lease expires, and the schedule starts another."""
    return world.lease_seconds + 60


@dataclass(frozen=True)
class Point:
    """One call of the scenario and what goes wrong with it."""

    number: int
    call: Call
    fault: CallFault
    aborted: bool = False
    """The whole execution ends with the function, without a word."""


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


def run_with(world: World, point: Point | None) -> list[Call]:
    """The run; the calls that it made."""
    calls: list[Call] = []

    def choose(call: Call) -> CallFault | None:
        calls.append(call)
        # Each invocation finds nothing remembered, so that every call is made wherever it can be.
        return point.fault if point and point.number == len(calls) - 1 else None

    runs = [Execution(world, "run-with-fault")]

    def rival() -> None:
        world.sql("UPDATE odcr_lease SET Holder = ''")
        runs.append(Execution(world, "run-rival"))
        # It comes in between as far as it gets without a wait, and then works beside the other.
        while runs[1].played.due <= world.clock.now():
            runs[1].played.advance()

    world.injector.meanwhile = rival
    with world.injector.watching(choose):
        while alive := [one for one in runs if not one.is_over]:
            world.start_cold()
            kills = sum(world.injector.fired[kill] for kill in KILLS)
            min(alive, key=lambda one: one.played.due).played.advance()
            if point and point.aborted and sum(world.injector.fired[kill] for kill in KILLS) > kills:
                runs[0].abort()
    return calls


def recover(world: World) -> None:
    """The runs of the next minutes, each minute one, until one has done its work: soon, whatever was left behind."""
    world.start_cold()
    world.ask_for(10)
    stopped = world.clock.now()
    before = {one.name for one in all_of(world) if one.is_over}

    def following() -> list[Execution]:
        return [one for one in all_of(world) if one.name not in before and "FindShortfalls" in one.played.entered]

    play(world, lambda: any(one.is_over for one in following()), scheduled=stopped + 60)
    failures = [one.failure for one in following() if one.phase is Phase.FAILED]
    assert failures == []
    assert min(one.played.entered["FindShortfalls"] for one in following()) <= stopped + taken_over_seconds(world)


def unsaid(world: World) -> list[str]:
    """Changes that were recorded and of which nobody was told."""
    told = " ".join(f"{message['Subject']} {message['Message']}" for message in world.published)
    changed = world.sql(
        "SELECT DISTINCT InstanceType, AvailabilityZone FROM odcr_history "
        "WHERE Execution <> 'run-before' AND (Previous_Status IS NULL OR Previous_Status <> Status)"
    )
    return [f"nobody was told of {key}" for key in changed if not all(part in told for part in key)]


def points_of(calls: list[Call]) -> list[Point]:
    """Each call with each of its faults, and each kill once more with the whole execution.

    A short run plays each fault once for each kind of call that a function makes, and leaves out what differs in
    nothing: within a transaction whatever goes wrong with a statement rolls all of it back, so the statements take
    turns with the faults, as do the calls for a bucket, which a run does not go by; to be killed before a call is to be
    killed after the one before it; and a lost answer of a call that changes nothing is a lost call.
    """
    points: list[Point] = []
    played = set()
    function = ""
    for number, call in enumerate(calls):
        if call.service is Service.LAMBDA:
            function = call.operation
        faults = set(call.faults)
        if not IS_LONG:
            is_statement = call.service is Service.DATABASE and call.operation not in ("connect", "COMMIT")
            if is_statement or call.service is Service.BUCKETS:
                faults = {call.faults[number % len(call.faults)]}
            elif number:
                faults.discard(CallFault.KILLED_BEFORE)
            if call.operation.startswith(("Describe", "Get")):
                faults -= {CallFault.LOST_AFTER, CallFault.LATE}
            faults = {fault for fault in faults if (function, call, fault) not in played}
        played |= {(function, call, fault) for fault in faults}
        points += [Point(number, call, fault) for fault in call.faults if fault in faults]
        points += [Point(number, call, fault, aborted=True) for fault in KILLS if fault in faults]
    return points


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
    assert Execution(world, "makes-the-tables").run().phase is Phase.SUCCEEDED
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
    assert Execution(world, "makes-the-tables").run().phase is Phase.SUCCEEDED

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
