"""Each kind of fault, seen by boto3 and seen to fire."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.faults import CANCEL, CREATE, DESCRIBE, MODIFY, Fault, FaultKind

Refused = Callable[..., tuple[str, int]]


def answered(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] == "RequestLimitExceeded":
            return False
        raise
    return True


def test_insufficient_capacity(cloud: Any, capacity: Any, refused: Refused) -> None:
    made = cloud.create()
    capacity.inject(Fault(CREATE, FaultKind.INSUFFICIENT_CAPACITY), Fault(MODIFY, FaultKind.INSUFFICIENT_CAPACITY))
    assert refused(cloud.create) == ("InsufficientInstanceCapacity", 500)
    cloud.modify(made, InstanceMatchCriteria="targeted")
    cloud.modify(made, InstanceCount=1)
    assert refused(cloud.modify, made, InstanceCount=2) == ("InsufficientInstanceCapacity", 500)
    assert capacity.fired()[FaultKind.INSUFFICIENT_CAPACITY] == 2
    cloud.modify(made, InstanceCount=2)
    assert capacity.free(cloud.type, cloud.zone) == 18


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FaultKind.THROTTLED, ("RequestLimitExceeded", 503)), (FaultKind.INTERNAL_ERROR, ("InternalError", 500))],
)
def test_refused_without_effect(
    cloud: Any, capacity: Any, refused: Refused, kind: FaultKind, error: tuple[str, int]
) -> None:
    made = cloud.create()
    capacity.inject(*(Fault(action, kind, times=2) for action in (CREATE, MODIFY, CANCEL, DESCRIBE)))
    for _ in range(2):
        assert refused(cloud.create) == error
        assert refused(cloud.modify, made, InstanceCount=2) == error
        assert refused(cloud.cancel, made) == error
        assert refused(cloud.describe) == error
    assert cloud.describe() == [made]
    assert capacity.free(cloud.type, cloud.zone) == 19
    assert capacity.fired()[kind] == 8
    assert all(hits.over and hits.fired == 2 for hits in capacity.faults())
    assert sum(count.overdrawn for count in capacity.calls()) == 0


def test_lost_before_the_effect(cloud: Any, capacity: Any) -> None:
    capacity.inject(Fault(CREATE, FaultKind.LOST_BEFORE))
    began = time.monotonic()
    with pytest.raises(ConnectionClosedError):
        cloud.create()
    assert time.monotonic() - began < 5
    assert cloud.describe() == []
    assert capacity.fired()[FaultKind.LOST_BEFORE] == 1
    (counts,) = [one for one in capacity.calls() if one.action == CREATE]
    assert (counts.calls, counts.unanswered) == (1, 1)


def test_lost_after_the_effect(cloud: Any, capacity: Any) -> None:
    capacity.inject(*(Fault(action, FaultKind.LOST_AFTER) for action in (CREATE, MODIFY, CANCEL, DESCRIBE)))
    with pytest.raises(ConnectionClosedError):
        cloud.create(InstanceCount=3, ClientToken="a")
    with pytest.raises(ConnectionClosedError):
        cloud.describe()
    (made,) = cloud.describe()
    assert cloud.create(InstanceCount=3, ClientToken="a") == made
    with pytest.raises(ConnectionClosedError):
        cloud.modify(made, InstanceCount=5)
    assert cloud.again(made)["TotalInstanceCount"] == 5
    with pytest.raises(ConnectionClosedError):
        cloud.cancel(made)
    assert cloud.again(made)["State"] == "cancelled"
    assert capacity.fired()[FaultKind.LOST_AFTER] == 4


def test_lost_after_waits_for_a_request_that_is_granted(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.inject(Fault(CREATE, FaultKind.LOST_AFTER))
    assert refused(cloud.create, InstanceCount=21)[0] == "InsufficientInstanceCapacity"
    assert capacity.fired()[FaultKind.LOST_AFTER] == 0
    with pytest.raises(ConnectionClosedError):
        cloud.create(InstanceCount=20)


def test_late_is_in_effect_before_it_is_answered(cloud: Any, capacity: Any, clock: Any) -> None:
    asleep, wake = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        asleep.set()
        assert wake.wait(10)

    object.__setattr__(clock, "sleep", sleep)
    capacity.inject(Fault(CREATE, FaultKind.LATE, seconds=20))
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(cloud.create()))
    caller.start()
    assert asleep.wait(10)
    (made,) = cloud.describe()
    assert answers == []
    wake.set()
    caller.join(10)
    assert answers == [made]
    assert capacity.fired()[FaultKind.LATE] == 1


def test_late_by_more_than_the_client_waits(cloud: Any, capacity: Any) -> None:
    ec2.install(Clock(speed=100))
    capacity.set_free(cloud.type, cloud.zone, 1)
    capacity.inject(Fault(CREATE, FaultKind.LATE, seconds=60))
    cloud.use(read_timeout=0.1)
    with pytest.raises(ReadTimeoutError):
        cloud.create()
    cloud.use()
    assert len(cloud.describe()) == 1


def test_a_region_that_does_not_exist_gives_no_answer(cloud: Any) -> None:
    cloud.use("xx-nowhere-1")
    with pytest.raises(ConnectionClosedError):
        cloud.describe()


def test_describe_lags_by_seconds(cloud: Any, capacity: Any, clock: Any) -> None:
    made = cloud.create()
    clock.advance(10)
    cloud.modify(made, InstanceCount=4)
    clock.advance(10)
    capacity.inject(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, times=4, seconds=15))
    cloud.create()
    assert [one["TotalInstanceCount"] for one in cloud.describe()] == [1]
    clock.advance(10)
    assert [one["TotalInstanceCount"] for one in cloud.describe()] == [4]
    clock.advance(10)
    assert [one["TotalInstanceCount"] for one in cloud.describe()] == [4, 1]
    cloud.cancel(made)
    assert [one["State"] for one in cloud.describe()] == ["active", "active"]
    assert [one["State"] for one in cloud.describe()] == ["cancelled", "active"]
    assert capacity.fired()[FaultKind.STALE_DESCRIBE] == 4


def test_describe_stands_still_while_the_fault_lasts(cloud: Any, capacity: Any, clock: Any) -> None:
    made = cloud.create()
    capacity.inject(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, times=None, lasts=30))
    clock.advance(1)
    other = cloud.create()
    cloud.cancel(made)
    filters = [{"Name": "state", "Values": ["active"]}]
    assert cloud.describe(Filters=filters) == [made]
    clock.advance(28)
    assert cloud.describe(Filters=filters) == [made]
    clock.advance(1)
    assert cloud.describe(Filters=filters) == [other]
    assert capacity.fired()[FaultKind.STALE_DESCRIBE] == 2


def test_a_reservation_that_describe_does_not_know_yet(cloud: Any, capacity: Any, clock: Any, refused: Refused) -> None:
    capacity.inject(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE))
    clock.advance(1)
    made = cloud.create()
    assert refused(cloud.again, made) == ("InvalidCapacityReservationId.NotFound", 400)
    assert cloud.again(made) == made


def test_the_past_is_forgotten_but_not_what_was_true_then(cloud: Any, capacity: Any, clock: Any) -> None:
    made = cloud.create()
    for count in (2, 3):
        clock.advance(3600)
        cloud.modify(made, InstanceCount=count)
    clock.advance(1)
    capacity.inject(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, seconds=3600))
    assert [one["TotalInstanceCount"] for one in cloud.describe()] == [2]


def test_by_probability_with_a_seed(cloud: Any, capacity: Any) -> None:
    def pattern(seed: int) -> list[bool]:
        capacity.reset()
        capacity.inject(Fault(DESCRIBE, FaultKind.THROTTLED, times=None, probability=0.5, seed=seed))
        return [not answered(cloud.describe) for _ in range(30)]

    first, again, other = pattern(1), pattern(1), pattern(2)
    assert first == again != other
    assert 5 < first.count(True) < 25
    assert capacity.fired()[FaultKind.THROTTLED] == other.count(True)


def test_of_one_type_only(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.set_free("m5.xlarge", cloud.zone, 5)
    made, other = cloud.create(), cloud.create(InstanceType="m5.xlarge")
    capacity.inject(*(Fault(action, FaultKind.THROTTLED, instance_type="m5.xlarge") for action in (CREATE, MODIFY)))
    cloud.create()
    cloud.modify(made, InstanceCount=2)
    assert refused(cloud.create, InstanceType="m5.xlarge")[0] == "RequestLimitExceeded"
    assert refused(cloud.modify, other, InstanceCount=2)[0] == "RequestLimitExceeded"


def test_cleared_faults_hit_no_more_and_stay_counted(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.inject(Fault(DESCRIBE, FaultKind.THROTTLED, times=None))
    assert refused(cloud.describe)[0] == "RequestLimitExceeded"
    capacity.clear_faults()
    cloud.describe()
    assert capacity.faults() == []
    assert capacity.fired()[FaultKind.THROTTLED] == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "explode"}, "use one of insufficient_capacity"),
        ({"action": "RunInstances"}, "use one of CreateCapacityReservation"),
        ({"action": DESCRIBE, "kind": "insufficient_capacity"}, "use one of CreateCapacityReservation"),
        ({"kind": "stale_describe"}, "use one of DescribeCapacityReservations"),
        ({"times": 0}, "at least 1"),
        ({"kind": "late"}, "needs seconds"),
        ({"kind": "late", "seconds": -1}, "0 or more"),
        ({"action": DESCRIBE, "kind": "stale_describe", "seconds": 3601}, "at most"),
        ({"probability": 2}, "from 0 to 1"),
        ({"kind": "pending", "seconds": 1, "then": "gone"}, "active or failed"),
        ({"action": DESCRIBE, "instance_type": "m5.large"}, "leave instance_type out"),
    ],
)
def test_faults_that_make_no_sense(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Fault(**({"action": CREATE, "kind": "throttled"} | fields))
