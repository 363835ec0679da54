"""How policies are held against what is asked for, by IAM's rules."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from moto.iam.access_control import PermissionResult

from localcloud.iam import policy
from localcloud.iam.accesses import Access
from localcloud.iam.conditions import UnsupportedPolicyError
from localcloud.iam.policy import judge
from localcloud.iam.roles import Rights

ALLOWED, DENIED, NOT_ALLOWED = PermissionResult.PERMITTED, PermissionResult.DENIED, PermissionResult.NEUTRAL
ARN = "arn:aws:ec2:ap-northeast-1:123456789012:capacity-reservation/cr-1"
CANCEL = "ec2:CancelCapacityReservation"


def parse(*statements: dict[str, Any]) -> tuple[policy.Statement, ...]:
    return policy.parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(action: Any = CANCEL, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


def deny(action: Any = CANCEL, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def ask(context: Mapping[str, tuple[str, ...]] | None = None) -> Access:
    return Access(CANCEL, ARN, context or {})


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([], NOT_ALLOWED),
        ([allow()], ALLOWED),
        ([deny()], DENIED),
        ([allow(), deny()], DENIED),
        ([deny(), allow()], DENIED),
        ([allow(), deny("ec2:Create*")], ALLOWED),
        ([allow("ec2:CreateCapacityReservation")], NOT_ALLOWED),
        ([allow(["ec2:CreateCapacityReservation", CANCEL])], ALLOWED),
        ([allow("EC2:cancelcapacityRESERVATION")], ALLOWED),
        ([allow("ec2:Cancel*")], ALLOWED),
        ([allow("ec2:Cancel?apacityReservation")], ALLOWED),
        ([allow("*")], ALLOWED),
        ([allow("ec2:Cancel")], NOT_ALLOWED),
    ],
)
def test_effect_and_action(statements: list[dict[str, Any]], verdict: PermissionResult) -> None:
    assert judge(parse(*statements), ask()) is verdict


@pytest.mark.parametrize(
    ("resource", "matches"),
    [
        ("*", True),
        (ARN, True),
        (ARN[:-1] + "?", True),
        (ARN + "?", False),
        ("arn:aws:ec2:*:123456789012:capacity-reservation/*", True),
        ("arn:aws:ec2:*:*:*", True),
        ("arn:aws:ec2:*:capacity-reservation/*:", False),
        ("arn:aws:ec2:*t-1:123456789012:capacity-reservation/*", True),
        # A star within a part does not reach over a colon, one that ends its part does.
        ("arn:aws:ec2:a*9012:x:capacity-reservation/cr-1", False),
        ("arn:aws:ec2:ap*:capacity-reservation/cr-1:*", False),
        ("arn:aws:ec2:*:210987654321:capacity-reservation/*", False),
        ("arn:aws:ec2:*:123456789012:CAPACITY-RESERVATION/*", False),
        ("arn:aws:ec2:*:123456789012:capacity.reservation/*", False),
        ([ARN + "0", ARN], True),
    ],
)
def test_resource(resource: Any, matches: bool) -> None:
    assert judge(parse(allow(resource=resource)), ask()) is (ALLOWED if matches else NOT_ALLOWED)


def test_an_action_without_resources_needs_a_right_to_all() -> None:
    describe = "ec2:DescribeCapacityReservations"
    assert judge(parse(allow(describe, "*")), Access(describe)) is ALLOWED
    assert judge(parse(allow(describe, "arn:aws:ec2:*:*:*")), Access(describe)) is NOT_ALLOWED


OWNER, KEYS = "aws:ResourceTag/Owner", "aws:TagKeys"


@pytest.mark.parametrize(
    ("operator", "key", "values", "in_request", "holds"),
    [
        ("StringEquals", OWNER, "us", ["us"], True),
        ("StringEquals", OWNER, "us", ["US"], False),
        ("StringEquals", OWNER, "us", [], False),
        ("StringEquals", OWNER, ["them", "us"], ["us"], True),
        ("StringEquals", OWNER, "u*", ["us"], False),
        ("StringEquals", "AWS:resourcetag/OWNER", "us", ["us"], True),
        ("StringEquals", "aws:ResourceTag/Owner2", "us", ["us"], False),
        ("StringNotEquals", OWNER, "us", ["them"], True),
        ("StringNotEquals", OWNER, ["us", "them"], ["them"], False),
        ("StringNotEquals", OWNER, "us", [], True),
        ("StringLike", OWNER, "u*", ["us"], True),
        ("StringLike", OWNER, "u?", ["us"], True),
        ("StringLike", OWNER, "stack/*", ["stack/a:b"], True),
        ("StringLike", OWNER, "u*", ["them us"], False),
        ("StringLike", OWNER, "*", [], False),
        ("StringNotLike", OWNER, "u*", ["us"], False),
        ("StringNotLike", OWNER, "u*", ["them"], True),
        ("ForAllValues:StringEquals", KEYS, ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", KEYS, ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", KEYS, "a", [], True),
        ("ForAnyValue:StringEquals", KEYS, ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringEquals", KEYS, "a", ["c"], False),
        ("ForAnyValue:StringEquals", KEYS, "a", [], False),
        ("ForAnyValue:StringNotEquals", KEYS, "a", [], False),
        ("ForAllValues:StringNotLike", KEYS, "a*", ["b", "ab"], False),
    ],
)
def test_condition(operator: str, key: str, values: Any, in_request: list[str], holds: bool) -> None:
    name = "aws:tagkeys" if key == KEYS else "aws:resourcetag/owner"
    statement = allow(**{operator: {key: values}})
    assert judge(parse(statement), ask({name: tuple(in_request)})) is (ALLOWED if holds else NOT_ALLOWED)


def test_all_conditions_have_to_hold() -> None:
    condition = {"StringEquals": {OWNER: "us", "aws:RequestedRegion": "r"}, "StringLike": {"aws:RequestTag/x": "*"}}
    context = {"aws:resourcetag/owner": ("us",), "aws:requestedregion": ("r",), "aws:requesttag/x": ("y",)}
    statement = parse(allow(**condition))
    assert judge(statement, ask(context)) is ALLOWED
    for key in context:
        assert judge(statement, ask({**context, key: ("no",)})) is (ALLOWED if key.endswith("/x") else NOT_ALLOWED)
        assert judge(statement, ask({**context, key: ()})) is NOT_ALLOWED


def test_a_deny_counts_only_under_its_condition() -> None:
    both = parse(allow(), deny(StringNotEquals={OWNER: "us"}))
    assert judge(both, ask({"aws:resourcetag/owner": ("us",)})) is ALLOWED
    assert judge(both, ask()) is DENIED


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (allow(NumericLessThan={"ec2:InstanceType": "1"}), "operator NumericLessThan"),
        (allow(StringEqualsIfExists={OWNER: "us"}), "operator StringEqualsIfExists"),
        (allow(StringEquals={"ec2:InstanceCount": "1"}), "key ec2:InstanceCount"),
        (allow(StringEquals={"aws:ResourceTag/": "1"}), "key aws:ResourceTag/"),
        (allow(StringEquals={KEYS: "a"}), "without ForAllValues or ForAnyValue"),
        (allow(StringEquals={OWNER: "${aws:userid}"}), "policy variables"),
        (allow(resource="arn:aws:ec2:*"), "neither * nor an ARN"),
        ({"Effect": "Allow", "Action": "*", "NotResource": "*"}, "element NotResource"),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, "element NotAction"),
        ({"Effect": "Allow", "Action": "*"}, "without Resource"),
        ({"Effect": "allow", "Action": "*", "Resource": "*"}, "effect allow"),
    ],
)
def test_an_unsupported_part_of_a_policy_is_named(statement: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsupportedPolicyError) as error:
        parse(statement)
    assert named in str(error.value)
    # Unless it is of no concern.
    if "Action" in statement:
        assert parse({**statement, "Action": "logs:*"}) == ()


def test_a_single_statement_needs_no_list() -> None:
    assert policy.parse(json.dumps({"Statement": allow()})) == parse(allow())


@pytest.mark.parametrize(
    ("policies", "boundary", "why"),
    [
        ([allow()], None, None),
        ([], None, "because no identity-based policy allows"),
        ([allow()], [allow()], None),
        ([allow()], [], "because no permissions boundary allows"),
        ([], [allow()], "because no identity-based policy allows"),
        ([allow()], [deny()], "with an explicit deny in a permissions boundary"),
        ([], [deny()], "with an explicit deny in a permissions boundary"),
        ([deny()], [], "with an explicit deny in an identity-based policy"),
    ],
)
def test_a_boundary_only_takes_away(policies: list[Any], boundary: list[Any] | None, why: str | None) -> None:
    rights = Rights(parse(*policies), None if boundary is None else parse(*boundary))
    assert rights.allows(ask()) == (why is None)
    assert (rights.refusal(ask()) or "").startswith(why or "")
