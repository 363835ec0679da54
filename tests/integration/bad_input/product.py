"""The handlers, called one after another as the state machine calls them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import find_shortfalls
import load_targets
import prepare_database
import record_results
import reserve_capacity
from localcloud.ec2.client import CapacityClient
from localcloud.mariadb import MariaDB
from odcr.domain.refusal import TargetNotMet
from odcr.gateways import database, ec2, secret

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

DATABASE, USERNAME, PASSWORD = "odcr_db", "odcr", "Tr0ub4dor-and-3"
ADMINISTRATOR = {"username": "chief", "password": "c0rrect-horse-battery"}
HOME, ABROAD = "ap-northeast-1", "us-east-1"
GOOD = ("m5.large", "ap-northeast-1a")
"""The row beside each bad one."""
GOOD_TARGET = 2
TEMPTING = (("r5b.2xlarge", "ap-northeast-1c"), ("r5b.2xlarge", "ap-northeast-1a"), ("r5b.2xlarge", "us-east-1a"))
"""Pools that have enough for whatever a bad row might be taken for."""

HANDLERS: dict[str, Callable[[Any, Any], Any]] = {
    "LoadTargets": load_targets.handler,
    "FindShortfalls": find_shortfalls.handler,
    "ReserveCapacity": reserve_capacity.handler,
    "RecordResults": record_results.handler,
    "PrepareDatabase": prepare_database.handler,
}


def forget() -> None:
    """Makes the functions forget what they keep from one invocation to the next."""
    for module in (database, secret, ec2):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


class Context:
    """Lambda's, as far as the handlers and Powertools look at it."""

    function_name = "odcr"
    function_version = "$LATEST"
    memory_limit_in_mb = "256"
    invoked_function_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:odcr"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Always enough."""
        return 120_000


def invoke(handler: str, event: Any) -> Any:
    """One invocation, with event and answer as JSON carries them."""
    return json.loads(json.dumps(HANDLERS[handler](json.loads(json.dumps(event)), Context())))


@dataclass(frozen=True)
class Status:
    """A row of `odcr_status`."""

    status: str
    reserved: int
    reason: str


@dataclass(frozen=True)
class Seen:
    """What may not suffer from anything bad."""

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
    runs: int = 0
    announced: list[str] = field(default_factory=list)

    def run(self) -> dict[tuple[str, str], Status]:
        """One run of the state machine, in which nothing is repeated; what `odcr_status` says then."""
        self.runs += 1
        execution = f"run-{self.runs}"
        loaded = invoke("LoadTargets", {"Execution": execution, "LeaseSeconds": 1320})
        assert loaded["Lease"] == "HELD"
        found = invoke("FindShortfalls", loaded)
        outcomes = [self._reserve(shortfall, execution) for shortfall in found["Shortfalls"]]
        event = {
            "Execution": execution,
            "Outcomes": outcomes,
            **{name: found[name] for name in ("Observed", "Rejected")},
        }
        messages = invoke("RecordResults", event)["Announcements"]
        for one in messages:
            invoke("RecordResults", {"Execution": execution, "Announced": one["Id"]})
        self.announced = [one["Message"] for one in messages]
        return self.statuses()

    def release_lease(self, execution: str) -> None:
        """What the state machine does after a failure."""
        invoke("RecordResults", {"Execution": execution, "Outcomes": [], "Failure": "Error"})

    def insert(self, instance_type: str, zone: str, target: int | None) -> None:
        """Adds a row to `odcr_capacity`."""
        self.sql("INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0)", (instance_type, zone, target))

    def insert_good_row(self) -> None:
        """Adds the good row, for which EC2 has enough."""
        self.insert(*GOOD, GOOD_TARGET)

    def sql(self, statement: str, values: Sequence[object] = ()) -> tuple[tuple[Any, ...], ...]:
        """One statement of a person who takes what the server takes, as in a session with sql_mode = ''."""
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
        """Type, zone and instances of every reservation there ever was, whoever made it."""
        return [
            (one["InstanceType"], one["AvailabilityZone"], one["TotalInstanceCount"])
            for observer in self.observers
            for page in observer.get_paginator("describe_capacity_reservations").paginate()
            for one in page["CapacityReservations"]
        ]

    def seen(self) -> "Seen":
        """How the good row stands, and all that was bought."""
        ((current,),) = self.sql("SELECT Current_Capacity FROM odcr_capacity WHERE InstanceType = %s", GOOD[:1])
        return Seen(self.statuses().get(GOOD), current, self.bought())

    @staticmethod
    def _reserve(shortfall: dict[str, Any], execution: str) -> Any:
        try:
            return invoke("ReserveCapacity", {"Target": shortfall, "Execution": execution, "Attempt": 0})
        except TargetNotMet as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - as the state machine's States.ALL
            reason = f"ReserveCapacity ended with {type(error).__name__}; its log has the details."
            return {**shortfall, "Status": "FAILED", "Reason": reason}


def _text(cell: Any) -> str:
    return cell.decode() if isinstance(cell, bytes) else str(cell)
