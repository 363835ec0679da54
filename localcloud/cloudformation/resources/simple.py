"""Resources that a call or two make: AWS::CloudWatch, DynamoDB, Events, Logs, S3, Scheduler, SNS and SQS.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from typing import Any

from moto.utilities.utils import get_partition

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType
from localcloud.cloudformation.template import text


class Bucket(ResourceType):
    """A bucket, which must be empty to be deleted. `sam deploy --resolve-s3` makes one."""

    def create(self, request: Request) -> Physical:
        name, region = str(request.properties.get("BucketName", request.name.lower())), request.stack.region
        # S3 refuses this Region: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        where = None if region == "us-east-1" else {"LocationConstraint": region}
        request.call("s3.CreateBucket", Bucket=name, CreateBucketConfiguration=where)
        return Physical(name)

    def delete(self, request: Request, current: Physical) -> None:
        request.call("s3.DeleteBucket", Bucket=current.id)


class LogGroup(ApiType):
    """A log group, whose retention needs a second call."""

    def create(self, request: Request) -> Physical:
        name = super().create(request).id
        stack = request.stack
        arn = f"arn:{get_partition(stack.region)}:logs:{stack.region}:{stack.account_id}:log-group:{name}:*"
        return self.update(request, Physical(name, {"Arn": arn}))

    def can_update(self, changed: frozenset[str]) -> bool:
        return "LogGroupName" not in changed

    def update(self, request: Request, current: Physical) -> Physical:
        put = "Put" if "RetentionInDays" in request.properties else "Delete"
        request.call(f"logs.{put}RetentionPolicy", **{**request.properties, "LogGroupName": current.id})
        return current


class Rule(ApiType):
    """A rule and its targets."""

    def create(self, request: Request) -> Physical:
        rule = super().create(request)
        if request.properties.get("Targets"):
            request.call("events.PutTargets", **request.properties, Rule=rule.id)
        return rule

    def delete(self, request: Request, current: Physical) -> None:
        if ids := [target["Id"] for target in request.properties.get("Targets", [])]:
            request.call("events.RemoveTargets", **request.properties, Rule=current.id, Ids=ids)
        super().delete(request, current)


class Queue(ApiType):
    """A queue, whose ARN needs a second call."""

    def create(self, request: Request) -> Physical:
        queue = super().create(request)
        about = request.call("sqs.GetQueueAttributes", QueueUrl=queue.id, AttributeNames="QueueArn")
        return Physical(queue.id, {**queue.attributes, "Arn": about["Attributes"]["QueueArn"]})


def _attributed(*own: str) -> Any:
    """Prepares a call with these parameters of its own, and with all other properties as text in `Attributes`."""

    def prepare(properties: dict[str, Any]) -> dict[str, Any]:
        others = {name: text(value) for name, value in properties.items() if name not in own}
        return {**properties, "Attributes": others}

    return prepare


TYPES: tuple[ResourceType, ...] = (
    ApiType(
        "AWS::CloudWatch::Alarm",
        "cloudwatch.PutMetricAlarm",
        "cloudwatch.DeleteAlarms",
        "AlarmName",
        update_call="cloudwatch.PutMetricAlarm",
    ),
    ApiType(
        "AWS::CloudWatch::Dashboard",
        "cloudwatch.PutDashboard",
        "cloudwatch.DeleteDashboards",
        "DashboardName",
        update_call="cloudwatch.PutDashboard",
    ),
    ApiType(
        "AWS::DynamoDB::Table",
        "dynamodb.CreateTable",
        "dynamodb.DeleteTable",
        "TableName",
        within="TableDescription",
        arn="TableArn",
    ),
    Rule("AWS::Events::Rule", "events.PutRule", "events.DeleteRule", "Name", arn="RuleArn"),
    LogGroup("AWS::Logs::LogGroup", "logs.CreateLogGroup", "logs.DeleteLogGroup", "LogGroupName"),
    Bucket("AWS::S3::Bucket"),
    # moto would enforce a policy without its conditions: the SAM CLI's own bucket would refuse everybody.
    ResourceType("AWS::S3::BucketPolicy"),
    ApiType(
        "AWS::Scheduler::Schedule",
        "scheduler.CreateSchedule",
        "scheduler.DeleteSchedule",
        "Name",
        update_call="scheduler.UpdateSchedule",
        arn="ScheduleArn",
    ),
    ApiType(
        "AWS::SNS::Topic",
        "sns.CreateTopic",
        "sns.DeleteTopic",
        "TopicArn",
        named="TopicName",
        prepare=lambda topic: _attributed("Name", "TopicName", "Tags")({**topic, "Name": topic["TopicName"]}),
    ),
    ApiType(
        "AWS::SNS::Subscription",
        "sns.Subscribe",
        "sns.Unsubscribe",
        "SubscriptionArn",
        prepare=_attributed("Endpoint", "Protocol", "SubscriptionArn", "TopicArn"),
    ),
    ResourceType("AWS::SNS::TopicPolicy"),
    Queue(
        "AWS::SQS::Queue",
        "sqs.CreateQueue",
        "sqs.DeleteQueue",
        "QueueUrl",
        named="QueueName",
        update_call="sqs.SetQueueAttributes",
        prepare=_attributed("QueueName", "QueueUrl", "Tags"),
    ),
)
