"""Instances that run in reservations, or beside them."""

import contextlib
import random
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.ec2.faults import CREATE, MODIFY, Fault, FaultKind

Refused = Callable[..., tuple[str, int]]
Run = Callable[..., list[Any]]
WINDOWS = "ami-03cf127a"
"""One of moto's images, which are AWS's own."""


@pytest.fixture
def run(cloud: Any) -> Run:
    """`run(count, specification, Placement fields and others)`: the launched instances."""

    def launch(count: int = 1, specification: Any = None, placement: Any = None, **more: Any) -> list[Any]:
        parameters = {
            "ImageId": "ami-12345678",
            "InstanceType": cloud.type,
            "MinCount": count,
            "MaxCount": count,
            "Placement": {"AvailabilityZone": cloud.zone, **(placement or {})},
            **({"CapacityReservationSpecification": specification} if specification else {}),
        }
        return list(cloud.api.run_instances(**parameters | more)["Instances"])

    return launch


def where(cloud: Any, instances: list[Any]) -> list[str | None]:
    """The reservations in which instances run now."""
    ids = [one["InstanceId"] for one in instances]
    found = cloud.api.describe_instances(InstanceIds=ids)["Reservations"]
    return [one.get("CapacityReservationId") for launched in found for one in launched["Instances"]]


def used(cloud: Any, reservation: Any) -> tuple[int, int]:
    """How many of a reservation are in use, and how many available."""
    now = cloud.again(reservation)
    return sum(one["Count"] for one in now["CapacityAllocations"]), now["AvailableInstanceCount"]


def ids(instances: list[Any]) -> list[str]:
    return [one["InstanceId"] for one in instances]


def targeting(reservation: Any) -> dict[str, Any]:
    return {"CapacityReservationTarget": {"CapacityReservationId": reservation["CapacityReservationId"]}}


NONE = {"CapacityReservationPreference": "none"}
ONLY = {"CapacityReservationPreference": "capacity-reservations-only"}


def test_an_instance_takes_from_the_pool_and_gives_back(cloud: Any, capacity: Any, run: Run, refused: Refused) -> None:
    (one, other) = run(2)
    assert capacity.free(cloud.type, cloud.zone) == 18
    shown = cloud.api.describe_instances(InstanceIds=ids([one]))["Reservations"][0]["Instances"][0]
    assert shown["CapacityReservationSpecification"] == {"CapacityReservationPreference": "open"}
    assert "CapacityReservationId" not in shown
    cloud.api.terminate_instances(InstanceIds=ids([one]))
    cloud.api.terminate_instances(InstanceIds=ids([one]))
    assert capacity.free(cloud.type, cloud.zone) == 19
    cloud.api.stop_instances(InstanceIds=ids([other]))
    assert capacity.free(cloud.type, cloud.zone) == 20
    capacity.set_free(cloud.type, cloud.zone, 0)
    assert refused(cloud.api.start_instances, InstanceIds=ids([other])) == ("InsufficientInstanceCapacity", 500)
    capacity.set_free(cloud.type, cloud.zone, 1)
    cloud.api.start_instances(InstanceIds=ids([other]))
    assert refused(run) == ("InsufficientInstanceCapacity", 500)
    assert len(cloud.api.describe_instances()["Reservations"]) == 1


def test_it_runs_in_an_open_reservation_that_matches(cloud: Any, capacity: Any, run: Run) -> None:
    made = cloud.create(InstanceCount=5)
    launched = run(3)
    assert where(cloud, launched) == [made["CapacityReservationId"]] * 3
    assert used(cloud, made) == (3, 2)
    assert capacity.free(cloud.type, cloud.zone) == 15
    by_id = [{"Name": "capacity-reservation-id", "Values": [made["CapacityReservationId"]]}]
    assert len(cloud.api.describe_instances(Filters=by_id)["Reservations"][0]["Instances"]) == 3
    cloud.api.stop_instances(InstanceIds=ids(launched[:1]))
    cloud.api.terminate_instances(InstanceIds=ids(launched[1:2]))
    assert (used(cloud, made), where(cloud, launched)[:2]) == ((1, 4), [None, None])
    cloud.api.start_instances(InstanceIds=ids(launched[:1]))
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((2, 3), 15)


@pytest.mark.parametrize(
    ("reservation", "launch"),
    [
        ({"InstancePlatform": "Windows"}, {}),
        ({}, {"ImageId": WINDOWS}),
        ({"Tenancy": "dedicated"}, {}),
        ({"InstanceMatchCriteria": "targeted"}, {}),
        ({"AvailabilityZone": "ap-northeast-1a"}, {}),
        ({"InstanceType": "m5.large"}, {}),
        ({}, {"specification": NONE}),
        ({}, {"placement": {"Tenancy": "dedicated"}}),
        ({}, {"count": 6}),
    ],
)
def test_it_runs_beside_one_that_does_not_match(
    cloud: Any, capacity: Any, run: Run, reservation: dict[str, Any], launch: dict[str, Any]
) -> None:
    for pool in ((cloud.type, "ap-northeast-1a"), ("m5.large", cloud.zone)):
        capacity.set_free(*pool, 20)
    made = cloud.create(InstanceCount=5, **reservation)
    launched = run(**launch)
    assert set(where(cloud, launched)) == {None}
    assert used(cloud, made) == (0, 5)


def test_windows_in_windows(cloud: Any, run: Run) -> None:
    made = cloud.create(InstanceCount=5, InstancePlatform="Windows", Tenancy="dedicated")
    launched = run(placement={"Tenancy": "dedicated"}, ImageId=WINDOWS)
    assert where(cloud, launched) == [made["CapacityReservationId"]]
    (shown,) = cloud.api.describe_instances()["Reservations"][0]["Instances"]
    assert (shown["PlatformDetails"], shown["Placement"]["Tenancy"]) == ("Windows", "dedicated")


def test_a_targeted_one_takes_those_that_target_it(cloud: Any, capacity: Any, run: Run, refused: Refused) -> None:
    made = cloud.create(InstanceCount=2, InstanceMatchCriteria="targeted")
    launched = run(specification=targeting(made))
    assert where(cloud, launched) == [made["CapacityReservationId"]]
    exceeded = ("ReservationCapacityExceeded", 400)
    assert refused(run, 2, targeting(made)) == exceeded
    assert refused(run, 1, targeting(made), ImageId=WINDOWS) == exceeded
    assert refused(run, 1, ONLY) == exceeded
    assert used(cloud, made) == (1, 1)
    run(specification={**ONLY, **targeting(made)})
    cloud.cancel(made)
    assert refused(run, 1, targeting(made)) == exceeded
    unknown = {"CapacityReservationId": "cr-00000000000000000"}
    assert refused(run, 1, targeting(unknown))[0] == "InvalidCapacityReservationId.NotFound"
    assert capacity.free(cloud.type, cloud.zone) == 18


@pytest.mark.parametrize(
    ("specification", "code"),
    [
        ({"CapacityReservationPreference": "maybe"}, "InvalidParameterValue"),
        ({"CapacityReservationPreference": "open", **targeting({"CapacityReservationId": "x"})}, "InvalidParameter.*"),
        (targeting({"CapacityReservationId": "x"}), "InvalidCapacityReservationId.Malformed"),
    ],
)
def test_invalid_specifications(capacity: Any, cloud: Any, run: Run, specification: Any, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        run(1, specification)
    assert capacity.free(cloud.type, cloud.zone) == 20


def test_a_new_open_one_absorbs_what_runs(cloud: Any, capacity: Any, run: Run) -> None:
    aside = run(1, NONE)
    launched = run(3)
    # The three bring their capacity along, so the pool's sixteen are enough.
    made = cloud.create(InstanceCount=19)
    assert (made["TotalInstanceCount"], made["AvailableInstanceCount"]) == (19, 16)
    assert capacity.free(cloud.type, cloud.zone) == 0
    assert where(cloud, launched) == [made["CapacityReservationId"]] * 3
    assert where(cloud, aside) == [None]
    cloud.api.terminate_instances(InstanceIds=ids(launched))
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((0, 19), 0)


def test_a_grown_one_absorbs_what_runs(cloud: Any, capacity: Any, run: Run) -> None:
    made = cloud.create(InstanceCount=1)
    launched = run(3)
    cloud.modify(made, InstanceCount=3)
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((3, 0), 17 - 1 + 1)
    assert where(cloud, launched) == [made["CapacityReservationId"]] * 3


def test_one_that_becomes_open_absorbs_and_one_in_use_stays_so(
    cloud: Any, capacity: Any, run: Run, refused: Refused
) -> None:
    made = cloud.create(InstanceCount=4, InstanceMatchCriteria="targeted")
    launched = run(2)
    cloud.modify(made, InstanceMatchCriteria="open")
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((2, 2), 16)
    assert refused(cloud.modify, made, InstanceMatchCriteria="targeted") == ("OperationNotPermitted", 400)
    assert refused(cloud.modify, made, InstanceCount=1) == ("OperationNotPermitted", 400)
    cloud.api.terminate_instances(InstanceIds=ids(launched))
    cloud.modify(made, InstanceMatchCriteria="targeted", InstanceCount=1)


def test_an_adjustment_absorbs_when_it_is_applied(cloud: Any, capacity: Any, clock: Any, run: Run) -> None:
    made = cloud.create(InstanceCount=1)
    run(1)
    launched = run(2)
    capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, seconds=30, then="applied"))
    cloud.modify(made, InstanceCount=5)
    assert where(cloud, launched) == [None, None]
    clock.advance(30)
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((3, 2), 15)


def test_a_pending_one_absorbs_when_it_becomes_active(cloud: Any, capacity: Any, clock: Any, run: Run) -> None:
    capacity.inject(Fault(CREATE, FaultKind.PENDING, seconds=30))
    made = cloud.create(InstanceCount=5)
    launched = run(2)
    assert (where(cloud, launched), capacity.free(cloud.type, cloud.zone)) == ([None, None], 13)
    clock.advance(30)
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((2, 3), 15)


@pytest.mark.parametrize("end", ["cancelled", "failed", "expired"])
def test_instances_outlive_their_reservation(cloud: Any, capacity: Any, clock: Any, run: Run, end: str) -> None:
    launched = run(2)
    if end == "failed":
        capacity.inject(Fault(CREATE, FaultKind.PENDING, seconds=5, then="failed"))
    made = cloud.create(InstanceCount=5)
    if end == "cancelled":
        cloud.cancel(made)
    elif end == "expired":
        capacity.alter(made["CapacityReservationId"], EndDate=made["CreateDate"])
    clock.advance(5)
    assert cloud.again(made)["State"] == end
    assert (where(cloud, launched), capacity.free(cloud.type, cloud.zone)) == ([None, None], 18)
    cloud.api.terminate_instances(InstanceIds=ids(launched))
    assert capacity.free(cloud.type, cloud.zone) == 20


def test_altered_use_counts_beside_running_instances(cloud: Any, capacity: Any, run: Run) -> None:
    made = cloud.create(InstanceCount=5)
    capacity.alter(made["CapacityReservationId"], AvailableInstanceCount=2)
    launched = run(2)
    assert used(cloud, made) == (5, 0)
    cloud.api.terminate_instances(InstanceIds=ids(launched))
    assert used(cloud, made) == (3, 2)


def test_a_describe_that_lags_shows_what_ran_then(cloud: Any, capacity: Any, clock: Any, run: Run) -> None:
    made = cloud.create(InstanceCount=5)
    clock.advance(10)
    run(2)
    capacity.inject(Fault("DescribeCapacityReservations", FaultKind.STALE_DESCRIBE, seconds=5))
    assert (used(cloud, made)[0], used(cloud, made)[0]) == (0, 2)


@pytest.mark.parametrize("seed", range(3))
def test_capacity_is_neither_made_nor_lost(cloud: Any, capacity: Any, clock: Any, run: Run, seed: int) -> None:
    """Whatever happens, the pool's twenty are free, reserved, or run beside the reservations."""
    dice = random.Random(seed)
    launched: list[Any] = []
    made: list[Any] = []
    steps: list[Callable[[], Any]] = [
        lambda: launched.extend(run(dice.randint(1, 4), dice.choice([None, NONE, targeting(dice.choice(made))]))),
        lambda: cloud.api.terminate_instances(InstanceIds=ids([launched.pop(dice.randrange(len(launched)))])),
        lambda: cloud.api.stop_instances(InstanceIds=ids([dice.choice(launched)])),
        lambda: cloud.api.start_instances(InstanceIds=ids([dice.choice(launched)])),
        lambda: made.append(
            cloud.create(
                InstanceCount=dice.randint(1, 9), InstanceMatchCriteria=dice.choice(["open", "open", "targeted"])
            )
        ),
        lambda: cloud.modify(dice.choice(made), InstanceCount=dice.randint(1, 12)),
        lambda: cloud.modify(dice.choice(made), InstanceMatchCriteria=dice.choice(["open", "targeted"])),
        lambda: cloud.cancel(made.pop(dice.randrange(len(made)))),
    ]
    for _ in range(40):
        with contextlib.suppress(ClientError, IndexError, ValueError):
            dice.choice(steps)()
        clock.advance(1)
        held = {one["CapacityReservationId"]: one for one in cloud.describe() if one["State"] == "active"}
        running = [
            one.get("CapacityReservationId")
            for launch in cloud.api.describe_instances()["Reservations"]
            for one in launch["Instances"]
            if one["State"]["Name"] == "running"
        ]
        for given, one in held.items():
            assert one["TotalInstanceCount"] - one["AvailableInstanceCount"] == running.count(given)
        reserved = sum(one["TotalInstanceCount"] for one in held.values())
        assert reserved + running.count(None) + capacity.free(cloud.type, cloud.zone) == 20
        assert set(running) <= {None, *held}


def test_a_template_says_where_its_instances_run(cloud: Any, capacity: Any) -> None:
    made = cloud.create(InstanceCount=3, InstanceMatchCriteria="targeted")
    template = cloud.api.create_launch_template(
        LaunchTemplateName="of-the-group",
        LaunchTemplateData={
            "ImageId": "ami-12345678",
            "InstanceType": cloud.type,
            "CapacityReservationSpecification": targeting(made),
        },
    )["LaunchTemplate"]["LaunchTemplateId"]
    scaling = boto3.client(
        "autoscaling",
        endpoint_url=cloud.endpoint,
        region_name="ap-northeast-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    group = {"AutoScalingGroupName": "consumer"}
    sizes = {"MinSize": 0, "MaxSize": 3, "DesiredCapacity": 2}
    scaling.create_auto_scaling_group(
        **group, **sizes, LaunchTemplate={"LaunchTemplateId": template}, AvailabilityZones=[cloud.zone]
    )
    assert used(cloud, made) == (2, 1)
    more = {"LaunchTemplate": {"LaunchTemplateId": template}, "Placement": {"AvailabilityZone": cloud.zone}}
    (one,) = cloud.api.run_instances(MinCount=1, MaxCount=1, **more)["Instances"]
    (aside,) = cloud.api.run_instances(MinCount=1, MaxCount=1, CapacityReservationSpecification=NONE, **more)[
        "Instances"
    ]
    assert where(cloud, [one, aside]) == [made["CapacityReservationId"], None]
    cloud.api.terminate_instances(InstanceIds=ids([one, aside]))
    scaling.delete_auto_scaling_group(**group, ForceDelete=True)
    assert (used(cloud, made), capacity.free(cloud.type, cloud.zone)) == ((0, 3), 17)
