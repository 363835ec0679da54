"""The database login in Secrets Manager."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class InvalidSecret(Exception):  # noqa: N818 - the name is what the state machine shows
    """The secret does not hold a database login. Never shows the secret's text."""


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """Who logs in where."""

    username: str
    password: str = field(repr=False)
    host: str
    port: int
    dbname: str


@cache
def _client() -> "SecretsManagerClient":
    return boto3.client(
        "secretsmanager",
        config=Config(retries={"total_max_attempts": 3, "mode": "standard"}, connect_timeout=3, read_timeout=5),
    )


@cache
def _fetched(secret_arn: str) -> DatabaseLogin:
    answer = _client().get_secret_value(SecretId=secret_arn)
    if "SecretString" not in answer:
        raise InvalidSecret("The database secret is binary. Store it as text: an object with username, password, ...")
    return parse_login(answer["SecretString"])


def database_login(secret_arn: str, *, fresh: bool = False) -> DatabaseLogin:
    """The login; kept while the function's environment lives.

    Args:
        secret_arn: where it is.
        fresh: fetch it again, because it was refused: it may have been rotated.

    Raises:
        InvalidSecret: if the secret is not of the form that `parse_login` describes.
        botocore.exceptions.ClientError: if it cannot be read.
    """
    if fresh:
        _fetched.cache_clear()
    return _fetched(secret_arn)


def parse_login(text: str) -> DatabaseLogin:
    """Reads `{"username", "password", "host", "port", "dbname"}`.

    Raises:
        InvalidSecret: if a field is missing or makes no sense; names the field, never its value.
    """
    try:
        secret = json.loads(text)
    except ValueError:
        raise InvalidSecret("The database secret is no JSON. Store an object with username, password, ...") from None
    if not isinstance(secret, dict):
        raise InvalidSecret("The database secret is no JSON object. Store one with username, password, host, ...")
    missing = [name for name in ("username", "password", "host", "port", "dbname") if secret.get(name) in (None, "")]
    if missing:
        raise InvalidSecret(f"The database secret lacks {', '.join(missing)}. Add what is missing to the secret.")
    try:
        port = int(secret["port"])
    except (TypeError, ValueError, OverflowError):
        port = 0
    if not 0 < port < 65536:
        raise InvalidSecret("The database secret's port is no port number. Correct it; MySQL's is 3306.")
    username, password, host, dbname = (str(secret[name]) for name in ("username", "password", "host", "dbname"))
    if any(ord(character) > 255 for character in password):
        # The driver's own error would show the password.
        raise InvalidSecret("The database secret's password has characters that MySQL's protocol lacks. Change it.")
    if not _is_host_name(host):
        raise InvalidSecret("The database secret's host is no host name. Correct it.")
    return DatabaseLogin(username, password, host, port, dbname)


def _is_host_name(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
