"""Everything around the functions: EC2, the database, Secrets Manager, and time."""

import copy
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pymysql
import pytest
from greenlet import getcurrent  # type: ignore[import-untyped]
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random
from moto.scheduler.models import scheduler_backends

import find_shortfalls
import reserve_capacity
from localcloud import ec2
from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.reservation import CapacityReservation
from localcloud.clock import Clock
from localcloud.database.mariadb import MariaDB
from localcloud.ec2.faults import DESCRIBE, MODIFY, Fault, FaultKind
from localcloud.ec2.state import current
from odcr.gateways import (
    database,
    ec2_clients,
    ec2_descriptions,
    ec2_regions,
    instance_types,
    request_buckets,
    spend_ledger,
)
from odcr.gateways import schedule as schedule_gateway
from odcr.gateways import secret as secret_gateway
from odcr.gateways.database_user import prepare_user
from odcr.gateways.secret import DatabaseLogin
from odcr.observability import logger, metrics
from stepper.definition import Template
from stepper.execution import Execution, StateMachine
from stepper.strand import is_in_strand, sleep_until
from tests import agreement
from tests.agreement import Key
from tests.integration.resilience.aws import CapacityControl, answer
from tests.integration.resilience.injector import Injector
from tests.integration.resilience.tasks import TimedOut, tasks

REGION = "ap-northeast-1"
OWNER = f"odcr/{REGION}"
ACCOUNT = "123456789012"
LAG_SECONDS = 25.0
"""The lag of a stale describe: less than the half minute that the design allows for."""
LONG_LAG_SECONDS = 120.0
"""A longer lag, with which duplicates may be bought; they are given back as soon as they are seen."""
BUCKETS = "request-buckets"
ADMINISTRATOR = {"username": "resilience_admin", "password": "of-the-administrator"}
TABLES = (
    "odcr_capacity",
    "odcr_option",
    "odcr_group",
    "odcr_group_member",
    "odcr_status",
    "odcr_history",
    "odcr_lease",
    "odcr_outbox",
    "odcr_price",
)


class SteppedClock(Clock):
    """Time that passes only on demand."""

    def now(self) -> float:
        return _elapsed[0]

    def sleep(self, cloud_seconds: float) -> None:
        """Lets a function sleep while others work, at most until it times out.

        Raises:
            TimedOut: the function's time is up.
        """
        limit = _limits.get(getcurrent(), float("inf"))
        moment = min(self.now() + cloud_seconds, limit)
        if moment > self.now():
            if is_in_strand():
                sleep_until(moment)
            else:
                self.wait_until(moment)
        if self.now() >= limit:
            raise TimedOut

    def wait_until(self, moment: float) -> None:
        """Moves the time on to this moment, unless it is past."""
        _elapsed[0] = max(_elapsed[0], moment)


# A module variable, as Clock is frozen. Time goes back only with a snapshot, because EC2 remembers it.
_elapsed = [1.8e9]


class _SteppedDatetime(datetime):
    """Reads the stepped time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_SteppedDatetime":
        return cls.fromtimestamp(_elapsed[0], tz)


_NOT_COPIED = ("lock", "clock")
"""Fields of EC2's state that no snapshot has."""
_COPIED = ("capacity_reservations", "capacity_reservation_tokens", "_nothing_changes_before", "tags")
"""Fields of moto's EC2 that a run changes."""
_LENT = {"SourceCapacityReservationId": "cr-0", "InterruptionType": "adhoc"}
_limits: dict[object, float] = {}
"""The end of each running or sleeping function's time, by its strand."""


class _Inline:
    """Stands in for a thread and works in the caller's: only that thread may step executions, as a fault does."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> None:
        del daemon
        self._work = lambda: target(*args)

    def start(self) -> None:
        self._work()


@dataclass(frozen=True)
class Snapshot:
    """The world at one moment."""

    now: float
    ec2: dict[str, Any]
    moto: dict[str, Any]
    """Fields of moto's EC2."""
    rows: dict[str, tuple[tuple[Any, ...], ...]]
    buckets: dict[Any, Any]
    parameters: tuple[float, int, float]
    """Seconds between two requests, the Map's places, and seconds for which a run asks."""


class World:
    """The surroundings of one stack, used by one test after another.

    Args:
        server: a running database server.
    """

    def __init__(self, server: MariaDB) -> None:
        self.clock = SteppedClock()
        ec2.install(self.clock)
        self.capacity = CapacityControl()
        self.injector = Injector(answer, self.clock.sleep, self._make_stale, self._note_fresh)
        self.lag = LAG_SECONDS
        """The lag of a stale describe, in seconds. Up to LAG_SECONDS it never goes behind a fresh one."""
        self._shown_at = 0.0
        self.injector.connected = self._set_database_clock
        self._template = Template(Path(__file__).parents[3] / "template.yaml")
        self._definition = self._template.definition()
        self._ask_seconds = self.ask_seconds
        self._deploy()
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

    def _deploy(self) -> None:
        self.answered: list[tuple[str, Any, Any]] = []
        """Each invocation that was not killed: the function, its event, its result or error."""
        self.astray: set[str] = set()
        """Ids of reservations that lost the stack's tag, or were split off without it."""
        self.lent: Counter[Key] = Counter()
        """Instances lent out, by pool."""
        self.published: list[dict[str, Any]] = []
        """The mails published to SNS."""
        self.price_updates: list[str] = []
        """The names of the UpdatePrices executions that runs have started."""
        self.events: list[dict[str, Any]] = []
        """The entries put on EventBridge."""
        arn = self._template.machine_arn
        self.machine = StateMachine(self._definition, arn, tasks(self, self._template), self.clock)
        """The state machine, with its executions since the last reset."""

    @property
    def ask_seconds(self) -> float:
        """Seconds for which a run sends requests, from its start."""
        return float(self._definition["States"]["FindShortfalls"]["Parameters"]["AskSeconds"])

    @property
    def lease_seconds(self) -> float:
        """Seconds after which the lease of a run that died expires."""
        return float(self._definition["States"]["LoadTargets"]["Parameters"]["LeaseSeconds"])

    def start(self, name: str) -> Execution:
        """Starts a run as the schedule does."""
        return self.machine.start(name, self._template.schedule_input())

    @contextmanager
    def surrounding(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """The functions see only this world inside this context."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "local")
        # Nothing listens there: requests are answered in this process.
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_REGION", REGION)
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        monkeypatch.setenv("STACK_NAME", "odcr")
        monkeypatch.setenv("ACCOUNT_ID", "123456789012")
        monkeypatch.setenv("RELEASE_ON_LOWERED_TARGET", "no")
        monkeypatch.setenv("HISTORY_DAYS", "400")
        monkeypatch.setenv("REQUEST_BUCKETS_TABLE", BUCKETS)
        monkeypatch.setenv("SLOW_AFTER_HOURS", "24")
        monkeypatch.setenv("SSL_CERT_FILE", str(Path(self._server.ca_file)))
        monkeypatch.setattr(metrics.provider, "flush_metrics", lambda **_: metrics.provider.clear_metrics())
        # Thousands of runs would write gigabytes.
        level = logger.log_level
        logger.setLevel("CRITICAL")
        # EC2 uses the same time. Reservations with the same date are ordered by id.
        for module in (market, ec2_descriptions):
            monkeypatch.setattr(module, "datetime", _SteppedDatetime)
        # The sleeps of the functions and of boto3 take no real time.
        shim = SimpleNamespace(sleep=self.clock.sleep, time=self.clock.now)
        for module in (reserve_capacity, find_shortfalls, request_buckets, spend_ledger, botocore.endpoint):
            monkeypatch.setattr(module, "time", shim)
        monkeypatch.setattr(find_shortfalls, "datetime", _SteppedDatetime)
        monkeypatch.setattr(ec2_regions, "threading", SimpleNamespace(Thread=_Inline))
        caches = (
            ec2_clients._client,
            secret_gateway.client,
            database._tls,
            request_buckets.client,
            schedule_gateway._client,
        )
        for cached in caches:
            cached.cache_clear()
        self._connection = pymysql.connect(
            host=self._server.host,
            port=self._server.port,
            user=ADMINISTRATOR["username"],
            password=ADMINISTRATOR["password"],
            database="resilience",
            autocommit=True,
        )
        user = DatabaseLogin(**self.login)
        prepare_user(replace(user, **ADMINISTRATOR), user)
        try:
            with self.injector.installed():
                self._ec2 = boto3.client("ec2", region_name=REGION)
                secrets = boto3.client("secretsmanager", region_name=REGION)
                for name, login in (("DATABASE_SECRET_ARN", self.login), ("DATABASE_ADMIN_SECRET_ARN", ADMINISTRATOR)):
                    secret = secrets.create_secret(Name=f"odcr-{time.time_ns()}", SecretString=json.dumps(login))
                    monkeypatch.setenv(name, secret["ARN"])
                boto3.client("dynamodb", region_name=REGION).create_table(
                    TableName=BUCKETS,
                    BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[{"AttributeName": "Bucket", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "Bucket", "KeyType": "HASH"}],
                )
                self._scheduler = boto3.client("scheduler", region_name=REGION)
                yield
        finally:
            logger.setLevel(level)
            self._connection.close()
            dynamodb_backends[ACCOUNT][REGION].tables.pop(BUCKETS, None)
            for cached in (*caches, secret_gateway._fetched):
                cached.cache_clear()

    def close(self) -> None:
        """Drops the database."""
        self._server.drop_database("resilience")

    def reset(self, *, drop_tables: bool = False) -> None:
        """Empties everything; with `drop_tables` the database as well."""
        present = {name for (name,) in self.sql("SHOW TABLES")}
        for table in TABLES:
            if table in present:
                self.sql(f"DROP TABLE {table}" if drop_tables else f"DELETE FROM {table}")
        if drop_tables:
            self.sql("DROP TABLE IF EXISTS odcr_version")
        current().reset()
        mock_random.seed(0)
        self.injector.silent.clear()
        self._deploy()
        self.lag = LAG_SECONDS
        self.release_on_lowered_target(is_on=False)
        self.ask_every(14)
        self.ask_for(self._ask_seconds)
        self.schedule()
        dynamodb_backends[ACCOUNT][REGION].tables[BUCKETS].items.clear()
        self.start_cold()

    def snapshot(self) -> "Snapshot":
        """The present state, for `restore`."""
        state = current()
        with state.lock:
            fields = {name: value for name, value in vars(state).items() if name not in _NOT_COPIED}
            return Snapshot(
                self.clock.now(),
                copy.deepcopy(fields),
                copy.deepcopy({name: getattr(ec2_backends[ACCOUNT][REGION], name) for name in _COPIED}),
                {table: self.sql(f"SELECT * FROM {table}") for table in TABLES},
                copy.deepcopy(dict(dynamodb_backends[ACCOUNT][REGION].tables[BUCKETS].items)),
                (float(os.environ["ASK_EVERY_SECONDS"]), int(os.environ["MAP_CONCURRENCY"]), self.ask_seconds),
            )

    def restore(self, snapshot: "Snapshot") -> None:
        """Goes back to a snapshot, also in time, with no execution left."""
        self.reset()
        every, places, seconds = snapshot.parameters
        self.ask_every(every, places)
        self.ask_for(seconds)
        _elapsed[0] = snapshot.now
        self._shown_at = 0.0
        state = current()
        with state.lock:
            vars(state).update(copy.deepcopy(snapshot.ec2))
            vars(ec2_backends[ACCOUNT][REGION]).update(copy.deepcopy(snapshot.moto))
        dynamodb_backends[ACCOUNT][REGION].tables[BUCKETS].items.update(copy.deepcopy(snapshot.buckets))
        for table, rows in snapshot.rows.items():
            for row in rows:
                self.sql(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", *row)

    def release_on_lowered_target(self, *, is_on: bool) -> None:
        """Deploys the stack with or without ReleaseOnLoweredTarget."""
        os.environ["RELEASE_ON_LOWERED_TARGET"] = "yes" if is_on else "no"

    def ask_every(self, seconds: float, places: int = 40) -> None:
        """Deploys the stack with other seconds between two requests, and other places in the Map."""
        os.environ["ASK_EVERY_SECONDS"], os.environ["MAP_CONCURRENCY"] = str(seconds), str(places)

    def ask_for(self, seconds: float) -> None:
        """Lets runs ask for so many seconds, where a shorter time is enough for the test."""
        self._definition["States"]["FindShortfalls"]["Parameters"]["AskSeconds"] = seconds

    def schedule(self, expression: str = "rate(1 minute)", state: str = "ENABLED", ends: float | None = None) -> None:
        """Deploys the stack with another schedule, which starts no runs in this world.

        Args:
            expression: its period.
            state: ENABLED or DISABLED.
            ends: its end, in seconds since the epoch, if it has one.
        """
        self.delete_schedule()
        more: dict[str, Any] = {} if ends is None else {"EndDate": datetime.fromtimestamp(ends, UTC)}
        with self.injector.watching(lambda _call: None):
            self._scheduler.create_schedule(
                Name="odcr",
                ScheduleExpression=expression,
                State=state,
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": self.machine.arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/schedule"},
                **more,
            )

    def delete_schedule(self) -> None:
        """A person deletes the schedule."""
        scheduler_backends[ACCOUNT][REGION].schedule_groups["default"].schedules.clear()

    def change_the_password(self) -> None:
        """A person changes the database's password, but not the secret."""
        self._server.set_password("resilience", "another-password")
        self.start_cold()

    def grant_too_many_rights(self) -> None:
        """A person lets the functions' user read every database."""
        with closing(self._server.admin_connection()) as connection, connection.cursor() as cursor:
            cursor.execute("GRANT SELECT ON *.* TO resilience@'%'")

    def start_cold(self) -> None:
        """Clears everything that functions keep between invocations."""
        secret_gateway._fetched.cache_clear()
        instance_types._ebs_optimizable.clear()
        instance_types._vcpus.clear()
        reserve_capacity._buckets.clear()

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[Any, ...], ...]:
        """Runs one statement as a person who has more rights than the functions."""
        with self.injector.watching(lambda _call: None), self._connection.cursor() as cursor:
            self._set_database_clock(cursor.execute)
            cursor.execute(statement, arguments or None)
            return tuple(cursor.fetchall())

    def set_target(self, key: Key, target: int) -> None:
        """Inserts or updates a row of odcr_capacity."""
        self.sql(
            "INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0) ON DUPLICATE KEY UPDATE Target_Capacity = %s",
            *key,
            target,
            target,
        )

    def pass_time(self, seconds: float) -> None:
        """Lets time pass for EC2, the database and sleeping functions. No execution takes a step."""
        self.machine.wait_until(self.clock.now() + seconds)

    @contextmanager
    def limited_to(self, seconds: float) -> Iterator[float]:
        """A context in which a function runs with this time-out; yields when its time is up.

        Raises:
            TimedOut: the time is up.
        """
        ends = self.clock.now() + seconds
        _limits[getcurrent()] = ends
        try:
            yield ends
        finally:
            del _limits[getcurrent()]

    def _set_database_clock(self, execute: Callable[[str], Any]) -> None:
        # Applies to one connection, and holds until it is set again.
        execute(f"SET timestamp = {self.clock.now():.6f}")

    def reservations(self) -> list[CapacityReservation]:
        """All reservations that hold capacity in the Region, of any owner, without a describe's lag."""
        state = current()
        with state.lock:
            state.settle()
            reservations = ec2_backends[ACCOUNT][REGION].capacity_reservations.values()
            return [reservation for reservation in reservations if reservation.holds]

    def managed(self, key: Key) -> list[CapacityReservation]:
        """The reservations that this stack holds for one row."""
        return [
            one
            for one in self.reservations()
            if (one.instance_type, one.availability_zone) == key
            and self._owner_of(one) == OWNER
            and not self._group_of(one)
        ]

    def managed_of_group(self, name: str) -> list[CapacityReservation]:
        """The reservations that this stack holds for one group."""
        return [one for one in self.reservations() if self._owner_of(one) == OWNER and self._group_of(one) == name]

    def foreign(self) -> list[tuple[str, int]]:
        """The ids and counts of all reservations that are not this stack's."""
        return [(one.id, one.instance_count) for one in self.reservations() if self._owner_of(one) != OWNER]

    def held(self, key: Key) -> int:
        """Instances that this stack holds for one target."""
        return sum(one.instance_count for one in self.managed(key))

    def held_of_group(self, name: str, weights: Mapping[Key, int]) -> int:
        """Units that this stack holds for one group."""
        return sum(
            one.instance_count * weights[one.instance_type, one.availability_zone]
            for one in self.managed_of_group(name)
        )

    def set_group(self, name: str, total: int, weights: Mapping[Key, int]) -> None:
        """Inserts or updates a group; its members are in order of priority."""
        self.sql(
            "INSERT INTO odcr_group (Group_Name, TotalTargetCapacity) VALUES (%s, %s) "
            "ON DUPLICATE KEY UPDATE TotalTargetCapacity = %s",
            name,
            total,
            total,
        )
        self.sql("DELETE FROM odcr_group_member WHERE Group_Name = %s", name)
        for priority, ((instance_type, zone), weight) in enumerate(weights.items()):
            self.sql(
                "INSERT INTO odcr_group_member (Group_Name, InstanceType, AvailabilityZone, Priority, Weight) "
                "VALUES (%s, %s, %s, %s, %s)",
                name,
                instance_type,
                zone,
                priority,
                weight,
            )

    def free(self, key: Key) -> int:
        """Instances that the pool still has."""
        return self.capacity.free(*key)

    def make_foreign(self, key: Key, count: int, owner: str | None) -> None:
        """Makes another owner's reservation: without a stack's tag, or with another stack's."""
        tags = [{"Key": "odcr:stack", "Value": owner}] if owner else [{"Key": "team", "Value": "search"}]
        self._ec2.create_capacity_reservation(
            InstanceType=key[0],
            InstancePlatform="Linux/UNIX",
            AvailabilityZone=key[1],
            InstanceCount=count,
            TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": tags}],
        )

    def launch(self, key: Key, count: int, **more: Any) -> list[str]:
        """Launches instances, on Linux unless `more` of RunInstances says otherwise; returns their ids."""
        parameters = {"ImageId": "ami-12345678", "InstanceType": key[0], "Placement": {"AvailabilityZone": key[1]}}
        launched = self._ec2.run_instances(MinCount=count, MaxCount=count, **parameters | more)
        return [one["InstanceId"] for one in launched["Instances"]]

    def terminate(self, instance_ids: list[str]) -> None:
        """Terminates instances."""
        self._ec2.terminate_instances(InstanceIds=instance_ids)

    def cancel(self, reservation_id: str) -> None:
        """A person cancels a reservation in the console."""
        self._ec2.cancel_capacity_reservation(CapacityReservationId=reservation_id)

    def share(self, key: Key, count: int) -> None:
        """Another account shares a reservation of its own that has this stack's tags."""
        tags = {"odcr:stack": OWNER, "odcr:made": "0" * 64}
        self.capacity.plant(*key, count, tags, OwnerId="210987654321")

    def remove_tag(self, reservation_id: str) -> None:
        """A person removes the stack's tag."""
        self.astray.add(reservation_id)
        self._ec2.delete_tags(Resources=[reservation_id], Tags=[{"Key": "odcr:stack"}])

    def split(self, reservation_id: str, count: int, *, tagged: bool) -> str:
        """A person splits so many instances off, perhaps with the source's tags; returns the new id.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-split.html
        """
        (source,) = (each for each in self.reservations() if each.id == reservation_id)
        split_off = self.capacity.plant(
            source.instance_type,
            source.availability_zone,
            count,
            self._tags_of(reservation_id) if tagged else {},
            InstancePlatform=source.instance_platform,
            Tenancy=source.tenancy,
            EbsOptimized=source.ebs_optimized,
            InstanceMatchCriteria=source.instance_match_criteria,
            EndDate=source.end_date,
        )
        self.capacity.alter(reservation_id, TotalInstanceCount=source.instance_count - count)
        if not tagged:
            self.astray.add(split_off)
        return split_off

    def lend(self, reservation_id: str, count: int) -> None:
        """A person makes so many instances of a reservation available to other accounts, interruptibly.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/interruptible-capacity-reservations.html
        """
        (source,) = (each for each in self.reservations() if each.id == reservation_id)
        self.lent[source.instance_type, source.availability_zone] += count
        lent = self.capacity.plant(
            source.instance_type, source.availability_zone, count, {}, Interruptible=True, InterruptionInfo=_LENT
        )
        before = (source.described.get("InterruptibleCapacityAllocation") or {}).get("InstanceCount", 0)
        allocation = {"InstanceCount": before + count, "Status": "active", "InterruptibleCapacityReservationId": lent}
        self.capacity.alter(
            reservation_id, TotalInstanceCount=source.instance_count - count, InterruptibleCapacityAllocation=allocation
        )

    def refuse_changes(self, reservation_id: str, code: str) -> None:
        """From now on EC2 refuses to change the count of a reservation."""
        self.capacity.inject(Fault(MODIFY, FaultKind.REFUSED, None, reservation_id=reservation_id, code=code))

    def rows(self) -> dict[Key, agreement.Row]:
        """The rows of odcr_capacity, with their status."""
        return agreement.rows(self.sql)

    def disagreements(self) -> list[str]:
        """Problems that there may not be after a run without faults."""
        managed = [
            agreement.Managed(
                one.id, (one.instance_type, one.availability_zone), one.instance_count, self._group_of(one)
            )
            for one in self.reservations()
            if self._owner_of(one) == OWNER
        ]
        astray = [
            agreement.Managed(one.id, (one.instance_type, one.availability_zone), one.instance_count)
            for one in self.reservations()
            if one.id in self.astray
        ]
        return agreement.disagreements(self.sql, managed, self.free, astray, self.lent)

    def is_leased(self) -> bool:
        """Whether a run holds the lease."""
        return self.sql("SELECT Holder FROM odcr_lease WHERE Name = 'run'") not in ((), (("",),))

    def _make_stale(self) -> None:
        state = current()
        with state.lock:
            now = self.clock.now()
            lag = self.lag if self.lag > LAG_SECONDS else min(self.lag, now - self._shown_at)
            state.faults.add(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, seconds=lag), now)

    def _note_fresh(self) -> None:
        self._shown_at = self.clock.now()

    def _tags_of(self, reservation_id: str) -> dict[str, str]:
        return dict(ec2_backends[ACCOUNT][REGION].tags.get(reservation_id, {}))

    def _group_of(self, reservation: CapacityReservation) -> str:
        return str(self._tags_of(reservation.id).get("odcr:group", ""))

    def _owner_of(self, reservation: CapacityReservation) -> str | None:
        tags = self._tags_of(reservation.id)
        owner = tags.get("odcr:stack") if reservation.owner_id == ACCOUNT else None
        return str(owner) if owner is not None else None
