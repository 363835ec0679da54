"""The functions' own database code against a real MariaDB, and against a real MySQL set up as Aurora is."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from localcloud.database.mariadb import MariaDB
from localcloud.database.mysql import MySQL
from localcloud.database.server import DatabaseServer
from odcr.gateways import database, secret
from odcr.gateways.database_user import prepare_user
from odcr.gateways.secret import administrator_login, parse_login

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Transaction = Callable[[], "AbstractContextManager[Cursor]"]
Chief = Callable[..., None]
"""Runs statements that the functions' own user may not."""


DATABASE, USERNAME, ADMINISTRATOR = "odcr_db", "odcr", "chief"
PASSWORDS = ("first-password", "of-the-administrator")
"""The user's at first, and the administrator's."""


def in_grants(server: DatabaseServer) -> str:
    """The database as a grant names it: _ is a wildcard, but not with partial revokes."""
    return "`odcr_db`" if isinstance(server, MySQL) else r"`odcr\_db`"


class Secrets:
    """Secrets Manager as the gateways call it, with the database secret and the administrator's."""

    def __init__(self) -> None:
        self.login: dict[str, object] = {}
        """What the database secret holds now."""
        self.administrator: dict[str, object] = {}
        self.pending: dict[str, object] | None = None
        """What it will hold after the rotation that is under way."""
        self.reads = 0

    def get_secret_value(self, *, SecretId: str, VersionStage: str = "AWSCURRENT") -> dict[str, str]:  # noqa: N803 - boto3's names
        if SecretId == "arn:administrator":
            return {"SecretString": json.dumps(self.administrator)}
        assert SecretId == "arn:secret"
        self.reads += 1
        value = {"AWSCURRENT": self.login, "AWSPENDING": self.pending}[VersionStage]
        if value is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetSecretValue")
        return {"SecretString": json.dumps(value)}


@pytest.fixture(
    scope="session",
    params=[pytest.param(MariaDB, id="mariadb"), pytest.param(MySQL, id="mysql", marks=pytest.mark.mysql)],
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    """The server of the tests, which leave it as it was."""
    with request.param(tmp_path_factory.mktemp("database")) as server:
        yield server


@pytest.fixture
def secrets(server: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secrets]:
    """The secrets of a database that nobody has prepared yet."""
    server.create_database(DATABASE, ADMINISTRATOR, PASSWORDS[1])
    secrets = Secrets()
    secrets.login = {
        "username": USERNAME,
        "password": PASSWORDS[0],
        "host": server.host,
        "port": server.port,
        "dbname": DATABASE,
    }
    secrets.administrator = {"username": ADMINISTRATOR, "password": PASSWORDS[1]}
    monkeypatch.setattr(secret, "client", lambda: secrets)
    monkeypatch.setenv("SSL_CERT_FILE", str(Path(server.ca_file)))
    monkeypatch.setenv("DATABASE_SECRET_ARN", "arn:secret")
    monkeypatch.setenv("HISTORY_DAYS", "400")
    monkeypatch.setenv("DATABASE_ADMIN_SECRET_ARN", "arn:administrator")
    secret._fetched.cache_clear()
    database._tls.cache_clear()
    yield secrets
    server.drop_database(DATABASE)


@pytest.fixture
def prepared(secrets: Secrets) -> Secrets:
    """The secrets of a database that a run has prepared."""
    user = parse_login(json.dumps(secrets.login))
    prepare_user(administrator_login("arn:administrator", user), user)
    return secrets


@pytest.fixture
def transaction(prepared: Secrets) -> Transaction:  # noqa: ARG001 - which has to be there
    return lambda: database.transaction("arn:secret")


@pytest.fixture
def chief(server: DatabaseServer) -> Chief:
    def run(*statements: str) -> None:
        with closing(server.admin_connection(database=DATABASE)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    return run


@pytest.fixture
def tables(transaction: Transaction) -> None:
    """The tables of a stack that had its first run."""
    with transaction():
        pass
