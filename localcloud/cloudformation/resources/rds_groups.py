"""AWS::RDS::DBClusterParameterGroup and AWS::RDS::DBSubnetGroup

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_RDS.html
"""

from dataclasses import replace

from moto.ec2.models import ec2_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required
from localcloud.cloudformation.resources.rds import backend_of


class DBClusterParameterGroup(Handler):
    """Shown by DescribeDBClusterParameterGroups; the server's settings stay its own."""

    type_name = "AWS::RDS::DBClusterParameterGroup"
    create_only = frozenset({"DBClusterParameterGroupName", "Description", "Family"})

    def create(self, request: Request) -> Physical:
        group = backend_of(request).create_db_cluster_parameter_group(
            str(request.properties.get("DBClusterParameterGroupName", request.name)).lower(),
            required(request, "Family"),
            required(request, "Description"),
            list(request.properties.get("Tags", [])),
        )
        return self.update(request, Physical(str(group.name), model=group))

    def update(self, request: Request, current: Physical) -> Physical:
        wanted = request.properties.get("Parameters", {})
        parameters = [{"ParameterName": key, "ParameterValue": str(value)} for key, value in wanted.items()]
        backend_of(request).modify_db_cluster_parameter_group(current.id, parameters)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        if current.id in backend_of(request).db_cluster_parameter_groups:
            backend_of(request).delete_db_cluster_parameter_group(current.id)


class DBSubnetGroup(Handler):
    """A moto subnet group, with a name that Ref returns."""

    type_name = "AWS::RDS::DBSubnetGroup"
    create_only = frozenset({"DBSubnetGroupName"})

    def create(self, request: Request) -> Physical:
        backend = ec2_backends[request.account_id][request.region]
        subnets = [backend.get_subnet(subnet_id) for subnet_id in required(request, "SubnetIds")]
        name = str(request.properties.get("DBSubnetGroupName", request.name)).lower()
        group = backend_of(request).create_subnet_group(
            name, required(request, "DBSubnetGroupDescription"), subnets, list(request.properties.get("Tags", []))
        )
        return Physical(name, model=group)

    def update(self, request: Request, current: Physical) -> Physical:
        properties = {**request.properties, "DBSubnetGroupName": current.id}
        return self.create(replace(request, properties=properties))

    def delete(self, request: Request, current: Physical) -> None:
        if current.id in backend_of(request).subnet_groups:
            backend_of(request).delete_subnet_group(current.id)


HANDLERS: tuple[Handler, ...] = (DBClusterParameterGroup(), DBSubnetGroup())
