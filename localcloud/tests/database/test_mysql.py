"""The MySQL that is set up like Aurora."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from localcloud.database import mysql
from localcloud.database.mysql import MySQL
from localcloud.database.program import DatabaseMissingError

LOGIN = {"user": "admin", "password": "x"}


def query(server: MySQL, sql: str, **login: Any) -> Any:
    connection = pymysql.connect(host="127.0.0.1", port=server.port, ssl=server.trust, **(LOGIN | login))
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySQL]:
    with MySQL(tmp_path_factory.mktemp("mysql") / "server") as server:
        server.create_database("shop_db", "admin", "x")
        yield server


@pytest.mark.mysql
class TestAsOnAurora:
    def test_it_has_partial_revokes_and_takes_tls_only(self, server: MySQL) -> None:
        assert query(server, "SELECT @@partial_revokes, @@require_secure_transport") == ((1, 1),)
        with pytest.raises(pymysql.OperationalError, match="3159"):
            query(server, "SELECT 1", ssl_disabled=True)

    def test_the_administrator_is_who_rds_makes(self, server: MySQL) -> None:
        assert query(server, "SELECT CURRENT_ROLE()") == (("`rds_superuser_role`@`%`",),)
        rights = {
            right
            for (grant,) in query(server, "SHOW GRANTS")
            if grant.startswith("GRANT") and " ON *.* " in grant
            for right in grant.removeprefix("GRANT ").split(" ON ")[0].replace(", ", ",").split(",")
        }
        assert {"CREATE USER", "ROLE_ADMIN", "RELOAD"} <= rights
        assert not {"SUPER", "SYSTEM_USER", "SYSTEM_VARIABLES_ADMIN", "FILE", "SHUTDOWN", "CREATE TABLESPACE"} & rights

    @pytest.mark.parametrize(
        ("statement", "code"),
        [
            # As reported from a live Aurora: https://github.com/petoju/terraform-provider-mysql/issues/3
            ("REVOKE ALL PRIVILEGES, GRANT OPTION FROM somebody@'%'", 3879),
            ("UPDATE mysql.user SET account_locked = 'N'", 1142),
            ("CREATE TABLE sys.t (x INT)", 1142),
            ("DROP USER localcloud@'%'", 1227),
            ("SET GLOBAL read_only = 1", 1227),
        ],
    )
    def test_what_it_may_not(self, server: MySQL, statement: str, code: int) -> None:
        query(server, "CREATE USER IF NOT EXISTS somebody@'%' IDENTIFIED BY 'y'")
        with pytest.raises(pymysql.MySQLError) as caught:
            query(server, statement)
        assert caught.value.args[0] == code

    def test_what_it_may(self, server: MySQL) -> None:
        assert ("admin",) in query(server, "SELECT User FROM mysql.user")
        for statement in (
            "CREATE USER somebody_else@'%' IDENTIFIED BY 'y'",
            "GRANT SELECT ON shop_db.* TO somebody_else@'%'",
            "REVOKE SELECT ON shop_db.* FROM somebody_else@'%'",
            "DROP USER somebody_else@'%'",
        ):
            query(server, statement)

    def test_dropping_the_database_takes_its_users_along(self, server: MySQL) -> None:
        server.create_database("other", "chief", "y")
        chief = {"user": "chief", "password": "y"}
        query(server, "CREATE USER guest@'%' IDENTIFIED BY 'z'", **chief)
        query(server, "GRANT SELECT ON other.* TO guest@'%'", **chief)
        server.drop_database("other")
        for name in ("chief", "guest"):
            with pytest.raises(pymysql.OperationalError, match="1045"):
                query(server, "SELECT 1", user=name, password="y")
        assert query(server, "SELECT 1") == ((1,),)


def test_where_none_can_be_had_it_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mysql, "FOLDER", tmp_path / "kept")
    with pytest.raises(DatabaseMissingError, match=r"^No MySQL could be unpacked: .* apt-get.*$"):
        mysql.find()
    assert not (tmp_path / "kept/server").exists()
