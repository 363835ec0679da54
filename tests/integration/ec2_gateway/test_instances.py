"""Running instances through the functions' EC2 gateway, with real boto3, against the local cloud's EC2."""

from typing import Any

import boto3
import pytest

from localcloud.ec2.client import CapacityClient
from localcloud.ec2.faults import DESCRIBE_INSTANCES, Fault, FaultKind
from odcr.domain.misfits import MisfitCount, RunningInstance, look_of, unused_of
from odcr.domain.refusal import RequestLimitExceeded
from odcr.domain.reservation import Reservation
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey
from odcr.domain.use import Use, use_of
from odcr.gateways import ec2 as gateway
from odcr.gateways.ec2 import Ec2Gateway

KEY, OTHER = TargetKey("r5b.2xlarge", "ap-northeast-1c"), TargetKey("m5.xlarge", "ap-northeast-1a")
TYPES = [KEY.instance_type, OTHER.instance_type]
WINDOWS = "ami-03cf127a"
"""One of moto's copies of AWS's own images."""
NONE = {"CapacityReservationPreference": "none"}


def launch(key: TargetKey = KEY, count: int = 1, image: str = "ami-12345678", **more: Any) -> list[str]:
    placement = {"AvailabilityZone": key.zone, **more.pop("Placement", {})}
    ec2: Any = boto3.client("ec2", region_name=key.region)
    launched = ec2.run_instances(
        ImageId=image, InstanceType=key.instance_type, MinCount=count, MaxCount=count, Placement=placement, **more
    )
    return [one["InstanceId"] for one in launched["Instances"]]


def targeting(reservation: Reservation) -> dict[str, Any]:
    return {"CapacityReservationTarget": {"CapacityReservationId": reservation.id}}


@pytest.fixture(autouse=True)
def room(capacity: CapacityClient) -> None:
    for key in (KEY, OTHER):
        capacity.set_free(key.instance_type, key.zone, 100)


def seen(ec2_gateway: Ec2Gateway, types: list[str] = TYPES) -> list[RunningInstance]:
    return [one for page in ec2_gateway.running_instances(KEY.region, types) for one in page]


def test_instances_outside_reservations_are_shown_with_what_decides_whether_they_fit(
    ec2_gateway: Ec2Gateway,
) -> None:
    windows = launch(image=WINDOWS)
    launch(OTHER, CapacityReservationSpecification=NONE)
    launch(Placement={"Tenancy": "dedicated"})
    assert sorted(seen(ec2_gateway), key=repr) == sorted(
        [
            RunningInstance(KEY, "Windows"),
            RunningInstance(OTHER, "Linux/UNIX", preference="none"),
            RunningInstance(KEY, "Linux/UNIX", "dedicated"),
        ],
        key=repr,
    )
    assert [one.pool for one in seen(ec2_gateway, TYPES[1:])] == [OTHER]
    boto3.client("ec2", region_name=KEY.region).stop_instances(InstanceIds=windows)
    assert "Windows" not in {one.platform for one in seen(ec2_gateway)}
    assert list(ec2_gateway.running_instances("us-east-1", TYPES)) == [[]]


def test_instances_in_a_reservation_are_in_use_and_no_misfits(ec2_gateway: Ec2Gateway) -> None:
    launch(count=2)
    made = ec2_gateway.create(KEY, USUAL_OPTIONS, 5, [], "")
    assert (made.in_use, made.unused) == (2, 3)
    launch(count=1)
    launch(count=1, CapacityReservationSpecification=NONE)
    assert use_of(ec2_gateway.find(KEY)) == Use(3, 2)
    assert [one.preference for one in seen(ec2_gateway)] == ["none"]


def test_misfits_are_the_instances_that_ec2_lets_into_no_reservation(ec2_gateway: Ec2Gateway) -> None:
    """The domain's rule and EC2 agree about each instance while there is a reservation with room."""
    targeted = ReservationOptions(match_criteria="targeted")
    held = ec2_gateway.create(KEY, targeted, 5, [], "")
    other = ec2_gateway.create(KEY, targeted, 1, [held], "")
    launch(CapacityReservationSpecification=targeting(held))
    launch(count=2)
    launch(image=WINDOWS)
    launch(CapacityReservationSpecification=NONE)
    launch(CapacityReservationSpecification=targeting(other))
    unused = unused_of(KEY, targeted, ec2_gateway.find(KEY))
    assert unused
    assert [one.id for one in unused.reservations] == [held.id]
    count = MisfitCount([unused])
    for page in ec2_gateway.running_instances(KEY.region, TYPES):
        count.add(page)
    (misfits,) = look_of([count.counts], [], is_partial=False).misfits
    assert misfits.sentence == (
        "4 run beside it and cannot use it: 2 do not name it (targeted), 1 is Windows, "
        "1 takes no reservation (preference none)."
    )


def test_running_instances_reads_all_pages_and_types(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        launch()
    launch(OTHER)
    monkeypatch.setattr(gateway, "INSTANCE_PAGE_SIZE", 5)
    monkeypatch.setattr(gateway, "MAX_TYPES", 1)
    pages = list(ec2_gateway.running_instances(KEY.region, TYPES))
    assert [len(page) for page in pages] == [5, 2, 1]
    (described,) = (one.calls for one in capacity.calls() if one.action == DESCRIBE_INSTANCES)
    assert described == 3


def test_throttled_describe_is_a_refusal(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.inject(Fault(DESCRIBE_INSTANCES, FaultKind.THROTTLED, None))
    with pytest.raises(RequestLimitExceeded):
        seen(ec2_gateway)
