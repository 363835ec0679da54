"""What the beliefs are about: the account, and the throwaway stack in it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from odcr_cli.account import Place
from odcr_cli.checks.line import ask_aws
from odcr_cli.door import Change, Door
from odcr_cli.trouble import Trouble
from verify.guard import Guard, GuardedAccount, PriceList

_T = TypeVar("_T")

TYPE = "t3.nano"
"""The only instance type that should be granted: half a cent an hour."""
OWN_TAG = "odcr:verify"
"""Tags the verification's own reservations, to find them after a crash."""
_LOOK_SECONDS = 0.5
_RUNS_SECONDS = 600
"""How long runs may follow each other until something holds."""


class NotInTime(Exception):  # noqa: N818 - says what happened
    """Something did not happen in time. The text says what."""


@dataclass
class Subject:
    """The account and the throwaway stack.

    Args:
        place: the throwaway stack's name and how to reach it.
    """

    place: Place
    schedule_runs: list[str] = field(default_factory=list)
    """The names of the runs that the schedule has started, as far as seen."""

    @cached_property
    def account(self) -> GuardedAccount:
        """The account, with the guard on EC2."""
        account = GuardedAccount(self.place)
        account.guard = Guard(PriceList(account))
        return account

    @property
    def guard(self) -> Guard:
        """The account's guard."""
        assert self.account.guard is not None  # noqa: S101 - set above
        return self.account.guard

    @property
    def name(self) -> str:
        """The throwaway stack's name."""
        return self.place.stack

    @property
    def region(self) -> str:
        """The throwaway stack's Region."""
        return self.account.region

    @property
    def door(self) -> Door:
        """The stack's tables."""
        return Door(self.account)

    @cached_property
    def zone(self) -> str:
        """A zone that offers the type."""
        offerings = ask_aws(
            "ec2:DescribeInstanceTypeOfferings",
            lambda: self.account.pages(
                "ec2",
                "describe_instance_type_offerings",
                "InstanceTypeOfferings",
                LocationType="availability-zone",
                Filters=[{"Name": "instance-type", "Values": [TYPE]}],
            ),
        )
        zones = sorted(offering["Location"] for offering in offerings)
        if not zones:
            raise Trouble(f"No zone of {self.region} offers {TYPE}. Verify in another Region.")
        return str(zones[0])

    def client(self, service: str) -> Any:
        """A client of the account."""
        return self.account.client(service)

    # ---- Runs -------------------------------------------------------------------------------------------------------

    def run(self, seconds: float = 600) -> dict[str, Any]:
        """Starts a run, and waits until it has ended.

        Returns:
            DescribeExecution's answer.
        """
        states = self.client("stepfunctions")
        name = f"verify-{time.time_ns()}"
        machine = self.account.stack.output("StateMachineArn")
        arn = states.start_execution(stateMachineArn=machine, name=name, input="{}")["executionArn"]
        return self.ended(arn, seconds)

    def ended(self, arn: str, seconds: float = 600) -> dict[str, Any]:
        """Waits for an execution to end. Returns DescribeExecution's answer."""
        states = self.client("stepfunctions")

        def look() -> dict[str, Any] | None:
            described: dict[str, Any] = states.describe_execution(executionArn=arn)
            return described if described["status"] != "RUNNING" else None

        return self.wait(look, f"the end of {arn.rpartition(':')[2]}", seconds)

    def events(self, arn: str) -> list[dict[str, Any]]:
        """An execution's history."""
        return self.account.pages("stepfunctions", "get_execution_history", "events", executionArn=arn)

    def run_until(self, is_so: Callable[[], bool], what: str) -> int:
        """Starts runs one after the other until a condition holds.

        Returns:
            The number of runs.

        Raises:
            NotInTime: if it does not hold in time.
        """
        ended = 0

        def is_so_after_a_run() -> bool | None:
            nonlocal ended
            self.run()
            ended += 1
            return True if is_so() else None

        self.wait(is_so_after_a_run, what, _RUNS_SECONDS)
        return ended

    # ---- What is wanted, and held -----------------------------------------------------------------------------------

    def want(self, count: int) -> None:
        """Sets the target of the type."""
        self.guard.must_be_cheap(TYPE, count)
        row = {"InstanceType": TYPE, "AvailabilityZone": self.zone, "Target_Capacity": count}
        changed = self.door.change([SetRow("odcr_capacity", row)])
        if not changed.is_committed:
            raise Trouble(f"ManageTargets refused the row: {changed.problems or changed.conflicts}")

    def held(self) -> int:
        """The instances that the stack's reservations hold."""
        filters = [
            {"Name": "tag:odcr:stack", "Values": [f"{self.name}/{self.region}"]},
            {"Name": "state", "Values": ["active", "pending"]},
        ]
        reservations = self.account.pages(
            "ec2", "describe_capacity_reservations", "CapacityReservations", Filters=filters
        )
        return sum(reservation["TotalInstanceCount"] for reservation in reservations)

    def reserve(self, token: str = "", count: int = 1, **more: Any) -> dict[str, Any]:
        """Makes a reservation with the caller's own rights; `more` changes the request."""
        request: dict[str, Any] = {
            "InstanceType": TYPE,
            "InstancePlatform": "Linux/UNIX",
            "AvailabilityZone": self.zone,
            "InstanceCount": count,
            "InstanceMatchCriteria": "targeted",
            "TagSpecifications": [
                {"ResourceType": "capacity-reservation", "Tags": [{"Key": OWN_TAG, "Value": self.name}]}
            ],
        }
        if token:
            request["ClientToken"] = token
        answer = self.client("ec2").create_capacity_reservation(**(request | more))
        return dict(answer["CapacityReservation"])

    def refused(self, token: str = "", **more: Any) -> "Refusal | None":
        """How EC2 refuses a reservation; None if granted, and then it is cancelled at once."""
        made: list[str] = []
        refusal = refusal_of(lambda: made.append(self.reserve(token, **more)["CapacityReservationId"]))
        for name in made:
            self.cancel(name)
        return refusal

    def shown(self, reservation_id: str) -> dict[str, Any] | None:
        """A reservation as Describe shows it, filtered by tag as in the product; None if not shown."""
        filters = [{"Name": f"tag:{OWN_TAG}", "Values": [self.name]}]
        reservations = self.account.pages(
            "ec2", "describe_capacity_reservations", "CapacityReservations", Filters=filters
        )
        return next(
            (reservation for reservation in reservations if reservation["CapacityReservationId"] == reservation_id),
            None,
        )

    def cancel(self, reservation_id: str) -> None:
        """Cancels a reservation."""
        self.client("ec2").cancel_capacity_reservation(CapacityReservationId=reservation_id)

    # ---- Waiting ----------------------------------------------------------------------------------------------------

    def wait(self, look: Callable[[], _T | None], what: str, seconds: float) -> _T:
        """Calls `look` until it returns something.

        Raises:
            NotInTime: if it does not in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            if (result := look()) is not None:
                return result
            if time.monotonic() > deadline:
                raise NotInTime(f"{what} did not come within {seconds:.0f} seconds")
            time.sleep(_LOOK_SECONDS)


@dataclass(frozen=True)
class SetRow(Change):
    """A change whatever the current row is."""

    was: Mapping[str, Any] | None = None

    def to_event(self) -> dict[str, Any]:
        """The change without `Was`, so that it never conflicts."""
        return {"Table": self.table, "Row": self.row}


@dataclass(frozen=True)
class Refusal:
    """A refusal by AWS."""

    code: str
    status: int
    message: str

    def __str__(self) -> str:
        return f"{self.code}, HTTP {self.status}: {' '.join(self.message.split())[:200]}"


def refusal_of(request: Callable[[], Any]) -> Refusal | None:
    """How AWS refuses a request; None if it does not."""
    try:
        request()
    except ClientError as error:
        detail, sent = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        return Refusal(detail.get("Code", ""), sent.get("HTTPStatusCode", 0), detail.get("Message", ""))
    return None
