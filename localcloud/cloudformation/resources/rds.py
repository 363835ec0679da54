"""AWS::RDS::*: Aurora MySQL Serverless v2, whose databases are those of the local cloud's own server.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_RDS.html
"""

import json
import secrets
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.rds.models import DBCluster as MotoCluster
from moto.rds.models import rds_backends

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType
from localcloud.services import Services


def show_real_addresses(services: Services) -> None:
    """Makes DescribeDBClusters tell where the database really answers."""
    host: Any = property(lambda _: services.database.host)
    port: Any = property(lambda _: services.database.port, lambda cluster, port: None)  # noqa: ARG005 - moto sets it
    for name, shown in (("endpoint", host), ("reader_endpoint", host), ("port", port)):
        setattr(MotoCluster, name, shown)


_FOR_GOOD = frozenset(
    {
        *("DBClusterIdentifier", "DBSubnetGroupName", "DatabaseName", "Engine"),
        *("ManageMasterUserPassword", "MasterUserPassword", "MasterUsername"),
    }
)
"""What a cluster that exists keeps."""


class DBCluster(ApiType):
    """A cluster, and a database with a user on the local server."""

    def create(self, request: Request) -> Physical:
        properties, database = request.properties, request.services.database
        if properties["Engine"] != "aurora-mysql":
            raise ValidationError(
                message=f"Engine {properties['Engine']}: the local cloud's databases are aurora-mysql only"
            )
        name, user = str(properties["DatabaseName"]), str(properties["MasterUsername"])
        _refuse_taken(name, user)
        cluster = super().create(request)
        if "MasterUserPassword" in properties:
            password = str(properties["MasterUserPassword"])
        else:
            # moto's is the same for every cluster.
            password = secrets.token_urlsafe(24)
            arn, login = cluster.attribute("MasterUserSecret.SecretArn"), {"username": user, "password": password}
            request.call("secretsmanager.PutSecretValue", SecretId=arn, SecretString=json.dumps(login))
        try:
            database.create_database(name, user, password)
        except Exception:
            super().delete(request, cluster)
            raise
        address = {"Endpoint.Address": database.host, "Endpoint.Port": str(database.port)}
        return Physical(cluster.id, {**cluster.attributes, **address})

    def can_update(self, changed: frozenset[str]) -> bool:
        return not changed & _FOR_GOOD

    def update(self, request: Request, current: Physical) -> Physical:
        # RDS would make a new login of ManageMasterUserPassword.
        others = {name: value for name, value in request.properties.items() if name not in _FOR_GOOD}
        request.call("rds.ModifyDBCluster", **others, DBClusterIdentifier=current.id)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        super().delete(request, current)
        request.services.database.drop_database(str(current.attribute("DatabaseName")))


def _refuse_taken(name: str, user: str) -> None:
    """One server serves every stack, where on AWS each cluster has a name space of its own."""
    for account in rds_backends.values():
        for backend in account.values():
            for cluster in backend.clusters.values():
                if cluster.database_name == name or cluster.master_username == user:
                    raise ValidationError(
                        message=f"The local cloud's one server already holds database {cluster.database_name} with "
                        f"user {cluster.master_username} of {cluster.db_cluster_identifier}: delete that stack, or "
                        "give this one another DatabaseName and MasterUsername"
                    )


TYPES: tuple[ResourceType, ...] = (
    DBCluster(
        "AWS::RDS::DBCluster",
        "rds.CreateDBCluster",
        "rds.DeleteDBCluster",
        "DBClusterIdentifier",
        within="DBCluster",
    ),
    ApiType(
        "AWS::RDS::DBInstance",
        "rds.CreateDBInstance",
        "rds.DeleteDBInstance",
        "DBInstanceIdentifier",
        update_call="rds.ModifyDBInstance",
        within="DBInstance",
    ),
    ApiType(
        "AWS::RDS::DBSubnetGroup",
        "rds.CreateDBSubnetGroup",
        "rds.DeleteDBSubnetGroup",
        "DBSubnetGroupName",
        update_call="rds.ModifyDBSubnetGroup",
        within="DBSubnetGroup",
    ),
)
