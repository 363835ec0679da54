"""Reservations that the control API puts there or changes, of every kind that describe may show."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.loaders import Loader

from localcloud.ec2.faults import CANCEL, MODIFY, Fault, FaultKind

Refused = Callable[..., tuple[str, int]]
OTHER_ACCOUNT = "210987654321"
FOREVER = datetime(2999, 1, 1, tzinfo=UTC)
COMMITMENT = {"CommittedInstanceCount": 4, "CommitmentEndDate": FOREVER, "CommitmentDuration": 1209600}
KINDS: dict[str, dict[str, Any]] = {
    "Capacity Block": {"ReservationType": "capacity-block", "CapacityBlockId": "cb-0123456789abcdef0"},
    "fleet": {"CapacityReservationFleetId": "crf-0123456789abcdef0"},
    "Outpost": {"OutpostArn": "arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-0123456789abcdef0"},
    "placement group": {"PlacementGroupArn": "arn:aws:ec2:ap-northeast-1:123456789012:placement-group/near"},
    "interruptible": {
        "Interruptible": True,
        "InterruptionInfo": {"SourceCapacityReservationId": "cr-0123456789abcdef0", "InterruptionType": "adhoc"},
    },
    "lent out": {
        "InterruptibleCapacityAllocation": {
            "InstanceCount": 2,
            "TargetInstanceCount": 2,
            "Status": "active",
            "InterruptibleCapacityReservationId": "cr-0123456789abcdef0",
            "InterruptionType": "adhoc",
        },
        "AvailableInstanceCount": 4,
    },
    "committed": {"CommitmentInfo": COMMITMENT, "DeliveryPreference": "incremental"},
    "shared": {"OwnerId": OTHER_ACCOUNT},
    "billed elsewhere": {"UnusedReservationBillingOwnerId": OTHER_ACCOUNT},
    "future allocations": {"CapacityAllocations": [{"AllocationType": "future", "Count": 3}]},
    "adjusting": {"AdjustmentStatus": "requested"},
}


def states() -> list[str]:
    model = Loader().load_service_model("ec2", "service-2")
    return list(model["shapes"]["CapacityReservationState"]["enum"])


def described(cloud: Any, planted: str) -> Any:
    (one,) = cloud.describe(CapacityReservationIds=[planted])
    return one


def plant(cloud: Any, capacity: Any, **fields: Any) -> str:
    return str(capacity.plant(cloud.type, cloud.zone, 6, **fields))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_described_as_it_was_planted(cloud: Any, capacity: Any, kind: str) -> None:
    shown = described(cloud, plant(cloud, capacity, tags={"odcr": "a"}, **KINDS[kind]))
    assert {name: shown[name] for name in KINDS[kind]} == KINDS[kind]
    assert (shown["InstanceType"], shown["AvailabilityZone"], shown["AvailabilityZoneId"]) == (
        cloud.type,
        cloud.zone,
        "apne1-az1",
    )
    assert (shown["TotalInstanceCount"], shown["State"]) == (6, "active")
    assert shown["Tags"] == [{"Key": "odcr", "Value": "a"}]
    assert shown["OwnerId"] in shown["CapacityReservationArn"]
    assert capacity.free(cloud.type, cloud.zone) == 20


@pytest.mark.parametrize("state", states())
def test_every_state_stays_and_only_some_can_be_changed(
    cloud: Any, capacity: Any, clock: Any, refused: Refused, state: str
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    planted = plant(cloud, capacity, State=state, StartDate=start)
    clock.advance(10_000)
    if state == "failed":
        assert cloud.describe() == []
        return
    shown = described(cloud, planted)
    assert (shown["State"], shown["StartDate"]) == (state, start)
    assert shown["AvailableInstanceCount"] == (6 if state == "active" else 0)
    one = {"CapacityReservationId": planted}
    if state != "active":
        assert refused(cloud.modify, one, InstanceCount=7) == ("InvalidState", 400)
    if state in ("active", "assessing", "delayed"):
        cloud.cancel(one)
        assert described(cloud, planted)["State"] == "cancelled"
    else:
        assert refused(cloud.cancel, one) == ("InvalidState", 400)


@pytest.mark.parametrize("kind", ["Capacity Block", "fleet", "interruptible", "shared"])
def test_reservations_that_others_manage_are_neither_modified_nor_cancelled(
    cloud: Any, capacity: Any, refused: Refused, kind: str
) -> None:
    one = {"CapacityReservationId": plant(cloud, capacity, **KINDS[kind])}
    not_permitted = ("OperationNotPermitted", 400)
    assert refused(cloud.modify, one, InstanceCount=7) == not_permitted
    assert refused(cloud.cancel, one) == not_permitted
    assert described(cloud, one["CapacityReservationId"])["TotalInstanceCount"] == 6


@pytest.mark.parametrize("kind", ["Outpost", "placement group", "billed elsewhere", "lent out"])
def test_others_can_grow(cloud: Any, capacity: Any, kind: str) -> None:
    one = {"CapacityReservationId": plant(cloud, capacity, **KINDS[kind])}
    cloud.modify(one, InstanceCount=8)
    assert described(cloud, one["CapacityReservationId"])["TotalInstanceCount"] == 8
    assert capacity.free(cloud.type, cloud.zone) == 18
    cloud.cancel(one)
    assert capacity.free(cloud.type, cloud.zone) == 26


def test_instances_in_use(cloud: Any, capacity: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    capacity.alter(made["CapacityReservationId"], AvailableInstanceCount=2)
    after = cloud.again(made)
    assert (after["TotalInstanceCount"], after["AvailableInstanceCount"]) == (5, 2)
    assert after["CapacityAllocations"] == [{"AllocationType": "used", "Count": 3}]
    cloud.modify(made, InstanceCount=7)
    assert cloud.again(made)["AvailableInstanceCount"] == 4
    cloud.modify(made, InstanceCount=3)
    assert cloud.again(made)["AvailableInstanceCount"] == 0
    assert refused(cloud.modify, made, InstanceCount=2) == ("OperationNotPermitted", 400)
    # "Instances running in the reserved capacity continue running until you stop them."
    cloud.cancel(made)
    assert capacity.free(cloud.type, cloud.zone) == 20


def test_the_match_criteria_of_a_reservation_in_use(cloud: Any, capacity: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    capacity.alter(made["CapacityReservationId"], AvailableInstanceCount=4)
    assert refused(cloud.modify, made, InstanceMatchCriteria="targeted") == ("OperationNotPermitted", 400)
    cloud.modify(made, InstanceMatchCriteria="open", InstanceCount=6)


def test_fields_are_set_hidden_and_shown_again(cloud: Any, capacity: Any) -> None:
    made = cloud.create(InstanceCount=5)
    given = made["CapacityReservationId"]
    capacity.alter(given, AvailabilityZone=None, CapacityReservationFleetId="crf-1", TotalInstanceCount=9)
    after = cloud.again(made)
    assert ("AvailabilityZone" in after, after["CapacityReservationFleetId"]) == (False, "crf-1")
    assert after["TotalInstanceCount"] == 9
    by_zone = [{"Name": "availability-zone", "Values": [cloud.zone]}]
    assert cloud.describe(Filters=by_zone) == []
    capacity.alter(given, AvailabilityZone=cloud.zone, CapacityReservationFleetId=None, TotalInstanceCount=5)
    assert cloud.describe(Filters=by_zone) == [made]


def test_an_end_can_be_planted(cloud: Any, capacity: Any, clock: Any) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    planted = plant(cloud, capacity, EndDate=end)
    shown = described(cloud, planted)
    assert (shown["EndDate"], shown["EndDateType"]) == (end, "limited")
    clock.advance(3600)
    assert described(cloud, planted)["State"] == "expired"
    assert capacity.free(cloud.type, cloud.zone) == 26
    endless = plant(cloud, capacity, EndDate=end)
    capacity.alter(endless, EndDateType="unlimited")
    clock.advance(3600)
    shown = described(cloud, endless)
    assert (shown["State"], shown["EndDateType"], "EndDate" in shown) == ("active", "unlimited", False)


def test_a_shared_one_is_filtered_by_its_owner_and_fills_no_quota(cloud: Any, capacity: Any) -> None:
    plant(cloud, capacity, tags={"odcr": "a"}, OwnerId=OTHER_ACCOUNT)
    capacity.set_vcpu_quota("ap-northeast-1", 24)  # three of 8 vCPUs
    own = cloud.create(InstanceCount=3)
    assert len(cloud.describe()) == 2
    assert cloud.describe(Filters=[{"Name": "owner-id", "Values": ["123456789012"]}]) == [own]
    assert len(cloud.describe(Filters=[{"Name": "tag:odcr", "Values": ["a"]}])) == 1


def test_tags_are_replaced_and_a_person_can_change_them(cloud: Any, capacity: Any) -> None:
    planted = plant(cloud, capacity, tags={"odcr": "a"})
    by_tag = [{"Name": "tag:odcr", "Values": ["a"]}]
    capacity.alter(planted, tags={"odcr": "b"})
    assert (cloud.describe(Filters=by_tag), len(cloud.describe())) == ([], 1)
    cloud.api.create_tags(Resources=[planted], Tags=[{"Key": "odcr", "Value": "a"}])
    assert len(cloud.describe(Filters=by_tag)) == 1
    cloud.api.delete_tags(Resources=[planted], Tags=[{"Key": "odcr"}])
    assert cloud.describe(Filters=by_tag) == []
    assert described(cloud, planted)["Tags"] == []


def test_a_describe_that_lags_shows_what_was_before_an_alteration(cloud: Any, capacity: Any, clock: Any) -> None:
    made = cloud.create(InstanceCount=5)
    clock.advance(10)
    capacity.alter(made["CapacityReservationId"], OwnerId=OTHER_ACCOUNT)
    capacity.inject(Fault("DescribeCapacityReservations", FaultKind.STALE_DESCRIBE, seconds=5))
    assert cloud.again(made)["OwnerId"] == "123456789012"
    assert cloud.again(made)["OwnerId"] == OTHER_ACCOUNT


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"Colour": "red"}, "'Colour' cannot be set; set one of"),
        ({"CapacityReservationId": "cr-1"}, "cannot be set"),
        ({"AvailableInstanceCount": 7}, "from 0 to 6"),
        ({"Interruptible": "yes"}, "Invalid type for parameter Interruptible"),
        ({"EndDate": "tomorrow"}, "Invalid type for parameter EndDate"),
        ({"CommitmentInfo": {"Count": 1}}, 'Unknown parameter in CommitmentInfo: "Count"'),
        ({"CapacityAllocations": {}}, "Invalid type for parameter CapacityAllocations"),
    ],
)
def test_invalid_fields(cloud: Any, capacity: Any, fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plant(cloud, capacity, **fields)
    assert cloud.describe() == []


def test_an_unknown_reservation_cannot_be_altered(capacity: Any) -> None:
    with pytest.raises(ValueError, match="no reservation"):
        capacity.alter("cr-00000000000000000", State="active")


@pytest.mark.parametrize("code", ["UnsupportedOperation", "InvalidState", "InvalidParameterCombination"])
def test_the_code_of_a_refusal_can_be_chosen(cloud: Any, capacity: Any, refused: Refused, code: str) -> None:
    planted, other = plant(cloud, capacity, **KINDS["fleet"]), cloud.create()
    given: dict[str, Any] = {"reservation_id": planted, "code": code, "times": None}
    capacity.inject(*(Fault(action, FaultKind.REFUSED, **given) for action in (MODIFY, CANCEL)))
    one = {"CapacityReservationId": planted}
    assert refused(cloud.modify, one, InstanceCount=7) == (code, 400)
    assert refused(cloud.cancel, one) == (code, 400)
    cloud.modify(other, InstanceCount=2)
    cloud.cancel(other)
