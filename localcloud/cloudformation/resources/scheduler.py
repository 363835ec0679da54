"""AWS::Scheduler::Schedule

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Scheduler.html
"""

from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required


def backend_of(request: Request) -> EventBridgeSchedulerBackend:
    """moto's EventBridge Scheduler in the stack's account and Region."""
    backend: EventBridgeSchedulerBackend = scheduler_backends[request.account_id][request.region]
    return backend


class Schedule(Handler):
    """A schedule; whoever runs the cloud makes it tick."""

    type_name = "AWS::Scheduler::Schedule"
    create_only = frozenset({"Name"})

    def create(self, request: Request) -> Physical:
        name, group = str(request.properties.get("Name", request.name)), _group(request)
        schedule = backend_of(request).create_schedule(
            name=name, group_name=group, action_after_completion=None, **_settings(request)
        )
        return Physical(name, {"Arn": schedule.arn}, schedule)

    def update(self, request: Request, current: Physical) -> Physical:
        if "GroupName" in request.changed:
            self.delete(request, current)
            return self.create(request)
        backend_of(request).update_schedule(name=current.id, group_name=_group(request), **_settings(request))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        groups = backend_of(request).schedule_groups
        if current.model.group_name in groups:
            groups[current.model.group_name].schedules.pop(current.id, None)


def _group(request: Request) -> str:
    group = str(request.properties.get("GroupName", "default"))
    if group not in backend_of(request).schedule_groups:
        raise ValidationError(message=f"Schedule group {group} does not exist.")
    return group


def _settings(request: Request) -> dict[str, Any]:
    properties = request.properties
    target = dict(required(request, "Target"))
    for name in ("Arn", "RoleArn"):
        if name not in target:
            raise ValidationError(message=f"Properties validation failed: required key [Target/{name}] not found")
    state = properties.get("State", "ENABLED")
    if state not in ("ENABLED", "DISABLED"):
        raise ValidationError(message=f"State must be ENABLED or DISABLED, not {state}")
    return {
        "description": properties.get("Description"),
        "end_date": _epoch(properties.get("EndDate")),
        "flexible_time_window": required(request, "FlexibleTimeWindow"),
        "kms_key_arn": properties.get("KmsKeyArn"),
        "schedule_expression": required(request, "ScheduleExpression"),
        "schedule_expression_timezone": properties.get("ScheduleExpressionTimezone"),
        "start_date": _epoch(properties.get("StartDate")),
        "state": state,
        "target": target,
    }


def _epoch(date: str | None) -> float | None:
    """The API's form of a date: seconds since 1970; a template has ISO 8601, UTC unless it says otherwise."""
    if date is None:
        return None
    moment = datetime.fromisoformat(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


HANDLERS: tuple[Handler, ...] = (Schedule(),)
