"""Every valid combination of parameters deploys and works; an invalid one is refused with a sentence."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from deployment.build import build
from deployment.stack import Stack
from localcloud.cloud import LocalCloud
from localcloud.ec2 import PLENTY

OWN_VPC = {"VpcId": "{vpc}", "LambdaSubnetIds": "{lambda_subnets}", "SecretsManagerAccess": "existing"}
NEW_DATABASE = {"DatabaseSubnetIds": "{database_subnets}"}
OWN_DATABASE = {"ExistingDatabaseSecretArn": "{secret}", "ExistingDatabaseSecurityGroupId": "{database_group}"}

PLACES: dict[str, dict[str, str]] = {
    "all new": {},
    "all new, NAT gateway": {"SecretsManagerAccess": "nat"},
    "own VPC": OWN_VPC | NEW_DATABASE,
    "own VPC and database": OWN_VPC | OWN_DATABASE,
}
"""Where the network and the database are: each valid combination."""

OPTIONS: dict[str, dict[str, str]] = {
    "fewest options": {"ScheduleState": "DISABLED", "NoRunAlarmMinutes": "0", "EventBusName": ""},
    "all options": {
        "ScheduleExpression": "cron(0/5 8-20 * * ? *)",
        "PriceScheduleExpression": "cron(0 3 * * ? *)",
        "ScheduleTimezone": "Asia/Tokyo",
        "ScheduleStart": "2040-01-01T00:00:00Z",
        "ScheduleEnd": "2040-02-01T00:00:00Z",
        "NoRunAlarmMinutes": "15",
        "ShortageAlarmMinutes": "30",
        "UnusedAlarmMinutes": "45",
        "AlertEmail": "night-watch@example.com",
        "EventBusName": "campaign",
        "MapConcurrency": "8",
        "AskEverySeconds": "10",
        "SlowAfterHours": "48",
        "MinDatabaseCapacity": "1",
        "MaxDatabaseCapacity": "8",
        "HistoryDays": "90",
        "LogRetentionDays": "7",
        "ReleaseOnLoweredTarget": "yes",
        "ReservationTags": "Team=shop,CostCenter=4-2",
        "AvailabilityZones": "ap-northeast-1c,ap-northeast-1d",
        "DataApi": "no",
        "DatabaseCertificatesSecretArn": "{certificates}",
        "FunctionArchitecture": "x86_64",
        "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    },
}

ASKING = {
    "RELEASE_ON_LOWERED_TARGET": "yes",
    "MAP_CONCURRENCY": "8",
    "ASK_EVERY_SECONDS": "10",
    "SLOW_AFTER_HOURS": "48",
    "RESERVATION_TAGS": "Team=shop,CostCenter=4-2",
}
"""The variables that FindShortfalls gets from these options."""

NEW_DATABASE_OPTIONS = {"fewest options": {}, "all options": {"SecretRotationDays": "30"}}
"""Further options, if the stack creates the database."""

BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                f"{service}:*"
                for service in (
                    "dynamodb",
                    "ec2",
                    "events",
                    "lambda",
                    "logs",
                    "pricing",
                    "scheduler",
                    "secretsmanager",
                    "sns",
                    "sqs",
                    "states",
                    "xray",
                )
            ],
            "Resource": "*",
        }
    ],
}
"""A boundary such as an organization may require: some services, but not IAM."""

INVALID: list[tuple[dict[str, str], str]] = [
    ({"VpcId": "{vpc}"}, "LambdaSubnetIds is missing"),
    (OWN_VPC, "give DatabaseSubnetIds for a new database, or ExistingDatabaseSecretArn"),
    ({"LambdaSubnetIds": "{lambda_subnets}"}, "Give its VpcId as well"),
    (NEW_DATABASE, "Give its VpcId as well"),
    ({"SecretsManagerAccess": "existing"}, "A new VPC has no way to Secrets Manager. Set"),
    (OWN_VPC | NEW_DATABASE | {"SecretsManagerAccess": "nat"}, "a NAT gateway only in a new VPC"),
    (OWN_VPC | NEW_DATABASE | {"SecretsManagerAccess": "endpoint"}, "set SecretsManagerAccess to existing"),
    (OWN_DATABASE, "With ExistingDatabaseSecretArn, give VpcId and LambdaSubnetIds"),
    (OWN_VPC | {"ExistingDatabaseSecretArn": "{secret}"}, "ExistingDatabaseSecurityGroupId is missing"),
    (OWN_VPC | OWN_DATABASE | {"SecretRotationDays": "7"}, "rotates only the secret of a new database"),
    (OWN_VPC | NEW_DATABASE | OWN_DATABASE, "DatabaseSubnetIds are for a new database"),
    ({"ExistingDatabaseSecurityGroupId": "{database_group}"}, "Give ExistingDatabaseSecretArn as well"),
    ({"ExistingDatabaseSecretKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1"}, "are for an existing database"),
    ({"DatabaseCertificatesSecretArn": "-----BEGIN CERTIFICATE-----"}, "must be the whole ARN of a secret"),
    ({"EventBusName": "arn:aws:events:eu-west-1:123456789012:event-bus/others"}, "must be the name of an event bus"),
    ({"AlertEmail": "nobody"}, "must be one e-mail address, or empty"),
    ({"ScheduleEnd": "tomorrow"}, "must be a time in UTC, such as 2026-11-12T00:00:00Z"),
    ({"ScheduleExpression": "every minute"}, "must be an EventBridge Scheduler expression"),
    ({"ScheduleTimezone": "9"}, "must be a time zone of the IANA database"),
    ({"LambdaSubnetIds": "subnet-01234567"}, "must be the ids of two or more subnets"),
]


@dataclass(frozen=True)
class Account:
    """An account that has a VPC and a database already, and the packaged template."""

    stack: Stack
    template_url: str
    own: dict[str, str]

    def create(self, parameters: dict[str, str]) -> None:
        """Creates the stack from the packaged template; raises CloudFormation's error if it refuses."""
        cloudformation = self.stack.client("cloudformation")
        cloudformation.create_stack(**self._stack(parameters))
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=self.stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        self.stack.__dict__.pop("outputs", None)

    def change(self, parameters: dict[str, str]) -> None:
        """Deploys the stack again, with other parameters."""
        cloudformation, change_set = self.stack.client("cloudformation"), "again"
        cloudformation.create_change_set(**self._stack(parameters), ChangeSetName=change_set, ChangeSetType="UPDATE")
        cloudformation.execute_change_set(StackName=self.stack.name, ChangeSetName=change_set)
        cloudformation.get_waiter("stack_update_complete").wait(
            StackName=self.stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def _stack(self, parameters: dict[str, str]) -> dict[str, Any]:
        return {
            "StackName": self.stack.name,
            "TemplateURL": self.template_url,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value.format(**self.own)}
                for name, value in {"DatabaseDeletionProtection": "no", **parameters}.items()
            ],
        }

    def delete(self) -> None:
        cloudformation = self.stack.client("cloudformation")
        cloudformation.delete_stack(StackName=self.stack.name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    def resources(self) -> dict[str, str]:
        """The resource types of the stack, by logical id."""
        pages = (
            self.stack.client("cloudformation")
            .get_paginator("list_stack_resources")
            .paginate(StackName=self.stack.name)
        )
        return {
            resource["LogicalResourceId"]: resource["ResourceType"]
            for page in pages
            for resource in page["StackResourceSummaries"]
        }

    def physical_ids(self) -> dict[str, str]:
        """The physical ids of the stack's resources, by logical id."""
        described = self.stack.client("cloudformation").describe_stack_resources(StackName=self.stack.name)
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described["StackResources"]
        }


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    # A cloud of its own, because a cloud has room for only one database with the product's names.
    build()
    # Slow enough that a function starts within a run, even on a busy machine.
    with LocalCloud(speed=20, vcpu_quota=PLENTY) as cloud:
        stack = Stack(cloud)
        ec2 = stack.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"] for number in range(4)
        ]
        group = ec2.create_security_group(GroupName="mysql", Description="ours", VpcId=vpc)["GroupId"]
        cloud.database.create_database("our_db", "our_admin", "our-Password-0")
        with cloud.database.admin_connection() as connection, connection.cursor() as cursor:
            # As docs/how-to/own-network-and-database.md says.
            cursor.execute("CREATE USER 'our_user'@'%' IDENTIFIED BY 'our-Password-1'")
            cursor.execute(r"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `our\_db`.* TO 'our_user'@'%'")
        login = {
            "username": "our_user",
            "password": "our-Password-1",
            "host": cloud.database.host,
            "port": cloud.database.port,
            "dbname": "our_db",
        }
        stack.client("events").create_event_bus(Name="campaign")
        stack.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(BOUNDARY))
        secret = stack.client("secretsmanager").create_secret(Name="ours", SecretString=json.dumps(login))["ARN"]
        pem = Path(cloud.database.ca_file).read_text()
        certificates = stack.client("secretsmanager").create_secret(Name="roots", SecretString=pem)["ARN"]
        stack.deploy({"ScheduleState": "DISABLED", "DatabaseDeletionProtection": "no"})
        packaged = stack.client("cloudformation").get_template(StackName=stack.name)["TemplateBody"]
        bucket, name = "localcloud-artifacts", "packaged.template"
        stack.client("s3").put_object(Bucket=bucket, Key=name, Body=packaged.encode())
        account = Account(
            stack,
            f"{cloud.endpoint}/{bucket}/{name}",
            {
                "vpc": vpc,
                "lambda_subnets": ",".join(subnets[:2]),
                "database_subnets": ",".join(subnets[2:]),
                "secret": secret,
                "certificates": certificates,
                "database_group": group,
            },
        )
        account.delete()
        yield account


@pytest.fixture
def empty(account: Account) -> Iterator[Account]:
    yield account
    account.delete()


def functions_subnets(stack: Stack) -> list[str]:
    configuration = stack.client("lambda").get_function_configuration(FunctionName=f"{stack.name}-LoadTargets")
    return sorted(configuration["VpcConfig"]["SubnetIds"])


@pytest.mark.parametrize(("place", "options"), list(itertools.product(PLACES, OPTIONS)))
def test_valid_parameters_deploy_and_hold_capacity(empty: Account, place: str, options: str) -> None:
    is_new = "database" not in place
    empty.create(PLACES[place] | OPTIONS[options] | (NEW_DATABASE_OPTIONS[options] if is_new else {}))
    stack, resources = empty.stack, empty.resources()

    kinds = set(resources.values())
    assert "AWS::DynamoDB::Table" in kinds
    # The stack creates a network or a database only if it was given none.
    assert ("AWS::EC2::VPC" in kinds) == place.startswith("all new")
    assert ("AWS::EC2::NatGateway" in kinds) == ("NAT" in place)
    assert ("AWS::EC2::VPCEndpoint" in kinds) == (place == "all new")
    assert ("AWS::RDS::DBCluster" in kinds) == ("AWS::SecretsManager::Secret" in kinds) == is_new
    if not place.startswith("all new"):
        assert functions_subnets(stack) == sorted(empty.own["lambda_subnets"].split(","))
    assert ("AlertSubscription" in resources) == (options == "all options")
    assert ("NoRunAlarm" in resources) == (options == "all options")
    assert ("EventBusExists" in resources) == (options == "all options")
    assert ("UnusedAlarm" in resources) == (options == "all options")
    assert ("RotateSecret" in resources) == (is_new and options == "all options")

    stack.cloud.capacity.reset()
    stack.cloud.capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 15)
    # The first run creates the tables, the second finds the target in them.
    assert stack.run()["status"] == "SUCCEEDED"
    stack.sql("DELETE FROM odcr_capacity")
    stack.sql("INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)")
    assert stack.run()["status"] == "SUCCEEDED"
    assert stack.sql("SELECT Current_Capacity FROM odcr_capacity") == ((15,),)


@pytest.mark.parametrize("how", ["at once", "in place"])
def test_options_reach_their_resources(empty: Account, how: str) -> None:
    if how == "at once":
        empty.create(OPTIONS["all options"])
    else:
        # A database cannot move to other zones.
        zones = {"AvailabilityZones": OPTIONS["all options"]["AvailabilityZones"]}
        empty.create(OPTIONS["fewest options"] | zones)
        ids = empty.physical_ids()
        empty.change(OPTIONS["all options"])
        assert ids.items() <= empty.physical_ids().items()
    stack = empty.stack
    schedule = stack.client("scheduler").get_schedule(Name=stack.name)
    assert schedule["ScheduleExpression"] == "cron(0/5 8-20 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Tokyo"
    assert (schedule["StartDate"].year, schedule["EndDate"].month) == (2040, 2)
    find_shortfalls = stack.client("lambda").get_function_configuration(FunctionName=f"{stack.name}-FindShortfalls")
    variables = find_shortfalls["Environment"]["Variables"]
    assert {name: variables[name] for name in ASKING} == ASKING
    load_targets = stack.client("lambda").get_function_configuration(FunctionName=f"{stack.name}-LoadTargets")
    variables = load_targets["Environment"]["Variables"]
    assert variables["DATABASE_CERTIFICATES_SECRET_ARN"] == empty.own["certificates"]
    record_results = stack.client("lambda").get_function_configuration(FunctionName=f"{stack.name}-RecordResults")
    variables = record_results["Environment"]["Variables"]
    assert variables["EVENT_BUS_NAME"] == "campaign"
    assert (variables["HISTORY_DAYS"], variables["UNUSED_ALARM_MINUTES"]) == ("90", "45")
    assert schedule["Target"]["DeadLetterConfig"]["Arn"].startswith("arn:aws:sqs:")
    alarms = {alarm["AlarmName"]: alarm for alarm in stack.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert alarms["odcr-no-run"]["EvaluationPeriods"] == 15
    assert alarms["odcr-long-shortage"]["Threshold"] == 30
    unused = alarms["odcr-held-but-unused"]
    assert (unused["MetricName"], unused["Threshold"]) == ("LongestUnusedMinutes", 45)
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms.values()} == {(stack.outputs["AlertTopicArn"],)}
    subscriptions = stack.client("sns").list_subscriptions_by_topic(TopicArn=stack.outputs["AlertTopicArn"])
    (subscription,) = subscriptions["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "night-watch@example.com")
    subnets = stack.client("ec2").describe_subnets(Filters=[{"Name": "tag:Project", "Values": ["ODCR"]}])["Subnets"]
    assert sorted(subnet["AvailabilityZone"][-1] for subnet in subnets) == ["c", "c", "d", "d"]
    roles = stack.client("iam").list_roles()["Roles"]
    boundaries = {
        stack.client("iam").get_role(RoleName=role["RoleName"])["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
        for role in roles
        if role["RoleName"].startswith("odcr-")
    }
    assert boundaries == {"arn:aws:iam::123456789012:policy/boundary"}
    groups = stack.client("logs").describe_log_groups()["logGroups"]
    assert {int(group["retentionInDays"]) for group in groups if "odcr" in group["logGroupName"]} == {7}


def test_a_protected_database_survives_deleting_the_stack(account: Account) -> None:
    account.create({"ScheduleState": "DISABLED", "DatabaseDeletionProtection": "yes"})
    with pytest.raises(WaiterError):
        account.delete()
    clusters = account.stack.client("rds").describe_db_clusters()["DBClusters"]
    assert [cluster["DeletionProtection"] for cluster in clusters] == [True]
    rds: Any = account.stack.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier=clusters[0]["DBClusterIdentifier"], DeletionProtection=False)
    account.delete()


@pytest.mark.parametrize(("parameters", "sentence"), INVALID, ids=[sentence for _, sentence in INVALID])
def test_invalid_parameters_are_refused_with_a_sentence(
    account: Account, parameters: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ClientError) as refused:
        account.create(parameters)
    assert sentence in str(refused.value)
    stacks = account.stack.client("cloudformation").describe_stacks()["Stacks"]
    assert not [stack for stack in stacks if stack["StackName"] == account.stack.name]
