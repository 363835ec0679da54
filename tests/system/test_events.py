"""Events, from EC2's grant to whom a rule gives them, as deployed."""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from demo.build import ROOT
from demo.stack import Stack
from tests.documented import commands

KEY = ("r5b.2xlarge", "ap-northeast-1c")
OTHER = ("m5.xlarge", "ap-northeast-1a")
QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:"
EXEC = "python -m localcloud exec -- "


@pytest.fixture
def told(stack: Stack) -> Iterator[Callable[[], list[Any]]]:
    """What has arrived since it was last called, in order: the subjects of mails, and the details of events."""
    sqs, events, sns = (stack.client(service) for service in ("sqs", "events", "sns"))
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["odcr"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": f"{QUEUE}told"}])
    topic = stack.outputs["AlertTopicArn"]
    subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{QUEUE}told", ReturnSubscriptionArn=True)

    def receive() -> list[Any]:
        arrived: list[Any] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            arrived += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [one["detail"] | {"Type": one["detail-type"]} if "detail" in one else one["Subject"] for one in arrived]

    yield receive
    sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    events.remove_targets(Rule="told", Ids=["1"])
    events.delete_rule(Name="told")
    sqs.delete_queue(QueueUrl=url)


@contextmanager
def denied(stack: Stack, action: str) -> Iterator[None]:
    """Within it the state machine may not do this, by an organisation's wish."""
    iam = stack.client("iam")
    machine = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.outputs["StateMachineArn"])
    role = machine["roleArn"].rsplit("/", 1)[-1]
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="denied", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied")


def gain(stack: Stack, key: tuple[str, str], number: int) -> str:
    """How a run ends that can have so many."""
    stack.cloud.capacity.set_free(*key, number)
    return stack.run()["status"]


@pytest.fixture(autouse=True)
def targets(stack: Stack) -> None:
    stack.run()
    for key, number in ((KEY, 15), (OTHER, 2)):
        stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0)", *key, number)


def test_what_the_bus_refuses_waits_and_mails_go_on(stack: Stack, told: Callable[[], list[Any]]) -> None:
    with denied(stack, "events:PutEvents"):
        assert gain(stack, KEY, 4) == "FAILED"
        # One that gained nothing tries again.
        assert stack.run()["status"] == "FAILED"
        assert gain(stack, OTHER, 2) == "FAILED"
        assert told() == [
            "EC2 capacity odcr/ap-northeast-1: 2 SHORT",
            "EC2 capacity odcr/ap-northeast-1: 1 FULFILLED",
        ]
    before = stack.sql("SELECT Recorded FROM odcr_outbox ORDER BY Id")
    assert gain(stack, KEY, 7) == "SUCCEEDED"
    arrived = told()
    assert [(one["Type"], one["Demand"]["InstanceType"], one["Acquired"], one["Reserved"]) for one in arrived] == [
        ("Capacity Gained", KEY[0], 4, 4),
        ("Capacity Gained", OTHER[0], 2, 2),
        ("Capacity Gained", KEY[0], 7, 11),
    ]
    assert [one["Recorded"] for one in arrived[:2]] == [f"{at:%Y-%m-%dT%H:%M:%SZ}" for (at,) in before]
    assert len({one["Id"] for one in arrived}) == 3
    (held,) = (one["CapacityReservationId"] for one in stack.reservations() if one["InstanceType"] == KEY[0])
    assert arrived[2]["ReservationIds"] == [held]
    assert stack.run()["status"] == "SUCCEEDED"
    assert told() == []
    assert stack.sql("SELECT COUNT(*) FROM odcr_outbox") == ((0,),)


def test_the_page_s_rule_lets_an_auto_scaling_group_grow_with_what_is_held(stack: Stack) -> None:
    groups, cloudformation = stack.client("autoscaling"), stack.client("cloudformation")
    groups.create_launch_configuration(LaunchConfigurationName="c", ImageId="ami-0", InstanceType=KEY[0])
    groups.create_auto_scaling_group(
        AutoScalingGroupName="checkout",
        LaunchConfigurationName="c",
        MinSize=0,
        MaxSize=20,
        AvailabilityZones=[KEY[1]],
    )
    page = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    (line,) = (command.line for command in commands(page, "docs/reference/events.md"))
    words = shlex.split(line.removeprefix(EXEC))
    subprocess.run(stack.cloud.client_command(words), cwd=ROOT, env=stack.cloud.client_environment(), check=True)
    try:
        for more, all_of_it in ((4, 4), (2, 6)):
            assert gain(stack, KEY, more) == "SUCCEEDED"
            deadline = time.monotonic() + 30
            while desired(groups) != all_of_it:
                assert time.monotonic() < deadline, f"the group wants {desired(groups)} of {all_of_it}"
                time.sleep(0.1)
    finally:
        cloudformation.delete_stack(StackName="on-capacity-gained")
        groups.delete_auto_scaling_group(AutoScalingGroupName="checkout", ForceDelete=True)
        groups.delete_launch_configuration(LaunchConfigurationName="c")


def desired(groups: Any) -> int:
    (group,) = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["checkout"])["AutoScalingGroups"]
    return int(group["DesiredCapacity"])
