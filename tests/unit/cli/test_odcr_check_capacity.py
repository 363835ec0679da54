"""`odcr check`: quotas, offers and rights."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from odcr.domain.tags import ASKED_TAG, GROUP_TAG, MADE_TAG, OWNER_TAG, PROJECT_TAG
from odcr_cli.checks import offers, quotas, rights
from odcr_cli.checks.line import Level, Line
from odcr_cli.checks.quotas import quota_of
from tests.unit.cli.check_inputs import LARGE, ROLE, check_inputs, one, row, status
from tests.unit.cli.fake_account import Answer, FakeAccount


def quota_answers(limit: float, running: int = 0, free: int = 0) -> dict[str, Answer]:
    return {
        "DescribeInstances": {"Reservations": [{"Instances": [{"InstanceType": "m5.large"}] * running}]},
        "DescribeCapacityReservations": {
            "CapacityReservations": [{"InstanceType": "m5.xlarge", "AvailableInstanceCount": free}]
        },
        "GetServiceQuota": {"Quota": {"Value": limit}},
    }


def test_running_instances_reservations_and_what_is_missing_count_in_the_quota() -> None:
    tables = {"odcr_capacity": [row(10)], "odcr_status": [status(4)]}
    # 5 x 2 run, 3 x 4 are reserved and unused, 6 x 2 are missing.
    line = one(quotas.check(check_inputs(quota_answers(34, running=5, free=3), **tables)))
    assert (line.level, line.seen) == (Level.OK, "ap-northeast-1 Standard: 34 of 34 vCPUs after all is held.")
    line = one(quotas.check(check_inputs(quota_answers(33, running=5, free=3), **tables)))
    assert line.level is Level.ERROR
    assert "short by 1" in line.seen
    assert "L-1216C47A in ap-northeast-1 to at least 34" in line.advice


def test_what_does_not_count_in_the_quota_is_left_out() -> None:
    others = [
        {"InstanceType": "m5.large", "InstanceLifecycle": "spot"},
        {"InstanceType": "m5.large", "InstanceLifecycle": "capacity-block"},
        {"InstanceType": "m5.large", "Placement": {"Tenancy": "host"}},
        {"InstanceType": "p5.48xlarge"},
    ]
    answers = quota_answers(2) | {"DescribeInstances": {"Reservations": [{"Instances": others}]}}
    line = one(quotas.check(check_inputs(answers, odcr_capacity=[row(1)])))
    assert line.seen == "ap-northeast-1 Standard: 2 of 2 vCPUs after all is held."


def test_a_group_counts_once_with_its_largest_pool() -> None:
    tables = {
        "odcr_group": [{"Group_Name": "g", "TotalTargetCapacity": "6", "Unit": "instances"}],
        "odcr_group_member": [
            {"Group_Name": "g", "InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a", "Weight": "1"},
            {"Group_Name": "g", "InstanceType": "m5.xlarge", "AvailabilityZone": "ap-northeast-1c", "Weight": "4"},
        ],
    }
    # Six of the small ones have 12 vCPUs, two of the large ones 8.
    assert "12 of 99" in one(quotas.check(check_inputs(quota_answers(99), **tables))).seen


@pytest.mark.parametrize(
    ("small", "large", "vcpus"),
    # Ten instances of 2 or 4 vCPUs are missing; the large pool has one already.
    [(None, None, 40), (None, "4", 26), ("3", "4", 18), ("0", "1", 0), ("5", None, 40)],
)
def test_a_pool_counts_up_to_its_max_instances(small: str | None, large: str | None, vcpus: int) -> None:
    pools = {"m5.large": small, "m5.xlarge": large}
    held = {"Group_Name": "g", "AvailabilityZone": "ap-northeast-1a", "Status": "SHORT"}
    tables: dict[str, list[dict[str, Any]]] = {
        "odcr_group": [{"Group_Name": "g", "TotalTargetCapacity": "11"}],
        "odcr_group_member": [
            {"Group_Name": "g", "InstanceType": name, "AvailabilityZone": "ap-northeast-1a", "Max_Instances": most}
            for name, most in pools.items()
        ],
        "odcr_status": [
            held | {"InstanceType": "", "AvailabilityZone": "", "Reserved": "1"},
            held | {"InstanceType": "m5.xlarge", "Reserved": "1"},
        ],
    }
    assert f": {vcpus} of 99" in one(quotas.check(check_inputs(quota_answers(99), **tables))).seen


def test_a_quota_that_was_never_raised_is_read_from_the_defaults() -> None:
    answers = quota_answers(5) | {
        "GetServiceQuota": "NoSuchResourceException",
        "GetAWSDefaultServiceQuota": {"Quota": {"Value": 5.0}},
    }
    assert "2 of 5" in one(quotas.check(check_inputs(answers, odcr_capacity=[row(1)]))).seen


def test_a_quota_that_may_not_be_asked_for_is_a_warning_with_the_right() -> None:
    answers = quota_answers(5) | {"GetServiceQuota": "AccessDeniedException"}
    line = one(quotas.check(check_inputs(answers, odcr_capacity=[row(1)])))
    assert line.level is Level.WARNING
    assert "servicequotas:GetServiceQuota" in line.advice
    line = one(
        quotas.check(check_inputs(answers | {"DescribeInstances": "UnauthorizedOperation"}, odcr_capacity=[row(1)]))
    )
    assert "ec2:DescribeInstances" in line.advice


def test_every_type_that_botocore_knows_has_a_quota() -> None:
    model = boto3.client("ec2", region_name="us-east-1").meta.service_model
    types = model.shape_for("InstanceType").enum
    assert len(types) > 900
    assert all(name.startswith("mac") for name in types if quota_of(name) is None)
    families = {"m5.large": "Standard", "im4gn.large": "Standard", "is4gen.large": "Standard", "inf2.xlarge": "Inf"}
    families |= {"trn1.2xlarge": "Trn", "dl1.24xlarge": "DL", "vt1.3xlarge": "G and VT", "gr6.4xlarge": "G and VT"}
    families |= {"u-6tb1.metal": "High Memory", "u7i-12tb.224xlarge": "High Memory", "x2gd.medium": "X"}
    families |= {"hpc7g.4xlarge": "HPC", "p5.48xlarge": "P", "f1.2xlarge": "F", "d3.xlarge": "Standard"}
    for name, family in families.items():
        quota = quota_of(name)
        assert quota is not None
        assert quota.name == family, name


ZONES = {
    "AvailabilityZones": [
        {"ZoneName": "ap-northeast-1a", "ZoneId": "apne1-az4", "OptInStatus": "opt-in-not-required"},
        {"ZoneName": "ap-northeast-1c", "ZoneId": "apne1-az1", "OptInStatus": "opt-in-not-required"},
        {"ZoneName": "ap-northeast-1-tpe-1a", "ZoneId": "apne1-tpe1-az1", "OptInStatus": "not-opted-in"},
    ]
}
OFFERS = {"InstanceTypeOfferings": [{"InstanceType": "m5.large", "Location": "ap-northeast-1a"}]}


@pytest.mark.parametrize(
    ("zone", "level", "words"),
    [
        ("ap-northeast-1a", Level.OK, "offered"),
        ("apne1-az4", Level.OK, "offered"),
        ("ap-northeast-1c", Level.ERROR, "It is offered in ap-northeast-1a."),
        ("apne1-az1", Level.ERROR, "It is offered in ap-northeast-1a."),
        ("ap-northeast-1b", Level.ERROR, "Take one of ap-northeast-1-tpe-1a, ap-northeast-1a, ap-northeast-1c."),
        ("ap-northeast-1-tpe-1a", Level.ERROR, "Enable the zone group"),
        ("mars-north-1a", Level.ERROR, "no Region"),
    ],
)
def test_an_unoffered_pool_is_reported_with_alternatives(zone: str, level: Level, words: str) -> None:
    answers: dict[str, Answer] = {"DescribeAvailabilityZones": ZONES, "DescribeInstanceTypeOfferings": OFFERS}
    line = one(offers.check(check_inputs(answers, odcr_capacity=[row(1, LARGE | {"AvailabilityZone": zone})])))
    assert line.level is level
    assert words in f"{line.seen} {line.advice}"


def simulated(decision: str = "allowed", **more: Any) -> Answer:
    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        (action,) = request["ActionNames"]
        return {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": decision} | more]}

    return answer


def rights_lines(create: Answer, simulate: Answer | None = None, **tables: list[dict[str, Any]]) -> list[Line]:
    answers: dict[str, Answer] = {
        "CreateCapacityReservation": create,
        "GetFunctionConfiguration": {"Role": ROLE},
        "SimulatePrincipalPolicy": simulate or simulated(),
    }
    return list(
        rights.check(check_inputs(answers, {"ReservationTags": "Team=a"}, **({"odcr_capacity": [row(1)]} | tables)))
    )


@pytest.mark.parametrize(
    ("code", "level", "words"),
    [
        ("DryRunOperation", Level.OK, "your dry run"),
        ("UnauthorizedOperation", Level.WARNING, "nothing about the function's role"),
        ("UnauthorizedOperation: explicit deny in a service control policy", Level.ERROR, "organization"),
        ("OptInRequired", Level.ERROR, "Enable the Region"),
        ("InvalidParameterValue", Level.ERROR, "m5.large ap-northeast-1a"),
    ],
)
def test_a_dry_run_says_whose_right_it_is(code: str, level: Level, words: str) -> None:
    yours, role = rights_lines(code)
    assert yours.level is level
    assert words in f"{yours.seen} {yours.advice}"
    assert (role.level, "The role of odcr-ReserveCapacity may" in role.seen) == (Level.OK, True)


def test_the_dry_run_has_the_tags_that_will_be_sent() -> None:
    inputs = check_inputs(
        {"CreateCapacityReservation": "DryRunOperation"},
        {"ReservationTags": "Team=a,Cost=1"},
        odcr_capacity=[row(1)],
        odcr_option=[LARGE | {"Tags": '{"Team": "b"}'}],
    )
    list(rights.check(inputs))
    account = inputs.account
    assert isinstance(account, FakeAccount)
    (request,) = (params for name, _, params in account.asked if name == "CreateCapacityReservation")
    assert request["DryRun"] is True
    tags = {tag["Key"]: tag["Value"] for tag in request["TagSpecifications"][0]["Tags"]}
    assert tags["Team"] == "b"
    assert tags["Cost"] == "1"
    assert tags[OWNER_TAG] == "odcr/ap-northeast-1"
    assert tags.keys() == {"Team", "Cost", OWNER_TAG, MADE_TAG, ASKED_TAG, *PROJECT_TAG}


def test_the_dry_run_has_the_groups_tag() -> None:
    inputs = check_inputs(
        {},
        odcr_group=[{"Group_Name": "g", "TotalTargetCapacity": "6"}],
        odcr_group_member=[LARGE | {"Group_Name": "g"}],
    )
    assert rights.tags_of(inputs, next(inputs.wanted()))[GROUP_TAG] == "g"


def test_what_the_role_may_not_do_is_an_error() -> None:
    _, *lines = rights_lines("DryRunOperation", simulated("implicitDeny"))
    assert {line.level for line in lines} == {Level.ERROR}
    assert len(lines) == 4
    denied = simulated("implicitDeny", OrganizationsDecisionDetail={"AllowedByOrganizations": False})
    assert "the organization denies it" in rights_lines("DryRunOperation", denied)[1].seen


def test_without_the_right_to_simulate_the_warning_names_it() -> None:
    line = rights_lines("DryRunOperation", "AccessDenied")[1]
    assert line.level is Level.WARNING
    assert "iam:SimulatePrincipalPolicy" in line.advice
