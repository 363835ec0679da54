"""Preparing the database, in the SQL that MySQL 8, MySQL 9 and MariaDB share: odcr's own user, and older tables."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import pymysql
from pymysql.constants import ER

from odcr.gateways.database import DatabaseUnavailable, LoginRefused, connect, explained
from odcr.gateways.schema import VERSION, statements_of_update
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
    ER.SPECIFIC_ACCESS_DENIED_ERROR: "It may not make users, or not change this one.",
}
# 3638: it exists with this password, and may not be given it twice (password_history).
_EXISTS = frozenset({ER.CANNOT_USER, 3638})
_LOCK = "odcr_prepare_database"
_LOCK_SECONDS = 5
_UPDATE_SECONDS = 30
"""For each statement that changes a table: most take no time, but a table of another engine is copied."""


class DatabaseNotPrepared(Exception):  # noqa: N818 - the name is what the state machine shows
    """The user or the tables could not be prepared. Says what a person can do; never shows a password."""


def prepare_user(administrator: DatabaseLogin | None, user: DatabaseLogin) -> None:
    """Makes the user exist, with its password and exactly `RIGHTS` on its database, and proves that it can log in.

    It works from every state that the user may be in, and what dies halfway is completed when it is repeated. A user
    who has more than `RIGHTS`, or whom ALTER USER cannot correct, is dropped and made anew.

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
        with _alone(administrator) as cursor:
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


def update_tables(login: DatabaseLogin) -> list[str]:
    """Brings the tables to this code's version. Their rows stay; what dies halfway is completed when it is repeated.

    Args:
        login: the administrator's, or the functions' own user's if there is no other: somebody may have let it ALTER.

    Returns:
        The statements that it took; none for tables that are of this version, or newer, or not there.

    Raises:
        DatabaseNotPrepared: if that cannot be done; has the SQL for a person who may do it.
        DatabaseUnavailable: if the database does not answer, or somebody else is using the tables.
    """
    statements: list[str] = []
    try:
        with _alone(login) as cursor:
            # Whoever waits for a table keeps all others waiting.
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
def _alone(login: DatabaseLogin) -> "Iterator[Cursor]":
    """A cursor of somebody who prepares the database while nobody else does.

    Raises:
        DatabaseUnavailable: if somebody else does, or the database does not answer.
        LoginRefused, pymysql.err.MySQLError: as `explained` has them.
    """
    with explained(), closing(connect(login, _UPDATE_SECONDS)) as connection, connection.cursor() as cursor:
        # Of two at the same time, one must not drop the user that the other is just proving. Released with the
        # connection.
        cursor.execute("SELECT GET_LOCK(%s, %s)", (_LOCK, _LOCK_SECONDS))
        if cursor.fetchone() != (1,):
            raise DatabaseUnavailable("Another run is preparing the database at the moment.")
        yield cursor


def _make(cursor: "Cursor", user: DatabaseLogin) -> None:
    try:
        _create(cursor, user)
    except pymysql.err.OperationalError as error:
        if error.args[0] not in _EXISTS:
            raise
        if _is_corrected(cursor, user):
            return
        # REVOKE cannot do it: "ALL PRIVILEGES" is refused to an administrator who is restricted on mysql, as Aurora's
        # is (error 3879), and all other forms ask what exactly the user has. Connections that are open stay.
        cursor.execute("DROP USER %s@'%%'", (user.username,))
        _create(cursor, user)
    _grant(cursor, user)


def _create(cursor: "Cursor", user: DatabaseLogin) -> None:
    _execute_unseen(cursor, "CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", (user.username, user.password))


def _is_corrected(cursor: "Cursor", user: DatabaseLogin) -> bool:
    """Whether a user who exists can log in, and has exactly `RIGHTS`, after password, state and rights are set anew."""
    limits = "MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0"
    statement = f"ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL WITH {limits} ACCOUNT UNLOCK"
    try:
        _execute_unseen(cursor, statement, (user.username, user.password))
    except pymysql.err.OperationalError as error:
        if error.args[0] in _ADVICE:
            raise
        # Whatever else there is about the user that cannot be altered is gone with it.
        return False
    _grant(cursor, user)
    try:
        with explained(), closing(connect(user)) as connection, connection.cursor() as own:
            # Its own rights everybody may see; those of others take SELECT on mysql.
            own.execute("SHOW GRANTS")
            return _are_exact([str(grant) for (grant,) in own.fetchall()], _database(cursor, user), user)
    except (LoginRefused, pymysql.err.MySQLError):
        return False


def _are_exact(grants: list[str], database: str, user: DatabaseLogin) -> bool:
    account = f"{_identifier(user.username)}@`%`"
    usage, right = f"GRANT USAGE ON *.* TO {account}", f"GRANT {RIGHTS} ON {database}.* TO {account}"
    # MariaDB's first line also has the password's hash and REQUIRE SSL.
    others = [grant for grant in grants if not grant.startswith(usage) or "GRANT OPTION" in grant[len(usage) :]]
    return others == [right]


def _grant(cursor: "Cursor", user: DatabaseLogin) -> None:
    database = _database(cursor, user).replace("%", "%%")
    cursor.execute(f"GRANT {RIGHTS} ON {database}.* TO %s@'%%'", (user.username,))


def _database(cursor: "Cursor", user: DatabaseLogin) -> str:
    """The database as a grant names it."""
    # With partial revokes MySQL takes the wildcards of GRANT, and their escapes, for what they are.
    cursor.execute("SHOW VARIABLES LIKE 'partial_revokes'")
    are_literal = ("partial_revokes", "ON") in cursor.fetchall()
    return _identifier(user.dbname if are_literal else _without_wildcards(user.dbname))


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
        f"DROP USER IF EXISTS {account}; "
        f"CREATE USER {account} IDENTIFIED BY 'PASSWORD' REQUIRE SSL; "
        f"GRANT {RIGHTS} ON {database}.* TO {account}; "
        "with the password of the database secret for PASSWORD."
    )
