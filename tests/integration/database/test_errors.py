"""How the servers' own errors are reported. A real server sends each of them."""

import contextlib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from localcloud.database import certificates
from localcloud.database.mysql import MySQL
from localcloud.database.server import DatabaseServer
from odcr.gateways import database, database_errors
from odcr.gateways.database import CertificateNotTrusted, DatabaseUnavailable, LoginRefused, connect, explained
from odcr.gateways.secret import database_login

from .conftest import Secrets
from .test_database_user import administer, prepare

USER = "odcr@'%'"
# The server itself sends these; the rest are the driver's own.
PASSING = sorted(database_errors._TRANSIENT)
REFUSED = sorted(code for code in database_errors._LOGIN_REFUSED if code not in database_errors._CLIENT_ERRORS)


@contextmanager
def setting(server: DatabaseServer, name: str, value: object, usual: object) -> Iterator[None]:
    administer(server, f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        administer(server, f"SET GLOBAL {name} = {usual}")


def run(transaction: Any, *statements: str) -> None:
    with transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("code", "meaning"), [(code, DatabaseUnavailable) for code in PASSING] + [(code, LoginRefused) for code in REFUSED]
)
def test_known_error_is_translated(transaction: Any, code: int, meaning: type[Exception]) -> None:
    with pytest.raises(meaning, match="as the server says it"), transaction() as cursor:
        cursor.execute(f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'as the server says it'")


@pytest.mark.parametrize("code", [1054, 1062, 1064, 1146, 1267, 1406, 9999])
def test_unknown_error_stays_as_it_is(transaction: Any, code: int) -> None:
    with pytest.raises(pymysql.err.MySQLError) as caught, transaction() as cursor:
        cursor.execute(f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'x'")
    assert caught.value.args[0] == code


@pytest.mark.parametrize("code", [2059, 2061])
def test_unknown_authentication_method_is_no_outage(code: int) -> None:
    with pytest.raises(LoginRefused), explained():
        raise pymysql.err.OperationalError(code, "Authentication plugin 'x' not configured")


@pytest.mark.parametrize("kill", ["KILL QUERY", "KILL"])
def test_killed_statement_or_connection_is_transient(transaction: Any, server: DatabaseServer, kill: str) -> None:
    def wait() -> None:
        with transaction() as cursor:
            cursor.execute("SELECT * FROM odcr_lease WHERE SLEEP(20) FOR UPDATE")

    with transaction() as cursor:
        cursor.execute("INSERT INTO odcr_lease VALUES ('run', 'x', NOW(), '')")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        running: tuple[tuple[Any, ...], ...] = ()
        while not running and not waiting.done():
            running = administer(
                server,
                "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'odcr' AND INFO LIKE '%SLEEP%' "
                "AND STATE LIKE 'User%'",
            )
        administer(server, f"{kill} {running[0][0]}")
        with pytest.raises(DatabaseUnavailable):
            waiting.result()


def test_lock_time_out_is_transient(transaction: Any) -> None:
    with transaction() as cursor:
        cursor.execute("INSERT INTO odcr_lease VALUES ('run', 'x', NOW(), '')")
    with transaction() as cursor:
        cursor.execute("SELECT * FROM odcr_lease FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="Lock wait timeout"):
            run(transaction, "SET innodb_lock_wait_timeout = 1", "SELECT * FROM odcr_lease FOR UPDATE")


def test_statement_time_out_is_transient(transaction: Any, server: DatabaseServer) -> None:
    limit = "max_execution_time = 100" if isinstance(server, MySQL) else "max_statement_time = 0.1"
    slow = "SELECT COUNT(*) FROM {0} a, {0} b, {0} c".format("information_schema.COLUMNS")
    with pytest.raises(DatabaseUnavailable, match="interrupted"):
        run(transaction, f"SET {limit}", slow)


@pytest.mark.parametrize("name", ["read_only", "super_read_only", "offline_mode"])
def test_read_only_or_offline_server_is_transient(transaction: Any, server: DatabaseServer, name: str) -> None:
    if name != "read_only" and not isinstance(server, MySQL):
        pytest.skip("only MySQL has it")
    with setting(server, name, 1, 0), pytest.raises(DatabaseUnavailable), transaction() as cursor:
        cursor.execute("INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)")
    administer(server, "SET GLOBAL read_only = 0")


def test_too_many_connections_are_transient(transaction: Any, server: DatabaseServer, secrets: Secrets) -> None:
    del secrets
    administer(server, f"ALTER USER {USER} WITH MAX_USER_CONNECTIONS 1")
    with transaction(), pytest.raises(DatabaseUnavailable, match="max_user_connections"):
        transaction().__enter__()
    administer(server, f"ALTER USER {USER} WITH MAX_USER_CONNECTIONS 0 MAX_CONNECTIONS_PER_HOUR 1")
    with contextlib.suppress(DatabaseUnavailable):
        run(transaction)
    with pytest.raises(DatabaseUnavailable, match="max_connections_per_hour"):
        run(transaction)


@pytest.mark.parametrize(
    "statement",
    [
        f"DROP USER {USER}",
        f"ALTER USER {USER} IDENTIFIED BY 'astray'",
        f"ALTER USER {USER} ACCOUNT LOCK",
        f"ALTER USER {USER} PASSWORD EXPIRE",
        f"ALTER USER {USER} REQUIRE X509",
        f"RENAME USER {USER} TO odcr@'192.0.2.1'",
        f"REVOKE CREATE, SELECT, INSERT, UPDATE, DELETE ON ODCR_DB.* FROM {USER}",
        "SET PASSWORD FOR odcr@'%' = ''",
    ],
)
def test_refused_user_is_repaired(transaction: Any, server: DatabaseServer, statement: str) -> None:
    with transaction():
        pass
    is_mysql = isinstance(server, MySQL)
    own = statement.replace("ODCR_DB", "odcr_db" if is_mysql else r"`odcr\_db`")
    if not is_mysql and "SET PASSWORD" in own:
        own = own.replace("''", "PASSWORD('')")
    administer(server, own)
    with pytest.raises(LoginRefused):
        transaction().__enter__()
    prepare()
    administer(server, "DROP USER IF EXISTS odcr@'192.0.2.1'")
    with transaction() as cursor:
        cursor.execute("SELECT * FROM odcr_capacity")


class TestCertificates:
    def test_unknown_authority_is_not_trusted(self, transaction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        database._tls.cache_clear()
        with pytest.raises(CertificateNotTrusted) as caught:
            transaction().__enter__()
        assert "DatabaseCertificatesSecretArn" in str(caught.value)
        assert "certificate in certificate chain" in str(caught.value) or "issuer" in str(caught.value)
        assert "cluster is available" not in str(caught.value)

    def test_another_authority_of_the_same_name_is_not_trusted(
        self, transaction: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        certificates.issue(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        database._tls.cache_clear()
        with pytest.raises(CertificateNotTrusted, match="DatabaseCertificatesSecretArn"):
            transaction().__enter__()

    def test_another_host_s_certificate_is_not_trusted(self, transaction: Any, secrets: Secrets) -> None:
        # Loopback as well, but not a name in the certificate.
        secrets.login["host"] = "127.1"
        with pytest.raises(CertificateNotTrusted, match=r"(mismatch|not valid for).*the database secret's host"):
            transaction().__enter__()

    def test_untrusted_certificate_is_not_taken_for_a_refused_login(
        self, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del secrets
        monkeypatch.delenv("SSL_CERT_FILE")
        database._tls.cache_clear()
        with pytest.raises(CertificateNotTrusted):
            prepare()

    @pytest.mark.parametrize(
        ("code", "advice"),
        [(10, "Renew"), (9, "Renew"), (62, "host"), (64, "host"), (18, "Arn"), (19, "Arn"), (20, "Arn")],
    )
    def test_error_says_what_helps(self, code: int, advice: str) -> None:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_code, error.verify_message = code, "why"
        with pytest.raises(CertificateNotTrusted, match=rf"not trusted: why\. .*{advice}"), explained():
            raise error


def test_sha2_login_works_without_a_key_exchange(
    prepared: Secrets, server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS the driver sends the password as it is, so it does without `cryptography`, which the functions lack."""
    del prepared
    monkeypatch.setattr("pymysql._auth._have_cryptography", False)
    if not isinstance(server, MySQL):
        pytest.skip("MySQL's way to log in")
    assert administer(server, "SELECT plugin FROM mysql.user WHERE User = 'odcr'") == (("caching_sha2_password",),)
    # Makes the server forget earlier logins.
    administer(server, "FLUSH PRIVILEGES")
    with closing(connect(database_login("arn:secret", fresh=True))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("odcr@%",)
