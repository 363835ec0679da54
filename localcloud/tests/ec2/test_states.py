"""States that change by themselves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.ec2.faults import CREATE, Fault, FaultKind

Refused = Callable[..., tuple[str, int]]


def test_pending_becomes_active(cloud: Any, capacity: Any, clock: Any, refused: Refused) -> None:
    capacity.inject(Fault(CREATE, FaultKind.PENDING, seconds=30))
    made = cloud.create(InstanceCount=5)
    assert (made["State"], made["AvailableInstanceCount"], "StartDate" in made) == ("pending", 0, False)
    assert capacity.free(cloud.type, cloud.zone) == 15
    assert refused(cloud.modify, made, InstanceCount=6) == ("InvalidState", 400)
    assert refused(cloud.cancel, made) == ("InvalidState", 400)
    clock.advance(29)
    assert cloud.again(made)["State"] == "pending"
    clock.advance(1)
    after = cloud.again(made)
    assert (after["State"], after["AvailableInstanceCount"], "StartDate" in after) == ("active", 5, True)
    assert cloud.create()["State"] == "active"
    assert capacity.fired()[FaultKind.PENDING] == 1


def test_pending_fails_and_is_seen_for_an_hour(cloud: Any, capacity: Any, clock: Any, refused: Refused) -> None:
    capacity.inject(Fault(CREATE, FaultKind.PENDING, seconds=30, then="failed"))
    made = cloud.create(InstanceCount=5)
    clock.advance(30)
    assert capacity.free(cloud.type, cloud.zone) == 20
    assert cloud.again(made)["State"] == "failed"
    assert refused(cloud.cancel, made)[0] == "InvalidState"
    clock.advance(3599)
    assert cloud.again(made)["State"] == "failed"
    clock.advance(1)
    assert cloud.describe() == []
    assert refused(cloud.again, made)[0] == "InvalidCapacityReservationId.NotFound"


def test_a_limited_one_expires(cloud: Any, capacity: Any, clock: Any, refused: Refused) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    made = cloud.create(InstanceCount=5, EndDateType="limited", EndDate=end)
    clock.advance(3590)
    assert cloud.again(made)["State"] == "active"
    clock.advance(10)
    assert capacity.free(cloud.type, cloud.zone) == 20
    assert cloud.again(made)["State"] == "expired"
    assert refused(cloud.modify, made, InstanceCount=6)[0] == "InvalidState"
    assert refused(cloud.cancel, made)[0] == "InvalidState"
    clock.advance(1_000_000)
    assert cloud.again(made)["State"] == "expired"


def test_the_end_can_be_put_off(cloud: Any, clock: Any) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    made = cloud.create(EndDateType="limited", EndDate=end)
    cloud.modify(made, EndDateType="unlimited")
    clock.advance(100_000)
    assert cloud.again(made)["State"] == "active"


def test_expired_while_nobody_looked_is_given_back_once(cloud: Any, capacity: Any, clock: Any) -> None:
    capacity.inject(Fault(CREATE, FaultKind.PENDING, seconds=30))
    cloud.create(InstanceCount=5, EndDateType="limited", EndDate=datetime.now(UTC) + timedelta(minutes=10))
    clock.advance(100_000)
    assert [capacity.free(cloud.type, cloud.zone) for _ in range(2)] == [20, 20]
    assert [one["State"] for one in cloud.describe()] == ["expired"]
