"""Plays runs on the local cloud, with the deployed stack, and takes down what each used."""

import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bench.benchmark import Results
from bench.costs import counters, history, log_lines
from bench.costs.counting import STACKS, standing
from bench.costs.duration import makespan, repeat_seconds
from bench.costs.results import BUSY, DRY, HELD, MET
from bench.costs.standing import DEFAULT, Standing
from bench.costs.usage import EC2_SECONDS, SQL_SECONDS, Usage, billed_ms
from bench.local_runs import logged, offered
from localcloud.cloud import LocalCloud
from localcloud.stack import Stack, build

SPEED = 60
"""Cloud seconds in a second: the quarter of a minute between two attempts lasts a quarter of a second."""

CASES = ((10, 1), (100, 10), (1000, 100))
"""Targets, and how many of them are short in dry pools: one in ten."""

MANY = 500
"""The most shortfalls that a run works on; of the last case's targets."""

INSTANCES = 5
"""That each target wants."""

_RUN_SECONDS = 900.0
_Key = tuple[str, str]


@dataclass
class _Play:
    """A deployed stack, and what its runs have used so far."""

    stack: Stack
    standing: Standing
    runs: list[dict[str, Any]] = field(default_factory=list)

    def run(self) -> str:
        """One execution, from start to end, that is not taken down."""
        execution = self.stack.start_run()
        ended = self.stack.wait(execution, _RUN_SECONDS)
        if ended["status"] != "SUCCEEDED":
            raise RuntimeError(f"A run ended as {ended['status']}: {ended.get('cause')}")
        return execution

    def take_down(self, case: str, targets: int, short: int) -> None:
        """One execution, and what it used."""
        meter = counters.Meter(self.stack)
        began = int(time.time() * 1000)
        execution = self.run()
        counted = meter.read()
        events = self.stack.history(execution)
        lines = [line for told in logged(self.stack, began).values() for line in told]
        invocations = log_lines.invocations(lines)
        states = history.states(events)
        usage = Usage(
            states=dict(states),
            repeats=history.repeats(events),
            invocations=len(invocations),
            cpu_ms=round(sum(one.cpu_ms for one in invocations), 1),
            waits=sum(one.waited_ms > 0 for one in invocations),
            waited_ms=round(sum(one.waited_ms for one in invocations)),
            ec2_calls=counted.ec2_calls,
            statements=counted.statements,
            commits=counted.commits,
            redo_bytes=counted.redo_bytes,
            log_bytes=log_lines.ingested_bytes(lines) + history.log_bytes(events, execution),
            messages=states["PublishAnnouncement"],
            metrics=tuple(sorted(log_lines.metrics(lines))),
            seconds=round(self._seconds(events, lines, counted), 1),
        )
        self.runs.append({"case": case, "targets": targets, "short": short, "used": usage.to_json()})
        _tell(f"{case}, {short} of {targets} targets short: {usage.transitions} transitions")

    def statuses(self) -> dict[str, int]:
        """How many targets stand how."""
        return dict(self.stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status"))

    def cold_starts(self) -> dict[str, int]:
        """Milliseconds on a processor until a function's handler is there, the median of all starts, by function."""
        starts = {function: log_lines.init_cpu_ms(lines) for function, lines in logged(self.stack, 0).items()}
        return {function: round(statistics.median(times)) for function, times in sorted(starts.items()) if times}

    def _seconds(self, events: list[dict[str, Any]], lines: list[str], counted: counters.Counters) -> float:
        """How long it would take on AWS, if each state machine's wait and each answer took its time."""
        attempts, memory = log_lines.targets(lines), self.standing.memory_mb
        asked = max(0, counted.ec2_calls - 1)
        seconds_of: dict[_Key, float] = defaultdict(float)
        others = SQL_SECONDS * counted.statements + EC2_SECONDS * (counted.ec2_calls - asked)
        for one in log_lines.invocations(lines):
            if one.request_id in attempts:
                latency = EC2_SECONDS * asked / len(attempts)
                seconds_of[attempts[one.request_id]] += billed_ms(one.cpu_ms, one.waited_ms, latency, memory) / 1000
            else:
                others += billed_ms(one.cpu_ms, one.waited_ms, 0, memory) / 1000
        errors = history.errors_before_repeats(events)
        items = [seconds_of[key] + repeat_seconds(errors[key]) for key in errors]
        return others + makespan(items, self.standing.at_once)


def measure() -> Results:
    """Plays everything, in five to twelve minutes on two processors.

    Returns:
        `{"runs": [{"case", "targets", "short", "used"}], "stacks": {name: Standing}, "cold_cpu_ms": {function: ms}}`.
    """
    stacks = {name: standing(given) for name, given in STACKS.items()}
    with LocalCloud(speed=SPEED) as cloud:
        _tell("sam build, sam deploy")
        build()
        stack = Stack(cloud)
        stack.deploy({"ScheduleState": "DISABLED"})
        play = _Play(stack, stacks[DEFAULT])
        play.run()
        _play(play)
        return {
            "runs": play.runs,
            "stacks": {name: one.to_json() for name, one in stacks.items()},
            "cold_cpu_ms": play.cold_starts(),
        }


def _play(play: _Play) -> None:
    keys = offered(play.stack, CASES[-1][0])
    there = 0
    for targets, short in CASES:
        dry = keys[targets - short : targets]
        _want(play.stack, keys[there : targets - short], free=INSTANCES)
        while play.statuses().get("FULFILLED", 0) < targets - short:
            play.run()
        _want(play.stack, dry, free=0)
        _dry_then_met(play, dry, targets)
        play.take_down(HELD, targets, 0)
        there = targets
    more = keys[:MANY]
    values = ", ".join(f"('{instance_type}', '{zone}')" for instance_type, zone in more)
    play.stack.sql(
        f"UPDATE odcr_capacity SET Target_Capacity = {2 * INSTANCES} "  # noqa: S608 - of EC2's own names
        f"WHERE (InstanceType, AvailabilityZone) IN ({values})"
    )
    _dry_then_met(play, more, there)
    play.stack.sql("UPDATE odcr_lease SET Holder = 'another', Expires = UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    play.take_down(BUSY, there, 0)


def _dry_then_met(play: _Play, keys: list[_Key], targets: int) -> None:
    # The first run finds out that a pool is dry, and tells of it; from then on each run asks as the one before.
    play.run()
    play.take_down(DRY, targets, len(keys))
    _expect(play, SHORT=len(keys))
    for key in keys:
        play.stack.cloud.capacity.set_free(*key, INSTANCES)
    play.take_down(MET, targets, len(keys))
    _expect(play, SHORT=0)


def _expect(play: _Play, **statuses: int) -> None:
    standing = play.statuses()
    if any(standing.get(status, 0) != count for status, count in statuses.items()):
        raise RuntimeError(f"The targets do not stand as they should ({statuses}): {standing}")


def _want(stack: Stack, keys: list[_Key], free: int) -> None:
    for key in keys:
        stack.cloud.capacity.set_free(*key, free)
    values = ", ".join(f"('{instance_type}', '{zone}', {INSTANCES}, 0)" for instance_type, zone in keys)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")  # noqa: S608 - of EC2's own names


def _tell(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
