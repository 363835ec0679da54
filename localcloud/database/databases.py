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
        self._administrators: dict[str, str] = {}
        """Users by database."""

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
            ValueError: a name that MySQL would not take, or the local cloud's own user.
        """
        _check("database", name)
        _check("user", username)
        if username in (ADMIN, "root"):
            raise ValueError(f"{username} is the local cloud's own database user; choose another MasterUsername")
        with self._admin_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER IF NOT EXISTS `{username}`@'%%' IDENTIFIED BY %s", (password,))
            self._grant(cursor, name, username)
        self._administrators[name] = username
        self.set_password(username, password)

    def drop_database(self, name: str) -> None:
        """Deletes a database with its administrator and everybody who has rights in it, if it exists."""
        _check("database", name)
        with self._admin_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute("SELECT User, Host FROM mysql.db WHERE Db IN (%s, %s)", (name, pattern(name)))
            administrator = self._administrators.pop(name, None)
            for user in {*cursor.fetchall(), *([(administrator, "%")] if administrator else [])}:
                cursor.execute("DROP USER IF EXISTS %s@%s", user)

    def set_password(self, username: str, password: str) -> None:
        """Changes the password of a user, who exists; open connections stay."""
        _check("user", username)
        with self._admin_cursor() as cursor:
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
