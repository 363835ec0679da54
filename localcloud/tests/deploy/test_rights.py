"""Functions may do what their role's policies allow, as deployed; people may do everything."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.ec2.planting import plant
from localcloud.ec2.state import current
from localcloud.tests.deploy.conftest import REGION, Cloud
from localcloud.tests.deploy.stacks import create, update

STACK = "rights"
RESERVATIONS = f"arn:aws:ec2:{REGION}:123456789012:capacity-reservation/*"
OURS, THEIRS = {"owner": "us"}, {"owner": "them"}
CODE = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    client = boto3.client(event["service"])
    try:
        return getattr(client, event["call"])(**event["parameters"])
    except ClientError as error:
        return error.response["Error"] | {"status": error.response["ResponseMetadata"]["HTTPStatusCode"]}
"""


def allow(*actions: str, resource: Any = RESERVATIONS, **condition: Any) -> dict[str, Any]:
    """A statement."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**statement, "Condition": {"StringEquals": condition}} if condition else statement


CREATE = allow("ec2:CreateCapacityReservation", **{"aws:RequestTag/owner": "us"})
TAG = allow("ec2:CreateTags", **{"ec2:CreateAction": "CreateCapacityReservation"})
CHANGE = allow("ec2:ModifyCapacityReservation", "ec2:CancelCapacityReservation", **{"aws:ResourceTag/owner": "us"})
DESCRIBE = allow("ec2:DescribeCapacityReservations", "ec2:DescribeInstanceTypes", resource="*")
ALL = (CREATE, TAG, CHANGE, DESCRIBE)


def template(*statements: dict[str, Any], **role: Any) -> dict[str, Any]:
    """A function whose role's policies have these statements."""
    policy = {"PolicyName": "rights", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    properties = {"AssumeRolePolicyDocument": {}, "Policies": [policy] if statements else [], **role}
    function = {"Handler": "index.handler", "Runtime": "python3.13", "Timeout": 20, "Code": {"ZipFile": CODE}}
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": properties},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {**function, "FunctionName": STACK, "Role": {"Fn::GetAtt": ["Role", "Arn"]}},
            },
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "{}"}},
        },
        "Outputs": {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}, "Secret": {"Value": {"Ref": "Secret"}}},
    }


@dataclass
class Deployed:
    """The stack with that function, and ways to call with its rights."""

    cloud: Cloud
    role: str
    secret: str

    def update(self, *statements: dict[str, Any], **role: Any) -> None:
        """Changes the role's rights."""
        assert update(self.cloud, STACK, template(*statements, **role))["StackStatus"] == "UPDATE_COMPLETE"

    def as_role(self, service: str) -> Any:
        """A client with credentials of the function's role."""
        given = self.cloud.client("sts").assume_role(RoleArn=self.role, RoleSessionName="session")["Credentials"]
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.cloud.endpoint,
            region_name=REGION,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    def in_function(self, service: str, call: str, **parameters: Any) -> Any:
        """The answer that the function gets to a call."""
        event = {"service": service, "call": call, "parameters": parameters}
        answer = self.cloud.client("lambda").invoke(FunctionName=STACK, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())


Deploy = Callable[..., Deployed]


@pytest.fixture
def deploy(cloud: Cloud) -> Iterator[Deploy]:
    def deployed(*statements: dict[str, Any], **role: Any) -> Deployed:
        stack = create(cloud, STACK, template(*statements, **role))
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        return Deployed(cloud, outputs["Role"], outputs["Secret"])

    state = current()
    with state.lock:
        state.pools.set_free("m5.large", f"{REGION}a", 100)
    yield deployed
    cloud.client("cloudformation").delete_stack(StackName=STACK)
    state.reset()


def request(tags: dict[str, str] | None, count: int = 1) -> dict[str, Any]:
    """Parameters of CreateCapacityReservation."""
    asked = {"InstanceType": "m5.large", "InstancePlatform": "Linux/UNIX", "AvailabilityZone": f"{REGION}a"}
    listed = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    tagged = {"TagSpecifications": [{"ResourceType": "capacity-reservation", "Tags": listed}]} if listed else {}
    return {**asked, "InstanceCount": count, **tagged}


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The message that refuses a call for lack of a right."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    response = error.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) in [
        ("UnauthorizedOperation", 403),
        ("AccessDeniedException", 400),
    ]
    return str(response["Error"]["Message"])


def test_a_function_has_its_roles_rights(deploy: Deploy) -> None:
    stack = deploy(*ALL)
    role = stack.role.rsplit("/", 1)[1]
    assert stack.in_function("sts", "get_caller_identity")["Arn"].endswith(f":assumed-role/{role}/{STACK}")
    assert stack.in_function("ec2", "create_capacity_reservation", **request(THEIRS)) == {
        "Code": "UnauthorizedOperation",
        "Message": "You are not authorized to perform this operation. User: "
        f"arn:aws:sts::123456789012:assumed-role/{role}/{STACK} is not authorized to perform: "
        f"ec2:CreateCapacityReservation on resource: {RESERVATIONS} because no identity-based policy allows the "
        "ec2:CreateCapacityReservation action",
        "status": 403,
    }
    assert stack.in_function("secretsmanager", "get_secret_value", SecretId=stack.secret) == {
        "Code": "AccessDeniedException",
        "Message": f"User: arn:aws:sts::123456789012:assumed-role/{role}/{STACK} is not authorized to perform: "
        f"secretsmanager:GetSecretValue on resource: {stack.secret} because no identity-based policy allows the "
        "secretsmanager:GetSecretValue action",
        "status": 400,
    }


def test_reservations_are_made_only_with_the_tag(deploy: Deploy) -> None:
    ec2 = deploy(*ALL).as_role("ec2")
    for tags in (None, THEIRS, {"Owner": "US"}, {"ours": "us"}):
        assert "ec2:CreateCapacityReservation on resource" in refused(
            ec2.create_capacity_reservation, **request(tags), DryRun=True
        )
    assert ec2.create_capacity_reservation(**request(OURS | {"Project": "x"}))["CapacityReservation"]["Tags"]


def test_only_reservations_with_the_tag_are_changed(deploy: Deploy, cloud: Cloud) -> None:
    ec2, person = deploy(*ALL).as_role("ec2"), cloud.client("ec2")
    for tags, may in ((None, False), (THEIRS, False), (OURS, True)):
        made = person.create_capacity_reservation(**request(tags))["CapacityReservation"]["CapacityReservationId"]
        for call, more in (
            (ec2.modify_capacity_reservation, {"InstanceCount": 3}),
            (ec2.cancel_capacity_reservation, {}),
        ):
            if may:
                assert call(CapacityReservationId=made, **more)["Return"]
            else:
                why = refused(call, CapacityReservationId=made, **more)
                assert f"CapacityReservation on resource: {RESERVATIONS[:-1]}{made} because no identity-based" in why
        (now,) = person.describe_capacity_reservations(CapacityReservationIds=[made])["CapacityReservations"]
        assert (now["State"], now["TotalInstanceCount"]) == (("cancelled", 3) if may else ("active", 1))


def test_one_that_another_account_shares_is_that_accounts_resource(deploy: Deploy) -> None:
    ec2, state = deploy(*ALL).as_role("ec2"), current()
    with state.lock:
        planted = plant(state, "m5.large", f"{REGION}a", OURS, {"TotalInstanceCount": 2, "OwnerId": "210987654321"})
    for call, more in ((ec2.modify_capacity_reservation, {"InstanceCount": 3}), (ec2.cancel_capacity_reservation, {})):
        assert f"on resource: {planted.arn} because" in refused(call, CapacityReservationId=planted.id, **more)
    assert ":210987654321:" in planted.arn


def test_tags_cannot_be_had_afterwards(deploy: Deploy, cloud: Cloud) -> None:
    ec2, person = deploy(*ALL).as_role("ec2"), cloud.client("ec2")
    made = person.create_capacity_reservation(**request(THEIRS))["CapacityReservation"]["CapacityReservationId"]
    tags = [{"Key": "owner", "Value": "us"}]
    assert "ec2:CreateTags on resource" in refused(ec2.create_tags, Resources=[made], Tags=tags)
    assert "ec2:DeleteTags on resource" in refused(ec2.delete_tags, Resources=[made], Tags=[{"Key": "owner"}])
    person.create_tags(Resources=[made], Tags=tags)
    assert ec2.cancel_capacity_reservation(CapacityReservationId=made)["Return"]


def test_to_create_with_tags_is_also_to_tag(deploy: Deploy) -> None:
    ec2 = deploy(CREATE, DESCRIBE).as_role("ec2")
    assert "ec2:CreateTags on resource" in refused(ec2.create_capacity_reservation, **request(OURS))
    assert ec2.describe_capacity_reservations()["CapacityReservations"] == []


def test_describing_needs_a_right_to_everything(deploy: Deploy) -> None:
    stack = deploy(DESCRIBE)
    ec2 = stack.as_role("ec2")
    assert ec2.describe_capacity_reservations()["CapacityReservations"] == []
    assert ec2.describe_instance_types(InstanceTypes=["m5.large"])["InstanceTypes"]
    stack.update(allow("ec2:Describe*"))
    for call in (ec2.describe_capacity_reservations, ec2.describe_instance_types):
        assert "to perform: ec2:Describe" in refused(call)


def test_an_update_of_the_rights_takes_effect_at_once(deploy: Deploy) -> None:
    stack = deploy(*ALL)
    ec2 = stack.as_role("ec2")
    assert ec2.create_capacity_reservation(**request(OURS))
    stack.update(DESCRIBE)
    assert "because no identity-based policy allows" in refused(ec2.create_capacity_reservation, **request(OURS))
    deny = {**allow("ec2:*", resource="*"), "Effect": "Deny"}
    stack.update(*ALL, deny)
    assert "with an explicit deny in an identity-based policy" in refused(ec2.describe_capacity_reservations)
    stack.update(*ALL)
    assert ec2.create_capacity_reservation(**request(OURS))


def test_people_may_do_everything(deploy: Deploy, cloud: Cloud) -> None:
    stack = deploy({**allow("*", resource="*"), "Effect": "Deny"})
    made = cloud.client("ec2").create_capacity_reservation(**request(None))["CapacityReservation"]
    assert cloud.client("ec2").cancel_capacity_reservation(CapacityReservationId=made["CapacityReservationId"])[
        "Return"
    ]
    assert cloud.client("secretsmanager").get_secret_value(SecretId=stack.secret)["SecretString"] == "{}"


def test_secrets_are_read_by_those_with_the_right_to_that_secret(deploy: Deploy) -> None:
    stack = deploy(allow("secretsmanager:GetSecretValue", resource={"Ref": "Secret"}))
    manager = stack.as_role("secretsmanager")
    assert manager.get_secret_value(SecretId=stack.secret)["SecretString"] == "{}"
    assert "secretsmanager:PutSecretValue on" in refused(
        manager.put_secret_value, SecretId=stack.secret, SecretString="x"
    )
    assert ":secret:other because" in refused(manager.get_secret_value, SecretId="other")


def test_items_are_written_by_those_with_the_right_to_that_table(deploy: Deploy, cloud: Cloud) -> None:
    for table in ("mine", "other"):
        cloud.client("dynamodb").create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        )
    items = deploy(allow("dynamodb:UpdateItem", resource=f"arn:aws:dynamodb:{REGION}:123456789012:table/mine"))
    client = items.as_role("dynamodb")
    change: dict[str, Any] = {
        "Key": {"Id": {"S": "a"}},
        "UpdateExpression": "SET N = :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    assert client.update_item(TableName="mine", **change)
    assert ":table/other because" in refused(client.update_item, TableName="other", **change)
    items.update(allow("dynamodb:GetItem", resource="*"))
    assert "dynamodb:UpdateItem on" in refused(client.update_item, TableName="mine", **change)


def test_a_schedule_is_read_by_those_with_the_right_to_it(deploy: Deploy, cloud: Cloud) -> None:
    for name in ("mine", "other"):
        cloud.client("scheduler").create_schedule(
            Name=name,
            State="DISABLED",
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:states:::x", "RoleArn": "arn:aws:iam::123456789012:role/x"},
        )
    own = f"arn:aws:scheduler:{REGION}:123456789012:schedule/default/mine"
    client = deploy(allow("scheduler:GetSchedule", resource=own)).as_role("scheduler")
    assert client.get_schedule(Name="mine")["Name"] == "mine"
    assert ":schedule/default/other because" in refused(client.get_schedule, Name="other")
    assert ":schedule/default/none because" in refused(client.get_schedule, Name="none")


def test_instances_are_described_with_a_right_to_everything(deploy: Deploy) -> None:
    stack = deploy(allow("ec2:DescribeInstances", resource="*"))
    ec2 = stack.as_role("ec2")
    assert ec2.describe_instances()["Reservations"] == []
    stack.update(DESCRIBE)
    assert "to perform: ec2:Describe" in refused(ec2.describe_instances)


def test_a_placement_group_is_a_condition_of_the_reservation(deploy: Deploy, cloud: Cloud) -> None:
    create = cloud.client("ec2").create_placement_group
    near, far = (create(GroupName=name)["PlacementGroup"]["GroupArn"] for name in ("near", "far"))
    only = allow("ec2:CreateCapacityReservation", **{"aws:RequestTag/owner": "us", "ec2:PlacementGroup": near})
    ec2 = deploy(only, TAG).as_role("ec2")
    for more in ({}, {"PlacementGroupArn": far}):
        assert "CreateCapacityReservation on" in refused(ec2.create_capacity_reservation, **request(OURS), **more)
    assert ec2.create_capacity_reservation(**request(OURS), PlacementGroupArn=near)


def test_groups_are_filled_and_listed_by_those_with_the_right_to_them(deploy: Deploy, cloud: Cloud) -> None:
    types = {"Name": "allowed-resource-types", "Values": ["AWS::EC2::CapacityReservation"]}
    pool = [
        {"Type": "AWS::EC2::CapacityReservationPool"},
        {"Type": "AWS::ResourceGroups::Generic", "Parameters": [types]},
    ]
    person = cloud.client("resource-groups")
    for name in ("mine", "other"):
        person.create_group(Name=name, Configuration=pool, Tags={"owner": "us" if name == "mine" else "them"})
    made = cloud.client("ec2").create_capacity_reservation(**request(None))["CapacityReservation"]
    arns = [made["CapacityReservationArn"]]
    account = f"{REGION}:123456789012"
    fill = allow("resource-groups:GroupResources", resource=f"arn:aws:resource-groups:{account}:group/mine")
    read = allow("resource-groups:ListGroupResources", resource="*", **{"aws:ResourceTag/owner": "us"})
    stacks = allow(
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        resource=f"arn:aws:cloudformation:{account}:stack/*",
    )
    stack = deploy(fill, read, stacks, allow("tag:GetResources", resource="*"))
    groups = stack.as_role("resource-groups")
    assert groups.group_resources(Group="mine", ResourceArns=arns)["Succeeded"] == arns
    assert groups.list_group_resources(Group="mine")["Resources"]
    assert ":group/other because" in refused(groups.group_resources, Group="other", ResourceArns=arns)
    assert ":group/other because" in refused(groups.list_group_resources, Group="other")
    stack.update(read, stacks)
    assert "tag:GetResources because" in refused(groups.list_group_resources, Group="mine")
    stack.update(read, allow("tag:GetResources", resource="*"))
    assert "cloudformation:DescribeStacks on" in refused(groups.list_group_resources, Group="mine")


def test_managed_policies_and_boundaries_count(deploy: Deploy, cloud: Cloud) -> None:
    aws = "arn:aws:iam::aws:policy/"
    basic, full = f"{aws}service-role/AWSLambdaBasicExecutionRole", f"{aws}AmazonEC2FullAccess"
    stack = deploy(ManagedPolicyArns=[basic])
    ec2 = stack.as_role("ec2")
    refused(ec2.describe_capacity_reservations)
    stack.update(ManagedPolicyArns=[basic, full])
    assert ec2.create_capacity_reservation(**request(THEIRS))

    document = {"Version": "2012-10-17", "Statement": [DESCRIBE]}
    made = cloud.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))["Policy"]
    stack.update(ManagedPolicyArns=[full], PermissionsBoundary=made["Arn"])
    assert ec2.describe_capacity_reservations()["CapacityReservations"]
    why = refused(ec2.create_capacity_reservation, **request(THEIRS))
    assert why.endswith("because no permissions boundary allows the ec2:CreateCapacityReservation action")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (allow("ec2:*", **{"aws:SourceVpc": "vpc-1"}), "the condition key aws:SourceVpc"),
        ({**allow("ec2:*"), "Condition": {"NumericEquals": {"ec2:InstanceType": "1"}}}, "operator NumericEquals"),
        (allow("ec2:*", **{"aws:TagKeys": "owner"}), "StringEquals without ForAllValues or ForAnyValue on aws:TagKeys"),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "the element NotAction"),
        (allow("ec2:*", **{"aws:RequestTag/owner": "${aws:username}"}), "policy variables, as in ${aws:username}"),
        (allow("ec2:*", resource="capacity-reservation/*"), "the resource capacity-reservation/*"),
    ],
)
def test_what_cannot_be_judged_fails_the_deployment(cloud: Cloud, statement: dict[str, Any], named: str) -> None:
    stack = create(cloud, STACK, template(statement))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert named in stack["StackStatusReason"]
    cloud.client("cloudformation").delete_stack(StackName=STACK)


def test_a_managed_policy_has_to_exist(cloud: Cloud) -> None:
    for role in (
        {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/No"]},
        {"PermissionsBoundary": "arn:aws:iam::1:policy/No"},
    ):
        stack = create(cloud, STACK, template(**role))
        assert "policy/No does not exist or is not attachable" in stack["StackStatusReason"]
        cloud.client("cloudformation").delete_stack(StackName=STACK)


def test_what_cannot_be_judged_by_a_policy_from_elsewhere_is_refused(deploy: Deploy, cloud: Cloud) -> None:
    stack = deploy(*ALL)
    document = {"Version": "2012-10-17", "Statement": [allow("ec2:*", **{"aws:SourceVpc": "vpc-1"})]}
    cloud.client("iam").put_role_policy(
        RoleName=stack.role.rsplit("/", 1)[1], PolicyName="more", PolicyDocument=json.dumps(document)
    )
    why = refused(stack.as_role("ec2").describe_capacity_reservations)
    assert "cannot judge a policy with the condition key aws:SourceVpc" in why


def test_policies_about_something_else_are_not_looked_at(deploy: Deploy) -> None:
    assert deploy(allow("logs:*", resource="*", **{"aws:SourceVpc": "vpc-1"})).as_role("s3").list_buckets()
