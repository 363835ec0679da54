"""AWS::Events::EventBus and AWS::Events::Rule

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
"""

import json
from typing import Any

from moto.events.models import EventsBackend, events_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required


def backend_of(request: Request) -> EventsBackend:
    """moto's EventBridge in the stack's account and Region."""
    backend: EventsBackend = events_backends[request.account_id][request.region]
    return backend


class Rule(Handler):
    """A rule and its targets. On a bus that does not exist none can be made."""

    type_name = "AWS::Events::Rule"
    create_only = frozenset({"Name", "EventBusName"})

    def create(self, request: Request) -> Physical:
        name, bus = str(request.properties.get("Name", request.name)), _bus(request)
        rule = self._put(request, name)
        return Physical(name if bus == "default" else f"{bus}|{name}", {"Arn": rule.arn}, rule)

    def update(self, request: Request, current: Physical) -> Physical:
        return Physical(current.id, current.attributes, self._put(request, current.model.name))

    def delete(self, request: Request, current: Physical) -> None:
        bus = current.model.event_bus_name
        rule = backend_of(request).event_buses[bus].rules.get(current.model.name)
        if rule is not None:
            rule.targets = []
            backend_of(request).delete_rule(rule.name, bus)

    def _put(self, request: Request, name: str) -> Any:
        properties, bus = request.properties, _bus(request)
        pattern = properties.get("EventPattern")
        rule = backend_of(request).put_rule(
            name,
            description=properties.get("Description"),
            event_bus_arn=bus,
            event_pattern=json.dumps(pattern) if pattern else None,
            role_arn=properties.get("RoleArn"),
            scheduled_expression=properties.get("ScheduleExpression"),
            state=properties.get("State"),
            tags=properties.get("Tags"),
        )
        rule.targets = list(properties.get("Targets", []))
        return rule


class EventBus(Handler):
    """A bus."""

    type_name = "AWS::Events::EventBus"
    create_only = frozenset({"Name"})

    def create(self, request: Request) -> Physical:
        bus = backend_of(request).create_event_bus(
            str(required(request, "Name")),
            description=request.properties.get("Description"),
            tags=request.properties.get("Tags"),
        )
        return Physical(bus.name, {"Arn": bus.arn, "Name": bus.name}, bus)

    def delete(self, request: Request, current: Physical) -> None:
        backend_of(request).event_buses.pop(current.id, None)


def _bus(request: Request) -> str:
    return str(request.properties.get("EventBusName", "default")).rsplit("/", 1)[-1]


HANDLERS: tuple[Handler, ...] = (EventBus(), Rule())
