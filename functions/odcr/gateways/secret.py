"""The database login in Secrets Manager."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class InvalidSecret(Exception):  # noqa: N818 - the name is what the state machine shows
    """The secret's content cannot be used. Never shows the secret's text."""


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """A user of a database, with password and address."""

    username: str
    password: str = field(repr=False)
    host: str
    port: int
    dbname: str


@cache
def client() -> "SecretsManagerClient":
    """Secrets Manager's client. Each call ends within half a minute."""
    return boto3.client(
        "secretsmanager",
        config=Config(retries={"total_max_attempts": 3, "mode": "standard"}, connect_timeout=3, read_timeout=5),
    )


def secret_text(secret_arn: str, **version: str) -> str:
    """The text of one version of a secret; by default the current one.

    Args:
        secret_arn: the secret's ARN.
        version: `VersionId` and `VersionStage`, as in GetSecretValue.

    Raises:
        InvalidSecret: if the secret is binary.
        botocore.exceptions.ClientError: if it cannot be read.
    """
    answer = client().get_secret_value(SecretId=secret_arn, **version)
    if "SecretString" not in answer:
        raise InvalidSecret("The database secret is binary. Store it as text: an object with username, password, ...")
    return answer["SecretString"]


@cache
def _fetched(secret_arn: str) -> DatabaseLogin:
    return parse_login(secret_text(secret_arn))


def database_login(secret_arn: str, *, fresh: bool = False) -> DatabaseLogin:
    """The login; fetched once for each function's environment.

    Args:
        secret_arn: the secret's ARN.
        fresh: fetch it again: it was refused, and may have been rotated.

    Raises:
        InvalidSecret: if the secret does not have the form that `parse_login` describes.
        botocore.exceptions.ClientError: if it cannot be read.
    """
    if fresh:
        _fetched.cache_clear()
    return _fetched(secret_arn)


def login_at(secret_arn: str, stage: str) -> DatabaseLogin | None:
    """The login of a stage other than the current one; None if there is none.

    Args:
        secret_arn: the secret's ARN.
        stage: `AWSPENDING`, which a running rotation is about to make the current one, or `AWSPREVIOUS`.

    Raises:
        botocore.exceptions.ClientError: if the secret cannot be read.
    """
    try:
        return parse_login(secret_text(secret_arn, VersionStage=stage))
    except InvalidSecret:
        # A new stack's previous version is from before CloudFormation wrote the database's address into the secret.
        return None
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def administrator_login(secret_arn: str, user: DatabaseLogin) -> DatabaseLogin:
    """The administrator's login to the user's database. Fetched each time, because RDS rotates this secret.

    Args:
        secret_arn: a secret that RDS created, with only username and password.
        user: the login whose address and database to take.

    Raises:
        InvalidSecret: if a field is missing or invalid.
        botocore.exceptions.ClientError: if it cannot be read.
    """
    name = "administrator's secret"
    address = {"host": user.host, "port": user.port, "dbname": user.dbname}
    return _login({**_fields(secret_text(secret_arn), name), **address}, name)


def is_missing(error: ClientError) -> bool:
    """Whether Secrets Manager says that the secret, or this version of it, does not exist or has no value."""
    return error.response.get("Error", {}).get("Code") == "ResourceNotFoundException"


def parse_login(text: str) -> DatabaseLogin:
    """Reads `{"username", "password", "host", "port", "dbname"}`.

    Raises:
        InvalidSecret: if a field is missing or invalid; names the field, never its value.
    """
    name = "database secret"
    return _login(_fields(text, name), name)


def _fields(text: str, name: str) -> dict[str, Any]:
    try:
        secret = json.loads(text)
    except ValueError:
        raise InvalidSecret(f"The {name} is not JSON. Store an object with username, password, ...") from None
    if not isinstance(secret, dict):
        raise InvalidSecret(f"The {name} is not a JSON object. Store one with username, password, host, ...")
    return secret


def _login(secret: dict[str, Any], name: str) -> DatabaseLogin:
    missing = [field for field in ("username", "password", "host", "port", "dbname") if secret.get(field) in (None, "")]
    if missing:
        raise InvalidSecret(f"The {name} has no {', '.join(missing)}. Add what is missing to the secret.")
    try:
        port = int(secret["port"])
    except (TypeError, ValueError, OverflowError):
        port = 0
    if not 0 < port < 65536:
        raise InvalidSecret(f"The {name}'s port is not a port number. Correct it; MySQL's is 3306.")
    username, password, host, dbname = (str(secret[field]) for field in ("username", "password", "host", "dbname"))
    if any(ord(character) > 255 for character in password):
        # The driver's own error would show the password.
        raise InvalidSecret(f"The {name}'s password has characters that MySQL's protocol cannot send. Change it.")
    if not _is_host_name(host):
        raise InvalidSecret(f"The {name}'s host is not a host name. Correct it.")
    return DatabaseLogin(username, password, host, port, dbname)


def _is_host_name(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
