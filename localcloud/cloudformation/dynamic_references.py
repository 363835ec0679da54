"""`{{resolve:service:...}}` in a property's value, read just before the resource is created.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import json
import re
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.secretsmanager.models import secretsmanager_backends

REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^{}]+)\}\}")


def resolve(value: Any, account_id: str, region: str) -> Any:
    """The value with every dynamic reference in it replaced by what it refers to.

    Raises:
        ValidationError: the reference's service is unknown, or it leads to nothing.
    """
    if isinstance(value, dict):
        return {key: resolve(part, account_id, region) for key, part in value.items()}
    if isinstance(value, list):
        return [resolve(part, account_id, region) for part in value]
    if not isinstance(value, str):
        return value

    def read(match: re.Match[str]) -> str:
        if match[1] == "secretsmanager":
            return _secret(match[2], account_id, region)
        raise ValidationError(message=f"The local cloud does not know the dynamic reference {match[1]}: {match[0]}")

    return REFERENCE.sub(read, value)


def _secret(reference: str, account_id: str, region: str) -> str:
    # secret-id:SecretString:json-key:version-stage:version-id, where the id may be an ARN, which has colons itself.
    parts = reference.split(":")
    split = 7 if parts[0] == "arn" else 1
    secret_id = ":".join(parts[:split])
    kind, key, stage, version = (parts[split:] + [""] * 4)[:4]
    if kind not in ("", "SecretString"):
        raise ValidationError(message=f"Dynamic reference to {secret_id}: {kind} is not supported, use SecretString")
    backend = secretsmanager_backends[account_id][region]
    if secret_id not in backend.secrets:
        raise ValidationError(message=f"Secrets Manager can't find the specified secret. ({secret_id})")
    text = str(backend.get_secret_value(secret_id, version, stage or "AWSCURRENT")["SecretString"])
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        # The cause would quote the secret.
        message = f"Could not find a value associated with JSONKey {key} in SecretString of {secret_id}"
        raise ValidationError(message=message) from None
