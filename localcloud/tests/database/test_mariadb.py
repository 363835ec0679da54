"""The private database server: life, death, TLS and rights."""

import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pymysql
import pytest

from localcloud.database import certificates
from localcloud.database import program as server_program
from localcloud.database.mariadb import MariaDB
from localcloud.database.program import DatabaseMissingError
from localcloud.tests.probes import accepts, alive, eventually


def query(database: MariaDB, sql: str, **login: Any) -> Any:
    options = {"host": "127.0.0.1", "ssl": database.trust} | login
    connection = pymysql.connect(port=database.port, **options)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_temporary_tables_are_in_no_folder_that_another_server_clears(database: MariaDB) -> None:
    with contextlib.closing(database.admin_connection()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@tmpdir, @@datadir")
        ((temporary, data),) = cursor.fetchall()
    assert Path(temporary).resolve().parent == Path(data).resolve().parent


class TestRights:
    def test_a_user_has_everything_in_its_own_database_and_sees_no_other(self, database: MariaDB) -> None:
        database.create_database("shop_a", "user_a", "one")
        database.create_database("shopxa", "user_b", "two")
        login = {"user": "user_a", "password": "one"}

        query(database, "CREATE TABLE shop_a.t (x INT)", **login)

        # As a wildcard, the underscore would match shopxa.
        assert query(database, "SHOW DATABASES", **login) == (("information_schema",), ("shop_a",))

    def test_repeating_keeps_the_data_and_changes_the_password(self, database: MariaDB) -> None:
        database.create_database("kept", "keeper", "old")
        query(database, "CREATE TABLE kept.t (x INT)", user="keeper", password="old")

        database.create_database("kept", "keeper", 'it\'s 100% "new"')

        with pytest.raises(pymysql.OperationalError, match="1045"):
            query(database, "SELECT 1", user="keeper", password="old")
        rows = query(database, "SHOW TABLES IN kept", user="keeper", password='it\'s 100% "new"')
        assert rows == (("t",),)

    def test_set_password(self, database: MariaDB) -> None:
        database.create_database("rotated", "rotating", "old")
        database.set_password("rotating", "new")
        assert query(database, "SELECT 1", user="rotating", password="new") == ((1,),)

    def test_drop_takes_the_user_along_and_may_be_repeated(self, database: MariaDB) -> None:
        database.create_database("dropped", "dropper", "x")
        database.drop_database("dropped")
        database.drop_database("dropped")
        with pytest.raises(pymysql.OperationalError, match="1045"):
            query(database, "SELECT 1", user="dropper", password="x")

    def test_nobody_gets_in_without_a_password(self, database: MariaDB) -> None:
        for user in ("root", "", MariaDB.ADMIN):
            with pytest.raises(pymysql.OperationalError, match=r"1045|1698"):
                query(database, "SELECT 1", user=user, password="")

    @pytest.mark.parametrize(("name", "user"), [("a`b", "x"), ("", "x"), ("ok", "x'y"), ("ok", "root")])
    def test_a_name_that_cannot_be_is_refused(self, database: MariaDB, name: str, user: str) -> None:
        with pytest.raises(ValueError, match=r"name|own database user"):
            database.create_database(name, user, "x")

    def test_an_administrator_has_no_right_that_rds_s_lacks(self, database: MariaDB) -> None:
        database.create_database("lesser", "lesser", "x")
        rows = query(database, "SHOW GRANTS", user="lesser", password="x")
        granted = {right for (grant,) in rows for right in grant.removeprefix("GRANT ").split(" ON ")[0].split(", ")}
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html
        of_rds = (
            "ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE USER, CREATE VIEW, DELETE, "
            "DROP, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE"
        )
        assert granted == set(of_rds.split(", "))


class TestTls:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_a_client_that_verifies_accepts_the_server(self, database: MariaDB, host: str) -> None:
        database.create_database("tls", "tls", "x")
        verified = {"ssl_ca": str(database.ca_file), "ssl_verify_cert": True, "ssl_verify_identity": True}
        rows = query(database, "SHOW STATUS LIKE 'Ssl_cipher'", host=host, user="tls", password="x", **verified)
        assert rows[0][1].startswith("TLS_")

    def test_a_client_that_trusts_another_authority_refuses_it(self, database: MariaDB, tmp_path: Path) -> None:
        certificates.issue(tmp_path)
        other = str(tmp_path / "ca.pem")
        with pytest.raises(pymysql.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
            query(database, "SELECT 1", user="x", password="x", ssl_ca=other, ssl_verify_cert=True)

    def test_private_files_are_private(self, tmp_path: Path) -> None:
        certificates.issue(tmp_path)
        assert (tmp_path / "server-key.pem").stat().st_mode & 0o077 == 0


class TestLife:
    def test_an_outage_keeps_data_port_and_passwords(self, database: MariaDB) -> None:
        database.create_database("outage", "outage", "x")
        query(database, "CREATE TABLE outage.t (x INT)", user="outage", password="x")
        port, ca = database.port, database.ca_file.read_bytes()

        database.stop()
        database.stop()
        assert not database.running
        with pytest.raises(pymysql.OperationalError, match="2003"):
            query(database, "SELECT 1", user="outage", password="x")
        database.start()
        database.start()
        database.restart()

        assert (database.port, database.ca_file.read_bytes()) == (port, ca)
        assert query(database, "SHOW TABLES IN outage", user="outage", password="x") == (("t",),)

    def test_destroy_leaves_nothing(self, tmp_path: Path) -> None:
        with MariaDB(tmp_path / "server") as server:
            port = server.port
            assert accepts(port)
        assert list(tmp_path.iterdir()) == []
        assert not accepts(port)

    def test_a_killed_owner_leaves_neither_server_nor_folder(self, tmp_path: Path, parent: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from localcloud.database.mariadb import MariaDB\n"
            "server = MariaDB(Path(sys.argv[1])); server.start()\n"
            "print(server._process.pid, server.port, flush=True); sys.stdin.read()\n"
        )
        folder = tmp_path / "server"
        with subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            cwd=parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as owner:
            assert owner.stdout is not None
            pid, port = map(int, owner.stdout.readline().split())
            assert alive(pid)
            assert accepts(port)

            owner.send_signal(signal.SIGKILL)

        eventually(lambda: not alive(pid), "the server ends")
        eventually(lambda: not folder.exists(), "its folder is deleted")
        assert not accepts(port)

    def test_a_server_that_cannot_start_shows_its_log(self, tmp_path: Path) -> None:
        with MariaDB(tmp_path / "server") as server, socket.socket() as squatter:
            server.stop()
            squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            squatter.bind(("127.0.0.1", server.port))
            squatter.listen()
            with pytest.raises(RuntimeError, match=r"(?s)did not become ready.*Address already in use"):
                server.start()
            assert not server.running

    def test_without_a_server_program_the_error_names_the_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(server_program, "_FOLDERS", ())
        with pytest.raises(DatabaseMissingError, match=r"apt-get install mariadb"):
            MariaDB(tmp_path / "server").start()
        assert list(tmp_path.iterdir()) == []
