"""Events of the deployed stack, from EC2's grant to the targets of a rule."""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deployment.build import ROOT
from deployment.stack import Stack
from tests.documented import commands

KEY = ("r5b.2xlarge", "ap-northeast-1c")
OTHER = ("m5.xlarge", "ap-northeast-1a")
QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:"
EXEC = "python -m localcloud exec -- "


@pytest.fixture
def arrivals(stack: Stack) -> Iterator[Callable[[], list[Any]]]:
    """Returns what has arrived since the last call, in order: subjects of mails, and details of events."""
    sqs, events, sns = (stack.client(service) for service in ("sqs", "events", "sns"))
    url = sqs.create_queue(QueueName="arrivals")["QueueUrl"]
    events.put_rule(Name="arrivals", EventPattern=json.dumps({"source": ["odcr"]}))
    events.put_targets(Rule="arrivals", Targets=[{"Id": "1", "Arn": f"{QUEUE}arrivals"}])
    topic = stack.outputs["AlertTopicArn"]
    endpoint = f"{QUEUE}arrivals"
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint, ReturnSubscriptionArn=True)

    def receive() -> list[Any]:
        bodies: list[Any] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [
            body["detail"] | {"Type": body["detail-type"]} if "detail" in body else body["Subject"] for body in bodies
        ]

    yield receive
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    events.remove_targets(Rule="arrivals", Ids=["1"])
    events.delete_rule(Name="arrivals")
    sqs.delete_queue(QueueUrl=url)


@contextmanager
def denied(stack: Stack, action: str) -> Iterator[None]:
    """Within this context, the state machine may not do this, as if an organisation forbade it."""
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


def run_with_free(stack: Stack, key: tuple[str, str], number: int) -> str:
    """Sets the free capacity of a pool, and returns the status of a run."""
    stack.cloud.capacity.set_free(*key, number)
    return stack.run()["status"]


@pytest.fixture(autouse=True)
def targets(stack: Stack) -> None:
    stack.run()
    for key, number in ((KEY, 15), (OTHER, 2)):
        stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0)", *key, number)


def test_events_that_the_bus_refuses_wait_and_mails_go_on(stack: Stack, arrivals: Callable[[], list[Any]]) -> None:
    with denied(stack, "events:PutEvents"):
        assert run_with_free(stack, KEY, 4) == "FAILED"
        # A run that gains nothing tries again.
        assert stack.run()["status"] == "FAILED"
        assert run_with_free(stack, OTHER, 2) == "FAILED"
        assert arrivals() == [
            "EC2 capacity odcr/ap-northeast-1: 2 SHORT",
            "EC2 capacity odcr/ap-northeast-1: 1 FULFILLED",
        ]
    before = stack.sql("SELECT Recorded FROM odcr_outbox ORDER BY Id")
    assert run_with_free(stack, KEY, 7) == "SUCCEEDED"
    arrived = arrivals()
    assert [
        (event["Type"], event["Demand"]["InstanceType"], event["Acquired"], event["Reserved"]) for event in arrived
    ] == [
        ("Capacity Gained", KEY[0], 4, 4),
        ("Capacity Gained", OTHER[0], 2, 2),
        ("Capacity Gained", KEY[0], 7, 11),
    ]
    assert [event["Recorded"] for event in arrived[:2]] == [f"{at:%Y-%m-%dT%H:%M:%SZ}" for (at,) in before]
    assert len({event["Id"] for event in arrived}) == 3
    (reservation,) = (item for item in stack.reservations() if item["InstanceType"] == KEY[0])
    assert arrived[2]["ReservationIds"] == [reservation["CapacityReservationId"]]
    assert stack.run()["status"] == "SUCCEEDED"
    assert arrivals() == []
    assert stack.sql("SELECT COUNT(*) FROM odcr_outbox") == ((0,),)


def test_an_auto_scaling_group_grows_with_what_is_held_by_the_documented_rule(stack: Stack) -> None:
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
        for free, total in ((4, 4), (2, 6)):
            assert run_with_free(stack, KEY, free) == "SUCCEEDED"
            deadline = time.monotonic() + 30
            while desired(groups) != total:
                assert time.monotonic() < deadline, f"the group wants {desired(groups)} of {total}"
                time.sleep(0.1)
    finally:
        cloudformation.delete_stack(StackName="on-capacity-gained")
        groups.delete_auto_scaling_group(AutoScalingGroupName="checkout", ForceDelete=True)
        groups.delete_launch_configuration(LaunchConfigurationName="c")


def desired(groups: Any) -> int:
    (group,) = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["checkout"])["AutoScalingGroups"]
    return int(group["DesiredCapacity"])
