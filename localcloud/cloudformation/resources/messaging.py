"""AWS::Events::*, AWS::Scheduler::*, AWS::SNS::* and AWS::SQS::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html, AWS_Scheduler.html,
AWS_SNS.html and AWS_SQS.html
"""

from typing import Any

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType
from localcloud.cloudformation.template import text


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


class TopicPolicy(ResourceType):
    """Shown by GetTopicAttributes, not enforced. It stays as long as its topic."""

    def create(self, request: Request) -> Physical:
        policy = text(request.properties["PolicyDocument"])
        for arn in request.properties["Topics"]:
            request.call("sns.SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return Physical(request.name, {"Id": request.name})


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
    Rule("AWS::Events::Rule", "events.PutRule", "events.DeleteRule", "Name", arn="RuleArn"),
    ApiType(
        "AWS::Scheduler::Schedule",
        "scheduler.CreateSchedule",
        "scheduler.DeleteSchedule",
        "Name",
        update="scheduler.UpdateSchedule",
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
    TopicPolicy("AWS::SNS::TopicPolicy"),
    Queue(
        "AWS::SQS::Queue",
        "sqs.CreateQueue",
        "sqs.DeleteQueue",
        "QueueUrl",
        named="QueueName",
        update="sqs.SetQueueAttributes",
        prepare=_attributed("QueueName", "QueueUrl", "Tags"),
    ),
)
