"""The handlers against a real MariaDB, and Secrets Manager and EC2 over HTTP, all on this machine."""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff

from localcloud import ec2
from localcloud.clients.environment import misleading, variables
from localcloud.clock import Clock
from localcloud.database.mariadb import MariaDB
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import blueprint
from localcloud.server import Server
from odcr.gateways.database_user import prepare_user
from odcr.gateways.schema_versions import create_missing_tables
from odcr.gateways.secret import DatabaseLogin
from tests.integration.bad_input.product import (
    ABROAD,
    ADMINISTRATOR,
    DATABASE,
    GOOD,
    HOME,
    PASSWORD,
    TEMPTING,
    USERNAME,
    Product,
    forget,
)
from tests.integration.bad_input.secret_store import SecretStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_secretsmanager import SecretsManagerClient


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    ec2.install(Clock())
    server = Server(0, [blueprint])
    server.start()
    # Cached clients have the endpoint of other tests, and later tests must not get these.
    forget()
    yield server.endpoint
    forget()
    server.stop()


@pytest.fixture
def environment(endpoint: str, server: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions' environment variables."""
    for name in misleading(list(os.environ)):
        monkeypatch.delenv(name)
    for name, value in variables(endpoint, HOME).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STACK_NAME", "odcr")
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("HISTORY_DAYS", "400")
    monkeypatch.setenv("ASK_EVERY_SECONDS", "60")
    monkeypatch.setenv("SLOW_AFTER_HOURS", "24")
    monkeypatch.setenv("MAP_CONCURRENCY", "40")
    monkeypatch.setenv("REQUEST_BUCKETS_TABLE", f"odcr-{uuid.uuid4()}")
    monkeypatch.setenv("DATABASE_SECRET_ARN", f"odcr/{uuid.uuid4()}")
    monkeypatch.setenv("DATABASE_ADMIN_SECRET_ARN", f"rds!cluster-{uuid.uuid4()}")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
    # boto3 retries at once.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)


@pytest.fixture(scope="module")
def observers(endpoint: str) -> "list[EC2Client]":
    """Clients that see every reservation there is."""
    session = boto3.Session("observer", "observer")
    return [session.client("ec2", region_name=region, endpoint_url=endpoint) for region in (HOME, ABROAD)]


@pytest.fixture(scope="module")
def administrator(endpoint: str) -> "tuple[SecretsManagerClient, DynamoDBClient]":
    """Clients that prepare each test; making one costs more than all that it does in a test."""
    session = boto3.Session("administrator", "administrator", region_name=HOME)
    return session.client("secretsmanager", endpoint_url=endpoint), session.client("dynamodb", endpoint_url=endpoint)


@pytest.fixture
def secrets(
    environment: None,  # noqa: ARG001 - which has to be set
    administrator: "tuple[SecretsManagerClient, DynamoDBClient]",
    server: MariaDB,
) -> SecretStore:
    """Secrets Manager, with the right login and the administrator's."""
    client, _ = administrator
    client.create_secret(Name=os.environ["DATABASE_ADMIN_SECRET_ARN"], SecretString=json.dumps(ADMINISTRATOR))
    store = SecretStore(client, os.environ["DATABASE_SECRET_ARN"], server.host, server.port)
    store.create()
    return store


@pytest.fixture
def buckets(
    environment: None,  # noqa: ARG001 - which has to be set
    administrator: "tuple[SecretsManagerClient, DynamoDBClient]",
) -> None:
    """The table that counts requests."""
    _, client = administrator
    client.create_table(
        TableName=os.environ["REQUEST_BUCKETS_TABLE"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "Bucket", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Bucket", "KeyType": "HASH"}],
    )


@pytest.fixture
def product(
    secrets: SecretStore,  # noqa: ARG001 - the login has to be there
    buckets: None,  # noqa: ARG001 - and the table
    server: MariaDB,
    endpoint: str,
    observers: "list[EC2Client]",
) -> Iterator[Product]:
    """The product with empty tables, and an EC2 with capacity for every row."""
    server.create_database(DATABASE, ADMINISTRATOR["username"], ADMINISTRATOR["password"])
    user = DatabaseLogin(USERNAME, PASSWORD, server.host, server.port, DATABASE)
    prepare_user(replace(user, **ADMINISTRATOR), user)
    capacity = CapacityClient(endpoint)
    capacity.reset()
    for instance_type, zone in (GOOD, *TEMPTING):
        capacity.set_free(instance_type, zone, 100)
    connection = server.admin_connection(ssl_disabled=True, database=DATABASE)
    try:
        with connection.cursor() as cursor:
            create_missing_tables(cursor)
    finally:
        connection.close()
    yield Product(server, capacity, observers)
    server.drop_database(DATABASE)
