"""The functions' own database code against a real MariaDB."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localcloud.mariadb import MariaDB
from odcr.gateways import database, secret

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Transaction = Callable[[], "AbstractContextManager[Cursor]"]


class Secrets:
    """Secrets Manager with one secret, as the gateway calls it."""

    def __init__(self) -> None:
        self.login: dict[str, object] = {}
        self.reads = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        assert SecretId == "arn:secret"
        self.reads += 1
        return {"SecretString": json.dumps(self.login)}


@pytest.fixture
def secrets(server: MariaDB, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secrets]:
    server.create_database("odcr_db", "odcr", "first-password")
    secrets = Secrets()
    secrets.login = {
        "username": "odcr",
        "password": "first-password",
        "host": server.host,
        "port": server.port,
        "dbname": "odcr_db",
    }
    monkeypatch.setattr(secret, "_client", lambda: secrets)
    monkeypatch.setenv("SSL_CERT_FILE", str(Path(server.ca_file)))
    secret._fetched.cache_clear()
    database._tls.cache_clear()
    yield secrets
    server.drop_database("odcr_db")


@pytest.fixture
def transaction(secrets: Secrets) -> Transaction:  # noqa: ARG001 - which has to be there
    return lambda: database.transaction("arn:secret")
