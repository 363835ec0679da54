"""AWS::SecretsManager::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SecretsManager.html
"""

import json
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class Secret(ResourceType):
    """A secret with a given or a generated value."""

    def create(self, request: Request) -> Physical:
        properties = {"Name": request.name, **request.properties, "SecretString": _value(request)}
        arn = str(request.call("secretsmanager.CreateSecret", **properties)["ARN"])
        return Physical(arn, {"Id": arn})

    def can_update(self, changed: frozenset[str]) -> bool:
        return "Name" not in changed

    def update(self, request: Request, current: Physical) -> Physical:
        # A value that the template leaves as it was may have been rotated.
        value = _value(request) if request.changed & {"SecretString", "GenerateSecretString"} else None
        properties = {"Description": "", **request.properties, "SecretId": current.id, "SecretString": value}
        request.call("secretsmanager.UpdateSecret", **properties)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        request.call("secretsmanager.DeleteSecret", SecretId=current.id, ForceDeleteWithoutRecovery=True)


def _value(request: Request) -> str:
    if "SecretString" in request.properties:
        return str(request.properties["SecretString"])
    wish = request.properties.get("GenerateSecretString", {})
    password = str(request.call("secretsmanager.GetRandomPassword", **wish)["RandomPassword"])
    if "SecretStringTemplate" not in wish:
        return password
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: password})


class SecretTargetAttachment(ResourceType):
    """Writes the database's address into the secret."""

    def create(self, request: Request) -> Physical:
        secret_id, target = request.properties["SecretId"], request.properties["TargetId"]
        if request.properties["TargetType"] != "AWS::RDS::DBCluster":
            raise ValidationError(message="The local cloud attaches secrets to AWS::RDS::DBCluster only")
        (cluster,) = request.call("rds.DescribeDBClusters", DBClusterIdentifier=target)["DBClusters"]
        address = {
            "engine": "mysql",
            "host": cluster["Endpoint"],
            "port": cluster["Port"],
            "dbname": cluster["DatabaseName"],
            "dbClusterIdentifier": target,
        }
        login = json.loads(request.call("secretsmanager.GetSecretValue", SecretId=secret_id)["SecretString"])
        value = json.dumps({**login, **address})
        request.call("secretsmanager.PutSecretValue", SecretId=secret_id, SecretString=value)
        return Physical(secret_id, {"Id": secret_id})


def _rotation(properties: dict[str, Any]) -> dict[str, Any]:
    return {**properties, "RotateImmediately": properties.get("RotateImmediatelyOnUpdate", True)}


TYPES: tuple[ResourceType, ...] = (
    Secret("AWS::SecretsManager::Secret"),
    SecretTargetAttachment("AWS::SecretsManager::SecretTargetAttachment"),
    # Created or changed, it rotates the secret, or checks that it could.
    ApiType(
        "AWS::SecretsManager::RotationSchedule",
        "secretsmanager.RotateSecret",
        "secretsmanager.CancelRotateSecret",
        "SecretId",
        update_call="secretsmanager.RotateSecret",
        prepare=_rotation,
    ),
)
