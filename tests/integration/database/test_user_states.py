"""PrepareDatabase from every state that the user may be in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pymysql
import pytest

from localcloud.database.mysql import MySQL
from localcloud.database.server import DatabaseServer
from odcr.gateways.database_user import RIGHTS, DatabaseNotPrepared

from .conftest import ADMINISTRATOR, DATABASE, PASSWORDS, USERNAME, Secrets, in_grants
from .test_database_user import administer, assert_exact, connect, prepare

USER = f"{USERNAME}@'%'"
CREATED = f"CREATE USER {USER} IDENTIFIED BY '{PASSWORDS[0]}' REQUIRE SSL"
FULL = (CREATED, f"GRANT {RIGHTS} ON ODCR_DB.* TO {USER}")

STATES: dict[str, tuple[str, ...]] = {
    "absent": (),
    "without rights": (CREATED,),
    "as it should be": FULL,
    "without one of the rights": (CREATED, f"GRANT SELECT, UPDATE, DELETE, CREATE ON ODCR_DB.* TO {USER}"),
    "another password": (f"CREATE USER {USER} IDENTIFIED BY 'astray' REQUIRE SSL",),
    "no password": (f"CREATE USER {USER}",),
    "without TLS": (f"CREATE USER {USER} IDENTIFIED BY '{PASSWORDS[0]}' REQUIRE NONE",),
    "with a client's certificate only": (f"CREATE USER {USER} IDENTIFIED BY '{PASSWORDS[0]}' REQUIRE X509",),
    "locked": (*FULL, f"ALTER USER {USER} ACCOUNT LOCK"),
    "expired": (*FULL, f"ALTER USER {USER} PASSWORD EXPIRE"),
    "limited": (*FULL, f"ALTER USER {USER} WITH MAX_QUERIES_PER_HOUR 1 MAX_USER_CONNECTIONS 1"),
    "rights everywhere": (*FULL, f"GRANT SELECT, CREATE USER, PROCESS, RELOAD ON *.* TO {USER}"),
    "may pass on its rights everywhere": (*FULL, f"GRANT USAGE ON *.* TO {USER} WITH GRANT OPTION"),
    "may pass on its rights here": (*FULL, f"GRANT SELECT ON ODCR_DB.* TO {USER} WITH GRANT OPTION"),
    "all rights here": (*FULL, f"GRANT ALL ON ODCR_DB.* TO {USER}"),
    "rights on another schema": (*FULL, f"GRANT SELECT ON other.* TO {USER}"),
    "rights on a table": (*FULL, f"GRANT SELECT ON other.t TO {USER}"),
    "rights on a table here": (*FULL, f"GRANT DROP ON {DATABASE}.t TO {USER}"),
    "rights on a column": (*FULL, f"GRANT UPDATE (x) ON other.t TO {USER}"),
    "rights on a routine": (*FULL, f"GRANT EXECUTE ON PROCEDURE other.p TO {USER}"),
    "a role": (*FULL, f"GRANT boss TO {USER}"),
    "a role by default": (*FULL, f"GRANT boss TO {USER}", f"SET DEFAULT ROLE boss FOR {USER}"),
    # Only root may grant that.
    "another's proxy": (
        *FULL,
        f"INSERT INTO mysql.proxies_priv VALUES ('%', '{USERNAME}', '%', '{ADMINISTRATOR}', 0, '', NOW())",
        "FLUSH PRIVILEGES",
    ),
    "too many rights and another password": (
        f"CREATE USER {USER} IDENTIFIED BY 'astray'",
        f"GRANT SELECT, DROP ON *.* TO {USER} WITH GRANT OPTION",
        f"GRANT ALL ON other.* TO {USER}",
    ),
    "too many rights, and locked": (*FULL, f"GRANT SELECT ON *.* TO {USER}", f"ALTER USER {USER} ACCOUNT LOCK"),
    "too many rights, and somebody's view runs as it": (
        *FULL,
        f"GRANT SELECT ON *.* TO {USER}",
        f"CREATE DEFINER={USER} VIEW {DATABASE}.v AS SELECT 1",
    ),
}
ON_MYSQL: dict[str, tuple[str, ...]] = {
    "restricted here": (*FULL, f"GRANT SELECT ON *.* TO {USER}", f"REVOKE SELECT ON ODCR_DB.* FROM {USER}"),
    "a dynamic right": (*FULL, f"GRANT ROLE_ADMIN ON *.* TO {USER}"),
    "no password may be set twice": (
        f"CREATE USER {USER} IDENTIFIED BY '{PASSWORDS[0]}' PASSWORD HISTORY 5 PASSWORD REUSE INTERVAL 9 DAY",
    ),
    "blocked after failed logins": (*FULL, f"ALTER USER {USER} FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED"),
    "made as a role": (f"CREATE ROLE {USERNAME}",),
    "another way to log in": (f"CREATE USER {USER} IDENTIFIED WITH sha256_password BY 'astray'",),
}
ON_MARIADB: dict[str, tuple[str, ...]] = {
    "a pattern": (*FULL, f"GRANT SELECT ON `odcr%`.* TO {USER}"),
    "another way to log in": (f"CREATE USER {USER} IDENTIFIED VIA unix_socket",),
}


@pytest.fixture
def surroundings(secrets: Secrets, server: DatabaseServer) -> Iterator[None]:  # noqa: ARG001 - which come first
    definitions = ("SCHEMA other", "TABLE other.t (x INT)", "PROCEDURE other.p() SELECT 1", "ROLE boss")
    administer(server, *(f"CREATE {definition}" for definition in definitions), f"CREATE TABLE {DATABASE}.t (x INT)")
    administer(server, "GRANT DELETE ON other.* TO boss")
    yield
    administer(server, "DROP SCHEMA other", "DROP ROLE boss", f"DROP USER IF EXISTS {USER}")


def bring_into(server: DatabaseServer, *statements: str) -> None:
    """Makes a state, as somebody with all rights."""
    is_mysql = isinstance(server, MySQL)
    for statement in statements:
        own = statement.replace("ODCR_DB", in_grants(server))
        administer(server, own.replace(f"ROLE boss FOR {USER}", f"ROLE boss TO {USER}") if is_mysql else own)
    if "FAILED_LOGIN_ATTEMPTS" in "".join(statements):
        with pytest.raises(pymysql.err.OperationalError):
            connect(server, "wrong")


@pytest.mark.parametrize("state", [*STATES, *ON_MYSQL, *ON_MARIADB])
@pytest.mark.usefixtures("surroundings")
def test_user_is_repaired_from_every_state(server: DatabaseServer, state: str) -> None:
    states = STATES | (ON_MYSQL if isinstance(server, MySQL) else ON_MARIADB)
    if state not in states:
        pytest.skip("a state of the other server")
    bring_into(server, *states[state])
    prepare()
    assert_exact(server)
    connect(server).close()
    # A correct user stays as it is.
    prepare()
    assert_exact(server)


class Died(BaseException):
    """The function was killed."""


@pytest.mark.parametrize("state", ["absent", "another password", "rights everywhere", "locked"])
@pytest.mark.usefixtures("surroundings")
def test_next_attempt_completes_a_dead_one(server: DatabaseServer, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_into(server, *STATES[state])
    real, died = pymysql.cursors.Cursor.execute, 0
    while True:
        lives = died + 1

        def mortal(self: Any, query: str, args: Any = None) -> int:
            nonlocal lives
            lives -= 1
            if lives < 0:
                raise Died
            return real(self, query, args)

        with monkeypatch.context() as patched:
            patched.setattr(pymysql.cursors.Cursor, "execute", mortal)
            try:
                prepare()
                break
            except Died:
                died += 1
        prepare()
        assert_exact(server)
        administer(server, f"DROP USER {USER}")
        bring_into(server, *STATES[state])
    assert died >= 3
    assert_exact(server)


@pytest.mark.parametrize("state", ["absent", "another password", "rights everywhere"])
@pytest.mark.usefixtures("surroundings")
def test_concurrent_attempts_make_one_user(server: DatabaseServer, state: str) -> None:
    bring_into(server, *STATES[state])
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(lambda _: prepare(), range(4)))) == 4
    assert_exact(server)


@pytest.mark.parametrize("state", ["without one of the rights", "rights everywhere", "all rights here"])
@pytest.mark.usefixtures("surroundings")
def test_open_connection_survives_the_repair(server: DatabaseServer, state: str) -> None:
    bring_into(server, *STATES[state])
    verified = {"ssl_ca": str(server.ca_file), "autocommit": False}
    with closing(connect(server, **verified)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM t")
        prepare()
        for statement in ("SELECT * FROM t", "UPDATE t SET x = 1", "DELETE FROM t"):
            cursor.execute(statement)
        connection.commit()


@pytest.mark.usefixtures("surroundings")
def test_user_that_cannot_be_dropped_is_reported(server: DatabaseServer) -> None:
    if not isinstance(server, MySQL):
        pytest.skip("MariaDB has no SYSTEM_USER")
    bring_into(server, *FULL, f"GRANT SYSTEM_USER ON *.* TO {USER}")
    with pytest.raises(DatabaseNotPrepared, match=r"CREATE USER ended with error 1227\. It may not .*DROP USER"):
        prepare()


@pytest.mark.usefixtures("surroundings")
def test_correct_user_is_not_dropped(server: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    real = pymysql.cursors.Cursor.execute

    def recording(self: Any, query: str, args: Any = None) -> int:
        statements.append(query)
        return real(self, query, args)

    bring_into(server, *STATES["another password"])
    monkeypatch.setattr(pymysql.cursors.Cursor, "execute", recording)
    prepare()
    assert [statement for statement in statements if statement.startswith(("DROP", "REVOKE"))] == []
    assert any(statement.startswith("ALTER USER") for statement in statements)
