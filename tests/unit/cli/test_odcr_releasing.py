"""A release can stop after any step and be repeated, and waits for runs with the old number."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from odcr_cli.account import Account
from odcr_cli.commands.release import summary_lines
from odcr_cli.demand_tables import demands_of
from odcr_cli.door import Changed
from odcr_cli.prices import Prices
from odcr_cli.release_plan import Reduction, plan_release
from odcr_cli.release_wait import AGE_SECONDS, wait_for_runs
from odcr_cli.releasing import ReleaseResult, checked, give_back, lowering, may_give_back, still_wanted
from odcr_cli.trouble import Trouble
from tests.unit.cli.fake_source import NOW, STACK
from tests.unit.cli.test_odcr_reservations import described, group, row, seen


@dataclass
class Runs:
    """An account whose executions are as a test says, and whose clock runs while something sleeps."""

    listed: list[list[str]]
    """The running ones, look by look."""
    statuses: dict[str, list[str]]
    seconds: float = 0
    ended: dict[str, list[float]] = field(default_factory=dict)
    """Seconds ago that runs started that ended so."""
    messages: list[str] = field(default_factory=list)
    stack: Any = STACK

    @property
    def account(self) -> "Runs":
        return self

    def pages(self, *_: Any, **__: Any) -> list[dict[str, str]]:
        return [{"executionArn": arn} for arn in (self.listed.pop(0) if self.listed else [])]

    def client(self, *_: Any) -> "Runs":
        return self

    def list_executions(self, statusFilter: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        started = [{"startDate": NOW - timedelta(seconds=age)} for age in self.ended.get(statusFilter, [])]
        return {"executions": started, "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(NOW, usegmt=True)}}}

    def describe_execution(self, executionArn: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        left = self.statuses[executionArn]
        return {"status": left.pop(0) if len(left) > 1 else left[0]}

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def wait(self) -> None:
        wait_for_runs(cast("Any", self), self.messages.append, self.sleep, lambda: self.seconds)


def test_it_waits_for_runs_with_the_old_number_even_if_listed_late() -> None:
    runs = Runs([["a"], ["a", "b"]], {"a": ["RUNNING", "RUNNING", "SUCCEEDED"], "b": ["RUNNING", "SUCCEEDED"]})
    runs.wait()
    assert runs.statuses == {"a": ["SUCCEEDED"], "b": ["SUCCEEDED"]}
    assert "2 run(s)" in runs.messages[0]
    assert runs.seconds < AGE_SECONDS


def test_without_runs_it_goes_on_at_once() -> None:
    runs = Runs([[], []], {})
    runs.wait()
    assert not runs.messages
    assert runs.seconds <= 5


def test_after_a_failed_run_it_waits_for_its_functions() -> None:
    runs = Runs([["a"], ["a"]], {"a": ["RUNNING", "ABORTED"]})
    runs.wait()
    assert runs.seconds == AGE_SECONDS


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_it_waits_for_functions_of_a_run_that_failed_just_before(status: str) -> None:
    runs = Runs([[], []], {}, ended={status: [50, 300]})
    runs.wait()
    assert runs.seconds == AGE_SECONDS - 50
    assert "65 s" in runs.messages[-1]
    long_ago = Runs([[], []], {}, ended={status: [AGE_SECONDS]})
    long_ago.wait()
    assert not long_ago.messages


def test_what_is_wanted_is_lowered_and_never_raised() -> None:
    change = lowering(row(15), Decimal(4))
    assert change
    assert (change.table, change.row, change.was) == (
        "odcr_capacity",
        {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c", "Target_Capacity": 4},
        {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c", "Target_Capacity": 15},
    )
    assert lowering(row(4), Decimal(4)) is None
    assert lowering(row(3), Decimal(4)) is None
    units = lowering(group("checkout", 64, ("m5.large", 1, 8)), Decimal("16.5"))
    assert units
    assert units.row == {"Group_Name": "checkout", "TotalTargetCapacity": "16.5"}


def test_a_row_that_is_gone_has_nothing_to_lower() -> None:
    status = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c", "Status": "EXCESS", "Reserved": 9}
    (gone,) = demands_of([], [], [], [], [status], prices=[])
    assert lowering(gone, Decimal(0)) is None
    assert plan_release(gone, seen(described("cr-1", 9)), Decimal(0), also_adopted=False).instances == 9


def test_if_it_cannot_be_lowered_nothing_is_given_back() -> None:
    checked(Changed(True, 1, [], []), "it")
    with pytest.raises(Trouble, match="Somebody else"):
        checked(Changed(False, 0, [], [{"Table": "odcr_capacity"}]), "it")
    with pytest.raises(Trouble, match="no such zone"):
        checked(Changed(False, 0, [{"Reason": "no such zone"}], []), "it")


def given_back(count: int, unused: int, keep: int, expect: Callable[[Stubber], None]) -> ReleaseResult:
    """Gives back, of a reservation that was 10 when it was planned, what it is now."""
    (planned,) = plan_release(row(), seen(described("cr-1", 10)), Decimal(keep), also_adopted=False).reductions
    client = boto3.client("ec2", "ap-northeast-1", aws_access_key_id="a", aws_secret_access_key="b")
    now = {name: value for name, value in described("cr-1", count, unused).items() if name != "Region"}
    with Stubber(client) as stub:
        stub.add_response(
            "describe_capacity_reservations",
            {"CapacityReservations": [now]},
            {"CapacityReservationIds": ["cr-1"]},
        )
        expect(stub)
        account: Any = type("Account", (), {"client": lambda *_: client})()
        live: Any = type("Live", (), {"stack": STACK, "now": lambda _: NOW})()
        (given,) = give_back(cast("Account", account), live, (planned,), look=lambda: None)
        stub.assert_no_pending_responses()
    return given


def test_a_reservation_is_reduced_given_its_current_state() -> None:
    def reduced_to(count: int) -> Callable[[Stubber], None]:
        request = {"CapacityReservationId": "cr-1", "InstanceCount": count}
        return lambda stub: stub.add_response("modify_capacity_reservation", {"Return": True}, request)

    assert given_back(10, 10, 4, reduced_to(4)).count == 6
    # Somebody took some of it, or instances run in it by now.
    assert given_back(7, 7, 4, reduced_to(4)).count == 3
    used = given_back(10, 2, 4, reduced_to(8))
    assert (used.count, used.in_use) == (2, 4)
    assert used.left
    assert used.left.reason == "4 of its instances came into use meanwhile"
    assert given_back(7, 7, 4, reduced_to(4)).left is None
    assert given_back(4, 4, 4, lambda _: None).count == 0


def test_a_reservation_that_keeps_nothing_is_cancelled() -> None:
    def cancelled(stub: Stubber) -> None:
        stub.add_response("cancel_capacity_reservation", {"Return": True}, {"CapacityReservationId": "cr-1"})

    assert given_back(10, 10, 0, cancelled).count == 10


def test_a_refusal_is_reported_in_ec2s_words() -> None:
    def refused(stub: Stubber) -> None:
        stub.add_client_error("modify_capacity_reservation", "InvalidState", "It is being changed.")

    given = given_back(10, 10, 4, refused)
    assert given.count == 0
    assert "InvalidState: It is being changed." in given.problem


def test_a_reduction_says_what_is_left() -> None:
    assert Reduction(seen(described("cr-1", 10))[0], 4).kept == 6


def test_the_question_shows_what_goes_what_stays_and_what_it_saves() -> None:
    every = seen(described("cr-1", 10, 7), described("cr-2", 2, tags={"odcr:stack": "odcr/ap-northeast-1"}))
    price = {"InstanceType": "r5b.2xlarge", "Region": "ap-northeast-1", "Platform": "Linux/UNIX", "Tenancy": "default"}
    demand = row(15)
    lines = summary_lines(
        demand,
        plan_release(demand, every, Decimal(0), also_adopted=False),
        lowering(demand, Decimal(0)),
        Decimal(0),
        Prices([price | {"Hourly_Price": "0.5"}]),
    )
    text = "\n".join(line.plain for line in lines)
    for part in (
        "12 held, 15 wanted",
        "lowers wanted from 15 to 0",
        "cr-1 r5b.2xlarge ap-northeast-1c: 10 to 3",
        "cr-2 stays: it was adopted",
        "cr-1 stays: 3 of 10 are in use",
        "7 instances are given back, which saves 3.50 USD an hour",
        "5 more than that stay held",
    ):
        assert part in text
    unpriced = summary_lines(
        demand, plan_release(demand, every, Decimal(0), also_adopted=False), None, Decimal(0), Prices([])
    )
    assert "unknown price" in unpriced[-2].plain
    nothing = plan_release(demand, [], Decimal(0), also_adopted=False)
    assert summary_lines(demand, nothing, None, Decimal(0), Prices([]))[-1].plain == "There is nothing to give back."


def test_a_demand_raised_meanwhile_is_not_released() -> None:
    still_wanted(row(15), row(4), Decimal(4))
    still_wanted(row(15), None, Decimal(4))
    with pytest.raises(Trouble, match="to 20 meanwhile"):
        still_wanted(row(15), row(20), Decimal(4))


def test_the_demand_is_checked_before_each_reservation() -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 2:
            raise Trouble("raised")

    planned = plan_release(
        row(), seen(described("cr-1", 10), described("cr-2", 10)), Decimal(0), also_adopted=False
    ).reductions
    client = boto3.client("ec2", "ap-northeast-1", aws_access_key_id="a", aws_secret_access_key="b")
    account: Any = type("Account", (), {"client": lambda *_: client})()
    live: Any = type("Live", (), {"stack": STACK, "now": lambda _: NOW})()
    with Stubber(client) as stub:
        stub.add_response("describe_capacity_reservations", {"CapacityReservations": []})
        given = give_back(cast("Account", account), live, planned, look)
        assert next(given).count == 0
        with pytest.raises(Trouble, match="raised"):
            next(given)


def test_a_missing_right_is_found_before_anything_is_lowered() -> None:
    client = boto3.client("ec2", "ap-northeast-1", aws_access_key_id="a", aws_secret_access_key="b")
    account: Any = type("Account", (), {"client": lambda *_: client})()
    planned = plan_release(row(), seen(described("cr-1", 10)), Decimal(0), also_adopted=False).reductions
    with Stubber(client) as stub:
        stub.add_client_error("cancel_capacity_reservation", "DryRunOperation", http_status_code=412)
        stub.add_client_error("modify_capacity_reservation", "DryRunOperation", http_status_code=412)
        may_give_back(account, planned)
        stub.add_client_error("cancel_capacity_reservation", "UnauthorizedOperation", http_status_code=403)
        with pytest.raises(Trouble, match="the right to CancelCapacityReservation"):
            may_give_back(account, planned)
    may_give_back(account, ())
