"""The schedule that starts the runs, as EventBridge Scheduler has it now."""

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

MOST_FAILURES = 60
"""Runs in a row that may fail, or not be told whether the schedule is on, before the schedule alone starts them."""

_MINUTES = re.compile(r"rate\((?:1 minute|1 minutes)\)")


@dataclass(frozen=True, slots=True)
class Schedule:
    """What matters of it for whether asking goes on."""

    is_on: bool
    """Whether it is enabled, and now lies between its start and its end."""
    is_each_minute: bool
    """Whether it starts a run each minute."""
    is_known: bool = True
    """Whether Scheduler said so."""

    def lets_asking_go_on(self, failures: int | None) -> bool:
        """Whether a run may follow the one that asks.

        Args:
            failures: runs in a row before it that failed, or were not told; None if a person started it.
        """
        return self.is_on if self.is_known else failures is not None and failures < MOST_FAILURES


OFF = Schedule(is_on=False, is_each_minute=False)
UNKNOWN = Schedule(is_on=False, is_each_minute=False, is_known=False)


@cache
def _client() -> "EventBridgeSchedulerClient":
    return boto3.client(
        "scheduler",
        config=Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}),
    )


def read_schedule(name: str, now: datetime) -> Schedule:
    """Asks for the schedule: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html

    Args:
        name: the schedule's, in the default group.
        now: the time.

    Returns:
        The schedule; OFF if there is none of this name, and UNKNOWN if there is no answer.
    """
    try:
        answer = _client().get_schedule(Name=name)
    except (BotoCoreError, ClientError) as error:
        logger.warning("The schedule did not say whether it is on", schedule=name, error=str(error))
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        return OFF if code == "ResourceNotFoundException" else UNKNOWN
    begins, ends = answer.get("StartDate"), answer.get("EndDate")
    is_on = answer["State"] == "ENABLED" and (begins is None or begins <= now) and (ends is None or now < ends)
    return Schedule(is_on, _MINUTES.fullmatch(answer["ScheduleExpression"].strip()) is not None)
