"""The stack's schedule, which starts the runs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from odcr_cli.account import Account
from odcr_cli.formatting import format_moment
from odcr_cli.trouble import aws_errors_as_trouble


class ScheduleStatus(StrEnum):
    """Whether it starts runs."""

    ON = "on"
    OFF = "off"
    OVER = "over"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class Schedule:
    """EventBridge Scheduler's schedule, as far as it matters."""

    is_enabled: bool
    expression: str
    """When it starts a run, as `rate(1 minute)`."""
    start: datetime | None = None
    end: datetime | None = None

    def status(self, now: datetime) -> ScheduleStatus:
        """How it stands at a moment."""
        if not self.is_enabled:
            return ScheduleStatus.OFF
        if self.end is not None and self.end <= now:
            return ScheduleStatus.OVER
        if self.start is not None and self.start > now:
            return ScheduleStatus.NOT_STARTED
        return ScheduleStatus.ON

    def why_no_run(self, now: datetime) -> str:
        """Why no run will ask, as a sentence with what to do; empty if runs start."""
        return {
            ScheduleStatus.ON: "",
            ScheduleStatus.OFF: "The schedule is off: no run will ask. Deploy with ScheduleState ENABLED.",
            ScheduleStatus.OVER: (
                f"The schedule ended{_at(self.end)}: no run will ask. Deploy with a later ScheduleEnd."
            ),
            ScheduleStatus.NOT_STARTED: f"The schedule has not started: no run will ask before{_at(self.start, '')}.",
        }[self.status(now)]


def schedule_of(account: Account, stack: str) -> Schedule:
    """The schedule of a stack, which bears its name.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html

    Raises:
        Trouble: if Scheduler does not say.
    """
    with aws_errors_as_trouble():
        found = account.client("scheduler").get_schedule(Name=stack)
    return Schedule(
        found["State"] == "ENABLED", found["ScheduleExpression"], found.get("StartDate"), found.get("EndDate")
    )


def _at(at: datetime | None, word: str = " at") -> str:
    return f"{word} {format_moment(at)} UTC" if at else ""
