"""The parameter ReleaseOnLoweredTarget, on the deployed stack."""

import json
from collections.abc import Iterator

import pytest

from deployment.stack import Stack
from tests.system.test_acquiring import KEY, active, counts, current, insert, run, statuses


@pytest.fixture
def releasing(stack: Stack) -> Iterator[Stack]:
    """The stack with the parameter on. Setting the variable takes less time than a deployment."""
    functions, name = stack.client("lambda"), f"{stack.name}-FindShortfalls"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert variables["RELEASE_ON_LOWERED_TARGET"] == "no"
    enabled = {**variables, "RELEASE_ON_LOWERED_TARGET": "yes"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": enabled})
    try:
        yield stack
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_the_second_run_after_a_lowered_target_releases_and_reports_it(releasing: Stack) -> None:
    queues, topics = releasing.client("sqs"), releasing.client("sns")
    queue = queues.create_queue(QueueName="releases")["QueueUrl"]
    queue_arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    insert(releasing)
    releasing.cloud.capacity.set_free(*KEY, 15)
    run(releasing)
    releasing.sql(
        "REPLACE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES (%s, %s, 0.5)", KEY[0], KEY[1][:-1]
    )
    subscription = topics.subscribe(TopicArn=releasing.outputs["AlertTopicArn"], Protocol="sqs", Endpoint=queue_arn)[
        "SubscriptionArn"
    ]

    releasing.sql("UPDATE odcr_capacity SET Target_Capacity = 10")
    run(releasing)
    assert counts(releasing) == [15]
    announced = "15 held, 10 wanted. Unless it is raised, the next run releases 5 if unused."
    assert statuses(releasing)[KEY] == ("EXCESS", announced)

    run(releasing)
    assert (counts(releasing), current(releasing)) == ([10], {KEY: 10})
    released = "Released 5, as the target was lowered to 10."
    assert statuses(releasing)[KEY] == ("FULFILLED", released)
    assert releasing.cloud.capacity.free(*KEY) == 5
    assert releasing.sql("SELECT Acquired, Calls, Reason FROM odcr_history WHERE Acquired < 0") == ((-5, 1, released),)

    run(releasing)
    topics.unsubscribe(SubscriptionArn=subscription)
    messages = [
        json.loads(message["Body"])["Message"]
        for message in queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]
    at_once = "To do: if you did not mean that, raise Target_Capacity at once."
    costs = [["", f"All that is held costs {amount} USD an hour."] for amount in ("7.50", "5.00")]
    assert [[line.strip() for line in text.splitlines()[3:]] for text in messages] == [
        [announced, at_once, *costs[0]],
        [released, *costs[1]],
    ]


def test_a_deleted_row_keeps_everything_until_0_is_written(releasing: Stack) -> None:
    insert(releasing)
    releasing.cloud.capacity.set_free(*KEY, 15)
    run(releasing)
    releasing.sql("DELETE FROM odcr_capacity")
    for _ in range(3):
        run(releasing)
    assert counts(releasing) == [15]
    status, reason = statuses(releasing)[KEY]
    assert (status, "one with a target of 0 to release it" in reason) == ("EXCESS", True)

    releasing.sql("INSERT INTO odcr_capacity VALUES (%s, %s, 0, 0)", *KEY)
    run(releasing)
    assert counts(releasing) == [15]
    run(releasing)
    assert active(releasing) == []
    assert statuses(releasing)[KEY] == ("FULFILLED", "Released 15, as the target was lowered to 0.")
