"""The databases of a server, each with its administrator."""

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from pymysql.connections import Connection

ADMIN = "localcloud"
"""The user that may do everything, for the local cloud and for people. No cluster can have it."""
_NAME = re.compile(r"[0-9A-Za-z_$-]{1,64}")


class Databases(ABC):
    """What a server offers to database clusters; subclasses know how to reach it, and its version of RDS's rights."""

    ADMIN = ADMIN

    def __init__(self) -> None:
        self._database_of_user: dict[str, str] = {}

    @abstractmethod
    def admin_connection(self, **options: Any) -> "Connection[Any]":
        """A new connection that may do everything; the caller closes it."""

    @abstractmethod
    def _grant(self, cursor: Any, name: str, username: str) -> None:
        """Gives a database's administrator the rights that RDS gives, as far as the server knows them.

        Args:
            cursor: may do everything.
            name: the database's.
            username: the administrator's, who exists.
        """

    def create_database(self, name: str, username: str, password: str) -> None:
        """Creates a database and its administrator, who may do what RDS's may. What exists stays; the password changes.

        Raises:
            ValueError: a name that MySQL would not take, or a user who has another database: all clusters share one
                server, so two of them cannot share a user.
        """
        _check("database", name)
        _check_user(username)
        owned = self._database_of_user.get(username, name)
        if owned != name:
            raise ValueError(
                f"User {username} has the database {owned} already, and all clusters of the local cloud share one "
                f"server: give the cluster of {name} another MasterUsername"
            )
        with self._admin_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER IF NOT EXISTS `{username}`@'%%' IDENTIFIED BY %s", (password,))
            self._grant(cursor, name, username)
        self._database_of_user[username] = name
        self.set_password(username, password)

    def drop_database(self, name: str) -> None:
        """Deletes a database with its administrator and everybody who has rights in it, if it exists.

        Raises:
            ValueError: a name that MySQL would not take.
        """
        _check("database", name)
        with self._admin_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute("SELECT User, Host FROM mysql.db WHERE Db IN (%s, %s)", (name, pattern(name)))
            administrators = [(user, "%") for user, owned in self._database_of_user.items() if owned == name]
            for user, host in {*cursor.fetchall(), *administrators}:
                cursor.execute("DROP USER IF EXISTS %s@%s", (user, host))
                self._database_of_user.pop(user, None)

    def set_password(self, username: str, password: str) -> None:
        """Changes a user's password; open connections stay.

        Raises:
            ValueError: there is no such user.
        """
        _check_user(username)
        with self._admin_cursor() as cursor:
            cursor.execute("SELECT 1 FROM mysql.user WHERE User = %s AND Host = '%%'", (username,))
            if not cursor.fetchall():
                raise ValueError(f"There is no user {username}; create_database makes one")
            cursor.execute(f"ALTER USER `{username}`@'%%' IDENTIFIED BY %s", (password,))

    @contextlib.contextmanager
    def _admin_cursor(self) -> Iterator[Any]:
        with contextlib.closing(self.admin_connection()) as connection, connection.cursor() as cursor:
            yield cursor


def pattern(name: str) -> str:
    """A database's name in a grant, where _ is a wildcard unless the server has partial revokes."""
    return name.replace("_", r"\_")


def _check(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no {what} name: use letters, digits, _, $ and -, 1 to 64 of them")


def _check_user(username: str) -> None:
    _check("user", username)
    if username in (ADMIN, "root"):
        raise ValueError(f"{username} is the local cloud's own database user; choose another MasterUsername")
