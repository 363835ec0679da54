"""EventBridge: state machines that put events as their role may, and rules that start state machines."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud_deploy.conftest import REGION, Cloud
from tests.integration.localcloud_deploy.stacks import create, update

BUS = f"arn:aws:events:{REGION}:123456789012:event-bus/"
ENTRY = {"Source": "tests", "DetailType": "Happened", "Detail": {"what": "早", "count": 1}}
PUT = {
    "StartAt": "Put",
    "States": {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents",
            "Parameters": {"Entries.$": "$.Entries"},
            "End": True,
        }
    },
}
WAIT = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module")
def machine(cloud: Cloud) -> str:
    """One that puts events, with the right to do so on the buses `default` and `missing`."""
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="puts-events", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": [f"{BUS}default", f"{BUS}missing"]}
    iam.put_role_policy(
        RoleName="puts-events",
        PolicyName="put",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return create_machine(cloud, PUT, role)


def create_machine(cloud: Cloud, definition: dict[str, Any], role: str) -> str:
    made = cloud.client("stepfunctions").create_state_machine(
        name=f"events-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=role
    )
    return str(made["stateMachineArn"])


@pytest.fixture
def queue(cloud: Cloud) -> Iterator[str]:
    """The URL of a queue that gets what happened, by a rule."""
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName="happened")["QueueUrl"]
    events.put_rule(Name="happened", EventPattern=json.dumps({"source": ["tests"]}))
    events.put_targets(Rule="happened", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:123456789012:happened"}])
    yield url
    events.remove_targets(Rule="happened", Ids=["1"])
    events.delete_rule(Name="happened")
    sqs.delete_queue(QueueUrl=url)


def received(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    answer = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_state_machine_puts_events(cloud: Cloud, machine: str, queue: str) -> None:
    ended = cloud.run(machine, {"Entries": [ENTRY, ENTRY]})
    assert ended["status"] == "SUCCEEDED"
    assert ended["output"]["FailedEntryCount"] == 0
    first, second = received(cloud, queue)
    assert (first["source"], first["detail-type"], first["detail"]) == ("tests", "Happened", ENTRY["Detail"])
    assert first["resources"] == [machine, ended["executionArn"]]
    assert first["id"] != second["id"]


def test_a_refused_entry_fails_the_task(cloud: Cloud, machine: str, queue: str) -> None:
    ended = cloud.run(machine, {"Entries": [ENTRY, {**ENTRY, "Source": ""}]})
    assert (ended["status"], ended["error"]) == ("FAILED", "EventBridge.FailedEntry")
    assert "Source is a required argument" in ended["cause"]
    assert len(received(cloud, queue)) == 1


def test_the_role_of_the_state_machine_decides(cloud: Cloud, machine: str, queue: str) -> None:
    ended = cloud.run(machine, {"Entries": [ENTRY, {**ENTRY, "EventBusName": "others"}]})
    assert ended["status"] == "FAILED"
    assert f"not authorized to perform: events:PutEvents on resource: {BUS}others" in ended["cause"]
    assert received(cloud, queue) == []


def test_a_bus_that_is_missing_takes_events_as_aws_does(cloud: Cloud, machine: str, queue: str) -> None:
    ended = cloud.run(machine, {"Entries": [{**ENTRY, "EventBusName": "missing"}, ENTRY]})
    assert ended["status"] == "SUCCEEDED"
    assert [entry.keys() for entry in ended["output"]["Entries"]] == [{"EventId"}, {"EventId"}]
    assert len(received(cloud, queue)) == 1
    with pytest.raises(ClientError, match="missing does not exist"):
        cloud.client("events").put_rule(Name="r", EventBusName="missing", EventPattern='{"source": ["tests"]}')


def test_a_template_s_rule_on_a_bus_that_is_missing_fails_the_deployment(cloud: Cloud) -> None:
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["tests"]}}}
    events, cloudformation = cloud.client("events"), cloud.client("cloudformation")
    events.create_event_bus(Name="made")
    resources = {"Default": rule, "Rule": on(rule, "made")}
    assert create(cloud, "rules", {"Resources": resources})["StackStatus"] == "CREATE_COMPLETE"
    assert [len(events.list_rules(EventBusName=one)["Rules"]) for one in ("default", "made")] == [1, 1]
    stack = update(cloud, "rules", {"Resources": {**resources, "Rule": on(rule, "missing")}})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    happened = cloudformation.describe_stack_events(StackName="rules")["StackEvents"]
    assert any("missing does not exist" in one.get("ResourceStatusReason", "") for one in happened)
    cloudformation.delete_stack(StackName="rules")
    assert events.list_rules(EventBusName="default")["Rules"] == []


def on(rule: dict[str, Any], bus: Any) -> dict[str, Any]:
    return {**rule, "Properties": {**rule["Properties"], "EventBusName": bus}}


def test_a_rule_that_is_disabled_does_nothing(cloud: Cloud, machine: str, queue: str) -> None:
    cloud.client("events").disable_rule(Name="happened")
    assert cloud.run(machine, {"Entries": [ENTRY]})["status"] == "SUCCEEDED"
    assert received(cloud, queue) == []


def test_a_rule_starts_a_state_machine_with_the_event(cloud: Cloud, machine: str, queue: str) -> None:
    started = create_machine(cloud, WAIT, cloud.role())
    target = {"Id": "2", "Arn": started, "RoleArn": cloud.role()}
    events = cloud.client("events")
    events.put_targets(Rule="happened", Targets=[target])
    try:
        assert cloud.run(machine, {"Entries": [ENTRY]})["status"] == "SUCCEEDED"
    finally:
        events.remove_targets(Rule="happened", Ids=["2"])
    deadline = time.monotonic() + 10
    while not (executions := cloud.client("stepfunctions").list_executions(stateMachineArn=started)["executions"]):
        assert time.monotonic() < deadline, "nothing was started"
        time.sleep(0.05)
    given = cloud.ended(executions[0]["executionArn"])["output"]
    assert (given["source"], given["detail"]) == ("tests", ENTRY["Detail"])
    assert given["time"].endswith("Z")
    assert len(received(cloud, queue)) == 1
