"""PrepareDatabase against real servers."""

import re
import traceback
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from localcloud.database.mysql import ROLE, MySQL
from localcloud.database.server import DatabaseServer
from odcr.gateways.database import DatabaseUnavailable
from odcr.gateways.database_user import RIGHTS, DatabaseNotPrepared, prepare_user
from odcr.gateways.schema import TABLES
from odcr.gateways.secret import DatabaseLogin, InvalidSecret
from prepare_database import handler
from tests.integration.bad_input.product import Context

from .conftest import ADMINISTRATOR, DATABASE, PASSWORDS, USERNAME, Secrets, in_grants


def prepare() -> dict[str, Any]:
    return handler({"Execution": "run-1"}, Context())


def connect(server: DatabaseServer, password: str = PASSWORDS[0], **options: Any) -> Any:
    login = {"user": USERNAME, "password": password, "database": DATABASE, "autocommit": True, "ssl": server.trust}
    return pymysql.connect(host=server.host, port=server.port, **(login | options))


def administer(server: DatabaseServer, *statements: str) -> tuple[tuple[Any, ...], ...]:
    with closing(server.admin_connection()) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchall())


def grants(server: DatabaseServer) -> list[str]:
    return [grant for (grant,) in administer(server, f"SHOW GRANTS FOR '{USERNAME}'@'%'")]


def assert_exact(server: DatabaseServer) -> None:
    usage, granted = grants(server)
    assert granted == f"GRANT {RIGHTS} ON {in_grants(server)}.* TO `odcr`@`%`"
    # MariaDB's line also has the password's hash and REQUIRE SSL.
    assert re.fullmatch(r"GRANT USAGE ON \*\.\* TO `odcr`@`%`( IDENTIFIED BY PASSWORD '\S+' REQUIRE SSL)?", usage)
    assert administer(server, "SELECT ssl_type FROM mysql.user WHERE User = 'odcr'") == (("ANY",),)


def refused(server: DatabaseServer, statement: str) -> str:
    with closing(connect(server)) as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.err.MySQLError) as caught:
            cursor.execute(statement)
        return str(caught.value)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def shown(error: BaseException, *hidden: str) -> list[str]:
    """The hidden texts that the error, its causes or its traceback show."""
    text = "".join(f"{cause!s}{cause!r}{vars(cause)}" for cause in chain(error)) + "".join(
        traceback.format_exception(error)
    )
    return [secret for secret in hidden if secret in text]


def test_created_user_can_do_the_work_of_a_run(secrets: Secrets, server: DatabaseServer) -> None:  # noqa: ARG001
    with pytest.raises(pymysql.err.OperationalError, match="1045"):
        connect(server)
    assert prepare() == {"User": USERNAME, "Database": DATABASE}
    with closing(connect(server)) as connection, connection.cursor() as cursor:
        for statement in TABLES.values():
            cursor.execute(statement)
        cursor.execute("INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)")
        cursor.execute("UPDATE odcr_capacity SET Current_Capacity = 1")
        cursor.execute("SELECT * FROM odcr_capacity FOR UPDATE")
        cursor.execute("DELETE FROM odcr_capacity")


def test_user_has_exactly_the_rights_it_needs(secrets: Secrets, server: DatabaseServer) -> None:  # noqa: ARG001
    # The user's grant would match this name if its underscore were a wildcard.
    administer(server, "CREATE DATABASE odcrxdb", "CREATE TABLE odcrxdb.t (x INT)")
    try:
        prepare()
        prepare()
        assert_exact(server)
        administer(server, f"CREATE TABLE {DATABASE}.t (x INT)")
        for statement in (
            "DROP TABLE t",
            "TRUNCATE TABLE t",
            "ALTER TABLE t ADD y INT",
            "CREATE INDEX i ON t (x)",
            "CREATE VIEW v AS SELECT 1",
            "CREATE USER somebody",
            "GRANT SELECT ON odcr_db.* TO odcr@'%'",
            "SELECT * FROM odcrxdb.t",
            "SELECT * FROM mysql.user",
            "CREATE DATABASE another",
            "DROP DATABASE odcr_db",
            "SELECT 1 INTO OUTFILE '/tmp/odcr'",
        ):
            assert re.search("denied", refused(server, statement)), statement
    finally:
        administer(server, "DROP DATABASE odcrxdb")


def test_user_can_log_in_only_with_tls(prepared: Secrets, server: DatabaseServer) -> None:  # noqa: ARG001
    connect(server).close()
    with pytest.raises(pymysql.err.OperationalError, match="1045"):
        connect(server, ssl_disabled=True)


def test_without_an_administrator_the_error_says_what_to_run(
    secrets: Secrets, server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_ADMIN_SECRET_ARN")
    with pytest.raises(DatabaseNotPrepared, match="no administrator's secret") as caught:
        prepare()
    assert shown(caught.value, *PASSWORDS) == []
    *statements, _ = str(caught.value).split("run: ")[1].split("; ")
    administer(server, *(statement.replace("PASSWORD", str(secrets.login["password"])) for statement in statements))
    connect(server).close()
    assert grants(server)[1:] == [f"GRANT {RIGHTS} ON `odcr_db`.* TO `odcr`@`%`"]


def test_refused_administrator_is_reported(secrets: Secrets) -> None:
    secrets.administrator["password"] = "not-the-password"
    with pytest.raises(
        DatabaseNotPrepared, match=r"'chief' could not create 'odcr': Access denied.*by hand, run: DROP USER"
    ) as caught:
        prepare()
    assert shown(caught.value, "not-the-password", *PASSWORDS) == []


def test_administrator_without_the_right_is_named(secrets: Secrets, server: DatabaseServer) -> None:  # noqa: ARG001
    if isinstance(server, MySQL):
        grant = f"GRANT ALL ON {DATABASE}.* TO {ADMINISTRATOR}@'%' WITH GRANT OPTION"
        administer(server, f"REVOKE {ROLE} FROM {ADMINISTRATOR}@'%'", grant)
    else:
        administer(server, f"REVOKE CREATE USER ON *.* FROM {ADMINISTRATOR}@'%'")
    with pytest.raises(DatabaseNotPrepared, match=r"CREATE USER ended with error 1227\. It may") as caught:
        prepare()
    assert shown(caught.value, *PASSWORDS) == []


def test_missing_database_is_named_and_not_created(secrets: Secrets, server: DatabaseServer) -> None:
    administer(server, f"GRANT ALL PRIVILEGES ON absent.* TO {ADMINISTRATOR}@'%'")
    secrets.login["dbname"] = "absent"
    with pytest.raises(DatabaseNotPrepared, match="Unknown database 'absent'"):
        prepare()


def test_error_suspects_another_account_with_that_name(secrets: Secrets, server: DatabaseServer) -> None:  # noqa: ARG001
    administer(server, "CREATE USER odcr@'127.0.0.1' IDENTIFIED BY 'other'")
    try:
        with pytest.raises(DatabaseNotPrepared, match=r"cannot log in.*another account with that name") as caught:
            prepare()
    finally:
        administer(server, "DROP USER odcr@'127.0.0.1'")
    assert shown(caught.value, *PASSWORDS) == []


@pytest.mark.parametrize("name", ["root", "mysql.sys", "mariadb.sys", "rdsadmin", "RDSADMIN", "chief", "Chief"])
def test_system_account_is_left_alone(secrets: Secrets, server: DatabaseServer, name: str) -> None:
    secrets.login["username"] = name
    with pytest.raises(DatabaseNotPrepared, match=r"system account of the server|is the administrator") as caught:
        prepare()
    assert "database secret" in str(caught.value)
    assert shown(caught.value, *PASSWORDS) == []
    pymysql.connect(host=server.host, port=server.port, user=ADMINISTRATOR, password=PASSWORDS[1]).close()


@pytest.mark.parametrize("name", ["o'dcr", 'o"dcr', "o`dcr", "o%dcr", "o\\dcr", "o dcr; DROP DATABASE odcr_db"])
def test_a_name_is_never_taken_for_sql(secrets: Secrets, server: DatabaseServer, name: str) -> None:
    secrets.login["username"] = name
    assert prepare()["User"] == name
    connect(server, user=name).close()


@pytest.mark.parametrize("dbname", ["a`b", "a%b", "a\\b", "a_b", "a.b"])
def test_a_database_s_name_is_never_taken_for_a_pattern(secrets: Secrets, server: DatabaseServer, dbname: str) -> None:
    quoted = "`" + dbname.replace("`", "``") + "`"
    pattern = re.sub(r"([\\_%])", r"\\\1", quoted)
    administer(
        server, f"CREATE DATABASE {quoted}", f"GRANT ALL ON {pattern}.* TO {ADMINISTRATOR}@'%' WITH GRANT OPTION"
    )
    try:
        secrets.login["dbname"] = dbname
        prepare()
        connect(server, database=dbname).close()
    finally:
        administer(server, f"DROP DATABASE {quoted}", f"DROP USER {USERNAME}@'%'")


def test_an_error_never_quotes_the_password(
    server: DatabaseServer, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL's syntax errors quote the statement."""
    real = pymysql.cursors.Cursor.execute

    def broken(self: Any, query: str, args: Any = None) -> int:
        return real(self, query.replace("IDENTIFIED BY", "IDENTIFIED BYE"), args)

    monkeypatch.setattr(pymysql.cursors.Cursor, "execute", broken)
    with pytest.raises(DatabaseNotPrepared, match="CREATE USER ended with error 1064") as caught:
        prepare()
    assert shown(caught.value, *PASSWORDS) == []
    del server, secrets


def test_stopped_server_is_unavailable(secrets: Secrets, server: DatabaseServer) -> None:  # noqa: ARG001
    server.stop()
    try:
        with pytest.raises(DatabaseUnavailable, match="cannot be used at the moment"):
            prepare()
    finally:
        server.start()


def test_invalid_administrator_secret_is_named(secrets: Secrets) -> None:
    del secrets.administrator["password"]
    with pytest.raises(InvalidSecret, match="administrator's secret has no password"):
        prepare()


def test_administrator_as_user_is_refused_without_a_login() -> None:
    login = DatabaseLogin("admin", "secret", "db.invalid", 3306, DATABASE)
    with pytest.raises(DatabaseNotPrepared, match="is the administrator"):
        prepare_user(login, login)
