"""Preparing the database: odcr's own user, and older tables. In the SQL that MySQL 8, MySQL 9 and MariaDB share."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import pymysql
from pymysql.constants import ER

from odcr.gateways.database import DatabaseUnavailable, LoginRefused, connect, explained
from odcr.gateways.schema import VERSION
from odcr.gateways.schema_versions import statements_of_update
from odcr.gateways.secret import DatabaseLogin

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

RIGHTS: Final = "SELECT, INSERT, UPDATE, DELETE, CREATE"
"""What the functions need, and nothing else: they create missing tables, and never change or drop one."""

# Accounts of the server or RDS.
_SYSTEM = re.compile(r"root|(mysql|mariadb)\..*|rds.*|aws_.*|event_scheduler|PUBLIC", re.IGNORECASE)

_NOT_VALID_PASSWORD = 1819
_ADVICE = {
    _NOT_VALID_PASSWORD: "The password in the database secret breaks the server's password rules. Store another.",
    ER.SPECIFIC_ACCESS_DENIED_ERROR: "It may not create users, or may not change this one.",
}
# 3638: the user exists with this password, and password_history forbids to set it again.
_EXISTS = frozenset({ER.CANNOT_USER, 3638})
_LOCK = "odcr_prepare_database"
_LOCK_SECONDS = 5
_UPDATE_SECONDS = 30
"""For each statement that changes a table. Most take no time, but a table of another engine is copied."""


class DatabaseNotPrepared(Exception):  # noqa: N818 - the name is what the state machine shows
    """The user or the tables could not be prepared. Says what a person can do; never shows a password."""


def prepare_user(administrator: DatabaseLogin | None, user: DatabaseLogin) -> None:
    """Creates or repairs the user, with its password and exactly `RIGHTS` on its database, and tests the login.

    It works from every state of the user, and a repetition completes what died halfway. A user that has more than
    `RIGHTS`, or that ALTER USER cannot correct, is dropped and created again.

    Args:
        administrator: a login that may create users; None if the stack has none.
        user: the login in the database secret.

    Raises:
        DatabaseNotPrepared: if that is not possible.
        DatabaseUnavailable: if the database does not answer.
    """
    if _SYSTEM.fullmatch(user.username):
        raise DatabaseNotPrepared(
            f"{user.username!r} is a system account of the server. Put another username into the database secret."
        )
    if administrator is None:
        raise DatabaseNotPrepared(
            f"The database refuses {user.username!r}, and the stack has no administrator's secret to change that. As "
            f"the database's administrator, run: {_by_hand(user)}"
        )
    if administrator.username.casefold() == user.username.casefold():
        raise DatabaseNotPrepared(
            f"{user.username!r} is the administrator, whose rights odcr must not take away. Put another username into "
            "the database secret."
        )
    try:
        with _exclusive_cursor(administrator) as cursor:
            _create_or_repair(cursor, user)
    except (LoginRefused, pymysql.err.MySQLError) as error:
        raise DatabaseNotPrepared(
            f"The administrator {administrator.username!r} could not create {user.username!r}: {error} "
            f"To do it by hand, run: {_by_hand(user)}"
        ) from error
    try:
        with explained(), closing(connect(user)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (LoginRefused, pymysql.err.MySQLError) as error:
        raise DatabaseNotPrepared(
            f"{user.username!r} was created but cannot log in: {error} "
            "Check for another account with that name for a narrower host, and drop it."
        ) from error


def update_tables(login: DatabaseLogin) -> list[str]:
    """Brings the tables to this code's version. Their rows stay, and a repetition completes what died halfway.

    Args:
        login: the administrator's. Without one the functions' user's: somebody may have given it ALTER.

    Returns:
        The statements that were run; none for tables of this version or a newer one, or if there are none.

    Raises:
        DatabaseNotPrepared: if that is not possible; contains the SQL for a person with the right to run it.
        DatabaseUnavailable: if the database does not answer, or somebody else is using the tables.
    """
    statements: list[str] = []
    try:
        with _exclusive_cursor(login) as cursor:
            # A short time-out: a statement that waits for a table keeps all others waiting.
            cursor.execute("SET time_zone = '+00:00', lock_wait_timeout = %s", (_LOCK_SECONDS,))
            statements = statements_of_update(cursor)
            for statement in statements:
                cursor.execute(statement)
            cursor.connection.commit()
    except (LoginRefused, pymysql.err.MySQLError) as error:
        by_hand = f"As the database's administrator, run: USE {_identifier(login.dbname)}; {'; '.join(statements)};"
        raise DatabaseNotPrepared(
            f"{login.username!r} could not bring the tables to version {VERSION}: {error} "
            f"{by_hand if statements else ''}".strip()
        ) from error
    return statements


@contextmanager
def _exclusive_cursor(login: DatabaseLogin) -> "Iterator[Cursor]":
    """A cursor for preparing the database while no other run does.

    Raises:
        DatabaseUnavailable: if another run does, or the database does not answer.
        LoginRefused, pymysql.err.MySQLError: see `explained`.
    """
    with explained(), closing(connect(login, _UPDATE_SECONDS)) as connection, connection.cursor() as cursor:
        # One run must not drop the user that another is just testing. The lock ends with the connection.
        cursor.execute("SELECT GET_LOCK(%s, %s)", (_LOCK, _LOCK_SECONDS))
        if cursor.fetchone() != (1,):
            raise DatabaseUnavailable("Another run is preparing the database. The next run tries again.")
        yield cursor


def _create_or_repair(cursor: "Cursor", user: DatabaseLogin) -> None:
    try:
        _create(cursor, user)
    except pymysql.err.OperationalError as error:
        if error.args[0] not in _EXISTS:
            raise
        if _is_corrected(cursor, user):
            return
        # REVOKE is no way: Aurora's administrator, restricted on mysql, may not revoke ALL PRIVILEGES (error 3879), and
        # all other forms require to know what exactly the user has. Open connections survive DROP.
        cursor.execute("DROP USER %s@'%%'", (user.username,))
        _create(cursor, user)
    _grant(cursor, user)


def _create(cursor: "Cursor", user: DatabaseLogin) -> None:
    _execute_secretly(cursor, "CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", (user.username, user.password))


def _is_corrected(cursor: "Cursor", user: DatabaseLogin) -> bool:
    """Sets an existing user's password, state and rights; whether it can log in then and has exactly `RIGHTS`."""
    limits = "MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0"
    statement = f"ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL WITH {limits} ACCOUNT UNLOCK"
    try:
        _execute_secretly(cursor, statement, (user.username, user.password))
    except pymysql.err.OperationalError as error:
        if error.args[0] in _ADVICE:
            raise
        # Dropping the user also removes whatever cannot be altered.
        return False
    _grant(cursor, user)
    try:
        with explained(), closing(connect(user)) as connection, connection.cursor() as own:
            # A user may see its own rights; seeing others' requires SELECT on mysql.
            own.execute("SHOW GRANTS")
            return _are_exact([str(grant) for (grant,) in own.fetchall()], _database(cursor, user), user)
    except (LoginRefused, pymysql.err.MySQLError):
        return False


def _are_exact(grants: list[str], database: str, user: DatabaseLogin) -> bool:
    account = f"{_identifier(user.username)}@`%`"
    usage, right = f"GRANT USAGE ON *.* TO {account}", f"GRANT {RIGHTS} ON {database}.* TO {account}"
    # MariaDB's first line also contains the password's hash and REQUIRE SSL.
    others = [grant for grant in grants if not grant.startswith(usage) or "GRANT OPTION" in grant[len(usage) :]]
    return others == [right]


def _grant(cursor: "Cursor", user: DatabaseLogin) -> None:
    database = _database(cursor, user).replace("%", "%%")
    cursor.execute(f"GRANT {RIGHTS} ON {database}.* TO %s@'%%'", (user.username,))


def _database(cursor: "Cursor", user: DatabaseLogin) -> str:
    """The database's name as GRANT needs it."""
    # With partial revokes, MySQL takes GRANT's wildcards and their escapes literally.
    cursor.execute("SHOW VARIABLES LIKE 'partial_revokes'")
    are_literal = ("partial_revokes", "ON") in cursor.fetchall()
    return _identifier(user.dbname if are_literal else _without_wildcards(user.dbname))


def _execute_secretly(cursor: "Cursor", statement: str, values: tuple[str, str]) -> None:
    """Runs a statement with a password, and hides the server's error, which might quote it."""
    code: int | None = None
    try:
        cursor.execute(statement, values)
    except pymysql.err.MySQLError as error:
        code = error.args[0] if error.args else 0
    # Outside the handler, so that the new error does not refer to the old one.
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
    # Without the backslash that escapes the wildcard _: Aurora, with partial revokes, takes it literally.
    database = _identifier(user.dbname)
    return (
        f"DROP USER IF EXISTS {account}; "
        f"CREATE USER {account} IDENTIFIED BY 'PASSWORD' REQUIRE SSL; "
        f"GRANT {RIGHTS} ON {database}.* TO {account}; "
        "with the password from the database secret instead of PASSWORD."
    )
