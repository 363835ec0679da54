"""AWS::RDS::*: Aurora MySQL Serverless v2, whose databases are those of the local cloud's own server.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_RDS.html
"""

import json
import secrets
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.rds.models import DBCluster as MotoCluster
from moto.rds.models import RDSBackend, rds_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required
from localcloud.cloudformation.resources.secretsmanager import backend_of as secretsmanager_of
from localcloud.cloudformation.resources.secretsmanager import put_secret
from localcloud.services import Services


def backend_of(request: Request) -> RDSBackend:
    """moto's RDS in the stack's account and Region."""
    backend: RDSBackend = rds_backends[request.account_id][request.region]
    return backend


def show_real_addresses(services: Services) -> None:
    """Makes DescribeDBClusters tell where the database really answers."""
    for name in ("endpoint", "reader_endpoint"):
        setattr(MotoCluster, name, property(lambda _: services.database.host))


class DBCluster(Handler):
    """A moto cluster, and a database with a user on the local server."""

    type_name = "AWS::RDS::DBCluster"
    create_only = frozenset({"DBClusterIdentifier", "DatabaseName", "Engine", "MasterUsername", "DBSubnetGroupName"})

    def create(self, request: Request) -> Physical:
        properties, backend, database = request.properties, backend_of(request), request.services.database
        engine = required(request, "Engine")
        if engine != "aurora-mysql":
            raise ValidationError(message=f"Engine {engine}: the local cloud's databases are aurora-mysql only")
        name, user = str(required(request, "DatabaseName")), str(required(request, "MasterUsername"))
        is_managed = _is_managed(properties)
        if is_managed and "MasterUserPassword" in properties:
            raise ValidationError(message="MasterUserPassword can't be specified with ManageMasterUserPassword")
        password = secrets.token_urlsafe(24) if is_managed else str(required(request, "MasterUserPassword"))
        _refuse_taken(name, user)
        cluster = backend.create_db_cluster(
            {
                "db_cluster_identifier": str(properties.get("DBClusterIdentifier", request.name)).lower(),
                "engine": engine,
                "engine_version": properties.get("EngineVersion"),
                "database_name": name,
                "master_username": user,
                **({"manage_master_user_password": True} if is_managed else {"master_user_password": password}),
                "port": database.port,
                "tags": list(properties.get("Tags", [])),
                **_changeable(properties),
            }
        )
        if is_managed:
            # moto's is the same for every cluster.
            login = {"username": user, "password": password}
            put_secret(secretsmanager_of(request), cluster.master_user_secret.secret_arn, json.dumps(login))
        try:
            database.create_database(name, user, password)
        except Exception:
            backend.clusters.pop(cluster.db_cluster_identifier)
            raise
        return _physical(request, cluster)

    def update(self, request: Request, current: Physical) -> Physical:
        if "ManageMasterUserPassword" in request.changed:
            raise ValidationError(message="ManageMasterUserPassword of a cluster that exists stays in the local cloud")
        cluster = backend_of(request).clusters[current.id]
        for name, value in _changeable(request.properties).items():
            setattr(cluster, name, value)
        cluster.tags = list(request.properties.get("Tags", []))
        cluster.engine_version = request.properties.get("EngineVersion", cluster.engine_version)
        if "MasterUserPassword" in request.changed:
            password = str(request.properties["MasterUserPassword"])
            request.services.database.set_password(str(cluster.master_username), password)
        return _physical(request, cluster)

    def delete(self, request: Request, current: Physical) -> None:
        backend = backend_of(request)
        if cluster := backend.clusters.get(current.id):
            backend.delete_db_cluster(current.id)
            request.services.database.drop_database(str(cluster.database_name))


def _is_managed(properties: dict[str, Any]) -> bool:
    return str(properties.get("ManageMasterUserPassword", "")).lower() == "true"


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


def _changeable(properties: dict[str, Any]) -> dict[str, Any]:
    scaling = properties.get("ServerlessV2ScalingConfiguration")
    return {
        "backup_retention_period": int(properties.get("BackupRetentionPeriod", 1)),
        "deletion_protection": str(properties.get("DeletionProtection", "")).lower() == "true",
        "db_cluster_parameter_group_name": properties.get("DBClusterParameterGroupName"),
        "db_subnet_group_name": properties.get("DBSubnetGroupName"),
        "enable_cloudwatch_logs_exports": properties.get("EnableCloudwatchLogsExports"),
        "kms_key_id": properties.get("KmsKeyId"),
        "serverless_v2_scaling_configuration": scaling
        and {"min_capacity": scaling.get("MinCapacity"), "max_capacity": scaling.get("MaxCapacity")},
        "storage_encrypted": str(properties.get("StorageEncrypted", "")).lower() == "true",
        "vpc_security_group_ids": list(properties.get("VpcSecurityGroupIds", [])),
    }


def _physical(request: Request, cluster: MotoCluster) -> Physical:
    database = request.services.database
    attributes = {
        "DBClusterArn": cluster.db_cluster_arn,
        "DBClusterResourceId": cluster.db_cluster_resource_id,
        "Endpoint.Address": database.host,
        "Endpoint.Port": str(database.port),
        "ReadEndpoint.Address": database.host,
    }
    if cluster.manage_master_user_password:
        attributes["MasterUserSecret.SecretArn"] = cluster.master_user_secret.secret_arn
    return Physical(str(cluster.db_cluster_identifier), attributes, cluster)


class DBInstance(Handler):
    """An instance of a serverless cluster; the work is done by the cluster's database."""

    type_name = "AWS::RDS::DBInstance"
    create_only = frozenset({"DBInstanceIdentifier", "DBClusterIdentifier", "Engine", "AvailabilityZone"})

    def create(self, request: Request) -> Physical:
        properties, backend = request.properties, backend_of(request)
        cluster_id = properties.get("DBClusterIdentifier")
        if cluster_id is None:
            raise ValidationError(message="A DBInstance needs a DBClusterIdentifier in the local cloud")
        if cluster_id not in backend.clusters:
            raise ValidationError(message=f"DBCluster {cluster_id} not found.")
        instance = backend.create_db_instance(
            {
                "db_instance_identifier": str(properties.get("DBInstanceIdentifier", request.name)).lower(),
                "db_cluster_identifier": cluster_id,
                "db_instance_class": required(request, "DBInstanceClass"),
                "engine": required(request, "Engine"),
                "tags": list(properties.get("Tags", [])),
                "vpc_security_group_ids": [],
            }
        )
        attributes = {
            "DBInstanceArn": instance.arn,
            "Endpoint.Address": request.services.database.host,
            "Endpoint.Port": str(request.services.database.port),
        }
        return Physical(str(instance.db_instance_identifier), attributes, instance)

    def update(self, request: Request, current: Physical) -> Physical:
        current.model.db_instance_class = required(request, "DBInstanceClass")
        current.model.tags = list(request.properties.get("Tags", []))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        if current.id in backend_of(request).databases:
            backend_of(request).delete_db_instance(current.id)


HANDLERS: tuple[Handler, ...] = (DBCluster(), DBInstance())
