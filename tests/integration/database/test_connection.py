from typing import Any

import pytest

from localcloud.database.server import DatabaseServer
from odcr.gateways.database import DatabaseUnavailable, LoginRefused
from odcr.gateways.schema import TABLES

from .conftest import in_grants


def test_first_transaction_creates_all_tables(transaction: Any) -> None:
    with transaction() as cursor:
        cursor.execute("SHOW TABLES")
        assert {name for (name,) in cursor.fetchall()} == set(TABLES)


def test_the_connection_is_encrypted(transaction: Any) -> None:
    with transaction() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]


def test_an_error_rolls_everything_back(transaction: Any) -> None:
    with transaction():
        pass

    def insert_and_fail() -> None:
        with transaction() as cursor:
            cursor.execute("INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_and_fail()
    with transaction() as cursor:
        cursor.execute("SELECT COUNT(*) FROM odcr_capacity")
        assert cursor.fetchone() == (0,)


def test_a_rotated_secret_is_fetched_again_once(transaction: Any, secrets: Any, server: DatabaseServer) -> None:
    with transaction():
        pass
    assert secrets.reads == 1
    server.set_password("odcr", "second-password")
    secrets.login["password"] = "second-password"
    with transaction():
        pass
    assert secrets.reads == 2


def test_both_passwords_work_during_a_rotation(transaction: Any, secrets: Any, server: DatabaseServer) -> None:
    secrets.pending = {**secrets.login, "password": "second-password"}
    with transaction():
        pass
    # The database has the new password, and the secret's current one is still the old.
    server.set_password("odcr", "second-password")
    with transaction():
        pass
    secrets.login, secrets.pending = secrets.pending, None
    with transaction():
        pass


def test_missing_rights_are_a_refused_login(transaction: Any, server: DatabaseServer) -> None:
    with transaction():
        pass
    with server.admin_connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"REVOKE INSERT ON {in_grants(server)}.* FROM odcr@'%'")
    with pytest.raises(LoginRefused, match="INSERT command denied"), transaction() as cursor:
        cursor.execute("INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)")


def test_wrong_password_is_tried_a_few_times_and_never_shown(transaction: Any, secrets: Any) -> None:
    secrets.login["password"] = "not-the-password"
    with pytest.raises(LoginRefused, match=r"Access denied.*Correct the login in the database secret") as caught:
        transaction().__enter__()
    # The cached login, the current one, and the one of a rotation under way.
    assert secrets.reads == 3
    assert "not-the-password" not in repr(caught.value)


def test_stopped_server_is_unavailable(transaction: Any, server: DatabaseServer) -> None:
    server.stop()
    try:
        with (
            pytest.raises(DatabaseUnavailable, match=r"cannot be used at the moment.*cluster is available"),
            transaction(),
        ):
            pass
    finally:
        server.start()
    with transaction() as cursor:
        cursor.execute("SELECT 1")


def test_server_that_dies_during_a_transaction_is_unavailable(transaction: Any, server: DatabaseServer) -> None:
    def lose_the_server() -> None:
        with transaction() as cursor:
            server.stop()
            cursor.execute("SELECT 1")

    try:
        with pytest.raises(DatabaseUnavailable):
            lose_the_server()
    finally:
        server.start()
