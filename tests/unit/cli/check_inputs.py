"""Inputs for the checks: a test's tables, in an account with the test's answers."""

from collections.abc import Mapping
from typing import Any

from odcr_cli.checks.inputs import CheckInputs
from odcr_cli.checks.line import Line
from odcr_cli.source import Run
from tests.unit.cli.fake_account import Answer, FakeAccount
from tests.unit.cli.fake_source import STACK, FakeSource

LARGE = {"InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a"}
TYPES = {"m5.large": 2, "m5.xlarge": 4, "p5.48xlarge": 192}
FUNCTION = "arn:aws:lambda:ap-northeast-1:123456789012:function:odcr-ManageTargets"
ROLE = "arn:aws:iam::123456789012:role/odcr-ReserveCapacity"


def stack(**parameters: str) -> Any:
    outputs = STACK.outputs | {"AlertTopicArn": "arn:aws:sns:x:1:t", "ManageTargetsFunction": FUNCTION}
    return type(STACK)(STACK.name, STACK.region, STACK.account, STACK.status, parameters, outputs)


def check_inputs(
    answers: Mapping[str, Answer] | None = None,
    parameters: Mapping[str, str] | None = None,
    runs: Mapping[str, Run] | None = None,
    **tables: list[dict[str, Any]],
) -> CheckInputs:
    """Inputs with tables, and an account with answers."""
    source = FakeSource(dict(tables), dict(runs or {}), stack=stack(**(parameters or {})))
    account = FakeAccount({"DescribeInstanceTypes": described_types} | dict(answers or {}))
    account.__dict__["stack"] = source.stack
    return CheckInputs(account, source)


def described_types(request: Mapping[str, Any]) -> dict[str, Any]:
    (names,) = (filter_["Values"] for filter_ in request["Filters"])
    known = [name for name in names if name in TYPES]
    return {"InstanceTypes": [{"InstanceType": name, "VCpuInfo": {"DefaultVCpus": TYPES[name]}} for name in known]}


def one(lines: Any) -> Line:
    (line,) = lines
    assert isinstance(line, Line)
    return line


def row(count: int, key: Mapping[str, str] = LARGE) -> dict[str, Any]:
    return dict(key) | {"Target_Capacity": count}


def status(reserved: float, key: Mapping[str, str] = LARGE, **more: Any) -> dict[str, Any]:
    return dict(key) | {"Status": "SHORT", "Reserved": reserved, "Group_Name": ""} | more
