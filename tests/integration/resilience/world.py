"""What is around the functions: EC2, the database, Secrets Manager, and time."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pymysql
import pytest
from moto.ec2.models import ec2_backends

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import blueprint
from localcloud.ec2.faults import DESCRIBE, Fault, FaultKind
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import current
from localcloud.mariadb import MariaDB
from localcloud.server import Server
from odcr.gateways import database
from odcr.gateways import ec2 as ec2_gateway
from odcr.gateways import secret as secret_gateway
from odcr.gateways.database_user import prepare_user
from odcr.gateways.secret import DatabaseLogin
from odcr.observability import logger, metrics
from reserve_capacity import app as reserve_capacity
from tests import agreement
from tests.agreement import Key
from tests.integration.resilience.calls import Injector

REGION = "ap-northeast-1"
OWNER = f"odcr/{REGION}"
LAG_SECONDS = 25.0
"""How far a stale describe lags behind: less than the half a minute that the design allows for."""
LONG_LAG_SECONDS = 120.0
"""More than that. Things may then be bought twice, and are given back as soon as they are seen."""
ADMINISTRATOR = {"username": "resilience_admin", "password": "of-the-administrator"}
TABLES = ("odcr_capacity", "odcr_option", "odcr_status", "odcr_history", "odcr_lease", "odcr_outbox")


class SteppedClock(Clock):
    """Time that passes when it is told to."""

    def now(self) -> float:
        return _elapsed[0]

    def sleep(self, cloud_seconds: float) -> None:
        _elapsed[0] += cloud_seconds


# Clock is frozen, so the reading is beside it; it never goes back, for the process's EC2 remembers it.
_elapsed = [1e6]


class World:
    """The surroundings of one product, used by one test after another.

    Args:
        server: a running database server.
    """

    def __init__(self, server: MariaDB) -> None:
        self.clock = SteppedClock()
        ec2.install(self.clock)
        self._http = Server(0, [blueprint])
        self._http.start()
        self.endpoint = self._http.endpoint
        self.capacity = CapacityClient(self.endpoint)
        self.injector = Injector(self.clock.sleep, self._show_the_past, self._shown)
        self.lag = LAG_SECONDS
        """By how much a stale describe lags behind. Up to LAG_SECONDS it shows nothing older than one has shown."""
        self._shown_at = 0.0
        self._aged_until = self.clock.now()
        server.create_database("resilience", ADMINISTRATOR["username"], ADMINISTRATOR["password"])
        self.login: dict[str, Any] = {
            "username": "resilience",
            "password": "first-password",
            "host": server.host,
            "port": server.port,
            "dbname": "resilience",
        }
        self._server = server
        self._connection: Any = None

    @contextmanager
    def surrounding(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Within it the functions find this world, and no other."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "local")
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.endpoint)
        monkeypatch.setenv("AWS_REGION", REGION)
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        monkeypatch.setenv("STACK_NAME", "odcr")
        monkeypatch.setenv("ACCOUNT_ID", "123456789012")
        monkeypatch.setenv("RELEASE_ON_LOWERED_TARGET", "no")
        monkeypatch.setenv("SSL_CERT_FILE", str(Path(self._server.ca_file)))
        monkeypatch.setattr(metrics.provider, "flush_metrics", lambda **_: None)
        # Thousands of runs would write gigabytes.
        logger.setLevel("CRITICAL")
        # What the functions and boto3 sleep passes at once, for EC2 as well.
        shim = SimpleNamespace(sleep=self.clock.sleep, time=lambda: time.time() + self.clock.now())
        monkeypatch.setattr(reserve_capacity, "time", shim)
        monkeypatch.setattr(botocore.endpoint, "time", shim)
        for cached in (ec2_gateway._client, secret_gateway.client, database._tls):
            cached.cache_clear()
        self._ec2 = boto3.client("ec2", region_name=REGION)
        secrets = boto3.client("secretsmanager", region_name=REGION)
        self._connection = pymysql.connect(
            host=self._server.host,
            port=self._server.port,
            user=ADMINISTRATOR["username"],
            password=ADMINISTRATOR["password"],
            database="resilience",
            autocommit=True,
        )
        for name, login in (("DATABASE_SECRET_ARN", self.login), ("DATABASE_ADMIN_SECRET_ARN", ADMINISTRATOR)):
            made = secrets.create_secret(Name=f"odcr-{time.time_ns()}", SecretString=json.dumps(login))
            monkeypatch.setenv(name, made["ARN"])
        user = DatabaseLogin(**self.login)
        prepare_user(replace(user, **ADMINISTRATOR), user)
        try:
            with self.injector.installed():
                yield
        finally:
            self._connection.close()
            for cached in (ec2_gateway._client, secret_gateway.client, secret_gateway._fetched, database._tls):
                cached.cache_clear()

    def close(self) -> None:
        """Ends answering."""
        self._http.stop()
        self._server.drop_database("resilience")

    def reset(self, *, drop_tables: bool = False) -> None:
        """Empties everything; with `drop_tables` the database as well."""
        present = {name for (name,) in self.sql("SHOW TABLES")}
        for table in TABLES:
            if table in present:
                self.sql(f"DROP TABLE {table}" if drop_tables else f"DELETE FROM {table}")
        current().reset()
        self.lag = LAG_SECONDS
        self.release_on_lowered_target(is_on=False)
        self.start_cold()

    def release_on_lowered_target(self, *, is_on: bool) -> None:
        """Deploys the stack with the parameter as it is to be."""
        os.environ["RELEASE_ON_LOWERED_TARGET"] = "yes" if is_on else "no"

    def lead_the_password_astray(self) -> None:
        """Somebody changes the database's password and tells nobody."""
        self._server.set_password("resilience", "astray")
        self.start_cold()

    def give_the_user_too_many_rights(self) -> None:
        """Somebody lets the functions' user read everything."""
        with closing(self._server.admin_connection()) as connection, connection.cursor() as cursor:
            cursor.execute("GRANT SELECT ON *.* TO resilience@'%'")

    def start_cold(self) -> None:
        """The next invocation finds nothing that an earlier one remembered."""
        secret_gateway._fetched.cache_clear()
        ec2_gateway._is_ebs_optimizable.cache_clear()

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[Any, ...], ...]:
        """Runs one statement as a person would, who may do more than the functions."""
        with self.injector.watching(lambda _call: None), self._connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return tuple(cursor.fetchall())

    def set_target(self, key: Key, target: int) -> None:
        """Writes a row of the table, or changes it."""
        self.sql(
            "INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0) ON DUPLICATE KEY UPDATE Target_Capacity = %s",
            *key,
            target,
            target,
        )

    def pass_time(self, seconds: float) -> None:
        """Lets time pass, for EC2 and for the database."""
        self.clock.sleep(seconds)
        self.age_database()

    def age_database(self) -> None:
        """Takes the database along with the time that has passed: its own clock is the wall's."""
        seconds = self.clock.now() - self._aged_until
        self._aged_until = self.clock.now()
        present = {name for (name,) in self.sql("SHOW TABLES")}
        if "odcr_lease" in present and seconds > 0:
            self.sql("UPDATE odcr_lease SET Expires = Expires - INTERVAL %s MICROSECOND", int(seconds * 1e6))
            self.sql("UPDATE odcr_status SET Last_Tried = Last_Tried - INTERVAL %s MICROSECOND", int(seconds * 1e6))

    def reservations(self) -> list[Reservation]:
        """All that hold capacity in the Region, whoever made them, as EC2 has them and no describe shows them late."""
        state = current()
        with state.lock:
            state.settle()
            return [one for one in state.history("123456789012", REGION).all() if one.holds]

    def managed(self, key: Key) -> list[Reservation]:
        """Those that this stack holds for one target."""
        return [
            one
            for one in self.reservations()
            if (one.instance_type, one.availability_zone) == key and self._owner_of(one) == OWNER
        ]

    def foreign(self) -> list[tuple[str, int]]:
        """The ids and counts of those that are not this stack's."""
        return [(one.id, one.instance_count) for one in self.reservations() if self._owner_of(one) != OWNER]

    def held(self, key: Key) -> int:
        """Instances that this stack holds for one target."""
        return sum(one.instance_count for one in self.managed(key))

    def free(self, key: Key) -> int:
        """Instances that the pool still has."""
        return self.capacity.free(*key)

    def make_foreign(self, key: Key, count: int, owner: str | None) -> None:
        """A reservation of somebody else: untagged, or with another stack's tag."""
        tags = [{"Key": "odcr:stack", "Value": owner}] if owner else [{"Key": "team", "Value": "search"}]
        self._ec2.create_capacity_reservation(
            InstanceType=key[0],
            InstancePlatform="Linux/UNIX",
            AvailabilityZone=key[1],
            InstanceCount=count,
            TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": tags}],
        )

    def cancel(self, reservation_id: str) -> None:
        """A person cancels a reservation in the console."""
        self._ec2.cancel_capacity_reservation(CapacityReservationId=reservation_id)

    def rows(self) -> dict[Key, agreement.Row]:
        """What the tables say."""
        return agreement.rows(self.sql)

    def disagreements(self) -> list[str]:
        """What is not as it has to be after a run in which nothing went wrong."""
        managed = [
            agreement.Managed(one.id, (one.instance_type, one.availability_zone), one.instance_count)
            for one in self.reservations()
            if self._owner_of(one) == OWNER
        ]
        return agreement.disagreements(self.sql, managed, self.free)

    def is_leased(self) -> bool:
        """Whether some run holds the lease."""
        return self.sql("SELECT Holder FROM odcr_lease") not in ((), (("",),))

    def _show_the_past(self) -> None:
        state = current()
        with state.lock:
            now = self.clock.now()
            lag = self.lag if self.lag > LAG_SECONDS else min(self.lag, now - self._shown_at)
            state.faults.add(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, seconds=lag), now)

    def _shown(self) -> None:
        self._shown_at = self.clock.now()

    def _owner_of(self, reservation: Reservation) -> str | None:
        tags = ec2_backends["123456789012"][REGION].tags.get(reservation.id, {})
        owner = tags.get("odcr:stack")
        return str(owner) if owner is not None else None
