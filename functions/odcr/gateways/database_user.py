"""Making odcr's own database user, in the SQL that MySQL 8, MySQL 9 and MariaDB share."""

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pymysql
from pymysql.constants import ER

from odcr.gateways.database import LoginRefused, connect, explained
from odcr.gateways.secret import DatabaseLogin

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

RIGHTS: Final = "SELECT, INSERT, UPDATE, DELETE, CREATE"
"""What the functions do, and nothing else: they make tables that are missing, and never change or drop one."""

# Accounts that the server, or RDS, has for itself.
_SYSTEM = re.compile(r"root|(mysql|mariadb)\..*|rds.*|aws_.*|event_scheduler|PUBLIC", re.IGNORECASE)

_NOT_VALID_PASSWORD = 1819
_ADVICE = {
    _NOT_VALID_PASSWORD: "The server's rules for passwords refuse the one in the database secret. Store another.",
    ER.SPECIFIC_ACCESS_DENIED_ERROR: "It may not make users.",
}


class DatabaseNotPrepared(Exception):  # noqa: N818 - the name is what the state machine shows
    """The user could not be made, or cannot log in. Says what a person can do; never shows a password."""


def prepare_user(administrator: DatabaseLogin | None, user: DatabaseLogin) -> None:
    """Makes the user exist, with its password and exactly `RIGHTS` on its database, and proves that it can log in.

    Repeating it has no further effect; it also corrects a password or rights that went astray.

    Args:
        administrator: who may make users; None if there is nobody whose login is known here.
        user: as the database secret has it.

    Raises:
        DatabaseNotPrepared: if that cannot be done.
        DatabaseUnavailable: if the database does not answer.
    """
    if _SYSTEM.fullmatch(user.username):
        raise DatabaseNotPrepared(
            f"{user.username!r} is an account of the server's own. Put another username into the database secret."
        )
    if administrator is None:
        raise DatabaseNotPrepared(
            f"The database does not let {user.username!r} in, and the stack has no administrator's secret to change "
            f"that. As the database's administrator, run: {_by_hand(user)}"
        )
    if administrator.username.casefold() == user.username.casefold():
        raise DatabaseNotPrepared(
            f"{user.username!r} is the administrator, whose rights are not to be taken away. Put a username of odcr's "
            "own into the database secret."
        )
    try:
        with explained(), closing(connect(administrator)) as connection, connection.cursor() as cursor:
            _make(cursor, user)
    except (LoginRefused, pymysql.err.MySQLError) as error:
        raise DatabaseNotPrepared(
            f"The administrator {administrator.username!r} could not make {user.username!r}: {error} "
            f"To do it by hand: {_by_hand(user)}"
        ) from error
    try:
        with explained(), closing(connect(user)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (LoginRefused, pymysql.err.MySQLError) as error:
        raise DatabaseNotPrepared(
            f"{user.username!r} was made and still cannot log in: {error} "
            "Is there another account of that name, for fewer hosts?"
        ) from error


def _make(cursor: "Cursor", user: DatabaseLogin) -> None:
    login = (user.username, user.password)
    _execute_unseen(cursor, "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", login)
    _execute_unseen(cursor, "ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", login)
    cursor.execute("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@'%%'", (user.username,))
    # With partial revokes MySQL takes the wildcards of GRANT, and their escapes, for what they are.
    cursor.execute("SHOW VARIABLES LIKE 'partial_revokes'")
    are_literal = ("partial_revokes", "ON") in cursor.fetchall()
    name = _identifier(user.dbname if are_literal else _without_wildcards(user.dbname))
    cursor.execute(f"GRANT {RIGHTS} ON {name.replace('%', '%%')}.* TO %s@'%%'", (user.username,))


def _execute_unseen(cursor: "Cursor", statement: str, values: tuple[str, str]) -> None:
    """Runs a statement that bears the password, which the server's error might quote."""
    code: int | None = None
    try:
        cursor.execute(statement, values)
    except pymysql.err.MySQLError as error:
        code = error.args[0] if error.args else 0
    # Out of the handler, so that the new error does not remember the old one.
    if code is not None:
        action = " ".join(statement.split()[:2])
        raise pymysql.err.OperationalError(code, f"{action} ended with error {code}. {_ADVICE.get(code, '')}".strip())


def _identifier(name: str) -> str:
    quoted = name.replace("`", "``")
    return f"`{quoted}`"


def _without_wildcards(name: str) -> str:
    return re.sub(r"([\\_%])", r"\\\1", name)


def _by_hand(user: DatabaseLogin) -> str:
    account = f"'{pymysql.converters.escape_string(user.username)}'@'%'"
    # Without the backslash that keeps _ from being a wildcard: Aurora, with partial revokes, takes that literally.
    database = _identifier(user.dbname)
    return (
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY 'PASSWORD'; "
        f"ALTER USER {account} IDENTIFIED BY 'PASSWORD' REQUIRE SSL; "
        f"GRANT {RIGHTS} ON {database}.* TO {account}; "
        "with the password of the database secret for PASSWORD."
    )
