"""The product's handlers, called as its state machine calls them."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import find_shortfalls
import load_targets
import prepare_database
import record_results
import reserve_capacity
from localcloud.database.mariadb import MariaDB
from localcloud.ec2.client import CapacityClient
from odcr.gateways import database, ec2_clients, instance_types, request_buckets, schedule, secret
from stepper.branch import TaskFailed
from stepper.definition import Template
from stepper.execution import StateMachine
from stepper.execution import Status as ExecutionStatus

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

DATABASE, USERNAME, PASSWORD = "odcr_db", "odcr", "Tr0ub4dor-and-3"
ADMINISTRATOR = {"username": "chief", "password": "c0rrect-horse-battery"}
HOME, ABROAD = "ap-northeast-1", "us-east-1"
GOOD = ("m5.large", "ap-northeast-1a")
"""The row beside each bad one."""
GOOD_TARGET = 2
TEMPTING = (("r5b.2xlarge", "ap-northeast-1c"), ("r5b.2xlarge", "ap-northeast-1a"), ("r5b.2xlarge", "us-east-1a"))
"""Pools with enough capacity for anything that a bad row could be mistaken for."""

HANDLERS: dict[str, Callable[[Any, Any], Any]] = {
    "LoadTargets": load_targets.handler,
    "FindShortfalls": find_shortfalls.handler,
    "ReserveCapacity": reserve_capacity.handler,
    "RecordResults": record_results.handler,
    "PrepareDatabase": prepare_database.handler,
}
TEMPLATE = Template(Path(__file__).parents[3] / "template.yaml")


def forget() -> None:
    """Clears what the functions keep between invocations."""
    for module in (database, secret, ec2_clients, request_buckets, schedule):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
    forget_types()


def forget_types() -> None:
    """Clears what the functions keep of EC2's answers; they keep their clients, which cost more than a run."""
    instance_types._ebs_optimizable.clear()
    instance_types._vcpus.clear()


class Context:
    """Lambda's context object, as far as the handlers and Powertools read it."""

    function_name = "odcr"
    function_version = "$LATEST"
    memory_limit_in_mb = "256"
    invoked_function_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:odcr"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Enough for one request, and not for another after ASK_EVERY_SECONDS."""
        return 98_000


def invoke(handler: str, event: Any) -> Any:
    """One invocation, with event and answer as JSON carries them."""
    return json.loads(json.dumps(HANDLERS[handler](json.loads(json.dumps(event)), Context())))


def _without_retries(definition: Any) -> Any:
    """The same definition without retries: they do not help against bad input."""
    if isinstance(definition, list):
        return [_without_retries(one) for one in definition]
    if isinstance(definition, dict):
        return {name: _without_retries(value) for name, value in definition.items() if name != "Retry"}
    return definition


def _task(handler: str) -> Callable[[Any], Any]:
    """An invocation by the state machine, with an error as Lambda reports it."""

    def invoked(event: Any) -> Any:
        try:
            return invoke(handler, event)
        except Exception as error:
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            raise TaskFailed(type(error).__name__, json.dumps(answer)) from error

    return invoked


@dataclass
class _SkippingClock:
    """A clock on which waits take no time."""

    _skipped: float = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._skipped

    def wait_until(self, moment: float) -> None:
        """Skips the time until then."""
        self._skipped += max(0.0, moment - self.now())


@dataclass(frozen=True)
class Status:
    """A row of `odcr_status`."""

    status: str
    reserved: int
    reason: str


@dataclass(frozen=True)
class Seen:
    """Everything that bad input must not harm."""

    good_row: Status | None
    current: int
    """`Current_Capacity` of the good row."""
    bought: list[tuple[str, str, int]]


UNHARMED = Seen(Status("FULFILLED", GOOD_TARGET, ""), GOOD_TARGET, [(*GOOD, GOOD_TARGET)])
"""The good row has what it wants, and nothing else was bought."""
UNTOUCHED = Seen(None, 0, [])
"""Before the first run that succeeds."""


@dataclass
class Product:
    """The product with its database and EC2.

    Args:
        server: the database's.
        capacity: changes what EC2 has.
        observers: clients of EC2, one for each Region.
    """

    server: MariaDB
    capacity: CapacityClient
    observers: "Sequence[EC2Client]"
    announced: list[str] = field(default_factory=list)
    """The announcements of the last run."""

    def __post_init__(self) -> None:
        tasks = {one.arn: _task(one.name) for one in TEMPLATE.functions()}
        tasks["arn:aws:states:::sns:publish"] = lambda payload: self.announced.append(payload["Message"])
        tasks["arn:aws:states:::states:startExecution"] = lambda _payload: {}
        self._machine = StateMachine(
            _without_retries(TEMPLATE.definition()), TEMPLATE.machine_arn, tasks, _SkippingClock()
        )

    def run(self) -> dict[tuple[str, str], Status]:
        """Plays one run without retries and returns the rows of `odcr_status`."""
        self.announced.clear()
        execution = self._machine.start(f"run-{len(self._machine.executions) + 1}").run()
        assert execution.status is ExecutionStatus.SUCCEEDED, execution.failure
        assert "RecordResults" in execution.entered
        return self.statuses()

    def release_lease(self, execution: str) -> None:
        """Gives the lease back, as the state machine does after a failure."""
        invoke("RecordResults", {"Execution": execution, "Failure": "Error"})

    def insert(self, instance_type: str, zone: str, target: int | None) -> None:
        """Adds a row to `odcr_capacity`."""
        self.sql("INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0)", (instance_type, zone, target))

    def insert_good_row(self) -> None:
        """Adds the good row, for which EC2 has enough."""
        self.insert(*GOOD, GOOD_TARGET)

    def sql(self, statement: str, values: Sequence[object] = ()) -> tuple[tuple[Any, ...], ...]:
        """Runs one statement in a session with sql_mode = '', where the server takes almost anything."""
        connection = self.server.admin_connection(ssl_disabled=True, database=DATABASE)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET sql_mode = ''")
                cursor.execute(statement, values or None)
                return tuple(cursor.fetchall())
        finally:
            connection.close()

    def statuses(self) -> dict[tuple[str, str], Status]:
        """`odcr_status` by type and zone."""
        rows = self.sql("SELECT InstanceType, AvailabilityZone, Status, Reserved, Reason FROM odcr_status")
        return {
            (type_, zone): Status(_text(status), int(reserved), _text(reason))
            for type_, zone, status, reserved, reason in rows
        }

    def bought(self) -> list[tuple[str, str, int]]:
        """Type, zone and instances of every reservation ever made, by anybody."""
        return [
            (one["InstanceType"], one["AvailabilityZone"], one["TotalInstanceCount"])
            for observer in self.observers
            for page in observer.get_paginator("describe_capacity_reservations").paginate()
            for one in page["CapacityReservations"]
        ]

    def seen(self) -> "Seen":
        """The state of the good row, and all that was bought."""
        ((current,),) = self.sql("SELECT Current_Capacity FROM odcr_capacity WHERE InstanceType = %s", GOOD[:1])
        return Seen(self.statuses().get(GOOD), current, self.bought())


def _text(cell: Any) -> str:
    return cell.decode() if isinstance(cell, bytes) else str(cell)
