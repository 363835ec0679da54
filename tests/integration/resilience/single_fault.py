"""A run in which one call goes wrong, and the runs that follow it."""

import os
from dataclasses import dataclass

from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, all_of, play
from tests.integration.resilience.world import World

IS_LONG = "HISTORIES" in os.environ
KILLS = (CallFault.KILLED_BEFORE, CallFault.KILLED_AFTER)


@dataclass(frozen=True)
class Point:
    """One call of the scenario and what goes wrong with it."""

    number: int
    call: Call
    fault: CallFault
    aborted: bool = False
    """The whole execution ends with the function, without a word."""


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
        while runs[1].stepper.due <= world.clock.now():
            runs[1].stepper.advance()

    world.injector.meanwhile = rival
    with world.injector.watching(choose):
        while alive := [one for one in runs if not one.is_over]:
            world.start_cold()
            kills = sum(world.injector.fired[kill] for kill in KILLS)
            min(alive, key=lambda one: one.stepper.due).stepper.advance()
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
        return [one for one in all_of(world) if one.name not in before and "FindShortfalls" in one.stepper.entered]

    play(world, lambda: any(one.is_over for one in following()), scheduled=stopped + 60)
    failures = [one.failure for one in following() if one.phase is Phase.FAILED]
    assert failures == []
    assert min(one.stepper.entered["FindShortfalls"] for one in following()) <= stopped + takeover_seconds(world)


def takeover_seconds(world: World) -> float:
    """After a run has ended: its lease expires, and the schedule starts another."""
    return world.lease_seconds + 60
