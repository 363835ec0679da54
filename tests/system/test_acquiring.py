"""Runs of the deployed state machine: targets go in by SQL, and reservations and a record come out."""

import json
from typing import Any

from deployment.stack import OWNER_TAG, Stack

KEY = ("r5b.2xlarge", "ap-northeast-1c")
CREATE = (
    "CREATE Table IF NOT EXISTS odcr_db.odcr_capacity (InstanceType varchar(255), AvailabilityZone varchar(255),"
    "PRIMARY KEY (InstanceType,AvailabilityZone), Target_Capacity int NOT NULL, Current_Capacity int DEFAULT 0)"
)
INSERT = "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)"


def insert(stack: Stack) -> None:
    stack.sql(CREATE)
    stack.sql(INSERT)


def run(stack: Stack) -> None:
    execution = stack.run()
    assert execution["status"] == "SUCCEEDED", execution


def current(stack: Stack) -> dict[tuple[str, str], int]:
    rows = stack.sql("SELECT InstanceType, AvailabilityZone, Current_Capacity FROM odcr_capacity")
    return {(instance_type, zone): capacity for instance_type, zone, capacity in rows}


def statuses(stack: Stack) -> dict[tuple[str, str], tuple[str, str]]:
    rows = stack.sql("SELECT InstanceType, AvailabilityZone, Status, Reason FROM odcr_status")
    return {(instance_type, zone): (status, reason) for instance_type, zone, status, reason in rows}


def active(stack: Stack, region: str | None = None) -> list[Any]:
    return [reservation for reservation in stack.reservations(region) if reservation["State"] == "active"]


def counts(stack: Stack) -> list[int]:
    return [reservation["TotalInstanceCount"] for reservation in active(stack)]


def test_a_target_is_met_at_once(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    (reservation,) = active(stack)
    assert reservation["TotalInstanceCount"] == 15
    assert (reservation["InstanceMatchCriteria"], reservation["EndDateType"]) == ("open", "unlimited")
    tags = {tag["Key"]: tag["Value"] for tag in reservation["Tags"]}
    assert len(tags.pop("odcr:made")) == 64
    assert tags == {OWNER_TAG: "odcr/ap-northeast-1", "odcr:asked": "open/none", "Project": "ODCR"}
    assert current(stack) == {KEY: 15}
    assert statuses(stack) == {KEY: ("FULFILLED", "")}


def test_a_reservation_grows_as_capacity_frees_up(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 11)
    run(stack)
    (first,) = active(stack)
    assert first["TotalInstanceCount"] == 11
    assert current(stack) == {KEY: 11}
    status, reason = statuses(stack)[KEY]
    assert status == "SHORT"
    assert reason == "EC2 has no more r5b.2xlarge in ap-northeast-1c: 4 of 15 missing. odcr keeps asking."

    stack.cloud.capacity.add_free(*KEY, 4)
    run(stack)
    (grown,) = active(stack)
    assert (grown["CapacityReservationId"], grown["TotalInstanceCount"]) == (first["CapacityReservationId"], 15)
    assert current(stack) == {KEY: 15}
    assert statuses(stack)[KEY][0] == "FULFILLED"


def test_a_reservation_cancelled_in_the_console_is_reserved_again(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    (first,) = active(stack)
    stack.client("ec2").cancel_capacity_reservation(CapacityReservationId=first["CapacityReservationId"])
    run(stack)
    (second,) = active(stack)
    assert second["CapacityReservationId"] != first["CapacityReservationId"]
    assert second["TotalInstanceCount"] == 15
    assert current(stack) == {KEY: 15}


def test_one_bad_target_never_harms_another(stack: Stack) -> None:
    insert(stack)
    for row in (
        "('r5b.nonsense','ap-northeast-1c',3,0)",
        "('r5b.2xlarge','ap-northeast-1z',3,0)",
        "('r5b.2xlarge','xx-nowhere-1a',3,0)",
        "('r5b.2xlarge','Tokyo',3,0)",
        "('m5.xlarge','ap-northeast-1c',0,0)",
        "('m5.xlarge','ap-northeast-1a',-3,0)",
        "('c6i.large','ap-northeast-1c',2,NULL)",
    ):
        stack.sql(f"INSERT INTO odcr_capacity VALUES {row}")
    stack.cloud.capacity.set_free(*KEY, 15)
    stack.cloud.capacity.set_free("c6i.large", "ap-northeast-1c", 2)
    run(stack)
    recorded = statuses(stack)
    assert {key: status for key, (status, _) in recorded.items()} == {
        KEY: "FULFILLED",
        ("c6i.large", "ap-northeast-1c"): "FULFILLED",
        ("r5b.nonsense", "ap-northeast-1c"): "INVALID",
        ("r5b.2xlarge", "ap-northeast-1z"): "INVALID",
        ("r5b.2xlarge", "xx-nowhere-1a"): "FAILED",
        ("r5b.2xlarge", "Tokyo"): "INVALID",
        ("m5.xlarge", "ap-northeast-1c"): "FULFILLED",
        ("m5.xlarge", "ap-northeast-1a"): "INVALID",
    }
    assert "instance type" in recorded["r5b.nonsense", "ap-northeast-1c"][1]
    assert "ap-northeast-1z" in recorded["r5b.2xlarge", "ap-northeast-1z"][1]
    assert "xx-nowhere-1 does not say what is held there" in recorded["r5b.2xlarge", "xx-nowhere-1a"][1]
    assert "is not an Availability Zone" in recorded["r5b.2xlarge", "Tokyo"][1]
    assert recorded["m5.xlarge", "ap-northeast-1c"][1] == "The target is 0, so nothing is reserved."
    assert "it must be 0 or more" in recorded["m5.xlarge", "ap-northeast-1a"][1]
    assert current(stack)[KEY] == 15
    assert current(stack)["c6i.large", "ap-northeast-1c"] == 2


def test_a_run_fails_without_the_database_and_the_next_one_succeeds(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    stack.cloud.database.stop()
    try:
        failed = stack.run()
    finally:
        stack.cloud.database.start()
    assert failed["status"] == "FAILED"
    assert failed["error"] == "DatabaseUnavailable"
    assert "The database cannot be used at the moment" in failed["cause"]
    assert active(stack) == []
    run(stack)
    assert counts(stack) == [15]
    assert current(stack) == {KEY: 15}


def test_one_stack_serves_every_region(stack: Stack) -> None:
    insert(stack)
    stack.sql("INSERT INTO odcr_capacity VALUES ('m5.large','us-west-2b',2,0)")
    stack.cloud.capacity.set_free(*KEY, 15)
    stack.cloud.capacity.set_free("m5.large", "us-west-2b", 2)
    run(stack)
    assert [reservation["TotalInstanceCount"] for reservation in active(stack, "us-west-2")] == [2]
    assert current(stack) == {KEY: 15, ("m5.large", "us-west-2b"): 2}


def test_somebody_elses_reservation_is_neither_counted_nor_touched(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 20)
    foreign = stack.client("ec2").create_capacity_reservation(
        InstanceType=KEY[0], InstancePlatform="Linux/UNIX", AvailabilityZone=KEY[1], InstanceCount=5
    )["CapacityReservation"]["CapacityReservationId"]
    run(stack)
    held = {reservation["CapacityReservationId"]: reservation["TotalInstanceCount"] for reservation in active(stack)}
    assert held.pop(foreign) == 5
    assert list(held.values()) == [15]


def test_existing_reservations_are_adopted_by_tagging_them(stack: Stack) -> None:
    ec2 = stack.client("ec2")
    stack.cloud.capacity.set_free(*KEY, 30)
    ids = [
        ec2.create_capacity_reservation(
            InstanceType=KEY[0], InstancePlatform="Linux/UNIX", AvailabilityZone=KEY[1], InstanceCount=count
        )["CapacityReservation"]["CapacityReservationId"]
        for count in (10, 3)
    ]
    ec2.create_tags(Resources=ids, Tags=[{"Key": OWNER_TAG, "Value": "odcr/ap-northeast-1"}])
    insert(stack)
    run(stack)
    # The older one grows. Both were made within a second, so it may be either.
    assert sorted(counts(stack)) in ([3, 12], [5, 10])
    assert {reservation["CapacityReservationId"] for reservation in active(stack)} == set(ids)
    assert current(stack) == {KEY: 15}


def test_a_deleted_row_is_reported_as_long_as_something_is_held(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    stack.sql("DELETE FROM odcr_capacity")
    run(stack)
    status, reason = statuses(stack)[KEY]
    assert status == "EXCESS"
    assert "Held for no row of odcr_capacity" in reason
    (reservation,) = active(stack)
    stack.client("ec2").cancel_capacity_reservation(CapacityReservationId=reservation["CapacityReservationId"])
    run(stack)
    assert statuses(stack)[KEY] == ("FULFILLED", "The row is gone, and nothing is held for it any more.")
    run(stack)
    assert statuses(stack) == {}


def test_a_lowered_target_gives_nothing_back(stack: Stack) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    stack.sql("UPDATE odcr_capacity SET Target_Capacity = 10")
    run(stack)
    assert counts(stack) == [15]
    assert statuses(stack)[KEY][0] == "EXCESS"


def test_the_statements_of_the_original_work_as_written(stack: Stack) -> None:
    stack.run()
    for statement in (
        "CREATE DATABASE IF NOT EXISTS odcr_db DEFAULT CHARACTER SET utf8",
        "CREATE Table IF NOT EXISTS odcr_db.odcr_capacity  \n(InstanceType varchar(255),  \n"
        "AvailabilityZone varchar(255),PRIMARY KEY (InstanceType,AvailabilityZone),  \n"
        "Target_Capacity int NOT NULL,  \nCurrent_Capacity int DEFAULT 0)",
        "INSERT INTO odcr_db.odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)",
        "INSERT INTO odcr_db.odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1a',15,0)",
        "update odcr_db.odcr_capacity set Current_Capacity=5 where InstanceType='r5b.2xlarge' "
        "and AvailabilityZone='ap-northeast-1a'",
    ):
        stack.sql(statement)
    assert sorted(stack.sql("SELECT * FROM odcr_db.odcr_capacity")) == [
        ("r5b.2xlarge", "ap-northeast-1a", 15, 5),
        ("r5b.2xlarge", "ap-northeast-1c", 15, 0),
    ]
    # A run overwrites Current_Capacity with what is held.
    run(stack)
    assert set(current(stack).values()) == {0}


def subscribed(stack: Stack, name: str) -> str:
    """The URL of a new queue that receives the topic's messages."""
    queues = stack.client("sqs")
    queue = str(queues.create_queue(QueueName=name)["QueueUrl"])
    queue_arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    stack.client("sns").subscribe(TopicArn=stack.outputs["AlertTopicArn"], Protocol="sqs", Endpoint=queue_arn)
    return queue


def received(stack: Stack, queue: str) -> list[dict[str, str]]:
    answer = stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_changes_are_announced_once(stack: Stack) -> None:
    queue = subscribed(stack, "changes")
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    run(stack)
    messages = received(stack, queue)
    assert [message["Subject"] for message in messages] == ["EC2 capacity odcr/ap-northeast-1: 1 FULFILLED"]
    assert "r5b.2xlarge in ap-northeast-1c: 15 of 15 held, price unknown (was new)" in messages[0]["Message"]


def test_what_sns_refuses_is_sent_by_a_later_run(stack: Stack) -> None:
    topic = stack.outputs["AlertTopicArn"]
    stack.client("sns").delete_topic(TopicArn=topic)
    try:
        insert(stack)
        stack.cloud.capacity.set_free(*KEY, 15)
        failed = stack.run()
        # The run fails visibly, but what it recorded stays.
        assert (failed["status"], failed["error"]) == ("FAILED", "SNS.NotFoundException")
        assert statuses(stack)[KEY][0] == "FULFILLED"
        assert stack.sql("SELECT Holder FROM odcr_lease WHERE Name = 'run'") == (("",),)
        # The mail, and after it the event.
        assert stack.sql("SELECT Events FROM odcr_outbox ORDER BY Id") == ((0,), (1,))
    finally:
        assert stack.client("sns").create_topic(Name=topic.rpartition(":")[2])["TopicArn"] == topic
    queue = subscribed(stack, "late")
    # This run has no changes of its own.
    run(stack)
    (message,) = received(stack, queue)
    assert message["Subject"] == "EC2 capacity odcr/ap-northeast-1: 1 FULFILLED"
    assert "when it could not be sent" in message["Message"]
    assert "15 of 15 held, price unknown (was new)" in message["Message"]
    assert stack.sql("SELECT Id FROM odcr_outbox") == ()
    run(stack)
    assert received(stack, queue) == []


def test_no_secret_is_in_any_log_or_event(stack: Stack) -> None:
    insert(stack)
    arn = stack.start_run()
    stack.wait(arn)
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["DatabaseSecretArn"])
    password = json.loads(secret["SecretString"])["password"]
    logs = stack.client("logs")
    lines = [
        event["message"]
        for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert any("Targets loaded" in line for line in lines)
    assert not any(password in line for line in lines)
    assert password not in json.dumps(stack.history(arn), default=str)
