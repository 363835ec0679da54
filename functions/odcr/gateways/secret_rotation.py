"""The four steps in which Secrets Manager rotates the database secret.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html

The user changes its own password, so no administrator is needed. Each step may die and be repeated.
"""

import json
import secrets
import string
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pymysql
from botocore.exceptions import ClientError

from odcr.gateways.database import LoginRefused, connect, explained
from odcr.gateways.secret import DatabaseLogin, client, is_missing, login_at, parse_login, secret_text

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

PASSWORD_LENGTH: Final = 32
_CURRENT, _PENDING, _PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
# RDS does not allow / @ " ' \ and blanks.
_KINDS: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+,-.:=?^_~")


class RotationFailed(Exception):  # noqa: N818 - says what happened
    """A step of the rotation failed. Never shows a password."""


def new_password() -> str:
    """A password of `PASSWORD_LENGTH` characters, with some of each kind."""
    rest = [secrets.choice("".join(_KINDS)) for _ in range(PASSWORD_LENGTH - len(_KINDS))]
    characters = [*(secrets.choice(kind) for kind in _KINDS), *rest]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def rotate(step: str, secret_arn: str, token: str) -> None:
    """Does one step. Repeating a step has no further effect.

    Args:
        step: `createSecret`, `setSecret`, `testSecret` or `finishSecret`.
        secret_arn: the secret's ARN.
        token: the id of the version that becomes the current one.

    Raises:
        RotationFailed: if the step is unknown, the version is not the pending one, or no login works.
        DatabaseUnavailable: if the database or Secrets Manager does not answer.
        InvalidSecret: if the secret is not a database login.
    """
    steps: dict[str, Callable[[str, str], None]] = {
        "createSecret": _create,
        "setSecret": _set,
        "testSecret": _test,
        "finishSecret": _finish,
    }
    if step not in steps:
        raise RotationFailed(f"{step!r} is not a step of a rotation. The steps are {', '.join(steps)}.")
    with explained():
        stages = _stages(secret_arn).get(token)
        if stages is None:
            raise RotationFailed("The secret has no version with this token. Start a new rotation.")
        if _CURRENT in stages:
            return
        if _PENDING not in stages:
            raise RotationFailed("The version is not pending: the rotation was given up, or another one has begun.")
        steps[step](secret_arn, token)


def _create(secret_arn: str, token: str) -> None:
    current = secret_text(secret_arn, VersionStage=_CURRENT)
    parse_login(current)
    try:
        secret_text(secret_arn, VersionId=token, VersionStage=_PENDING)
    except ClientError as error:
        if not is_missing(error):
            raise
    else:
        return
    # The secret's other fields stay as they are.
    text = json.dumps({**json.loads(current), "password": new_password()})
    client().put_secret_value(
        SecretId=secret_arn, ClientRequestToken=token, SecretString=text, VersionStages=[_PENDING]
    )


def _set(secret_arn: str, token: str) -> None:
    current, pending = _both(secret_arn, token)
    if connection := _connection_or_none(pending):
        connection.close()
        return
    # An earlier rotation that was given up after this step left its own pending password in the database.
    for login in (current, login_at(secret_arn, _PREVIOUS)):
        if login and _is_same_account(login, pending) and (connection := _connection_or_none(login)):
            with closing(connection), connection.cursor() as cursor:
                _change_own_password(connection, cursor, pending.password)
            return
    raise RotationFailed(
        f"The database refuses {pending.username!r} with every password of the secret. The next run repairs the user, "
        "and then Secrets Manager tries again."
    )


def _test(secret_arn: str, token: str) -> None:
    current, pending = _both(secret_arn, token)
    if connection := _connection_or_none(pending):
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    elif pending != current:
        # They are equal when Secrets Manager only tests a new schedule, perhaps before the first run creates the user.
        raise RotationFailed(
            f"The database refuses {pending.username!r} with the pending password. Secrets Manager tries again."
        )


def _finish(secret_arn: str, token: str) -> None:
    (current,) = [version for version, stages in _stages(secret_arn).items() if _CURRENT in stages]
    client().update_secret_version_stage(
        SecretId=secret_arn, VersionStage=_CURRENT, MoveToVersionId=token, RemoveFromVersionId=current
    )


def _stages(secret_arn: str) -> dict[str, list[str]]:
    described = client().describe_secret(SecretId=secret_arn)
    if described.get("RotationEnabled") is False:
        raise RotationFailed("Rotation is not switched on for the secret. Deploy the stack with SecretRotationDays.")
    return described["VersionIdsToStages"]


def _both(secret_arn: str, token: str) -> tuple[DatabaseLogin, DatabaseLogin]:
    current = parse_login(secret_text(secret_arn, VersionStage=_CURRENT))
    pending = parse_login(secret_text(secret_arn, VersionId=token, VersionStage=_PENDING))
    if not _is_same_account(current, pending):
        raise RotationFailed("The pending version has another user or database than the current one. Correct it.")
    return current, pending


def _is_same_account(one: DatabaseLogin, other: DatabaseLogin) -> bool:
    return (one.username, one.host, one.port) == (other.username, other.host, other.port)


def _connection_or_none(login: DatabaseLogin) -> "Connection[Cursor] | None":
    """A connection, or None if the login is refused."""
    try:
        with explained():
            return connect(login)
    except LoginRefused:
        return None


def _change_own_password(connection: "Connection[Cursor]", cursor: "Cursor", password: str) -> None:
    # The only statement that needs no right on either server; but its syntax differs.
    server = str(connection.get_server_info())  # type: ignore[no-untyped-call]
    value = "PASSWORD(%s)" if "MariaDB" in server else "%s"
    code: int | None = None
    try:
        cursor.execute(f"SET PASSWORD = {value}", (password,))
    except pymysql.err.MySQLError as error:
        # The server's error might quote the statement.
        code = error.args[0] if error.args else 0
    if code is not None:
        raise pymysql.err.OperationalError(code, f"SET PASSWORD ended with error {code}.")
