"""AWS::SecretsManager::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SecretsManager.html
"""

import json
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.rds.models import rds_backends
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required


def backend_of(request: Request) -> SecretsManagerBackend:
    """moto's Secrets Manager in the stack's account and Region."""
    backend: SecretsManagerBackend = secretsmanager_backends[request.account_id][request.region]
    return backend


def put_secret(backend: SecretsManagerBackend, secret_id: str, text: str) -> None:
    """Makes the text the secret's current version."""
    backend.put_secret_value(secret_id, text, "", "", ["AWSCURRENT"])


_DAYS = "AutomaticallyAfterDays"


class Secret(Handler):
    """A secret with a given or a generated value."""

    type_name = "AWS::SecretsManager::Secret"
    create_only = frozenset({"Name"})

    def create(self, request: Request) -> Physical:
        properties = request.properties
        answer = backend_of(request).create_secret(
            name=str(properties.get("Name", request.name)),
            secret_string=_value(backend_of(request), properties),
            secret_binary=None,
            description=properties.get("Description"),
            tags=list(properties.get("Tags", [])),
            kms_key_id=properties.get("KmsKeyId"),
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        arn = str(json.loads(answer)["ARN"])
        return Physical(arn, {"Id": arn})

    def update(self, request: Request, current: Physical) -> Physical:
        backend, properties = backend_of(request), request.properties
        secret: Any = backend.secrets[current.id]
        secret.description, secret.kms_key_id = properties.get("Description"), properties.get("KmsKeyId")
        secret.tags = list(properties.get("Tags", []))
        if request.changed & {"SecretString", "GenerateSecretString"}:
            put_secret(backend, current.id, _value(backend, properties))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        backend_of(request).delete_secret(current.id, None, force_delete_without_recovery=True)


def _value(backend: SecretsManagerBackend, properties: dict[str, Any]) -> str:
    if "SecretString" in properties:
        return str(properties["SecretString"])
    wish = properties.get("GenerateSecretString", {})
    answer = backend.get_random_password(
        password_length=int(wish.get("PasswordLength", 32)),
        exclude_characters=str(wish.get("ExcludeCharacters", "")),
        exclude_numbers=_flag(wish, "ExcludeNumbers"),
        exclude_punctuation=_flag(wish, "ExcludePunctuation"),
        exclude_uppercase=_flag(wish, "ExcludeUppercase"),
        exclude_lowercase=_flag(wish, "ExcludeLowercase"),
        include_space=_flag(wish, "IncludeSpace"),
        require_each_included_type=_flag(wish, "RequireEachIncludedType", default=True),
    )
    password = str(json.loads(answer)["RandomPassword"])
    if "GenerateStringKey" not in wish and "SecretStringTemplate" not in wish:
        return password
    if "GenerateStringKey" not in wish or "SecretStringTemplate" not in wish:
        raise ValidationError(message="GenerateStringKey and SecretStringTemplate must be given together")
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: password})


def _flag(wish: dict[str, Any], name: str, *, default: bool = False) -> bool:
    return str(wish.get(name, default)).lower() == "true"


class SecretTargetAttachment(Handler):
    """Writes the database's address into the secret."""

    type_name = "AWS::SecretsManager::SecretTargetAttachment"
    create_only = frozenset({"SecretId", "TargetId", "TargetType"})

    def create(self, request: Request) -> Physical:
        secret_id, target = str(required(request, "SecretId")), str(required(request, "TargetId"))
        if required(request, "TargetType") != "AWS::RDS::DBCluster":
            raise ValidationError(message="The local cloud attaches secrets to AWS::RDS::DBCluster only")
        cluster = rds_backends[request.account_id][request.region].clusters.get(target)
        if cluster is None:
            raise ValidationError(message=f"DBCluster {target} not found.")
        address = {
            "engine": "mysql",
            "host": request.services.database.host,
            "port": request.services.database.port,
            "dbname": cluster.database_name,
            "dbClusterIdentifier": target,
        }
        backend = backend_of(request)
        login = json.loads(backend.get_secret_value(secret_id, "", "AWSCURRENT")["SecretString"])
        put_secret(backend, secret_id, json.dumps({**login, **address}))
        return Physical(secret_id, {"Id": secret_id})


class RotationSchedule(Handler):
    """Rotates the secret, or checks that it can be, when it is made or changed."""

    type_name = "AWS::SecretsManager::RotationSchedule"
    create_only = frozenset({"SecretId"})

    def create(self, request: Request) -> Physical:
        properties, secret_id = request.properties, str(required(request, "SecretId"))
        rules = {name: int(value) for name, value in properties.get("RotationRules", {}).items() if name == _DAYS}
        if arn := properties.get("RotationLambdaARN"):
            at_once = str(properties.get("RotateImmediatelyOnUpdate", True)).lower() == "true"
            backend_of(request).rotate_secret(secret_id, None, str(arn), rules, at_once)
        else:
            secret: Any = backend_of(request).secrets[secret_id]
            secret.rotation_requested = secret.rotation_enabled = True
            secret.auto_rotate_after_days = rules.get(_DAYS, 0)
        return Physical(secret_id, {"Id": secret_id})

    def update(self, request: Request, current: Physical) -> Physical:
        del current
        return self.create(request)

    def delete(self, request: Request, current: Physical) -> None:
        secret: Any = backend_of(request).secrets.get(current.id)
        if secret is not None:
            secret.rotation_requested = secret.rotation_enabled = False
            secret.rotation_lambda_arn = ""


HANDLERS: tuple[Handler, ...] = (Secret(), SecretTargetAttachment(), RotationSchedule())
