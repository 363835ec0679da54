"""What the deployed roles allow."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deployment.stack import OWNER_TAG, Stack
from localcloud.iam.accesses import Access, Context
from localcloud.iam.roles import Rights, rights_of

OURS = "odcr/ap-northeast-1"
OTHERS = ("", "odcr", "odcr/us-east-1", "other/ap-northeast-1", "odcr/ap-northeast-1/more", "ODCR/ap-northeast-1")
"""The tag's values on reservations of others; empty: no tag."""
REGIONS = ("ap-northeast-1", "us-east-1")


def rights(stack: Stack, function: str) -> Rights:
    configuration = stack.client("lambda").get_function_configuration(FunctionName=f"{stack.name}-{function}")
    return rights_of(configuration["Role"])


def tagged(kind: str, value: str, **more: tuple[str, ...]) -> Context:
    key = f"aws:{kind}/{OWNER_TAG}"
    return {**({key: (value,)} if value else {}), **{name.replace("_", ":"): values for name, values in more.items()}}


def access(
    verb: str, region: str = REGIONS[0], context: Context | None = None, account: str = "123456789012"
) -> Access:
    arn = f"arn:aws:ec2:{region}:{account}:capacity-reservation/cr-0123456789abcdef0"
    return Access(f"ec2:{verb}", arn, context or {})


DESCRIBE = Access("ec2:DescribeCapacityReservations")
ZONES = Access("ec2:DescribeAvailabilityZones")
INSTANCES = Access("ec2:DescribeInstances")
TYPES = Access("ec2:DescribeInstanceTypes")


def secret(stack: Stack) -> Access:
    return Access("secretsmanager:GetSecretValue", stack.outputs["DatabaseSecretArn"])


def test_reserve_capacity_creates_and_changes_only_reservations_with_the_stacks_tag(stack: Stack) -> None:
    role = rights(stack, "ReserveCapacity")
    for region in REGIONS:
        for verb, kind in (
            ("CreateCapacityReservation", "requesttag"),
            ("ModifyCapacityReservation", "resourcetag"),
            ("CancelCapacityReservation", "resourcetag"),
        ):
            assert role.allows(access(verb, region, tagged(kind, OURS)))
            assert not any(role.allows(access(verb, region, tagged(kind, other))) for other in OTHERS)
            assert not role.allows(access(verb, region, tagged(kind, OURS), account="210987654321"))
        on_creation: dict[str, Any] = {"ec2_createaction": ("CreateCapacityReservation",)}
        assert role.allows(access("CreateTags", region, tagged("requesttag", OURS, **on_creation)))
        assert not role.allows(access("CreateTags", region, tagged("requesttag", OURS)))
        assert not role.allows(
            access("CreateTags", region, tagged("requesttag", OURS, ec2_createaction=("RunInstances",)))
        )
    assert role.allows(DESCRIBE)
    assert role.allows(TYPES)
    assert not role.allows(INSTANCES)
    assert not role.allows(secret(stack))


def test_find_shortfalls_only_describes(stack: Stack) -> None:
    role = rights(stack, "FindShortfalls")
    assert role.allows(DESCRIBE)
    assert role.allows(ZONES)
    assert role.allows(INSTANCES)
    assert role.allows(TYPES)
    assert not role.allows(secret(stack))
    assert not any(role.allows(change) for change in changes())


@pytest.mark.parametrize("function", ["LoadTargets", "RecordResults"])
def test_functions_with_the_login_read_its_secret_and_nothing_else(stack: Stack, function: str) -> None:
    role = rights(stack, function)
    assert role.allows(secret(stack))
    assert not role.allows(Access("secretsmanager:GetSecretValue", f"{stack.outputs['DatabaseSecretArn']}2"))
    assert not role.allows(Access("secretsmanager:PutSecretValue", stack.outputs["DatabaseSecretArn"]))
    assert not any(role.allows(access) for access in (DESCRIBE, TYPES, ZONES, *changes()))


def test_the_state_machine_puts_events_on_one_bus(stack: Stack) -> None:
    machine = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.outputs["StateMachineArn"])
    role, bus = rights_of(machine["roleArn"]), f"arn:aws:events:{REGIONS[0]}:123456789012:event-bus/default"
    assert role.allows(Access("events:PutEvents", bus))
    for other in (f"{bus}2", bus.replace(*REGIONS), bus.replace("123456789012", "210987654321")):
        assert not role.allows(Access("events:PutEvents", other))
    assert not any(role.allows(access) for access in (secret(stack), *changes()))


def test_the_local_cloud_enforces_the_roles(stack: Stack) -> None:
    configuration = stack.client("lambda").get_function_configuration(FunctionName=f"{stack.name}-FindShortfalls")
    assumed = stack.client("sts").assume_role(RoleArn=configuration["Role"], RoleSessionName="test")["Credentials"]
    session = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
    ec2 = session.client("ec2", region_name=REGIONS[0], endpoint_url=stack.cloud.endpoint)
    assert ec2.describe_capacity_reservations()["CapacityReservations"] == []
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.create_capacity_reservation(
            InstanceType="m5.large", InstancePlatform="Linux/UNIX", AvailabilityZone=f"{REGIONS[0]}a", InstanceCount=1
        )


def changes() -> list[Access]:
    """Every request that changes reservations or their tags, with every tag that could allow it."""
    context = tagged("requesttag", OURS, ec2_createaction=("CreateCapacityReservation",)) | tagged("resourcetag", OURS)
    verbs = ("Create", "Modify", "Cancel")
    return [access(f"{verb}CapacityReservation", context=context) for verb in verbs] + [
        access(verb, context=context) for verb in ("CreateTags", "DeleteTags")
    ]
