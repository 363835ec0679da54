"""What there is to look at, from an account or from a recording of one."""

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
    """One execution, as the APIs describe it."""

    described: dict[str, Any]
    """DescribeExecution's answer."""
    definition: str
    """The state machine as it was for this execution, in Amazon States Language."""
    events: list[dict[str, Any]]
    """GetExecutionHistory's events, oldest first."""


class RunNotFound(Trouble):
    """There is no such run, or not any more."""


class Source(ABC):
    """What commands and the page look at. All moments are of the clock of whoever is looked at."""

    is_live: bool
    stack: Stack
    unreachable: Mapping[str, str] = MappingProxyType({})
    """Regions whose reservations could not be seen when they were last asked for, each with why."""

    @abstractmethod
    def now(self) -> datetime:
        """The moment that what is shown is of."""

    @abstractmethod
    def rows(self, table: str, *, since: str = "") -> list[Row]:
        """A table's rows."""

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """The rows of several tables, as they were at one moment."""
        return {name: self.rows(name) for name in names}

    @abstractmethod
    def runs(self, limit: int = 100) -> list[dict[str, Any]]:
        """ListExecutions' summaries, the newest first."""

    @abstractmethod
    def run(self, name: str) -> Run:
        """An execution by its name.

        Raises:
            NoRun: if there is none.
        """

    @abstractmethod
    def reservations(self) -> list[dict[str, Any]]:
        """The Capacity Reservations of the account in all Regions that demands name, with the field `Region`."""

    @abstractmethod
    def log_lines(
        self, function: str, start: datetime, end: datetime, *, request: str = "", limit: int = 200
    ) -> list[dict[str, Any]]:
        """A function's log events, `timestamp` and `message`, oldest first.

        Args:
            function: its name without the stack's.
            start: of the time to look at.
            end: of it.
            request: the id of the only request whose lines are looked for; those that do not say it are left out.
            limit: of events; the oldest are given.
        """


class LiveSource(Source):
    """An account as it is now.

    Args:
        account: which.
    """

    is_live = True

    def __init__(self, account: Account) -> None:
        self.account = account
        self.door = Door(account)
        self.stack = account.stack

    def now(self) -> datetime:
        """The wall's clock."""
        return datetime.now(UTC)

    def rows(self, table: str, *, since: str = "") -> list[Row]:
        """A table's rows, read by ManageTargets."""
        return self.door.rows(table, since=since)

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """Several tables, read by ManageTargets in one go."""
        return self.door.rows_of(*names)

    def runs(self, limit: int = 100) -> list[dict[str, Any]]:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""
        machine = self.stack.output("StateMachineArn")
        found: list[dict[str, Any]] = []
        with aws_errors_as_trouble():
            pages = self.account.client("stepfunctions").get_paginator("list_executions")
            for page in pages.paginate(stateMachineArn=machine, PaginationConfig={"PageSize": min(limit, 1000)}):
                found += page["executions"]
                if len(found) >= limit:
                    break
        return found[:limit]

    def run(self, name: str) -> Run:
        """The execution, its definition and its history."""
        arn = name if name.startswith("arn:") else self._arn(name)
        states = self.account.client("stepfunctions")
        paged = {"PageSize": 1000}
        try:
            with aws_errors_as_trouble():
                described = states.describe_execution(executionArn=arn)
                definition = states.describe_state_machine_for_execution(executionArn=arn)["definition"]
            # It may go in between: all three know this error.
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
        found: list[dict[str, Any]] = []
        unreachable: dict[str, str] = {}
        for region in sorted(self._regions()):
            try:
                here = self.account.pages("ec2", "describe_capacity_reservations", "CapacityReservations", region)
            except Trouble as trouble:
                # One Region that does not answer is no reason to hide what is held in the others.
                unreachable[region] = str(trouble)
                continue
            found += [one | {"Region": region} for one in here]
        if self.stack.region in unreachable:
            raise Trouble(unreachable[self.stack.region])
        self.unreachable = unreachable
        return found

    def _regions(self) -> set[str]:
        tables = self.rows_of("odcr_capacity", "odcr_group_member", "odcr_status")
        zones = {str(row.get("AvailabilityZone") or "") for rows in tables.values() for row in rows}
        return {region for zone in zones if (region := region_of(zone))} | {self.stack.region}

    def log_lines(
        self, function: str, start: datetime, end: datetime, *, request: str = "", limit: int = 200
    ) -> list[dict[str, Any]]:
        """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        pattern = {"filterPattern": f'"{request}"'} if request else {}
        found: list[dict[str, Any]] = []
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
                found += page["events"]
                if len(found) >= limit:
                    break
        ordered = sorted(found, key=lambda one: one["timestamp"])
        return [{"timestamp": one["timestamp"], "message": one["message"]} for one in ordered[:limit]]


@contextmanager
def _missing(group: str) -> Iterator[None]:
    """Says of a log group that is not there that it is not."""
    try:
        yield
    except Trouble as trouble:
        cause = trouble.__cause__
        if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "ResourceNotFoundException":
            raise Trouble(
                f"The log group {group} is gone, and what was in it. Deploy the stack to have a new one."
            ) from cause
        raise
