"""Each fault of the injector fires and has its own effect, and no other."""

from collections.abc import Callable
from typing import Any

import boto3
import pymysql
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from odcr.domain.target import USUAL_OPTIONS, TargetKey
from odcr.gateways.ec2 import Ec2Gateway
from stepper.branch import TaskFailed
from tests.integration.resilience.calls import Call, CallFault
from tests.integration.resilience.execution import Execution
from tests.integration.resilience.injector import LATE_SECONDS, Killed
from tests.integration.resilience.tasks import TimedOut
from tests.integration.resilience.world import BUCKETS, LAG_SECONDS, OWNER, REGION, World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
SILENCE = (ConnectionClosedError, ReadTimeoutError)
BROKEN = (pymysql.err.OperationalError,)

# The errors that the caller may get, and whether the call takes effect.
HTTP: dict[CallFault, tuple[tuple[type[BaseException], ...], bool]] = {
    CallFault.KILLED_BEFORE: ((Killed,), False),
    CallFault.KILLED_AFTER: ((Killed,), True),
    CallFault.LOST_BEFORE: (SILENCE, False),
    CallFault.LOST_AFTER: (SILENCE, True),
    CallFault.LATE: (SILENCE, True),
    CallFault.THROTTLED: ((ClientError,), False),
    CallFault.SERVER_ERROR: ((ClientError,), False),
    CallFault.NO_CAPACITY: ((ClientError,), False),
}
DATABASE: dict[CallFault, tuple[tuple[type[BaseException], ...], bool]] = {
    CallFault.KILLED_BEFORE: ((Killed,), False),
    CallFault.KILLED_AFTER: ((Killed,), True),
    CallFault.LOST_BEFORE: (BROKEN, False),
    CallFault.LOST_AFTER: (BROKEN, True),
    CallFault.DEADLOCK: (BROKEN, False),
}
TASK: dict[CallFault, tuple[str, bool]] = {
    CallFault.THROTTLED: ("{}.ThrottlingException", False),
    CallFault.SERVER_ERROR: ("{}.ServiceException", False),
    CallFault.LOST_AFTER: ("{}.SdkClientException", True),
    CallFault.UNLISTED_ERROR: ("Runtime.OutOfMemory", True),
}
READS = [fault for fault in HTTP if fault is not CallFault.NO_CAPACITY]


def only(operation: str, fault: CallFault) -> Callable[[Call], CallFault | None]:
    return lambda call: fault if call.operation == operation else None


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]


def reserve() -> None:
    client("ec2").create_capacity_reservation(
        InstanceType=KEY[0], InstancePlatform="Linux/UNIX", AvailabilityZone=KEY[1], InstanceCount=1
    )


@pytest.mark.parametrize("fault", HTTP)
def test_each_fault_of_create(world: World, fault: CallFault) -> None:
    errors, has_effect = HTTP[fault]
    world.capacity.set_free(*KEY, 1)
    started = world.clock.now()
    with world.injector.watching(only("CreateCapacityReservation", fault)), pytest.raises(errors) as caught:
        reserve()
    assert len(world.foreign()) == has_effect
    assert world.clock.now() - started == (LATE_SECONDS if fault is CallFault.LATE else 0)
    codes = {
        CallFault.THROTTLED: "RequestLimitExceeded",
        CallFault.SERVER_ERROR: "InternalFailureOfSomeKind",
        CallFault.NO_CAPACITY: "InsufficientInstanceCapacity",
    }
    if isinstance(caught.value, ClientError):
        assert caught.value.response["Error"]["Code"] == codes[fault]
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


@pytest.mark.parametrize("fault", READS)
def test_each_fault_of_reading_the_secret(world: World, fault: CallFault) -> None:
    errors, _ = HTTP[fault]
    client("secretsmanager").create_secret(Name=f"test-{fault}".replace(" ", "-"), SecretString="x")
    with world.injector.watching(only("GetSecretValue", fault)), pytest.raises(errors):
        client("secretsmanager").get_secret_value(SecretId=f"test-{fault}".replace(" ", "-"))


@pytest.mark.parametrize("fault", READS)
def test_each_fault_of_reading_the_schedule(world: World, fault: CallFault) -> None:
    errors, _ = HTTP[fault]
    with world.injector.watching(only("GetSchedule", fault)), pytest.raises(errors):
        client("scheduler").get_schedule(Name="odcr")


@pytest.mark.parametrize("fault", READS)
def test_each_fault_of_taking_a_token_from_a_bucket(world: World, fault: CallFault) -> None:
    errors, has_effect = HTTP[fault]
    key = {"Bucket": {"S": "test"}}
    with world.injector.watching(only("UpdateItem", fault)), pytest.raises(errors):
        client("dynamodb").update_item(
            TableName=BUCKETS,
            Key=key,
            UpdateExpression="SET Full_At = :now",
            ExpressionAttributeValues={":now": {"N": "1"}},
        )
    assert ("Item" in client("dynamodb").get_item(TableName=BUCKETS, Key=key)) == has_effect


def connect(world: World) -> Any:
    return pymysql.connect(
        host=str(world.login["host"]),
        port=int(str(world.login["port"])),
        user="resilience",
        password=str(world.login["password"]),
        database="resilience",
    )


def insert(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO odcr_lease VALUES ('a')")
    connection.commit()


@pytest.mark.parametrize("operation", ["INSERT", "COMMIT"])
@pytest.mark.parametrize("fault", DATABASE)
def test_each_fault_of_a_statement(world: World, fault: CallFault, operation: str) -> None:
    errors, has_effect = DATABASE[fault]
    world.sql("CREATE TABLE IF NOT EXISTS odcr_lease (Name varchar(16))")
    connection = connect(world)
    with world.injector.watching(only(operation, fault)), pytest.raises(errors):
        insert(connection)
    connection.close()
    # Without a commit the row is gone with the connection.
    assert len(world.sql("SELECT * FROM odcr_lease")) == (has_effect and operation == "COMMIT")


@pytest.mark.parametrize(
    ("fault", "code"), [(CallFault.ACCESS_DENIED, 1045), (CallFault.LOST_BEFORE, 2003), (CallFault.LOST_AFTER, 2003)]
)
def test_each_fault_of_connecting(world: World, fault: CallFault, code: int) -> None:
    with world.injector.watching(only("connect", fault)), pytest.raises(pymysql.err.OperationalError) as caught:
        connect(world)
    assert caught.value.args[0] == code


@pytest.mark.parametrize("fault", TASK)
def test_each_fault_of_a_task(world: World, fault: CallFault) -> None:
    error, has_effect = TASK[fault]
    topic = world.machine.tasks["arn:aws:states:::sns:publish"]
    with world.injector.watching(only("Publish", fault)), pytest.raises(TaskFailed) as caught:
        topic({"Message": "x"})
    assert (caught.value.error, len(world.published)) == (error.format("SNS"), has_effect)


@pytest.mark.parametrize("fault", TASK)
def test_each_fault_of_starting_a_run(world: World, fault: CallFault) -> None:
    error, has_effect = TASK[fault]
    start = world.machine.tasks["arn:aws:states:::states:startExecution"]
    with world.injector.watching(only("StartExecution", fault)), pytest.raises(TaskFailed) as caught:
        start({"StateMachineArn": world.machine.arn, "Input": {"Failures": 0}})
    assert (caught.value.error, len(world.machine.executions)) == (error.format("StepFunctions"), has_effect)


def test_a_run_whose_name_exists_is_not_started_again(world: World) -> None:
    start = world.machine.tasks["arn:aws:states:::states:startExecution"]
    payload = {"StateMachineArn": world.machine.arn, "Name": "run-1", "Input": {"Failures": 0}}
    start(payload)
    with pytest.raises(TaskFailed, match=r"StepFunctions\.ExecutionAlreadyExistsException"):
        start(payload)
    assert list(world.machine.executions) == ["run-1"]


def test_a_function_that_is_throttled_is_not_invoked(world: World) -> None:
    with world.injector.watching(only("LoadTargets", CallFault.THROTTLED)):
        run = Execution(world, "run-1").run()
    assert run.failure is not None
    assert run.failure.error == "Lambda.TooManyRequestsException"
    assert [function for function, _, _ in world.answered] == ["RecordResults"]


def test_a_function_ends_when_its_time_is_up(world: World) -> None:
    started = world.clock.now()
    with world.limited_to(30):
        world.clock.sleep(29)
        with pytest.raises(TimedOut):
            world.clock.sleep(2)
    assert world.clock.now() == started + 30


def test_the_database_uses_the_clock_of_the_world(world: World) -> None:
    def seconds() -> float:
        connection = connect(world)
        with connection.cursor() as cursor:
            cursor.execute("SELECT UNIX_TIMESTAMP()")
            ((now,),) = cursor.fetchall()
        connection.close()
        return float(now)

    before = seconds()
    world.pass_time(1000)
    assert abs(world.clock.now() - 1000 - before) < 1
    assert seconds() - before == 1000


def test_one_describe_is_stale_and_the_next_is_not(world: World) -> None:
    ec2 = Ec2Gateway(OWNER, "123456789012")
    world.capacity.set_free(*KEY, 5)
    world.clock.sleep(LAG_SECONDS)
    ec2.create(TargetKey(*KEY), USUAL_OPTIONS, 5, [], "")
    with world.injector.watching(only("DescribeCapacityReservations", CallFault.STALE)):
        assert ec2.find(TargetKey(*KEY)) == []
    assert len(ec2.find(TargetKey(*KEY))) == 1


def test_somebody_else_acts_before_the_call(world: World) -> None:
    world.capacity.set_free(*KEY, 1)
    world.injector.meanwhile = lambda: world.capacity.set_free(*KEY, 0)
    with (
        world.injector.watching(only("CreateCapacityReservation", CallFault.MEANWHILE)),
        pytest.raises(ClientError, match="InsufficientInstanceCapacity"),
    ):
        reserve()


def test_calls_outside_the_context_get_no_faults(world: World) -> None:
    world.capacity.set_free(*KEY, 1)
    reserve()
    connect(world).close()
    assert len(world.foreign()) == 1


def test_a_fault_that_a_call_cannot_have_does_not_fire(world: World) -> None:
    before = world.injector.fired.total()
    with world.injector.watching(only("connect", CallFault.NO_CAPACITY)):
        connect(world).close()
    assert world.injector.fired.total() == before


def test_every_fault_is_tested_here() -> None:
    tested = {*HTTP, *DATABASE, *TASK, CallFault.ACCESS_DENIED, CallFault.STALE, CallFault.MEANWHILE}
    assert tested == set(CallFault)
