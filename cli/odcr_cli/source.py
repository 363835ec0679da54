"""What commands and the page show, from an account or from a recording."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from odcr_cli.account import Account, Stack
from odcr_cli.door import Door, Row
from odcr_cli.regions import region_of
from odcr_cli.trouble import Trouble, aws_errors_as_trouble

_MAX_EVENTS = 25_000
"""An execution's history has no more: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


@dataclass(frozen=True)
class Run:
    """An execution, as the APIs describe it."""

    described: dict[str, Any]
    """DescribeExecution's answer."""
    definition: str
    """The state machine's definition for this execution, in Amazon States Language."""
    events: list[dict[str, Any]]
    """GetExecutionHistory's events, oldest first."""


class RunNotFound(Trouble):
    """There is no such run, or it has been deleted."""


class Source(ABC):
    """What commands and the page read. All moments are by the source's clock."""

    is_live: bool
    stack: Stack
    unreachable: Mapping[str, str] = MappingProxyType({})
    """Regions whose reservations could not be read last time, each with the reason."""

    @abstractmethod
    def now(self) -> datetime:
        """The source's current moment."""

    @abstractmethod
    def rows(self, table: str, *, since: str = "") -> list[Row]:
        """A table's rows."""

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """The rows of several tables, as they were at one moment."""
        return {name: self.rows(name) for name in names}

    @abstractmethod
    def runs(self, limit: int) -> list[dict[str, Any]]:
        """ListExecutions' items, newest first."""

    @abstractmethod
    def run(self, name: str) -> Run:
        """An execution, by its name.

        Raises:
            NoRun: if there is none.
        """

    @abstractmethod
    def reservations(self) -> list[dict[str, Any]]:
        """The account's Capacity Reservations in all Regions of demands, each with the field `Region`."""

    @abstractmethod
    def log_lines(
        self, function: str, start: datetime, end: datetime, *, request: str, limit: int
    ) -> list[dict[str, Any]]:
        """A function's log events, `timestamp` and `message`, oldest first.

        Args:
            function: the function's name without the stack's.
            start: the first moment.
            end: the last moment.
            request: the id of a request; only lines that contain it are returned.
            limit: the most events; the oldest are returned.
        """


class LiveSource(Source):
    """The current state of an account.

    Args:
        account: the account to read.
    """

    is_live = True

    def __init__(self, account: Account) -> None:
        self.account = account
        self.door = Door(account)
        self.stack = account.stack

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)

    def rows(self, table: str, *, since: str = "") -> list[Row]:
        """A table's rows, read by ManageTargets."""
        return self.door.rows(table, since=since)

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """The rows of several tables, read by ManageTargets at one moment."""
        return self.door.rows_of(*names)

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""
        machine = self.stack.output("StateMachineArn")
        runs: list[dict[str, Any]] = []
        with aws_errors_as_trouble():
            pages = self.account.client("stepfunctions").get_paginator("list_executions")
            for page in pages.paginate(stateMachineArn=machine, PaginationConfig={"PageSize": min(limit, 1000)}):
                runs += page["executions"]
                if len(runs) >= limit:
                    break
        return runs[:limit]

    def run(self, name: str) -> Run:
        """The execution, its definition and its history."""
        arn = name if name.startswith("arn:") else self._arn(name)
        states = self.account.client("stepfunctions")
        paged = {"PageSize": 1000}
        try:
            with aws_errors_as_trouble():
                described = states.describe_execution(executionArn=arn)
                definition = states.describe_state_machine_for_execution(executionArn=arn)["definition"]
            # It may be deleted in between: all three calls raise this error.
            events = self.account.pages(
                "stepfunctions", "get_execution_history", "events", executionArn=arn, PaginationConfig=paged
            )
        except Trouble as trouble:
            if isinstance(trouble.__cause__, states.exceptions.ExecutionDoesNotExist | states.exceptions.InvalidArn):
                raise RunNotFound(f"There is no run {name}. `odcr runs` lists them.") from trouble.__cause__
            raise
        described.pop("ResponseMetadata", None)
        return Run(described, definition, events[:_MAX_EVENTS])

    def _arn(self, name: str) -> str:
        return f"{self.stack.output('StateMachineArn').replace(':stateMachine:', ':execution:')}:{name}"

    def reservations(self) -> list[dict[str, Any]]:
        """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityReservations.html"""
        reservations: list[dict[str, Any]] = []
        unreachable: dict[str, str] = {}
        for region in sorted(self._regions()):
            try:
                here = self.account.pages("ec2", "describe_capacity_reservations", "CapacityReservations", region)
            except Trouble as trouble:
                # A Region that does not answer must not hide the others.
                unreachable[region] = str(trouble)
                continue
            reservations += [reservation | {"Region": region} for reservation in here]
        if self.stack.region in unreachable:
            raise Trouble(unreachable[self.stack.region])
        self.unreachable = unreachable
        return reservations

    def _regions(self) -> set[str]:
        tables = self.rows_of("odcr_capacity", "odcr_group_member", "odcr_status")
        zones = {str(row.get("AvailabilityZone") or "") for rows in tables.values() for row in rows}
        return {region for zone in zones if (region := region_of(zone))} | {self.stack.region}

    def log_lines(
        self, function: str, start: datetime, end: datetime, *, request: str, limit: int
    ) -> list[dict[str, Any]]:
        """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        pattern = {"filterPattern": f'"{request}"'} if request else {}
        events: list[dict[str, Any]] = []
        logs, group = self.account.client("logs"), f"/aws/lambda/{self.stack.name}-{function}"
        with _missing(group), aws_errors_as_trouble():
            pages = logs.get_paginator("filter_log_events")
            # A page may be empty, and others follow it.
            for page in pages.paginate(
                logGroupName=group,
                startTime=int(start.timestamp() * 1000),
                endTime=int(end.timestamp() * 1000) + 1000,
                PaginationConfig={"PageSize": limit},
                **pattern,
            ):
                events += page["events"]
                if len(events) >= limit:
                    break
        ordered = sorted(events, key=lambda event: event["timestamp"])
        return [{"timestamp": event["timestamp"], "message": event["message"]} for event in ordered[:limit]]


@contextmanager
def _missing(group: str) -> Iterator[None]:
    """Explains the error for a missing log group."""
    try:
        yield
    except Trouble as trouble:
        cause = trouble.__cause__
        if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "ResourceNotFoundException":
            raise Trouble(f"The log group {group} and its logs are gone. Deploy the stack to get a new one.") from cause
        raise
