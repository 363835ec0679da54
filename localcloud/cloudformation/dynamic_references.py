"""`{{resolve:secretsmanager:...}}` in a property's value, read just before the resource is created.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
"""

import json
import re
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.services import Services

REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^{}]+)\}\}")


def resolve(value: Any, services: Services, region: str) -> Any:
    """The value with every dynamic reference in it replaced by what it refers to.

    Raises:
        ClientError: there is no such secret.
        ValidationError: the reference's service is unknown, or the secret lacks the key.
    """
    if isinstance(value, dict):
        return {key: resolve(part, services, region) for key, part in value.items()}
    if isinstance(value, list):
        return [resolve(part, services, region) for part in value]
    if not isinstance(value, str):
        return value

    def read(match: re.Match[str]) -> str:
        if match[1] == "secretsmanager":
            return _secret(match[2], services, region)
        raise ValidationError(message=f"The local cloud does not know the dynamic reference {match[1]}: {match[0]}")

    return REFERENCE.sub(read, value)


def _secret(reference: str, services: Services, region: str) -> str:
    # secret-id:SecretString:json-key:version-stage:version-id, where the id may be an ARN, which has colons itself.
    parts = reference.split(":")
    split = 7 if parts[0] == "arn" else 1
    secret_id, (_, key, *version) = ":".join(parts[:split]), [*parts[split:], "", ""]
    if any(version):
        raise ValidationError(message=f"The local cloud refers to a secret's current version only: {reference}")
    text = str(services.client("secretsmanager", region).get_secret_value(SecretId=secret_id)["SecretString"])
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        # The cause would quote the secret.
        message = f"Could not find a value associated with JSONKey {key} in SecretString of {secret_id}"
        raise ValidationError(message=message) from None
