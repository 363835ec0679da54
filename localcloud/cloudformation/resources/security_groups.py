"""AWS::EC2::SecurityGroup and its rules. They can be described, and keep nobody out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
"""

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.ec2.models import EC2Backend, ec2_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required, tags_as_dict
from localcloud.cloudformation.moto_handler import stack_tags

_PEER = {"ingress": "Source", "egress": "Destination"}
_EVERYTHING = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}


def backend_of(request: Request) -> EC2Backend:
    """moto's EC2 in the stack's account and Region."""
    backend: EC2Backend = ec2_backends[request.account_id][request.region]
    return backend


def _change(request: Request, verb: str, direction: str, group_id: str, rule: Mapping[str, Any]) -> None:
    if "IpProtocol" not in rule:
        raise ValidationError(message=f"A rule of {request.logical_id} has no IpProtocol")
    cidr, cidr6, peer = rule.get("CidrIp"), rule.get("CidrIpv6"), rule.get(f"{_PEER[direction]}SecurityGroupId")
    ranges = [{"CidrIp": cidr}] if cidr else [{"CidrIpv6": cidr6}] if cidr6 else []
    getattr(backend_of(request), f"{verb}_security_group_{direction}")(
        group_name_or_id=group_id,
        ip_protocol=str(rule["IpProtocol"]),
        from_port=str(rule.get("FromPort", -1)),
        to_port=str(rule.get("ToPort", -1)),
        ip_ranges=ranges,
        source_groups=[{"GroupId": peer}] if peer else [],
    )


class SecurityGroup(Handler):
    """A group with the rules written into it; without any egress rule it gets the one that allows everything."""

    type_name = "AWS::EC2::SecurityGroup"
    create_only = frozenset({"GroupDescription", "GroupName", "VpcId"})

    def create(self, request: Request) -> Physical:
        group = backend_of(request).create_security_group(
            name=str(request.properties.get("GroupName", request.name)),
            description=str(required(request, "GroupDescription")),
            vpc_id=request.properties.get("VpcId"),
        )
        attributes = {"GroupId": group.id, "Id": group.id, "GroupName": group.name, "VpcId": group.vpc_id}
        for direction in _PEER:
            self._set_rules(request, group, direction)
        self._tag(request, group.id)
        return Physical(group.id, attributes, group)

    def update(self, request: Request, current: Physical) -> Physical:
        for direction in _PEER:
            if f"SecurityGroup{direction.capitalize()}" in request.changed:
                self._set_rules(request, current.model, direction)
        self._tag(request, current.id)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        backend_of(request).delete_security_group(group_id=current.id)

    def _set_rules(self, request: Request, group: Any, direction: str) -> None:
        rules = request.properties.get(f"SecurityGroup{direction.capitalize()}", [])
        getattr(group, f"{direction}_rules").clear()
        for rule in rules or ([_EVERYTHING] if direction == "egress" else []):
            _change(request, "authorize", direction, group.id, rule)

    def _tag(self, request: Request, group_id: str) -> None:
        backend_of(request).create_tags([group_id], {**stack_tags(request), **tags_as_dict(request.properties)})


class SecurityGroupRule(Handler):
    """One rule in its own resource.

    Args:
        direction: "ingress" or "egress".
    """

    def __init__(self, direction: str) -> None:
        self.type_name = f"AWS::EC2::SecurityGroup{direction.capitalize()}"  # type: ignore[misc]  # one class, two types
        self._direction = direction

    def must_replace(self, changed: frozenset[str]) -> bool:
        return bool(changed)

    def create(self, request: Request) -> Physical:
        _change(request, "authorize", self._direction, str(required(request, "GroupId")), request.properties)
        return Physical(request.name, {"Id": request.name})

    def delete(self, request: Request, current: Physical) -> None:
        del current
        _change(request, "revoke", self._direction, str(request.properties["GroupId"]), request.properties)


HANDLERS: tuple[Handler, ...] = (SecurityGroup(), SecurityGroupRule("ingress"), SecurityGroupRule("egress"))
