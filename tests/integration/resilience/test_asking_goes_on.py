"""Runs follow each other without a pause while something is short and the schedule is on, and no longer."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import make_tables, play
from tests.integration.resilience.world import World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
OTHERS = [("c5.large", "ap-northeast-1c"), ("m5.large", "ap-northeast-1c")]
REQUESTS = ("CreateCapacityReservation", "ModifyCapacityReservation")
EVERY = 14
HOUR = 3600
SOON = 120
"""Seconds within which asking resumes once a failure is over, and ends once nobody wants it any more."""

Choice = Callable[[Call], CallFault | None]


@pytest.fixture(autouse=True)
def _hourly(world: World, _empty: None) -> None:
    """A dry pool, and a schedule that by itself asks once an hour."""
    make_tables(world)
    world.ask_every(EVERY)
    world.schedule("rate(1 hour)")
    world.capacity.set_free(*KEY, 0)
    world.set_target(KEY, 6)


class Asking:
    """Runs that begin with a scheduled one, and the moments of their requests for capacity.

    Args:
        world: where they run.
        choose: picks the faults.
    """

    def __init__(self, world: World, choose: Choice = lambda _call: None) -> None:
        self._world, self._choose = world, choose
        self.began = world.clock.now()
        self.requests: list[float] = []
        """In seconds after the beginning."""

    def play(self, until: float, is_done: Callable[[], bool] = lambda: False) -> None:
        """Plays until so many seconds after the beginning, or until `is_done`."""
        with self._world.injector.watching(self._choose_and_note):
            if "scheduled" not in self._world.machine.executions:
                self._world.start("scheduled")
            play(self._world, is_done, seconds=self.began + until - self._world.clock.now())
        self._world.machine.wait_until(self.began + until)

    @property
    def age(self) -> float:
        """Seconds since the beginning."""
        return self._world.clock.now() - self.began

    def longest_pause(self, since: float = 0.0, until: float = float("inf")) -> float:
        """The longest time between two requests, in seconds."""
        moments = [since, *(moment for moment in self.requests if since <= moment <= until)]
        return max(later - earlier for earlier, later in pairwise(moments))

    def _choose_and_note(self, call: Call) -> CallFault | None:
        if call.operation in REQUESTS:
            self.requests.append(self.age)
        return self._choose(call)


def outage(world: World, operation: str, fault: CallFault, begins: float, ends: float) -> Asking:
    """Runs during which one operation fails from `begins` to `ends`, in seconds."""
    asking = Asking(world, lambda call: fault if call.operation == operation and begins <= asking.age < ends else None)
    return asking


def test_a_shortfall_is_asked_for_without_a_pause_whatever_the_schedules_period(world: World) -> None:
    asking = Asking(world)
    asking.play(600)
    assert asking.requests[-1] > 600 - 2 * EVERY
    assert asking.longest_pause() < 2 * EVERY
    runs = [name for name, run in world.machine.executions.items() if "RecordResults" in run.entered]
    assert len(runs) >= 600 // world.ask_seconds


def test_once_the_target_is_met_no_run_follows(world: World) -> None:
    asking = Asking(world)
    asking.play(150)
    world.capacity.set_free(*KEY, 6)
    asking.play(400)
    assert asking.requests[-1] < 150 + 2 * EVERY
    assert [run.name for run in world.machine.executions.values() if not run.is_over] == []
    assert (world.held(KEY), world.disagreements()) == (6, [])


@pytest.mark.parametrize("how", ["disabled", "ended", "deleted"])
@pytest.mark.parametrize("when", [1, 109, 150])
def test_asking_ends_soon_after_the_schedule_is_switched_off(world: World, how: str, when: float) -> None:
    asking = Asking(world)
    if how == "ended":
        world.schedule("rate(1 hour)", ends=asking.began + when)
    asking.play(when)
    if how == "disabled":
        world.schedule("rate(1 hour)", state="DISABLED")
    if how == "deleted":
        world.delete_schedule()
    asking.play(when + 3 * SOON)
    assert max(0, when - EVERY) <= asking.requests[-1] <= when + SOON
    assert all(run.is_over for run in world.machine.executions.values())
    assert world.rows()[KEY].status == "SHORT"


OUTAGES = {
    "LoadTargets": (CallFault.THROTTLED, 0, 100),
    "FindShortfalls": (CallFault.THROTTLED, 0, 200),
    "ReserveCapacity": (CallFault.THROTTLED, 0, 200),
    "RecordResults": (CallFault.THROTTLED, 100, 500),
    "StartExecution": (CallFault.THROTTLED, 100, 210),
    "connect": (CallFault.LOST_BEFORE, 0, 400),
    "DescribeCapacityReservations": (CallFault.SERVER_ERROR, 20, 200),
    "GetSecretValue": (CallFault.THROTTLED, 0, 300),
    "UpdateItem": (CallFault.SERVER_ERROR, 20, 300),
}


@pytest.mark.parametrize("is_later", [False, True], ids=["the first run", "a later run"])
@pytest.mark.parametrize("operation", OUTAGES)
def test_asking_resumes_soon_after_an_outage(world: World, operation: str, is_later: bool) -> None:
    fault, begins, ends = OUTAGES[operation]
    # A later run is one that a run has started.
    later = world.ask_seconds if is_later else 0
    asking = outage(world, operation, fault, begins + later, ends + later)
    asking.play(ends + later + SOON)
    assert world.injector.fired[fault] > 0
    assert [moment for moment in asking.requests if moment >= ends + later], "nothing was asked for"
    # Asking does not stop again.
    world.capacity.set_free(*KEY, 6)
    asking.play(ends + later + 3 * SOON)
    assert (world.held(KEY), world.disagreements()) == (6, [])


def test_asking_does_not_pause_while_the_scheduler_is_down(world: World) -> None:
    asking = outage(world, "GetSchedule", CallFault.LOST_BEFORE, 0, 500)
    asking.play(600)
    assert world.injector.fired[CallFault.LOST_BEFORE] > 0
    assert asking.longest_pause() < 2 * EVERY


def test_while_the_buckets_are_down_nothing_is_asked_for_and_nothing_is_lost(world: World) -> None:
    world.capacity.set_free(*KEY, 2)
    begins, ends = 30, 400
    asking = outage(world, "UpdateItem", CallFault.SERVER_ERROR, begins, ends)
    asking.play(begins)
    assert world.held(KEY) == 2
    world.capacity.set_free(*KEY, 4)
    asking.play(ends)
    assert [moment for moment in asking.requests if moment > begins] == []
    row = world.rows()[KEY]
    ids = {reservation.id for reservation in world.managed(KEY)}
    assert (row.status, row.current, row.ids) == ("THROTTLED", 2, ids)
    asking.play(ends + SOON)
    assert world.held(KEY) == 6
    asking.play(ends + 3 * SOON)
    assert (len(world.managed(KEY)), world.disagreements()) == (1, [])


FAULTS = [None, CallFault.LATE, CallFault.KILLED_AFTER]


@pytest.mark.parametrize("places", [40, 2], ids=["one function for each target", "in rounds"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("lowered", [None, 0])
def test_asking_ends_soon_after_the_row_is_deleted_or_lowered(
    world: World, lowered: int | None, fault: CallFault | None, places: int
) -> None:
    world.ask_every(EVERY, places)
    for key in OTHERS:
        world.capacity.set_free(*key, 0)
        world.set_target(key, 1)

    def choose(call: Call) -> CallFault | None:
        if call.service is Service.EC2 and call.operation in REQUESTS:
            return fault
        return None

    asking = Asking(world, choose)
    # The run has read the row by then.
    asking.play(0, lambda: "FindShortfalls" in world.machine.executions["scheduled"].entered)
    if lowered is None:
        world.sql("DELETE FROM odcr_capacity WHERE InstanceType = %s", KEY[0])
    else:
        world.set_target(KEY, lowered)
    asking.play(SOON)
    world.capacity.set_free(*KEY, 30)
    asking.play(4 * SOON)
    assert world.held(KEY) == 0
    assert asking.requests[-1] > 3 * SOON, "the others are no longer asked for"
