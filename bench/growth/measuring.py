"""Plays runs of more and more rows on the local cloud, each also with empty functions."""

import statistics
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from bench.benchmark import Results
from bench.costs import counters, log_lines
from bench.costs.history import states
from bench.given_prices import give_prices
from bench.growth.empty import NO_TARGET, EmptyMachine, answers
from bench.growth.results import HELD, SHORT, Describes, Run
from bench.local_runs import logged, offered
from localcloud.cloud import LocalCloud
from localcloud.ec2 import PLENTY
from localcloud.services import ACCOUNT_ID
from localcloud.stack import OWNER_TAG, Stack, build
from odcr.settings import StackSettings

SPEED = 2
"""Cloud seconds in a second: slow enough for this computer to visit all targets in a run's time."""

SIZES = (1, 10, 100, 1000)
"""Rows."""

PLAYS = 3
"""Of each run, of which the median counts."""

MANY = 100
"""From so many rows on, runs in which all are short are played once: they have attempts enough for a mean."""

_DAYS = 30
"""Dry for so long, a pool is asked once a minute, so that a run visits each target once."""

MORE_RESERVATIONS = (1001, 2001)
"""That a thousand rows are then held in: just beyond one page of EC2's answer, and beyond two."""

_RUN_SECONDS = 900.0
_DESCRIBE, _ASKS = "DescribeCapacityReservations", ("CreateCapacityReservation", "ModifyCapacityReservation")
_Key = tuple[str, str]


@dataclass(frozen=True)
class _Play:
    """One play of a run; as in `Run`."""

    short: int
    seconds: float
    engine_seconds: float
    cpu_ms: float
    waits: int
    waited_ms: float
    database_ms: float
    statements: int
    attempts: int
    describes: int
    asks: int
    other_calls: int


class _Stand:
    """The deployed stack, what is held for it, and the state machine beside it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._keys = offered(stack, SIZES[-1])
        self._owner = StackSettings(stack.name, stack.cloud.region, ACCOUNT_ID).owner
        self._ec2 = stack.client("ec2")
        self._rows = 0
        self.reservations = 0
        # The server counts how long it works for each user only if it is told to:
        # https://mariadb.com/kb/en/user-statistics/
        with stack.cloud.database.admin_connection() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL userstat = 1")
        self.run()
        self._empty = EmptyMachine(stack)

    def run(self) -> str:
        """One execution, from start to end, that is not taken down; its ARN."""
        execution = self._stack.start_run()
        self._wait(execution)
        return execution

    def hold(self, rows: int) -> None:
        """Adds rows until there are so many, with what they want already held."""
        new = self._keys[self._rows : rows]
        for key in new:
            self.reserve(key)
        give_prices(self._stack, new)
        values = ", ".join(f"('{instance_type}', '{zone}', 1, 0)" for instance_type, zone in new)
        self._stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")  # noqa: S608 - of EC2's own names
        self._rows = rows
        self.run()

    def reserve(self, key: _Key) -> None:
        """Makes a reservation of one instance as the stack makes them. The pool is dry afterwards."""
        instance_type, zone = key
        self._stack.cloud.capacity.set_free(instance_type, zone, 1)
        self._ec2.create_capacity_reservation(
            InstanceType=instance_type,
            AvailabilityZone=zone,
            InstancePlatform="Linux/UNIX",
            InstanceCount=1,
            EndDateType="unlimited",
            InstanceMatchCriteria="open",
            TagSpecifications=[
                {
                    "ResourceType": "capacity-reservation",
                    "Tags": [
                        {"Key": OWNER_TAG, "Value": self._owner},
                        {"Key": "odcr:made", "Value": "0" * 64},
                    ],
                }
            ],
        )
        self.reservations += 1

    def want(self, instances: int) -> None:
        """Each row wants so many."""
        self._stack.sql("UPDATE odcr_capacity SET Target_Capacity = %s", instances)

    def want_one_more(self) -> None:
        """Each row wants two, and has wanted so for long: its pool is dry."""
        self.want(2)
        self._stack.sql(
            "UPDATE odcr_status SET Status = 'SHORT', Target_Capacity = 2, "
            "Short_Since = UTC_TIMESTAMP() - INTERVAL %s DAY, Dry_Since = UTC_TIMESTAMP() - INTERVAL %s DAY",
            _DAYS,
            _DAYS,
        )

    def expect(self, **statuses: int) -> None:
        """Looks how the targets stand.

        Raises:
            RuntimeError: not so.
        """
        standing = dict(self._stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status"))
        if standing != {status: count for status, count in statuses.items() if count}:
            raise RuntimeError(f"The targets do not stand as they should ({statuses}): {standing}")

    def play(self) -> _Play:
        """One run, and the same with empty functions."""
        # The meter is the last and the first to look, for it counts the statements of whoever else does.
        before, worked, began = self._calls(), self._database_ms(), int(time.time() * 1000)
        meter = counters.Meter(self._stack)
        execution = self._stack.start_run()
        seconds = self._wait(execution)
        counted = meter.read()
        worked = self._database_ms() - worked
        calls = self._calls() - before
        lines = [line for told in logged(self._stack, began).values() for line in told]
        invocations = log_lines.invocations(lines)
        events = self._stack.history(execution)
        recorded = answers(events)
        # One whose turn did not come in the run looked at nothing.
        attempts = [
            key
            for of_one in recorded.values()
            for key, answer in of_one.items()
            if key != NO_TARGET and answer.get("output") != {}
        ]
        self._empty.answer(recorded)
        empty = self._empty.start()
        engine_seconds = self._wait(empty)
        passed = states(self._stack.history(empty))
        if passed != states(events):
            raise RuntimeError(f"With empty functions the run went another way: {passed}, not {states(events)}")
        return _Play(
            short=states(events)["ReserveCapacity"],
            seconds=seconds,
            engine_seconds=engine_seconds,
            cpu_ms=sum(one.cpu_ms for one in invocations),
            waits=sum(one.slept_ms > 0 for one in invocations),
            waited_ms=sum(one.slept_ms for one in invocations),
            database_ms=worked,
            statements=counted.statements,
            attempts=len(attempts),
            describes=calls[_DESCRIBE],
            asks=sum(calls[action] for action in _ASKS),
            other_calls=calls.total() - calls[_DESCRIBE] - sum(calls[action] for action in _ASKS),
        )

    def describes(self, reservations: int) -> Describes:
        """Makes reservations until there are so many, wants as many, and counts how often a run describes them."""
        while self.reservations < reservations:
            self.reserve(self._keys[self.reservations % self._rows])
        each, more = divmod(reservations, self._rows)
        self.want(each)
        self._stack.sql(
            "UPDATE odcr_capacity SET Target_Capacity = Target_Capacity + 1 "
            "WHERE (InstanceType, AvailabilityZone) IN %s",
            self._keys[:more],
        )
        before = self._calls()
        self.run()
        calls = self._calls() - before
        if calls.total() != calls[_DESCRIBE]:
            raise RuntimeError(f"The run asked for more than what is there: {calls}")
        return Describes(reservations, calls[_DESCRIBE])

    def _wait(self, execution: str) -> float:
        ended = self._stack.wait(execution, _RUN_SECONDS)
        if ended["status"] != "SUCCEEDED":
            raise RuntimeError(f"A run ended as {ended['status']}: {ended.get('cause')}")
        return (ended["stopDate"] - ended["startDate"]).total_seconds()

    def _calls(self) -> Counter[str]:
        calls: Counter[str] = Counter()
        for call in self._stack.cloud.capacity.calls():
            calls[call.action] += call.calls
        return calls

    def _database_ms(self) -> float:
        """How long the server has worked for the functions' user."""
        with self._stack.cloud.database.admin_connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT SUM(BUSY_TIME) FROM information_schema.USER_STATISTICS WHERE USER = 'odcr'")
            ((seconds,),) = cursor.fetchall()
            return float(seconds) * 1000


def measure() -> Results:
    """Plays everything, in four to seven minutes on two processors.

    Returns:
        `{"runs": [Run], "describes": [Describes]}`.
    """
    with LocalCloud(speed=SPEED, vcpu_quota=PLENTY) as cloud:
        _tell("sam build, sam deploy")
        build()
        stack = Stack(cloud)
        # The functions are to find the schedule enabled, but runs are started here.
        cloud.schedules.stop()
        stack.deploy()
        stand = _Stand(stack)
        runs = [run for rows in SIZES for run in _of_size(stand, rows)]
        describes = [stand.describes(reservations) for reservations in MORE_RESERVATIONS]
        _tell(f"{[asdict(one) for one in describes]}")
        return {"runs": [run.to_json() for run in runs], "describes": [asdict(one) for one in describes]}


def _of_size(stand: _Stand, rows: int) -> list[Run]:
    stand.hold(rows)
    stand.expect(FULFILLED=rows)
    held = [stand.play() for _ in range(PLAYS)]
    short = []
    stand.want_one_more()
    # An environment that has never run makes its clients first. That is the start's work and not the rows'.
    stand.run()
    for _ in range(PLAYS if rows < MANY else 1):
        short.append(stand.play())
        stand.expect(SHORT=rows)
    stand.want(1)
    stand.run()
    stand.expect(FULFILLED=rows)
    runs = [_median(case, rows, plays, stand.reservations) for case, plays in ((HELD, held), (SHORT, short))]
    for run in runs:
        _tell(f"{rows} rows, all {run.case}: {run.seconds:.2f} s, of these the engine's {run.engine_seconds:.2f}")
    return runs


def _median(case: str, rows: int, plays: list[_Play], reservations: int) -> Run:
    median: dict[str, Any] = {}
    for name, first in asdict(plays[0]).items():
        values = [getattr(play, name) for play in plays]
        middle = statistics.median(values)
        median[name] = int(middle) if isinstance(first, int) else round(middle, 3)
    return Run(case=case, rows=rows, plays=len(plays), reservations=reservations, **median)


def _tell(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
