"""Stacks: rolled back, changed, retained; and resource types that the sample does not have."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.tests.deploy.conftest import BUCKET, Cloud
from localcloud.tests.deploy.stacks import QUEUE, create, update


def test_a_failed_resource_rolls_the_new_stack_back(cloud: Cloud) -> None:
    properties = {"TopicArn": {"Fn::GetAtt": "Queue.Arn"}, "Protocol": "sms", "Endpoint": "nobody"}
    bad = {"Type": "AWS::SNS::Subscription", "Properties": properties}
    stack = create(
        cloud, "failing", {"Resources": {"Queue": {**QUEUE, "Properties": {"QueueName": "undone"}}, "Bad": bad}}
    )
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloud.client("cloudformation").describe_stack_events(StackName="failing")["StackEvents"]
    (failed,) = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["LogicalResourceId"] == "Bad"
    assert "Topic does not exist" in failed["ResourceStatusReason"]
    assert failed["ResourceStatusReason"] in stack["StackStatusReason"]
    assert not [url for url in cloud.client("sqs").list_queues().get("QueueUrls", []) if "undone" in url]
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        update(cloud, "failing", {"Resources": {"Queue": QUEUE}})


def test_a_change_that_is_none_in_place_makes_the_resource_anew(cloud: Cloud) -> None:
    def template(protocol: str, endpoint: str) -> dict[str, Any]:
        properties = {"TopicArn": {"Ref": "Topic"}, "Protocol": protocol, "Endpoint": endpoint}
        subscription = {"Type": "AWS::SNS::Subscription", "Properties": properties}
        return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Subscription": subscription}}

    def told() -> list[str]:
        found = cloud.client("sns").list_subscriptions()["Subscriptions"]
        return [one["Endpoint"] for one in found if ":anew-Topic-" in one["TopicArn"]]

    create(cloud, "anew", template("email", "a@example.com"))
    assert update(cloud, "anew", template("email", "b@example.com"))["StackStatus"] == "UPDATE_COMPLETE"
    assert told() == ["b@example.com"]
    stack = update(cloud, "anew", template("sms", "nobody"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Invalid SMS endpoint: nobody" in stack["StackStatusReason"]
    assert told() == ["b@example.com"]


def test_a_template_is_found_in_s3_on_loopback(cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="a/t.json", Body=json.dumps({"Resources": {"Queue": QUEUE}}))
    client = cloud.client("cloudformation")
    for number, host in enumerate((cloud.endpoint, cloud.endpoint.replace("127.0.0.1", "localhost"))):
        client.create_stack(StackName=f"from-s3-{number}", TemplateURL=f"{host}/{BUCKET}/a/t.json")
    with pytest.raises(ClientError, match="specified key does not exist"):
        client.create_stack(StackName="from-nowhere", TemplateURL=f"{cloud.endpoint}/{BUCKET}/gone")


def test_retained_resources_stay(cloud: Cloud) -> None:
    kept = {**QUEUE, "DeletionPolicy": "Retain", "Properties": {"QueueName": "kept"}}
    create(cloud, "retaining", {"Resources": {"Kept": kept, "Queue": QUEUE}})
    cloud.client("cloudformation").delete_stack(StackName="retaining")
    queues = cloud.client("sqs").list_queues()["QueueUrls"]
    assert [url for url in queues if url.endswith("/kept")]
    assert not [url for url in queues if "retaining" in url]


def test_two_clusters_cannot_share_the_one_server_s_names(cloud: Cloud) -> None:
    properties = {
        "Engine": "aurora-mysql",
        "DatabaseName": "shared",
        "MasterUsername": "u",
        "MasterUserPassword": "12345678",
    }
    cluster = {"Type": "AWS::RDS::DBCluster", "Properties": properties}
    assert create(cloud, "first", {"Resources": {"Cluster": cluster}})["StackStatus"] == "CREATE_COMPLETE"
    second = create(cloud, "second", {"Resources": {"Cluster": cluster}})
    assert second["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already holds database shared" in second["StackStatusReason"]

    cloud.client("cloudformation").delete_stack(StackName="first")
    assert "shared" not in cloud.database.logins


def test_a_role_and_a_schedule_follow_an_update_and_a_deletion(cloud: Cloud) -> None:
    def template(value: str) -> dict[str, Any]:
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "Description": value}}
        schedule = {
            "ScheduleExpression": f"rate({value} minutes)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": {"Fn::GetAtt": "Machine.Arn"}, "RoleArn": {"Fn::GetAtt": "Role.Arn"}},
        }
        wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": int(value), "End": True}}}
        machine = {"Definition": wait, "RoleArn": {"Fn::GetAtt": "Role.Arn"}}
        resources = {
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            "Role": role,
            "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule},
        }
        return {"Resources": resources}

    client = cloud.client("cloudformation")
    iam, scheduler, states = (cloud.client(name) for name in ("iam", "scheduler", "stepfunctions"))
    client.create_stack(StackName="more", TemplateBody=json.dumps(template("5")), Capabilities=["CAPABILITY_IAM"])
    assert update(cloud, "more", template("7"))["StackStatus"] == "UPDATE_COMPLETE"

    names = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in client.describe_stack_resources(StackName="more")["StackResources"]
    }
    definition = states.describe_state_machine(stateMachineArn=names["Machine"])["definition"]
    assert json.loads(definition)["States"]["Wait"]["Seconds"] == 7
    assert scheduler.get_schedule(Name=names["Schedule"])["ScheduleExpression"] == "rate(7 minutes)"
    assert iam.get_role(RoleName=names["Role"])["Role"]["Description"] == "7"

    client.delete_stack(StackName="more")
    assert names["Machine"] not in [one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"]]
    assert names["Schedule"] not in [one["Name"] for one in scheduler.list_schedules()["Schedules"]]
    assert names["Role"] not in [one["RoleName"] for one in iam.list_roles()["Roles"]]
