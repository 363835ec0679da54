"""The real SAM CLI deploys the sample project, and all of it works."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from localcloud.tests.deploy.conftest import REGION, SAMPLE, Cloud, Replace

STACK = "sample"


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The stack's outputs."""
    folder = tmp_path_factory.mktemp("project") / "sample"
    shutil.copytree(SAMPLE, folder)
    done = cloud.deploy(folder, STACK)
    assert done.returncode == 0, done.stdout + done.stderr
    return outputs(cloud)


def outputs(cloud: Cloud, stack: str = STACK) -> dict[str, str]:
    found = cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def physical_id(cloud: Cloud, logical_id: str) -> str:
    answer = cloud.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def test_a_run_passes_through_both_functions(cloud: Cloud, deployed: dict[str, str]) -> None:
    execution = cloud.run(deployed["MachineArn"], {"who": "world"})
    assert execution["status"] == "SUCCEEDED", execution
    output = execution["output"]
    assert output["text"] == "HELLO WORLD"
    assert output["zones"] == ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    assert output["city"] == "tokyo"
    assert output["nothing"] is False
    # Two retries, ten seconds each on AWS, took less than one here.
    assert (execution["stopDate"] - execution["startDate"]).total_seconds() < 10
    logged = cloud.client("logs").filter_log_events(logGroupName=f"/sample/{STACK}")["events"]
    assert "shouting hello world" in [event["message"] for event in logged]
    queue = physical_id(cloud, "Queue")
    (message,) = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "HELLO WORLD"


def test_the_secret_opens_the_database(cloud: Cloud, deployed: dict[str, str]) -> None:
    text = cloud.client("secretsmanager").get_secret_value(SecretId=deployed["LoginArn"])["SecretString"]
    login = json.loads(text)
    assert cloud.database.logins["sample_db"] == ("sample", login["password"])
    assert len(login["password"]) == 20
    cluster = physical_id(cloud, "Cluster")
    assert {key: login[key] for key in ("engine", "host", "port", "dbname", "dbClusterIdentifier")} == {
        "engine": "mysql",
        "host": "127.0.0.1",
        "port": 3307,
        "dbname": "sample_db",
        "dbClusterIdentifier": cluster,
    }
    (described,) = cloud.client("rds").describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"]
    assert (described["Endpoint"], described["Port"]) == ("127.0.0.1", 3307)
    assert [member["IsClusterWriter"] for member in described["DBClusterMembers"]] == [True]
    assert deployed["ClusterAddress"] == "127.0.0.1:3307"
    assert deployed["ClusterArn"] == described["DBClusterArn"]


def test_the_schedule_is_the_template_s(cloud: Cloud, deployed: dict[str, str]) -> None:
    schedule = cloud.client("scheduler").get_schedule(Name=physical_id(cloud, "MachineOften"))
    assert schedule["State"] == "DISABLED"
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Tokyo"
    assert schedule["StartDate"].year == 2030
    assert schedule["Target"]["Arn"] == deployed["MachineArn"]
    assert schedule["Target"]["Input"] == '{"who": "world"}'
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 2}


@pytest.mark.usefixtures("deployed")
def test_the_network_can_be_described(cloud: Cloud) -> None:
    ec2, vpc = cloud.client("ec2"), physical_id(cloud, "Vpc")
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = {one["CidrBlock"]: one["AvailabilityZone"] for one in ec2.describe_subnets(Filters=mine)["Subnets"]}
    assert subnets == {"10.9.0.0/24": "ap-northeast-1a", "10.9.1.0/24": "ap-northeast-1c"}
    groups = {group["GroupId"]: group for group in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]}
    group = groups[physical_id(cloud, "Group")]
    assert [rule["FromPort"] for rule in group["IpPermissions"]] == [3306]
    assert {rule.get("FromPort") for rule in group["IpPermissionsEgress"]} == {None}


@pytest.mark.usefixtures("deployed")
def test_the_template_is_kept_as_it_was_written(cloud: Cloud) -> None:
    original = cloud.client("cloudformation").get_template(StackName=STACK)["TemplateBody"]
    assert "AWS::Serverless::Function" in str(original)


def test_update_then_empty_update_then_failed_update_then_delete(
    cloud: Cloud, deployed: dict[str, str], sample: Path, replace: Replace
) -> None:
    client = cloud.client("cloudformation")

    # when the code, the definition and a parameter change
    replace(sample / "functions" / "shout.py", "upper()", "title()")
    replace(sample / "statemachine" / "greet.asl.json", '"Next": "Tell"', '"End": true')
    definition = json.loads((sample / "statemachine" / "greet.asl.json").read_text())
    del definition["States"]["Tell"]
    (sample / "statemachine" / "greet.asl.json").write_text(json.dumps(definition))
    before = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources(client)}
    done = cloud.deploy(sample, STACK, "--parameter-overrides", "Greeting=bye Secrecy=yes")
    assert done.returncode == 0, done.stdout + done.stderr

    # then new runs have all of it, nothing was replaced, and what a condition asks for is there
    output = cloud.run(deployed["MachineArn"], {"who": "world"})["output"]
    assert (output["text"], output["nothing"], "told" in output) == ("Bye World", True, False)
    after = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources(client)}
    assert after.pop("Extra")
    assert after == before

    # when nothing changes, then the SAM CLI says so
    done = cloud.deploy(sample, STACK, "--parameter-overrides", "Greeting=bye Secrecy=yes")
    assert done.returncode == 1
    assert "No changes to deploy" in done.stderr

    # when a resource fails, then the SAM CLI ends non-zero with the reason, and everything is as it was
    replace(sample / "template.yaml", "Threshold: 1", "Threshold: 2")
    replace(sample / "functions" / "shout.py", "title()", "swapcase()")
    replace(sample / "statemachine" / "greet.asl.json", "${GreetArn}", "${Nowhere}")
    done = cloud.deploy(sample, STACK, "--parameter-overrides", "Greeting=ciao Secrecy=yes")
    assert done.returncode != 0
    assert "Nowhere" in done.stdout.replace("\n", "").replace(" ", "")
    stack = client.describe_stacks(StackName=STACK)["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Nowhere" in stack["StackStatusReason"]
    assert cloud.run(deployed["MachineArn"], {"who": "world"})["output"]["text"] == "Bye World"
    (alarm,) = cloud.client("cloudwatch").describe_alarms(AlarmNames=[after["Alarm"]])["MetricAlarms"]
    assert alarm["Threshold"] == 1

    # when it is deleted, then nothing is left
    done = cloud.sam(sample, "delete", "--stack-name", STACK, "--no-prompts", "--region", REGION)
    assert done.returncode == 0, done.stdout + done.stderr
    assert left_over(cloud) == []
    assert "sample_db" not in cloud.database.logins


def resources(client: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.describe_stack_resources(StackName=STACK)["StackResources"]
    return found


def left_over(cloud: Cloud) -> list[str]:
    """What is left of the sample."""
    ec2 = cloud.client("ec2")
    mine = [{"Name": "tag:aws:cloudformation:stack-name", "Values": [STACK]}]
    found = [
        ec2.describe_vpcs(Filters=mine)["Vpcs"],
        ec2.describe_subnets(Filters=mine)["Subnets"],
        ec2.describe_security_groups(Filters=mine)["SecurityGroups"],
        ec2.describe_route_tables(Filters=mine)["RouteTables"],
        ec2.describe_internet_gateways(Filters=mine)["InternetGateways"],
        [one for one in ec2.describe_nat_gateways(Filters=mine)["NatGateways"] if one["State"] != "deleted"],
        ec2.describe_addresses()["Addresses"],
        [one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["State"] != "deleted"],
        cloud.client("lambda").list_functions()["Functions"],
        cloud.client("secretsmanager").list_secrets()["SecretList"],
        cloud.client("rds").describe_db_clusters()["DBClusters"],
        cloud.client("rds").describe_db_instances()["DBInstances"],
        cloud.client("rds").describe_db_subnet_groups()["DBSubnetGroups"],
        cloud.client("scheduler").list_schedules()["Schedules"],
        cloud.client("stepfunctions").list_state_machines()["stateMachines"],
        cloud.client("sns").list_topics()["Topics"],
        cloud.client("sns").list_subscriptions()["Subscriptions"],
        cloud.client("sqs").list_queues().get("QueueUrls", []),
        cloud.client("cloudwatch").describe_alarms()["MetricAlarms"],
        cloud.client("cloudwatch").list_dashboards()["DashboardEntries"],
    ]
    names = [json.dumps(one, default=str) for kind in found for one in kind]
    return [name for name in names if STACK in name.lower() or "10.9." in name]
