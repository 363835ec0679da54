"""Each kind of fault, seen by boto3 and seen to fire."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.faults import (
    ANY,
    BEFORE_EFFECT,
    CANCEL,
    CREATE,
    CREATE_TAGS,
    DELETE_TAGS,
    DESCRIBE,
    DESCRIBE_INSTANCES,
    DESCRIBE_TYPES,
    DESCRIBE_ZONES,
    MODIFY,
    Fault,
    FaultKind,
    actions_of,
)

Refused = Callable[..., tuple[str, int]]


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
    assert sum(count.overdrawn for count in capacity.calls()) == 0


def test_a_fault_sets_the_code_and_the_message(cloud: Any, capacity: Any) -> None:
    words = {"code": "PendingVerification", "message": "Your request is <pending> & verified"}
    made = cloud.create()
    capacity.inject(*(Fault(action, FaultKind.REFUSED, **words) for action in (CREATE, MODIFY, CANCEL, DESCRIBE)))
    for call in (cloud.create, lambda: cloud.modify(made, InstanceCount=2), lambda: cloud.cancel(made), cloud.describe):
        with pytest.raises(ClientError) as caught:
            call()
        error = caught.value.response
        assert error["Error"] == {"Code": words["code"], "Message": words["message"]}
    assert cloud.describe() == [made]
    assert capacity.free(cloud.type, cloud.zone) == 19
    assert capacity.fired()[FaultKind.REFUSED] == 4


def test_of_one_reservation_only(cloud: Any, capacity: Any, refused: Refused) -> None:
    made, other = cloud.create(InstanceCount=3), cloud.create(InstanceCount=3)
    given = made["CapacityReservationId"]
    actions = (MODIFY, CANCEL)
    capacity.inject(*(Fault(action, FaultKind.REFUSED, None, reservation_id=given) for action in actions))
    for call in (lambda one: cloud.modify(one, InstanceCount=1), cloud.cancel):
        assert refused(call, made) == ("OperationNotPermitted", 400)
        call(other)
    assert cloud.again(made) == made


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.THROTTLED, ("RequestLimitExceeded", 503)),
        (FaultKind.INTERNAL_ERROR, ("InternalError", 500)),
        (FaultKind.REFUSED, ("OperationNotPermitted", 400)),
    ],
)
def test_describing_types_and_zones_is_refused(
    cloud: Any, capacity: Any, refused: Refused, kind: FaultKind, error: tuple[str, int]
) -> None:
    capacity.inject(*(Fault(action, kind) for action in (DESCRIBE_TYPES, DESCRIBE_ZONES)))
    assert refused(cloud.api.describe_instance_types, InstanceTypes=[cloud.type]) == error
    assert refused(cloud.api.describe_availability_zones) == error
    assert cloud.api.describe_instance_types(InstanceTypes=[cloud.type])["InstanceTypes"]
    assert cloud.api.describe_availability_zones()["AvailabilityZones"]
    assert cloud.describe() == []


def test_tags_are_put_though_the_answer_is_lost(cloud: Any, capacity: Any, refused: Refused) -> None:
    made, other = cloud.create(), cloud.create()
    given, tag = made["CapacityReservationId"], [{"Key": "a", "Value": "b"}]
    capacity.inject(Fault(CREATE_TAGS, FaultKind.REFUSED, reservation_id=given, code="Unavailable"))
    cloud.api.create_tags(Resources=[other["CapacityReservationId"]], Tags=tag)
    assert refused(cloud.api.create_tags, Resources=[given], Tags=tag) == ("Unavailable", 400)
    assert cloud.again(made)["Tags"] == []
    capacity.inject(*(Fault(action, FaultKind.LOST_AFTER) for action in (CREATE_TAGS, DELETE_TAGS)))
    assert refused(cloud.api.create_tags, Resources=[given], Tags=[{"Key": "aws:a", "Value": "b"}])
    for call, expected in ((cloud.api.create_tags, tag), (cloud.api.delete_tags, [])):
        with pytest.raises(ConnectionClosedError):
            call(Resources=[given], Tags=tag)
        assert cloud.again(made)["Tags"] == expected


def test_describing_instances_fails(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.inject(*(Fault(DESCRIBE_INSTANCES, kind) for kind in (FaultKind.THROTTLED, FaultKind.LOST_AFTER)))
    assert refused(cloud.api.describe_instances) == ("RequestLimitExceeded", 503)
    with pytest.raises(ConnectionClosedError):
        cloud.api.describe_instances()
    cloud.api.describe_instances()
    (counts,) = [one for one in capacity.calls() if one.action == DESCRIBE_INSTANCES]
    assert (counts.calls, counts.unanswered, counts.refused) == (3, 1, {"RequestLimitExceeded": 1})


@pytest.mark.parametrize("kind", BEFORE_EFFECT)
def test_a_whole_region_fails_and_no_other(cloud: Any, capacity: Any, kind: FaultKind) -> None:
    made = cloud.create()
    capacity.inject(Fault(ANY, kind, None, region="ap-northeast-1"))
    calls: list[Callable[[], Any]] = [
        cloud.create,
        cloud.describe,
        lambda: cloud.cancel(made),
        lambda: cloud.api.describe_instance_types(InstanceTypes=[cloud.type]),
        lambda: cloud.api.create_tags(Resources=[made["CapacityReservationId"]], Tags=[{"Key": "a", "Value": "b"}]),
    ]
    for call in calls:
        with pytest.raises((ClientError, ConnectionClosedError)):
            call()
    assert capacity.fired()[kind] == len(calls)
    cloud.use("us-west-2")
    assert cloud.describe() == []
    assert cloud.api.describe_availability_zones()["AvailabilityZones"]
    capacity.clear_faults()
    cloud.use()
    assert cloud.describe() == [made]


def test_a_region_that_hangs_outlasts_the_client(cloud: Any, capacity: Any) -> None:
    ec2.install(Clock(speed=100))
    capacity.inject(Fault(ANY, FaultKind.HANGS, None, seconds=60, region="ap-northeast-1"))
    cloud.use(read_timeout=0.1)
    with pytest.raises(ReadTimeoutError):
        cloud.describe()
    cloud.use("us-west-2", read_timeout=0.1)
    assert cloud.describe() == []
    # Without a client that gives up, the connection is closed at last.
    cloud.use(read_timeout=20)
    with pytest.raises(ConnectionClosedError):
        cloud.api.describe_availability_zones()
    assert capacity.fired()[FaultKind.HANGS] == 2


def test_a_modification_that_is_decided_about_later(cloud: Any, capacity: Any, clock: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    for then in ("rejected", "applied"):
        capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, seconds=30, then=then))
        answer = cloud.modify(made, InstanceCount=8, InstanceMatchCriteria="targeted")
        assert (answer["Return"], answer["AdjustmentStatus"]) == (True, "requested")
        clock.advance(29)
        meanwhile = cloud.again(made)
        assert (meanwhile["TotalInstanceCount"], meanwhile["AdjustmentStatus"]) == (5, "requested")
        assert refused(cloud.modify, made, InstanceCount=8) == ("InvalidState", 400)
        assert capacity.free(cloud.type, cloud.zone) == 15
        clock.advance(1)
        after = cloud.again(made)
        count, match = (8, "targeted") if then == "applied" else (5, "open")
        shown = after["TotalInstanceCount"], after["InstanceMatchCriteria"], after["AdjustmentStatus"]
        assert shown == (count, match, then)
        assert capacity.free(cloud.type, cloud.zone) == 20 - count
    assert capacity.fired()[FaultKind.ADJUSTING] == 2


def test_a_modification_that_is_rejected_at_once(cloud: Any, capacity: Any) -> None:
    made = cloud.create(InstanceCount=5)
    capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, seconds=0, then="rejected"))
    assert cloud.modify(made, InstanceCount=8)["AdjustmentStatus"] == "rejected"
    assert cloud.again(made)["TotalInstanceCount"] == 5
    assert cloud.modify(made, InstanceCount=8)["AdjustmentStatus"] == "applied"


def test_a_modification_is_rejected_if_the_pool_is_dry_by_then(cloud: Any, capacity: Any, clock: Any) -> None:
    made = cloud.create(InstanceCount=5)
    capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, seconds=30, then="applied"))
    cloud.modify(made, InstanceCount=8)
    capacity.set_free(cloud.type, cloud.zone, 2)
    clock.advance(30)
    after = cloud.again(made)
    assert (after["TotalInstanceCount"], after["AdjustmentStatus"]) == (5, "rejected")
    assert capacity.free(cloud.type, cloud.zone) == 2


def test_a_modification_ends_with_its_reservation(cloud: Any, capacity: Any, clock: Any) -> None:
    made = cloud.create(InstanceCount=5)
    capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, seconds=30, then="applied"))
    cloud.modify(made, InstanceCount=8)
    cloud.cancel(made)
    clock.advance(30)
    after = cloud.again(made)
    assert (after["State"], after["TotalInstanceCount"]) == ("cancelled", 5)
    assert capacity.free(cloud.type, cloud.zone) == 20


@pytest.mark.parametrize("kind", FaultKind)
def test_the_actions_of_each_kind_are_those_that_it_accepts(kind: FaultKind) -> None:
    for action in actions_of(kind):
        assert Fault(action, kind, seconds=1).action == action
    if kind not in BEFORE_EFFECT:
        with pytest.raises(ValueError, match="cannot hit"):
            Fault(DESCRIBE_ZONES, kind, seconds=1)


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


def test_cleared_faults_hit_no_more_and_stay_counted(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.inject(Fault(DESCRIBE, FaultKind.THROTTLED, times=None))
    assert refused(cloud.describe)[0] == "RequestLimitExceeded"
    capacity.clear_faults()
    cloud.describe()
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
        ({"kind": "pending", "seconds": 1, "then": "gone"}, "active or failed"),
        ({"reservation_id": "cr-1"}, "leave reservation_id out"),
        ({"action": "ListGroupResources", "reservation_id": "cr-1"}, "leave reservation_id out"),
        ({"action": MODIFY, "kind": "adjusting", "seconds": 1, "then": "active"}, "applied or rejected"),
        ({"kind": "adjusting", "seconds": 1}, "use one of ModifyCapacityReservation"),
    ],
)
def test_invalid_faults(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Fault(**({"action": CREATE, "kind": "throttled"} | fields))
