"""The schedule that starts the runs, in EventBridge Scheduler."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from odcr.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

MAX_FAILURES = 60
"""Runs in a row that fail, or cannot read the schedule, after which only the schedule starts runs."""

_MINUTES = re.compile(r"rate\((?:1 minute|1 minutes)\)")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The properties of the schedule that decide whether asking goes on."""

    is_on: bool
    """Whether it is enabled, and the time is between its start and its end."""
    is_each_minute: bool
    """Whether it starts a run each minute."""
    is_known: bool = True
    """Whether Scheduler answered."""

    def lets_asking_go_on(self, failures: int | None) -> bool:
        """Whether another run may follow this one.

        Args:
            failures: runs in a row before this one that failed, or could not read the schedule; None if a person
                started this run.
        """
        return self.is_on if self.is_known else failures is not None and failures < MAX_FAILURES


OFF = Schedule(is_on=False, is_each_minute=False)
UNKNOWN = Schedule(is_on=False, is_each_minute=False, is_known=False)


@cache
def _client() -> "EventBridgeSchedulerClient":
    return boto3.client(
        "scheduler",
        config=Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}),
    )


def read_schedule(name: str, now: datetime) -> Schedule:
    """Reads the schedule: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html

    Args:
        name: the schedule's name, in the default group.
        now: the time.

    Returns:
        The schedule; OFF if it does not exist, and UNKNOWN if there is no answer.
    """
    try:
        answer = _client().get_schedule(Name=name)
    except (BotoCoreError, ClientError) as error:
        logger.warning("The schedule cannot be read", schedule=name, error=str(error))
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        return OFF if code == "ResourceNotFoundException" else UNKNOWN
    begins, ends = answer.get("StartDate"), answer.get("EndDate")
    is_on = answer["State"] == "ENABLED" and (begins is None or begins <= now) and (ends is None or now < ends)
    return Schedule(is_on, _MINUTES.fullmatch(answer["ScheduleExpression"].strip()) is not None)
