"""EventBridge Scheduler's ticks: moto keeps the schedules, this invokes their targets when they are due."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.scheduler.models import scheduler_backends

from localcloud.clock import Clock
from localcloud.schedule_expressions import At, Cron, Rate, moment, parse
from localcloud.schedule_target import Invocation, TargetInvoker
from localcloud.services import ACCOUNT_ID

_POLL_SECONDS = 0.02
_JOIN_SECONDS = 10.0
_LATE = timedelta(minutes=1)
"""AWS invokes within a minute of the time named; a one-time schedule that is older was over when it was made."""


@dataclass
class _Plan:
    """What is to happen for one schedule, as long as nobody changes it."""

    of: tuple[Any, ...]
    expression: Rate | At | Cron | None
    next_due: datetime | None
    """In cloud time. None: never again."""


class Schedules:
    """Invokes the targets of ENABLED schedules in cloud time.

    A rate counts from when the schedule is first seen enabled, or from its StartDate, and invokes at once. However many
    invocations were missed (by a machine that slept), one makes up for them. What a schedule asks for and does
    not get is announced once.
    """

    def __init__(self, clock: Clock, invoker: TargetInvoker, announce: Callable[[str], None]) -> None:
        self._clock = clock
        self._invoker = invoker
        self._announce = announce
        self._stopped = threading.Event()
        self._plans: dict[str, _Plan] = {}
        self._deliveries: list[threading.Thread] = []
        self._ticker = threading.Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        """Starts watching."""
        self._ticker.start()

    def stop(self) -> None:
        """Stops watching and waits for the invocations under way."""
        self._stopped.set()
        self._invoker.stop()
        for thread in [self._ticker, *self._deliveries]:
            if thread.is_alive():
                thread.join(_JOIN_SECONDS)

    def now(self) -> datetime:
        """The date in the cloud."""
        return datetime.fromtimestamp(self._clock.date(), UTC)

    def _run(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            self._tick()

    def _tick(self) -> None:
        now, seen = self.now(), set()
        for backend, group, schedule in _schedules():
            if schedule.state != "ENABLED":
                continue
            seen.add(schedule.arn)
            plan = self._plan(schedule, now)
            if plan.next_due is None or plan.next_due > now:
                continue
            due, plan.next_due, end = plan.next_due, None, None
            if isinstance(plan.expression, Rate):
                due, end = plan.expression.due(due, now) or due, moment(schedule.end_date)
                following = due + plan.expression.period
                plan.next_due = following if end is None or following < end else None
            if end is None or due < end:
                self._deliver(Invocation(schedule.arn, schedule.target, due))
            if plan.next_due is None and schedule.action_after_completion == "DELETE":
                backend.delete_schedule(group, schedule.name)
        # Disabled or deleted: if it comes back, it starts anew.
        self._plans = {arn: plan for arn, plan in self._plans.items() if arn in seen}

    def _plan(self, schedule: Any, now: datetime) -> _Plan:
        dates = (schedule.start_date, schedule.end_date)
        of = (schedule.creation_date, schedule.schedule_expression, schedule.schedule_expression_timezone, *dates)
        plan = self._plans.get(schedule.arn)
        if plan is None or plan.of != of:
            plan = self._plans[schedule.arn] = self._new_plan(of, schedule, now)
        return plan

    def _new_plan(self, of: tuple[Any, ...], schedule: Any, now: datetime) -> _Plan:
        def without_effect(why: str) -> _Plan:
            self._announce(f"Schedule {schedule.name} has no effect: {why}")
            return _Plan(of, None, None)

        try:
            expression = parse(schedule.schedule_expression, schedule.schedule_expression_timezone)
            start, end = moment(schedule.start_date), moment(schedule.end_date)
        except ValueError as error:
            return without_effect(str(error))
        why = Invocation(schedule.arn, schedule.target, now).unsupported
        if isinstance(expression, Cron):
            why = why or f"the local cloud does not invoke {expression.expression}; use a rate or an at"
        if isinstance(expression, At) and expression.moment < now - _LATE:
            why = why or f"{schedule.schedule_expression} is over"
        if why:
            return without_effect(why)
        if (schedule.flexible_time_window or {}).get("Mode", "OFF") != "OFF":
            self._announce(f"Schedule {schedule.name}: FlexibleTimeWindow has no effect, invocations come on time")
        if isinstance(expression, At):  # StartDate and EndDate are ignored for one-time schedules, as on AWS
            return _Plan(of, expression, expression.moment)
        first = start or now
        return _Plan(of, expression, None if end and end <= max(first, now) else first)

    def _deliver(self, invocation: Invocation) -> None:
        thread = threading.Thread(target=self._invoker.deliver, args=(invocation,), name="invocation", daemon=True)
        thread.start()
        self._deliveries = [other for other in self._deliveries if other.is_alive()] + [thread]


def _schedules() -> Iterator[tuple[Any, str, Any]]:
    """(moto backend, group name, schedule) of each schedule in each Region that has any."""
    for backend in list(scheduler_backends[ACCOUNT_ID].values()):
        for group in list(backend.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                yield backend, group.name, schedule
