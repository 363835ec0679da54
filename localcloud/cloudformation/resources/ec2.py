"""AWS::EC2::*: the network. It can be described, and keeps nobody from anything.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends

from localcloud.cloudformation.handler import Handler, Physical, Request
from localcloud.cloudformation.moto_handler import MotoHandler


def backend_of(request: Request) -> EC2Backend:
    """moto's EC2 in the stack's account and Region."""
    backend: EC2Backend = ec2_backends[request.account_id][request.region]
    return backend


def _delete_route(request: Request, current: Physical) -> None:
    del current
    destination = str(request.properties.get("DestinationCidrBlock", ""))
    table = backend_of(request).route_tables.get(str(request.properties["RouteTableId"]))
    if table is not None and destination in {route.destination_cidr_block for route in table.routes}:
        backend_of(request).delete_route(table.id, destination)


def _disassociate(request: Request, current: Physical) -> None:
    del current
    table = backend_of(request).route_tables.get(str(request.properties["RouteTableId"]))
    for association, subnet_id in list(table._associations.items() if table else []):
        if subnet_id == request.properties["SubnetId"]:
            backend_of(request).disassociate_route_table(association)


def _detach(request: Request, current: Physical) -> None:
    del current
    gateway, vpc = request.properties.get("InternetGatewayId"), request.properties.get("VpcId")
    if gateway:
        backend_of(request).detach_internet_gateway(str(gateway), str(vpc))


def _delete_vpc(request: Request, current: Physical) -> None:
    backend_of(request).delete_vpc(current.id)


def _delete_subnet(request: Request, current: Physical) -> None:
    backend_of(request).delete_subnet(current.id)


def _delete_nat_gateway(request: Request, current: Physical) -> None:
    backend_of(request).delete_nat_gateway(current.id)
    backend_of(request).nat_gateways.pop(current.id, None)


def _delete_endpoint(request: Request, current: Physical) -> None:
    backend_of(request).delete_vpc_endpoints([current.id])
    backend_of(request).vpc_end_points.pop(current.id, None)


def _default_group(vpc: Any) -> str:
    groups = vpc.ec2_backend.groups[vpc.id].values()
    return str(next(group.id for group in groups if group.name == "default"))


HANDLERS: tuple[Handler, ...] = (
    MotoHandler(
        "AWS::EC2::VPC",
        delete=_delete_vpc,
        attributes={
            "VpcId": lambda vpc: vpc.id,
            "CidrBlock": lambda vpc: vpc.cidr_block,
            "DefaultSecurityGroup": _default_group,
        },
    ),
    MotoHandler(
        "AWS::EC2::Subnet",
        delete=_delete_subnet,
        attributes={
            "SubnetId": lambda subnet: subnet.id,
            "AvailabilityZone": lambda subnet: subnet.availability_zone,
            "CidrBlock": lambda subnet: subnet.cidr_block,
            "VpcId": lambda subnet: subnet.vpc_id,
        },
    ),
    MotoHandler(
        "AWS::EC2::RouteTable",
        delete=lambda request, current: backend_of(request).delete_route_table(current.id),
        attributes={"RouteTableId": lambda table: table.id},
    ),
    MotoHandler("AWS::EC2::Route", delete=_delete_route),
    MotoHandler(
        "AWS::EC2::SubnetRouteTableAssociation",
        delete=_disassociate,
        physical_id=lambda association: f"{association.route_table_id}|{association.subnet_id}",
    ),
    MotoHandler(
        "AWS::EC2::InternetGateway",
        delete=lambda request, current: backend_of(request).delete_internet_gateway(current.id),
        attributes={"InternetGatewayId": lambda gateway: gateway.id},
    ),
    MotoHandler("AWS::EC2::VPCGatewayAttachment", delete=_detach),
    MotoHandler(
        "AWS::EC2::EIP",
        delete=lambda request, current: backend_of(request).release_address(address=current.id),
        attributes={
            "AllocationId": lambda address: address.allocation_id,
            "PublicIp": lambda address: address.public_ip,
        },
    ),
    MotoHandler(
        "AWS::EC2::NatGateway",
        delete=_delete_nat_gateway,
        attributes={"NatGatewayId": lambda gateway: gateway.id},
    ),
    MotoHandler("AWS::EC2::VPCEndpoint", delete=_delete_endpoint, attributes={"Id": lambda endpoint: endpoint.id}),
)
