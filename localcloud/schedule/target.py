"""Starts a schedule's target.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.services import Services


@dataclass(frozen=True)
class Invocation:
    """One invocation that is due."""

    schedule_arn: str
    target: dict[str, Any]
    """The API's Target."""
    scheduled_at: datetime

    @property
    def unsupported(self) -> str | None:
        """Why the local cloud cannot invoke this target, or None."""
        arn = str(self.target["Arn"])
        if arn.startswith("arn:aws:states:") and ":stateMachine:" in arn:
            return None
        return f"the local cloud invokes state machines only, not {arn}"

    def deliver(self, services: Services) -> None:
        """Starts the execution; a failure is announced."""
        arn = str(self.target["Arn"])
        states = services.client("stepfunctions", arn.split(":")[3])
        try:
            states.start_execution(stateMachineArn=arn, name=str(uuid.uuid4()), input=self._input())
        except (ClientError, BotoCoreError) as error:
            services.announce(f"Schedule {self.schedule_arn} could not start {arn}: {error}")

    def _input(self) -> str:
        """The target's input, with the context attributes filled in."""
        text = str(self.target.get("Input") or "{}")
        for keyword, value in {
            "schedule-arn": self.schedule_arn,
            "scheduled-time": self.scheduled_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "execution-id": secrets.token_hex(8),
            "attempt-number": "1",
        }.items():
            text = text.replace(f"<aws.scheduler.{keyword}>", value)
        return text
