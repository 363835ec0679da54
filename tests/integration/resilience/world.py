"""What is around the functions: EC2, the database, Secrets Manager, and time."""

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
from localcloud.capacity_reservations.reservation import CapacityReservation
from localcloud.clock import Clock
from localcloud.database.mariadb import MariaDB
from localcloud.ec2 import state as state_module
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
"""How far a stale describe lags behind: less than the half a minute that the design allows for."""
LONG_LAG_SECONDS = 120.0
"""More than that. Things may then be bought twice, and are given back as soon as they are seen."""
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
    """Time that passes when it is told to."""

    def now(self) -> float:
        return _elapsed[0]

    def sleep(self, cloud_seconds: float) -> None:
        """What a function sleeps, while others work. It ends when its time is up.

        Raises:
            TimedOut: see there.
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
        """Lets time pass until then, if it is not past, whatever runs meanwhile."""
        _elapsed[0] = max(_elapsed[0], moment)


# Clock is frozen, so the readings are beside it. Time goes back only with a snapshot, for EC2 remembers it.
_elapsed = [1.8e9]


class _SteppedDatetime(datetime):
    """Tells the stepped time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_SteppedDatetime":
        return cls.fromtimestamp(_elapsed[0], tz)


_NOT_COPIED = ("lock", "clock")
"""Of EC2's state: what has no past."""
_COPIED = ("capacity_reservations", "capacity_reservation_tokens", "_nothing_changes_before", "tags")
"""Of moto's EC2: what a run changes."""
_LENT = {"SourceCapacityReservationId": "cr-0", "InterruptionType": "adhoc"}
_limits: dict[object, float] = {}
"""When the functions that run, or sleep, are to end, each in a strand of its own."""


class _Inline:
    """Stands in for a thread: a fault may step executions, which only their own thread can."""

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
    """Of moto's EC2."""
    rows: dict[str, tuple[tuple[Any, ...], ...]]
    buckets: dict[Any, Any]
    parameters: tuple[float, int, float]
    """How it asks."""


class World:
    """The surroundings of one product, used by one test after another.

    Args:
        server: a running database server.
    """

    def __init__(self, server: MariaDB) -> None:
        self.clock = SteppedClock()
        ec2.install(self.clock)
        self.capacity = CapacityControl()
        self.injector = Injector(answer, self.clock.sleep, self._show_the_past, self._shown)
        self.lag = LAG_SECONDS
        """By how much a stale describe lags behind. Up to LAG_SECONDS it shows nothing older than one has shown."""
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
        """Each invocation that ended by itself: the function, its event, its result or its error."""
        self.astray: set[str] = set()
        """The reservations that were this stack's, and have lost their tag or were split off without it."""
        self.lent: Counter[Key] = Counter()
        """Instances that are lent out."""
        self.published: list[dict[str, Any]] = []
        """What SNS was given."""
        self.price_updates: list[str] = []
        """The names of the executions of UpdatePrices that runs have started."""
        self.events: list[dict[str, Any]] = []
        """The entries that EventBridge was given."""
        arn = self._template.machine_arn
        self.machine = StateMachine(self._definition, arn, tasks(self, self._template), self.clock)
        """With the executions since the last reset."""

    @property
    def ask_seconds(self) -> float:
        """Seconds after its start in which a run sends requests."""
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
        """Within it the functions find this world, and no other."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "local")
        # Nothing listens there: what is sent is answered in this process.
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
        # EC2 dates what it makes by the same time. Where two dates are the same, the id decides.
        for module in (state_module, ec2_descriptions):
            monkeypatch.setattr(module, "datetime", _SteppedDatetime)
        # What the functions and boto3 sleep passes at once, for EC2 as well.
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
                    made = secrets.create_secret(Name=f"odcr-{time.time_ns()}", SecretString=json.dumps(login))
                    monkeypatch.setenv(name, made["ARN"])
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
        """Leaves nothing behind."""
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
        """How everything stands, to come back to."""
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
        """Comes back to it, in time as well, with no execution left."""
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
        """Deploys the stack with the parameter as it is to be."""
        os.environ["RELEASE_ON_LOWERED_TARGET"] = "yes" if is_on else "no"

    def ask_every(self, seconds: float, places: int = 40) -> None:
        """Deploys the stack with other parameters: seconds between two askings, and targets asked for at once."""
        os.environ["ASK_EVERY_SECONDS"], os.environ["MAP_CONCURRENCY"] = str(seconds), str(places)

    def ask_for(self, seconds: float) -> None:
        """Lets runs ask for another time than the state machine says, where less of it shows as much."""
        self._definition["States"]["FindShortfalls"]["Parameters"]["AskSeconds"] = seconds

    def schedule(self, expression: str = "rate(1 minute)", state: str = "ENABLED", ends: float | None = None) -> None:
        """Deploys the stack with other parameters: when its schedule starts runs. It starts none in this world.

        Args:
            expression: how often.
            state: whether at all.
            ends: in seconds since the epoch, if ever.
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
        """Somebody deletes it."""
        scheduler_backends[ACCOUNT][REGION].schedule_groups["default"].schedules.clear()

    def change_the_password(self) -> None:
        """Somebody changes the database's password and tells nobody."""
        self._server.set_password("resilience", "astray")
        self.start_cold()

    def grant_too_many_rights(self) -> None:
        """Somebody lets the functions' user read everything."""
        with closing(self._server.admin_connection()) as connection, connection.cursor() as cursor:
            cursor.execute("GRANT SELECT ON *.* TO resilience@'%'")

    def start_cold(self) -> None:
        """The next invocation finds nothing that an earlier one remembered."""
        secret_gateway._fetched.cache_clear()
        instance_types._ebs_optimizable.clear()
        instance_types._vcpus.clear()
        reserve_capacity._buckets.clear()

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[Any, ...], ...]:
        """Runs one statement as a person would, who may do more than the functions."""
        with self.injector.watching(lambda _call: None), self._connection.cursor() as cursor:
            self._set_database_clock(cursor.execute)
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
        """Lets time pass, for EC2, the database and the functions that sleep. No execution takes another step."""
        self.machine.wait_until(self.clock.now() + seconds)

    @contextmanager
    def limited_to(self, seconds: float) -> Iterator[float]:
        """Within it a function runs that has so much time; yields the moment when it is up.

        Raises:
            TimedOut: when it is.
        """
        ends = self.clock.now() + seconds
        _limits[getcurrent()] = ends
        try:
            yield ends
        finally:
            del _limits[getcurrent()]

    def _set_database_clock(self, execute: Callable[[str], Any]) -> None:
        # For one connection, and what it is told as the time stands until it is told again.
        execute(f"SET timestamp = {self.clock.now():.6f}")

    def reservations(self) -> list[CapacityReservation]:
        """All that hold capacity in the Region, whoever made them, as EC2 has them and no describe shows them late."""
        state = current()
        with state.lock:
            state.settle()
            return [one for one in ec2_backends[ACCOUNT][REGION].capacity_reservations.values() if one.holds]

    def managed(self, key: Key) -> list[CapacityReservation]:
        """Those that this stack holds for one row."""
        return [
            one
            for one in self.reservations()
            if (one.instance_type, one.availability_zone) == key
            and self._owner_of(one) == OWNER
            and not self._group_of(one)
        ]

    def managed_of_group(self, name: str) -> list[CapacityReservation]:
        """Those that this stack holds for one group."""
        return [one for one in self.reservations() if self._owner_of(one) == OWNER and self._group_of(one) == name]

    def foreign(self) -> list[tuple[str, int]]:
        """The ids and counts of those that are not this stack's."""
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
        """Writes a group and its members, the most wanted first, or changes it."""
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
        """A reservation of somebody else: untagged, or with another stack's tag."""
        tags = [{"Key": "odcr:stack", "Value": owner}] if owner else [{"Key": "team", "Value": "search"}]
        self._ec2.create_capacity_reservation(
            InstanceType=key[0],
            InstancePlatform="Linux/UNIX",
            AvailabilityZone=key[1],
            InstanceCount=count,
            TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": tags}],
        )

    def launch(self, key: Key, count: int, **more: Any) -> list[str]:
        """Somebody runs instances, on Linux unless the parameters of RunInstances say otherwise; their ids."""
        parameters = {"ImageId": "ami-12345678", "InstanceType": key[0], "Placement": {"AvailabilityZone": key[1]}}
        launched = self._ec2.run_instances(MinCount=count, MaxCount=count, **parameters | more)
        return [one["InstanceId"] for one in launched["Instances"]]

    def terminate(self, instance_ids: list[str]) -> None:
        """Somebody ends instances."""
        self._ec2.terminate_instances(InstanceIds=instance_ids)

    def cancel(self, reservation_id: str) -> None:
        """A person cancels a reservation in the console."""
        self._ec2.cancel_capacity_reservation(CapacityReservationId=reservation_id)

    def share(self, key: Key, count: int) -> None:
        """Another account shares a reservation of its own, which bears this stack's tags."""
        tags = {"odcr:stack": OWNER, "odcr:made": "0" * 64}
        self.capacity.plant(*key, count, tags, OwnerId="210987654321")

    def remove_tag(self, reservation_id: str) -> None:
        """A person tidies up the tags."""
        self.astray.add(reservation_id)
        self._ec2.delete_tags(Resources=[reservation_id], Tags=[{"Key": "odcr:stack"}])

    def split(self, reservation_id: str, count: int, *, tagged: bool) -> str:
        """A person splits so many instances off, and may give them the source's tags; the new id."""
        tags = [{"Key": key, "Value": value} for key, value in self._tags_of(reservation_id).items()]
        specification: Any = [{"ResourceType": "capacity-reservation", "Tags": tags}]
        more: Any = {"TagSpecifications": specification} if tagged else {}
        answer = self._ec2.create_capacity_reservation_by_splitting(
            SourceCapacityReservationId=reservation_id, InstanceCount=count, **more
        )
        split_off = answer["DestinationCapacityReservation"]["CapacityReservationId"]
        if not tagged:
            self.astray.add(split_off)
        return split_off

    def lend(self, reservation_id: str, count: int) -> None:
        """A person makes so many instances of a reservation available to other accounts, interruptibly.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/interruptible-capacity-reservations.html
        """
        (one,) = (one for one in self.reservations() if one.id == reservation_id)
        self.lent[one.instance_type, one.availability_zone] += count
        lent = self.capacity.plant(
            one.instance_type, one.availability_zone, count, {}, Interruptible=True, InterruptionInfo=_LENT
        )
        before = (one.described.get("InterruptibleCapacityAllocation") or {}).get("InstanceCount", 0)
        allocation = {"InstanceCount": before + count, "Status": "active", "InterruptibleCapacityReservationId": lent}
        self.capacity.alter(
            reservation_id, TotalInstanceCount=one.instance_count - count, InterruptibleCapacityAllocation=allocation
        )

    def refuse_changes(self, reservation_id: str, code: str) -> None:
        """From now on EC2 does not change the count of a reservation."""
        self.capacity.inject(Fault(MODIFY, FaultKind.REFUSED, None, reservation_id=reservation_id, code=code))

    def rows(self) -> dict[Key, agreement.Row]:
        """What the tables say."""
        return agreement.rows(self.sql)

    def disagreements(self) -> list[str]:
        """What is not as it has to be after a run in which nothing went wrong."""
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
        """Whether some run holds the lease."""
        return self.sql("SELECT Holder FROM odcr_lease WHERE Name = 'run'") not in ((), (("",),))

    def _show_the_past(self) -> None:
        state = current()
        with state.lock:
            now = self.clock.now()
            lag = self.lag if self.lag > LAG_SECONDS else min(self.lag, now - self._shown_at)
            state.faults.add(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, seconds=lag), now)

    def _shown(self) -> None:
        self._shown_at = self.clock.now()

    def _tags_of(self, reservation_id: str) -> dict[str, str]:
        return dict(ec2_backends[ACCOUNT][REGION].tags.get(reservation_id, {}))

    def _group_of(self, reservation: CapacityReservation) -> str:
        return str(self._tags_of(reservation.id).get("odcr:group", ""))

    def _owner_of(self, reservation: CapacityReservation) -> str | None:
        tags = self._tags_of(reservation.id)
        owner = tags.get("odcr:stack") if reservation.owner_id == ACCOUNT else None
        return str(owner) if owner is not None else None
