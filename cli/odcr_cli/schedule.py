"""The stack's schedule, which starts the runs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from odcr_cli.account import Account
from odcr_cli.formatting import format_moment
from odcr_cli.trouble import aws_errors_as_trouble


class ScheduleStatus(StrEnum):
    """Whether the schedule starts runs."""

    ON = "on"
    OFF = "off"
    OVER = "over"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class Schedule:
    """The parts of EventBridge Scheduler's schedule that matter here."""

    is_enabled: bool
    expression: str
    """When it starts runs, such as `rate(1 minute)`."""
    start: datetime | None = None
    end: datetime | None = None

    def status(self, now: datetime) -> ScheduleStatus:
        """The status at a moment."""
        if not self.is_enabled:
            return ScheduleStatus.OFF
        if self.end is not None and self.end <= now:
            return ScheduleStatus.OVER
        if self.start is not None and self.start > now:
            return ScheduleStatus.NOT_STARTED
        return ScheduleStatus.ON

    def why_no_run(self, now: datetime) -> str:
        """Why no run will ask and what to do, as a sentence; empty if runs start."""
        return {
            ScheduleStatus.ON: "",
            ScheduleStatus.OFF: "The schedule is off: no run will ask. Deploy with ScheduleState ENABLED.",
            ScheduleStatus.OVER: (
                f"The schedule ended{_at(self.end)}: no run will ask. Deploy with a later ScheduleEnd."
            ),
            ScheduleStatus.NOT_STARTED: f"The schedule has not started: no run will ask before{_at(self.start, '')}.",
        }[self.status(now)]


def schedule_of(account: Account, stack: str) -> Schedule:
    """The schedule of a stack, which has the stack's name.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html

    Raises:
        Trouble: if Scheduler does not answer.
    """
    with aws_errors_as_trouble():
        answer = account.client("scheduler").get_schedule(Name=stack)
    return Schedule(
        answer["State"] == "ENABLED", answer["ScheduleExpression"], answer.get("StartDate"), answer.get("EndDate")
    )


def _at(at: datetime | None, word: str = " at") -> str:
    return f"{word} {format_moment(at)} UTC" if at else ""
