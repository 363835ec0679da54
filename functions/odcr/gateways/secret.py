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
def client() -> "SecretsManagerClient":
    """Of Secrets Manager; a call ends, one way or another, within half a minute."""
    return boto3.client(
        "secretsmanager",
        config=Config(retries={"total_max_attempts": 3, "mode": "standard"}, connect_timeout=3, read_timeout=5),
    )


def secret_text(secret_arn: str, **version: str) -> str:
    """The text of one version of a secret, the current one unless told otherwise.

    Args:
        secret_arn: where it is.
        version: `VersionId` and `VersionStage`, as GetSecretValue takes them.

    Raises:
        InvalidSecret: if it is binary.
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


def pending_login(secret_arn: str) -> DatabaseLogin | None:
    """The login that a rotation under way is about to make the current one; None if nothing is being rotated.

    Raises:
        botocore.exceptions.ClientError: if the secret cannot be read.
    """
    try:
        return parse_login(secret_text(secret_arn, VersionStage="AWSPENDING"))
    except InvalidSecret:
        return None
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def administrator_login(secret_arn: str, user: DatabaseLogin) -> DatabaseLogin:
    """The administrator of the user's database, never kept: RDS rotates this secret by itself.

    Args:
        secret_arn: a secret as RDS makes it, of nothing but username and password.
        user: whose address and database it is.

    Raises:
        InvalidSecret: if the secret lacks something or makes no sense.
        botocore.exceptions.ClientError: if it cannot be read.
    """
    name = "administrator's secret"
    address = {"host": user.host, "port": user.port, "dbname": user.dbname}
    return _login({**_fields(secret_text(secret_arn), name), **address}, name)


def is_missing(error: ClientError) -> bool:
    """Whether Secrets Manager says that there is no such secret, or no such version of it with a value."""
    return error.response.get("Error", {}).get("Code") == "ResourceNotFoundException"


def parse_login(text: str) -> DatabaseLogin:
    """Reads `{"username", "password", "host", "port", "dbname"}`.

    Raises:
        InvalidSecret: if a field is missing or makes no sense; names the field, never its value.
    """
    name = "database secret"
    return _login(_fields(text, name), name)


def _fields(text: str, name: str) -> dict[str, Any]:
    try:
        secret = json.loads(text)
    except ValueError:
        raise InvalidSecret(f"The {name} is no JSON. Store an object with username, password, ...") from None
    if not isinstance(secret, dict):
        raise InvalidSecret(f"The {name} is no JSON object. Store one with username, password, host, ...")
    return secret


def _login(secret: dict[str, Any], name: str) -> DatabaseLogin:
    missing = [field for field in ("username", "password", "host", "port", "dbname") if secret.get(field) in (None, "")]
    if missing:
        raise InvalidSecret(f"The {name} lacks {', '.join(missing)}. Add what is missing to the secret.")
    try:
        port = int(secret["port"])
    except (TypeError, ValueError, OverflowError):
        port = 0
    if not 0 < port < 65536:
        raise InvalidSecret(f"The {name}'s port is no port number. Correct it; MySQL's is 3306.")
    username, password, host, dbname = (str(secret[field]) for field in ("username", "password", "host", "dbname"))
    if any(ord(character) > 255 for character in password):
        # The driver's own error would show the password.
        raise InvalidSecret(f"The {name}'s password has characters that MySQL's protocol lacks. Change it.")
    if not _is_host_name(host):
        raise InvalidSecret(f"The {name}'s host is no host name. Correct it.")
    return DatabaseLogin(username, password, host, port, dbname)


def _is_host_name(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
