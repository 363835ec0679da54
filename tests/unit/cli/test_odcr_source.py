"""What is asked of an account, and what happens when a part does not answer."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from odcr_cli.account import Account, Stack
from odcr_cli.main import main
from odcr_cli.source import LiveSource, RunNotFound
from odcr_cli.trouble import Trouble, aws_errors_as_trouble
from tests.unit.cli.fake_account import FakeAccount
from tests.unit.cli.fake_source import MACHINE, NOW, STACK


class Regions:
    """An account with demands in several Regions, of which some do not answer."""

    stack = Stack("odcr", "eu-west-1", "123456789012", "CREATE_COMPLETE", {}, {"ManageTargetsFunction": "door"})

    def __init__(self, *unreachable: str) -> None:
        self.unreachable = unreachable

    def invoke(self, _function: str, event: dict[str, Any]) -> dict[str, Any]:
        zones = ("eu-west-1a", "cn-north-1a", "us-east-1a")
        rows = [{"InstanceType": "m5.large", "AvailabilityZone": zone, "Target_Capacity": 1} for zone in zones]
        return {"Tables": {table: {"Rows": rows, "Next": None} for table in event["Read"]}}

    def pages(self, _service: str, _operation: str, _key: str, region: str) -> list[dict[str, Any]]:
        if region in self.unreachable:
            with aws_errors_as_trouble():
                raise ClientError({"Error": {"Code": "AuthFailure", "Message": "no"}}, "DescribeCapacityReservations")
        return [{"CapacityReservationId": f"cr-{region}"}]


def live(*unreachable: str) -> LiveSource:
    return LiveSource(cast(Account, Regions(*unreachable)))


def test_a_region_that_does_not_answer_hides_nothing_of_the_others() -> None:
    source = live("cn-north-1")
    assert [reservation["Region"] for reservation in source.reservations()] == ["eu-west-1", "us-east-1"]
    assert list(source.unreachable) == ["cn-north-1"]
    assert "AuthFailure" in source.unreachable["cn-north-1"]


def test_without_the_stacks_own_region_nothing_is_known() -> None:
    with pytest.raises(Trouble, match="AuthFailure"):
        live("eu-west-1").reservations()


def test_the_region_is_found_as_the_aws_cli_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    seen: list[str | None] = []
    monkeypatch.setattr("odcr_cli.main.Account", lambda place: seen.append(place.region))
    CliRunner().invoke(main, ["status"])
    monkeypatch.delenv("AWS_REGION")
    CliRunner().invoke(main, ["status"])
    CliRunner().invoke(main, ["status", "--region", "sa-east-1"])
    assert seen == ["eu-west-3", "us-east-1", "sa-east-1"]


@pytest.mark.parametrize("gone", ["DescribeExecution", "DescribeStateMachineForExecution", "GetExecutionHistory"])
def test_a_run_that_is_gone_is_no_other_trouble(gone: str) -> None:
    arn, now = f"{MACHINE.replace(':stateMachine:', ':execution:')}:run-1", NOW
    described = {
        "executionArn": arn,
        "name": "run-1",
        "status": "SUCCEEDED",
        "startDate": now,
        "stateMachineArn": MACHINE,
    }
    machine = {"stateMachineArn": MACHINE, "name": "odcr", "definition": "{}", "roleArn": "arn:x", "updateDate": now}
    answers = {
        "DescribeExecution": described,
        "DescribeStateMachineForExecution": machine,
        "GetExecutionHistory": {"events": []},
    }

    def source(*more: tuple[str, str]) -> LiveSource:
        account = FakeAccount(answers | dict(more))
        account.__dict__["stack"] = STACK
        return LiveSource(account)

    assert source().run("run-1").described["name"] == "run-1"
    with pytest.raises(RunNotFound, match="There is no run run-1"):
        source((gone, "ExecutionDoesNotExist")).run("run-1")
    with pytest.raises(Trouble, match="AccessDenied") as told:
        source((gone, "AccessDeniedException")).run("run-1")
    assert not isinstance(told.value, RunNotFound)


def test_a_log_group_that_is_gone_is_named() -> None:
    account = FakeAccount({"FilterLogEvents": "ResourceNotFoundException"})
    account.__dict__["stack"] = STACK
    with pytest.raises(Trouble, match="/aws/lambda/odcr-ReserveCapacity and its logs are gone"):
        LiveSource(account).log_lines("ReserveCapacity", NOW, NOW, request="", limit=200)
