"""Stacks: rolled back, replaced, retained; and resource types that the sample does not have."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.tests.deploy.conftest import BUCKET, Cloud
from localcloud.tests.deploy.stacks import QUEUE, create


def test_a_failed_resource_rolls_the_new_stack_back(cloud: Cloud) -> None:
    bad = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Queue"}, "https://nowhere/gone"], "PolicyDocument": {}},
    }
    stack = create(
        cloud, "failing", {"Resources": {"Queue": {**QUEUE, "Properties": {"QueueName": "undone"}}, "Bad": bad}}
    )
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloud.client("cloudformation").describe_stack_events(StackName="failing")["StackEvents"]
    (failed,) = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["LogicalResourceId"] == "Bad"
    assert "queue" in failed["ResourceStatusReason"]
    assert failed["ResourceStatusReason"] in stack["StackStatusReason"]
    assert not [url for url in cloud.client("sqs").list_queues().get("QueueUrls", []) if "undone" in url]
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        cloud.client("cloudformation").update_stack(StackName="failing", TemplateBody='{"Resources": {}}')


def test_dependents_follow_a_replaced_resource(cloud: Cloud) -> None:
    def template(cidr: str) -> dict[str, Any]:
        vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}
        group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d", "VpcId": {"Ref": "Vpc"}}}
        return {"Resources": {"Vpc": vpc, "Group": group}, "Outputs": {"Vpc": {"Value": {"Fn::GetAtt": "Group.VpcId"}}}}

    before = create(cloud, "replaced", template("10.1.0.0/16"))["Outputs"][0]["OutputValue"]
    client = cloud.client("cloudformation")
    client.update_stack(StackName="replaced", TemplateBody=json.dumps(template("10.2.0.0/16")))
    stack = client.describe_stacks(StackName="replaced")["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    after = stack["Outputs"][0]["OutputValue"]
    assert before != after
    vpcs = {vpc["VpcId"]: vpc["CidrBlock"] for vpc in cloud.client("ec2").describe_vpcs()["Vpcs"]}
    assert vpcs[after] == "10.2.0.0/16"
    assert before not in vpcs


def test_a_template_is_found_in_s3_on_loopback(cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="a/t.json", Body=json.dumps({"Resources": {"Queue": QUEUE}}))
    client = cloud.client("cloudformation")
    for number, host in enumerate((cloud.endpoint, cloud.endpoint.replace("127.0.0.1", "localhost"))):
        client.create_stack(StackName=f"from-s3-{number}", TemplateURL=f"{host}/{BUCKET}/a/t.json")
    with pytest.raises(ClientError, match="specified key does not exist"):
        client.create_stack(StackName="from-nowhere", TemplateURL=f"{cloud.endpoint}/{BUCKET}/gone")


def test_a_property_without_effect_is_told(cloud: Cloud) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": []}}}
    create(cloud, "told", {"Resources": {"Bucket": bucket}})
    line = "without effect here: AWS::S3::Bucket LifecycleConfiguration (Bucket): the local cloud does nothing with it"
    assert line in cloud.announced


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

    # when the password changes, then the login does
    cluster = {**cluster, "Properties": {**properties, "MasterUserPassword": "87654321"}}
    client = cloud.client("cloudformation")
    client.update_stack(StackName="first", TemplateBody=json.dumps({"Resources": {"Cluster": cluster}}))
    assert cloud.database.logins["shared"] == ("u", "87654321")
    client.delete_stack(StackName="first")
    assert "shared" not in cloud.database.logins


def test_a_role_and_a_schedule_follow_an_update_and_a_deletion(cloud: Cloud) -> None:
    def template(value: str) -> str:
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
        return json.dumps({"Resources": resources})

    client, rights = cloud.client("cloudformation"), ["CAPABILITY_IAM"]
    iam, scheduler, states = (cloud.client(name) for name in ("iam", "scheduler", "stepfunctions"))
    client.create_stack(StackName="more", TemplateBody=template("5"), Capabilities=rights)
    client.update_stack(StackName="more", TemplateBody=template("7"), Capabilities=rights)
    assert client.describe_stacks(StackName="more")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"

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
