"""AWS::EC2::*: the network. It can be described, and keeps nobody from anything.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from typing import Any

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class Tagged(ApiType):
    """A part of the network, with CloudFormation's tags and those of the template."""

    def create(self, request: Request) -> Physical:
        return self.update(request, super().create(request))

    def can_update(self, changed: frozenset[str]) -> bool:
        return changed <= {"Tags"}

    def update(self, request: Request, current: Physical) -> Physical:
        stack = {
            "aws:cloudformation:logical-id": request.logical_id,
            "aws:cloudformation:stack-id": request.stack.stack_id,
            "aws:cloudformation:stack-name": request.stack.stack_name,
        }
        tags = [{"Key": key, "Value": value} for key, value in stack.items()] + request.properties.get("Tags", [])
        # An Elastic IP, whose id is its address, is tagged by its allocation.
        request.call("ec2.CreateTags", Resources=current.attributes.get("AllocationId", current.id), Tags=tags)
        return current


class Endpoint(Tagged):
    """A VPC endpoint."""

    def can_update(self, changed: frozenset[str]) -> bool:
        return changed <= {"Tags", "PolicyDocument"}

    def update(self, request: Request, current: Physical) -> Physical:
        policy = request.properties.get("PolicyDocument")
        request.call("ec2.ModifyVpcEndpoint", VpcEndpointId=current.id, PolicyDocument=policy)
        return super().update(request, current)


class SecurityGroup(Tagged):
    """A group with the rules written into it; without any egress rule EC2 gives it the one that allows everything."""

    def create(self, request: Request) -> Physical:
        group = super().create(request)
        self._set_rules(request, group)
        return group

    def can_update(self, changed: frozenset[str]) -> bool:
        return changed <= {"Tags", "SecurityGroupEgress", "SecurityGroupIngress"}

    def update(self, request: Request, current: Physical) -> Physical:
        self._set_rules(request, current)
        return super().update(request, current)

    def _set_rules(self, request: Request, group: Physical) -> None:
        (found,) = request.call("ec2.DescribeSecurityGroups", GroupIds=group.id)["SecurityGroups"]
        for direction, had in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
            if rules := request.properties.get(f"SecurityGroup{direction}"):
                if found[had]:
                    request.call(f"ec2.RevokeSecurityGroup{direction}", GroupId=group.id, IpPermissions=found[had])
                permissions = [_permission(rule) for rule in rules]
                request.call(f"ec2.AuthorizeSecurityGroup{direction}", GroupId=group.id, IpPermissions=permissions)


class SecurityGroupIngress(ResourceType):
    """One rule in its own resource."""

    def create(self, request: Request) -> Physical:
        self._change("Authorize", request)
        return Physical(request.name, {"Id": request.name})

    def delete(self, request: Request, current: Physical) -> None:
        del current
        self._change("Revoke", request)

    def _change(self, verb: str, request: Request) -> None:
        group, permission = request.properties["GroupId"], _permission(request.properties)
        request.call(f"ec2.{verb}SecurityGroupIngress", GroupId=group, IpPermissions=permission)


def _permission(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of a template as the API has it."""
    cidr, peer = rule.get("CidrIp"), rule.get("SourceSecurityGroupId", rule.get("DestinationSecurityGroupId"))
    return {
        **{name: rule.get(name) for name in ("IpProtocol", "FromPort", "ToPort")},
        "IpRanges": [{"CidrIp": cidr}] if cidr else [],
        "UserIdGroupPairs": [{"GroupId": peer}] if peer else [],
    }


def _part(name: str, api_name: str) -> Tagged:
    """A type for which the API has a Create and a Delete."""
    key = f"{api_name}Id"
    return Tagged(f"AWS::EC2::{name}", f"ec2.Create{api_name}", f"ec2.Delete{api_name}", key, within=api_name)


TYPES: tuple[ResourceType, ...] = (
    _part("VPC", "Vpc"),
    _part("Subnet", "Subnet"),
    _part("RouteTable", "RouteTable"),
    _part("InternetGateway", "InternetGateway"),
    _part("NatGateway", "NatGateway"),
    Endpoint(
        "AWS::EC2::VPCEndpoint",
        "ec2.CreateVpcEndpoint",
        "ec2.DeleteVpcEndpoints",
        "VpcEndpointId",
        within="VpcEndpoint",
    ),
    Tagged("AWS::EC2::EIP", "ec2.AllocateAddress", "ec2.ReleaseAddress", "PublicIp"),
    ApiType("AWS::EC2::Route", "ec2.CreateRoute", "ec2.DeleteRoute", "RouteId"),
    ApiType(
        "AWS::EC2::SubnetRouteTableAssociation",
        "ec2.AssociateRouteTable",
        "ec2.DisassociateRouteTable",
        "AssociationId",
    ),
    ApiType("AWS::EC2::VPCGatewayAttachment", "ec2.AttachInternetGateway", "ec2.DetachInternetGateway", "AttachmentId"),
    SecurityGroup(
        "AWS::EC2::SecurityGroup",
        "ec2.CreateSecurityGroup",
        "ec2.DeleteSecurityGroup",
        "GroupId",
        named="GroupName",
        prepare=lambda group: {**group, "Description": group["GroupDescription"]},
    ),
    SecurityGroupIngress("AWS::EC2::SecurityGroupIngress"),
)
