"""EventBridge: rules that start state machines, rules that are disabled, and buses that do not exist.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.events.exceptions import ResourceNotFoundException
from moto.events.models import EventsBackend, Rule
from moto.events.utils import EventTemplateParser
from moto.moto_api._internal import mock_random

from localcloud.services import Services

MAX_ENTRIES = 10
"""Per request; moto refuses more."""

_moto_put_events = EventsBackend.put_events
_moto_send_to_targets = Rule.send_to_targets


def install(services: Services) -> None:
    """Extends moto's EventBridge in this process."""

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        """Rule.send_to_targets."""
        if self.state != "ENABLED" or not self.event_pattern.matches_event(original_event):
            return
        rest = copy.copy(self)
        rest.targets = [target for target in self.targets if ":stateMachine:" not in target["Arn"]]
        _moto_send_to_targets(rest, original_event, transform_input)
        for target in self.targets:
            if ":stateMachine:" in target["Arn"]:
                _start(services, target, original_event)

    setattr(Rule, "send_to_targets", send_to_targets)  # noqa: B010 - mypy minds the assignment
    setattr(EventsBackend, "put_events", _put_events)  # noqa: B010 - mypy minds the assignment


def _put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """EventsBackend.put_events. AWS accepts and drops events for a bus that does not exist:
    https://github.com/aws/aws-sdk/issues/186 and https://github.com/aws/aws-cli/issues/9186."""
    if len(events) > MAX_ENTRIES:
        return _moto_put_events(self, events)
    answers: list[dict[str, Any]] = []
    for event in events:
        exists = _exists(self, event.get("EventBusName"))
        answers += _moto_put_events(self, [event]) if exists else [{"EventId": str(mock_random.uuid4())}]
    return answers


def _exists(backend: Any, name: str | None) -> bool:
    try:
        backend.describe_event_bus(backend._normalize_event_bus_arn(name))
    except ResourceNotFoundException:
        return False
    return True


def _start(services: Services, target: dict[str, Any], original: dict[str, Any]) -> None:
    """Starts an execution with the event, or what the target's input transformer makes of it."""
    event: Any = {name: value for name, value in original.items() if name != "ingestion-time"}
    event["time"] = datetime.fromtimestamp(float(original["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if transformer := target.get("InputTransformer"):
        event = EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    states = services.client("stepfunctions", target["Arn"].split(":")[3])
    try:
        states.start_execution(stateMachineArn=target["Arn"], input=json.dumps(event))
    except (ClientError, BotoCoreError) as error:
        # As on AWS, the sender does not learn of it.
        services.announce(f"An EventBridge rule could not start {target['Arn']}: {error}")
