"""Rotation of a secret by its function, as Secrets Manager does it.

moto's goes on after a failed step, forgets the function when RotateSecret does not name it again, and leaves a version
behind when it only checks a schedule. Here a call returns when the rotation is over, and nothing rotates by itself.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import json
import time
import uuid
from typing import Any

from moto.awslambda.utils import get_backend
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from localcloud.services import Services

_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_moto_rotate_secret = SecretsManagerBackend.rotate_secret
_services: Services | None = None


def install(services: Services) -> None:
    """Replaces moto's rotation in this process."""
    global _services
    _services = services
    setattr(SecretsManagerBackend, "rotate_secret", _rotate_secret)  # noqa: B010 - mypy minds the assignment


def _rotate_secret(
    self: SecretsManagerBackend,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """Replaces SecretsManagerBackend.rotate_secret for a secret that has a rotation function."""
    secret = self.describe_secret(secret_id)
    arn = rotation_lambda_arn or getattr(secret, "rotation_lambda_arn", "")
    if not isinstance(secret, FakeSecret) or not arn or secret.is_deleted():
        return _moto_rotate_secret(
            self, secret_id, client_request_token, rotation_lambda_arn, rotation_rules, rotate_immediately
        )
    secret.rotation_lambda_arn = arn
    secret.rotation_requested = secret.rotation_enabled = True
    secret.auto_rotate_after_days = int((rotation_rules or {}).get("AutomaticallyAfterDays", 0)) or (
        secret.auto_rotate_after_days
    )
    if rotate_immediately:
        _rotate(secret, client_request_token)
    else:
        _check(secret)
    return secret.to_short_dict()


def _rotate(secret: FakeSecret, token: str | None) -> None:
    for version_id, version in secret.versions.items():
        if "AWSPENDING" in version["version_stages"] and "AWSCURRENT" not in version["version_stages"]:
            # An earlier rotation failed; this one continues it.
            token = version_id
    token = token or str(uuid.uuid4())
    if token not in secret.versions:
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        _add_pending(secret, token)
    if all(_invoke(secret, step, token) for step in _STEPS):
        secret.last_rotation_date = int(time.time())
    # What GetSecretValue returns if no version is named.
    (current,) = [key for key, version in secret.versions.items() if "AWSCURRENT" in version["version_stages"]]
    secret.set_default_version_id(current)


def _check(secret: FakeSecret) -> None:
    token = str(uuid.uuid4())
    current = secret.versions[str(secret.default_version_id)]
    _add_pending(secret, token, secret_string=current["secret_string"])
    _invoke(secret, "testSecret", token)
    del secret.versions[token]


def _add_pending(secret: FakeSecret, token: str, **value: str) -> None:
    version = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"], **value}
    secret.versions[token] = version


def _invoke(secret: FakeSecret, step: str, token: str) -> bool:
    """Whether the function did the step."""
    event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token}
    answered: dict[str, Any] = {}
    functions = get_backend(secret.account_id, secret.region)
    try:
        payload = functions.invoke(secret.rotation_lambda_arn, None, json.dumps(event), {}, answered)
    except Exception as error:
        raise InvalidRequestException(f"{secret.rotation_lambda_arn} cannot be invoked: {error}") from error
    if "x-amz-function-error" not in answered:
        return True
    if _services is not None:
        text = payload.decode() if isinstance(payload, bytes) else str(payload)
        _services.announce(f"rotation of {secret.name}: {step} failed: {json.loads(text).get('errorMessage', text)}")
    return False
