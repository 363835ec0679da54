"""AWS::SNS::* and AWS::SQS::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html and AWS_SQS.html
"""

import json
from typing import Any

from moto.sns.models import SNSBackend, sns_backends
from moto.sqs.models import SQSBackend, sqs_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required
from localcloud.cloudformation.moto_handler import MotoHandler

SUBSCRIPTION_ATTRIBUTES = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


def sns_of(request: Request) -> SNSBackend:
    """moto's SNS in the stack's account and Region."""
    backend: SNSBackend = sns_backends[request.account_id][request.region]
    return backend


def sqs_of(request: Request) -> SQSBackend:
    """moto's SQS in the stack's account and Region."""
    backend: SQSBackend = sqs_backends[request.account_id][request.region]
    return backend


class Topic(Handler):
    """A topic and the subscriptions written into it."""

    type_name = "AWS::SNS::Topic"
    create_only = frozenset({"TopicName", "FifoTopic"})

    def create(self, request: Request) -> Physical:
        properties, backend = request.properties, sns_of(request)
        attributes = {"FifoTopic": "true"} if str(properties.get("FifoTopic", "")).lower() == "true" else {}
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        topic = backend.create_topic(str(properties.get("TopicName", request.name)), attributes, tags)
        topic.display_name = str(properties.get("DisplayName", ""))
        self._subscribe(request, topic.arn)
        return Physical(topic.arn, {"TopicArn": topic.arn, "TopicName": topic.name}, topic)

    def update(self, request: Request, current: Physical) -> Physical:
        topic, backend = current.model, sns_of(request)
        topic.display_name = str(request.properties.get("DisplayName", ""))
        topic._tags = {tag["Key"]: tag["Value"] for tag in request.properties.get("Tags", [])}
        if "Subscription" in request.changed:
            for subscription in list(backend._get_topic_subscriptions(topic)):
                backend.unsubscribe(subscription.arn)
            self._subscribe(request, topic.arn)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        if current.id in sns_of(request).topics:
            sns_of(request).delete_topic(current.id)

    def _subscribe(self, request: Request, topic_arn: str) -> None:
        for subscription in request.properties.get("Subscription", []):
            sns_of(request).subscribe(topic_arn, subscription["Endpoint"], subscription["Protocol"])


class Subscription(Handler):
    """A subscription in its own resource."""

    type_name = "AWS::SNS::Subscription"
    create_only = frozenset({"Endpoint", "Protocol", "TopicArn"})

    def create(self, request: Request) -> Physical:
        subscription = sns_of(request).subscribe(
            str(required(request, "TopicArn")), str(required(request, "Endpoint")), str(required(request, "Protocol"))
        )
        return self.update(request, Physical(subscription.arn, {"Arn": subscription.arn}))

    def update(self, request: Request, current: Physical) -> Physical:
        for name in SUBSCRIPTION_ATTRIBUTES:
            if name in request.properties:
                sns_of(request).set_subscription_attributes(current.id, name, _json_text(request.properties[name]))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        sns_of(request).unsubscribe(current.id)


class TopicPolicy(Handler):
    """Shown by GetTopicAttributes; not enforced."""

    type_name = "AWS::SNS::TopicPolicy"

    def create(self, request: Request) -> Physical:
        for arn in required(request, "Topics"):
            sns_of(request).get_topic(arn).policy = _json_text(required(request, "PolicyDocument"))
        return Physical(request.name, {"Id": request.name})

    def update(self, request: Request, current: Physical) -> Physical:
        self.create(request)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        del current
        for arn in request.properties["Topics"]:
            if topic := sns_of(request).topics.get(arn):
                default = topic._create_default_topic_policy(request.region, request.account_id, topic.name)
                topic.policy = json.dumps(default)


class QueuePolicy(Handler):
    """Shown by GetQueueAttributes; not enforced."""

    type_name = "AWS::SQS::QueuePolicy"

    def create(self, request: Request) -> Physical:
        for url in required(request, "Queues"):
            policy = {"Policy": _json_text(required(request, "PolicyDocument"))}
            sqs_of(request).set_queue_attributes(_queue_name(url), policy)
        return Physical(request.name, {"Id": request.name})

    def update(self, request: Request, current: Physical) -> Physical:
        self.create(request)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        del current
        for url in request.properties["Queues"]:
            if _queue_name(url) in sqs_of(request).queues:
                sqs_of(request).get_queue(_queue_name(url)).policy = None


class Queue(MotoHandler):
    """A moto queue, all of whose attributes can change in place."""

    def __init__(self) -> None:
        super().__init__(
            "AWS::SQS::Queue",
            attributes={
                "Arn": lambda queue: queue.queue_arn,
                "QueueName": lambda queue: queue.name,
                "QueueUrl": lambda queue: queue.physical_resource_id,
            },
        )

    def must_replace(self, changed: frozenset[str]) -> bool:
        return bool(changed & {"QueueName", "FifoQueue"})

    def update(self, request: Request, current: Physical) -> Physical:
        attributes = {
            name: _json_text(value) for name, value in request.properties.items() if name in request.changed - {"Tags"}
        }
        if attributes:
            sqs_of(request).set_queue_attributes(_queue_name(current.id), attributes)
        return current


def _queue_name(url: str) -> str:
    return str(url).rsplit("/", 1)[-1]


def _json_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


HANDLERS: tuple[Handler, ...] = (Topic(), Subscription(), TopicPolicy(), Queue(), QueuePolicy())
