"""AWS::SNS::* and AWS::SQS::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html and AWS_SQS.html
"""

from typing import Any

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType
from localcloud.cloudformation.template import text


class TopicPolicy(ResourceType):
    """Shown by GetTopicAttributes; not enforced. It goes with its topic only."""

    def create(self, request: Request) -> Physical:
        policy = text(request.properties["PolicyDocument"])
        for arn in request.properties["Topics"]:
            request.call("sns.SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return Physical(request.name, {"Id": request.name})


class Queue(ApiType):
    """A queue."""

    def create(self, request: Request) -> Physical:
        queue = super().create(request)
        about = request.call("sqs.GetQueueAttributes", QueueUrl=queue.id, AttributeNames="QueueArn")
        return Physical(queue.id, {**queue.attributes, "Arn": about["Attributes"]["QueueArn"]})


def _attributed(*own: str) -> Any:
    """Prepares a call that takes these properties, and all others as text in `Attributes`."""

    def prepare(properties: dict[str, Any]) -> dict[str, Any]:
        others = {name: text(value) for name, value in properties.items() if name not in own}
        return {**properties, "Attributes": others}

    return prepare


TYPES: tuple[ResourceType, ...] = (
    ApiType(
        "AWS::SNS::Topic",
        "sns.CreateTopic",
        "sns.DeleteTopic",
        "TopicArn",
        named="TopicName",
        prepare=lambda topic: _attributed("TopicName", "Tags")({**topic, "Name": topic["TopicName"]}),
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
