"""Watches the schedules that moto keeps, and starts the state machines that are due.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

import secrets
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.scheduler.models import scheduler_backends

from localcloud.schedule.expressions import moment, parse
from localcloud.services import ACCOUNT_ID, Services

_POLL_SECONDS = 0.02
_JOIN_SECONDS = 10.0
_LATE = timedelta(minutes=1)
"""AWS invokes within a minute of the time named; a one-time schedule that is older was over when it was created."""


@dataclass
class _Plan:
    """What is to happen for one schedule until somebody changes it."""

    settings: tuple[Any, ...]
    period: timedelta | None
    """Of a rate."""
    next_due: datetime | None
    """In cloud time; None for never again."""


class Schedules:
    """Invokes the targets of ENABLED schedules in cloud time.

    A rate begins when the schedule is first seen enabled, or at its StartDate, and invokes at once. However many
    invocations are missed while the machine sleeps, one makes up for them. A start that fails is announced, and is not
    repeated. A schedule without effect is announced once.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopped = threading.Event()
        self._plans: dict[str, _Plan] = {}
        self._watcher = threading.Thread(target=self._watch, name="schedules", daemon=True)

    def start(self) -> None:
        """Starts watching."""
        self._watcher.start()

    def stop(self) -> None:
        """Stops watching."""
        self._stopped.set()
        self._watcher.join(_JOIN_SECONDS)

    def now(self) -> datetime:
        """The date in the cloud."""
        return datetime.fromtimestamp(self._services.clock.date(), UTC)

    def _watch(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            now = self.now()
            enabled = [each for each in _schedules() if each[2].state == "ENABLED"]
            for backend, group, schedule in enabled:
                self._invoke_if_due(backend, group, schedule, now)
            # A schedule that comes back after it was disabled or deleted starts over.
            arns = {schedule.arn for _, _, schedule in enabled}
            self._plans = {arn: plan for arn, plan in self._plans.items() if arn in arns}

    def _invoke_if_due(self, backend: Any, group: str, schedule: Any, now: datetime) -> None:
        plan = self._plan(schedule, now)
        if plan.next_due is None or plan.next_due > now:
            return
        due, plan.next_due, end = plan.next_due, None, None
        if plan.period:
            due, end = due + (now - due) // plan.period * plan.period, moment(schedule.end_date)
            following = due + plan.period
            plan.next_due = following if end is None or following < end else None
        if end is None or due < end:
            self._invoke(schedule, due)
        if plan.next_due is None and schedule.action_after_completion == "DELETE":
            backend.delete_schedule(group, schedule.name)

    def _plan(self, schedule: Any, now: datetime) -> _Plan:
        settings = (
            schedule.creation_date,
            schedule.schedule_expression,
            schedule.schedule_expression_timezone,
            schedule.start_date,
            schedule.end_date,
        )
        plan = self._plans.get(schedule.arn)
        if plan is None or plan.settings != settings:
            plan = self._plans[schedule.arn] = _Plan(settings, *self._first(schedule, now))
        return plan

    def _first(self, schedule: Any, now: datetime) -> tuple[timedelta | None, datetime | None]:
        """A rate's period, and when the schedule is first due; announces what has no effect."""
        target = schedule.target["Arn"]
        try:
            if ":stateMachine:" not in target:
                raise ValueError(f"the local cloud invokes state machines only, not {target}")
            when = parse(schedule.schedule_expression, schedule.schedule_expression_timezone)
            if isinstance(when, datetime) and when < now - _LATE:
                raise ValueError(f"{schedule.schedule_expression} is over")
        except ValueError as error:
            self._services.announce(f"Schedule {schedule.name} has no effect: {error}")
            return None, None
        if isinstance(when, datetime):  # which ignores StartDate and EndDate on AWS, too
            return None, when
        first, end = moment(schedule.start_date) or now, moment(schedule.end_date)
        return when, None if end and end <= max(first, now) else first

    def _invoke(self, schedule: Any, due: datetime) -> None:
        target, given = schedule.target["Arn"], str(schedule.target.get("Input") or "{}")
        for attribute, value in {
            "schedule-arn": schedule.arn,
            "scheduled-time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
            "execution-id": secrets.token_hex(8),
            "attempt-number": "1",
        }.items():
            given = given.replace(f"<aws.scheduler.{attribute}>", value)
        states = self._services.client("stepfunctions", target.split(":")[3])
        try:
            states.start_execution(stateMachineArn=target, name=str(uuid.uuid4()), input=given)
        except (ClientError, BotoCoreError) as error:
            self._services.announce(f"Schedule {schedule.arn} could not start {target}: {error}")


def _schedules() -> Iterator[tuple[Any, str, Any]]:
    """(moto's backend, group name, schedule) of each schedule in every Region."""
    for backend in list(scheduler_backends[ACCOUNT_ID].values()):
        for group in list(backend.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                yield backend, group.name, schedule
