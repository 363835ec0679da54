"""A run with one fault, and the runs that follow it."""

import os
from dataclasses import dataclass

from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, all_of, play
from tests.integration.resilience.world import World

IS_LONG = "HISTORIES" in os.environ
KILLS = (CallFault.KILLED_BEFORE, CallFault.KILLED_AFTER)


@dataclass(frozen=True)
class Point:
    """One call of a run, and its fault."""

    number: int
    call: Call
    fault: CallFault
    aborted: bool = False
    """Whether the whole execution is stopped when the function dies."""


def points_of(calls: list[Call]) -> list[Point]:
    """Each call with each of its faults, and each kill a second time with the execution aborted.

    Unless IS_LONG, each fault is injected once for each kind of call that a function makes, and equivalent points are
    left out:

    - Any fault within a transaction rolls all of it back, so each statement gets one fault, in turn. So does each call
      for a bucket, as no decision of a run depends on it.
    - A kill before a call equals a kill after the previous one.
    - If a call changes nothing, losing its answer equals losing the call.
    """
    points: list[Point] = []
    covered = set()
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
            faults = {fault for fault in faults if (function, call, fault) not in covered}
        covered |= {(function, call, fault) for fault in faults}
        points += [Point(number, call, fault) for fault in call.faults if fault in faults]
        points += [Point(number, call, fault, aborted=True) for fault in KILLS if fault in faults]
    return points


def run_with(world: World, point: Point | None) -> list[Call]:
    """Plays a run with this fault, or with none, and returns the calls that it made."""
    calls: list[Call] = []

    def choose(call: Call) -> CallFault | None:
        calls.append(call)
        return point.fault if point and point.number == len(calls) - 1 else None

    runs = [Execution(world, "run-with-fault")]

    def rival() -> None:
        world.sql("UPDATE odcr_lease SET Holder = ''")
        runs.append(Execution(world, "run-rival"))
        # The rival first gets as far as it can without a wait, then works beside the other run.
        while runs[1].stepper.due <= world.clock.now():
            runs[1].stepper.advance()

    world.injector.meanwhile = rival
    with world.injector.watching(choose):
        while alive := [run for run in runs if not run.is_over]:
            # A warm function would skip some calls.
            world.start_cold()
            kills = sum(world.injector.fired[kill] for kill in KILLS)
            min(alive, key=lambda run: run.stepper.due).stepper.advance()
            if point and point.aborted and sum(world.injector.fired[kill] for kill in KILLS) > kills:
                runs[0].abort()
    return calls


def recover(world: World) -> None:
    """Starts a run each minute until one has done its work, which must be soon, whatever the faulty run left behind."""
    world.start_cold()
    world.ask_for(10)
    stopped = world.clock.now()
    before = {run.name for run in all_of(world) if run.is_over}

    def following() -> list[Execution]:
        return [run for run in all_of(world) if run.name not in before and "FindShortfalls" in run.stepper.entered]

    play(world, lambda: any(run.is_over for run in following()), scheduled=stopped + 60)
    failures = [run.failure for run in following() if run.phase is Phase.FAILED]
    assert failures == []
    assert min(run.stepper.entered["FindShortfalls"] for run in following()) <= stopped + takeover_seconds(world)


def takeover_seconds(world: World) -> float:
    """The longest time until another run takes over: the lease expires, then the schedule starts a run."""
    return world.lease_seconds + 60
