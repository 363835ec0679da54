import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from localcloud.ec2.client import CapacityClient
from localcloud.ec2.faults import CREATE, DESCRIBE, GROUP, MODIFY, Fault, FaultKind
from odcr.domain import refusal
from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import OutcomeUnknown
from odcr.domain.reservation import Kind, held
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey
from odcr.gateways import ec2 as gateway
from odcr.gateways.ec2 import Ec2Gateway
from odcr.gateways.ec2_descriptions import reservation_of
from tests.unit.functions.pool import FakePace, acquire_at_pace, shortfall_of

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
GENERIC: Any = {
    "Type": "AWS::ResourceGroups::Generic",
    "Parameters": [{"Name": "allowed-resource-types", "Values": ["AWS::EC2::CapacityReservation"]}],
}
DESCRIBED: Any = {
    "CapacityReservationId": "cr-1",
    "InstanceType": "r5b.2xlarge",
    "AvailabilityZone": "ap-northeast-1c",
    "TotalInstanceCount": 15,
    "State": "active",
}


def all_reservations() -> list[Any]:
    pages = boto3.client("ec2", region_name="ap-northeast-1").get_paginator("describe_capacity_reservations").paginate()
    return [reservation for page in pages for reservation in page["CapacityReservations"]]


def attempt(shortfall: Shortfall, number: int, ec2: Ec2Gateway) -> Outcome:
    """One attempt with unlimited time, and with nobody else using EC2's request bucket."""
    return acquire_at_pace(shortfall, "run-1", number, ec2, FakePace())


def calls(capacity: CapacityClient, action: str) -> int:
    return sum(count.calls for count in capacity.calls() if count.action == action)


def test_create_find_and_resize(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 15)
    made = ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    ec2_gateway.resize(made, 15)
    (found,) = ec2_gateway.find(KEY)
    assert (found.id, found.count, found.state, found.key) == (made.id, 15, "active", KEY)
    assert ec2_gateway.find_in_region("ap-northeast-1", is_known=True) == [found]
    assert ec2_gateway.find_in_region("us-east-1", is_known=True) == []


def test_options_reach_ec2(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 1)
    options = ReservationOptions("Windows", "dedicated", "targeted", "2099-12-01T00:00:00")
    ec2_gateway.create(KEY, options, 1, [], "")
    (made,) = all_reservations()
    assert (made["InstancePlatform"], made["Tenancy"], made["InstanceMatchCriteria"]) == (
        "Windows",
        "dedicated",
        "targeted",
    )
    assert (made["EndDateType"], made["EndDate"].isoformat()) == ("limited", "2099-12-01T00:00:00+00:00")


@pytest.mark.parametrize(("instance_type", "optimized"), [("m5.xlarge", True), ("t2.micro", False)])
def test_ebs_optimization_depends_on_the_type(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient, instance_type: str, optimized: bool
) -> None:
    capacity.set_free(instance_type, "ap-northeast-1c", 1)
    ec2_gateway.create(TargetKey(instance_type, "ap-northeast-1c"), USUAL_OPTIONS, 1, [], "")
    assert all_reservations()[0]["EbsOptimized"] is optimized


def test_find_reads_all_pages(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 12)
    observed: list[Any] = []
    for _ in range(12):
        observed.append(ec2_gateway.create(KEY, USUAL_OPTIONS, 1, observed, ""))
    monkeypatch.setattr(gateway, "PAGE_SIZE", 5)
    before = calls(capacity, DESCRIBE)
    assert len(ec2_gateway.find_in_region("ap-northeast-1", is_known=True)) == 12
    assert calls(capacity, DESCRIBE) - before == 3


def test_other_owners_reservations_are_left_out(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 2)
    Ec2Gateway("another/ap-northeast-1", "123456789012").create(KEY, USUAL_OPTIONS, 1, [], "")
    boto3.client("ec2", region_name="ap-northeast-1").create_capacity_reservation(
        InstanceType="r5b.2xlarge", InstancePlatform="Linux/UNIX", AvailabilityZone="ap-northeast-1c", InstanceCount=1
    )
    assert len(all_reservations()) == 2
    assert ec2_gateway.find(KEY) == []


def test_refusal_with_http_500_is_not_retried(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    with pytest.raises(refusal.InsufficientInstanceCapacity):
        ec2_gateway.create(KEY, USUAL_OPTIONS, 1, [], "")
    assert calls(capacity, CREATE) == 1


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.LOST_BEFORE, FaultKind.INTERNAL_ERROR])
def test_lost_answer_to_create_buys_once(ec2_gateway: Ec2Gateway, capacity: CapacityClient, kind: FaultKind) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    capacity.inject(Fault(CREATE, kind))
    outcome = attempt(shortfall_of(KEY, 15, 0), 0, ec2_gateway)
    assert outcome.reserved == 15
    assert capacity.fired()[kind] == 1
    assert [reservation["TotalInstanceCount"] for reservation in all_reservations()] == [15]
    assert capacity.free("r5b.2xlarge", "ap-northeast-1c") == 25


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.LOST_BEFORE])
def test_lost_answer_to_resize_buys_once(ec2_gateway: Ec2Gateway, capacity: CapacityClient, kind: FaultKind) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    (made,) = ec2_gateway.find(KEY)
    capacity.inject(Fault(MODIFY, kind))
    assert attempt(shortfall_of(KEY, 15, 4, (made.id,)), 0, ec2_gateway).reserved == 15
    assert [reservation["TotalInstanceCount"] for reservation in all_reservations()] == [15]


def test_two_lost_answers_are_an_unknown_outcome_and_the_next_attempt_buys_nothing_more(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient
) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    capacity.inject(Fault(CREATE, FaultKind.LOST_AFTER, times=2))
    with pytest.raises(OutcomeUnknown):
        attempt(shortfall_of(KEY, 15, 0), 0, ec2_gateway)
    assert attempt(shortfall_of(KEY, 15, 0), 1, ec2_gateway).reserved == 15
    assert [reservation["TotalInstanceCount"] for reservation in all_reservations()] == [15]


@pytest.mark.parametrize("then", ["applied", "rejected"])
def test_nothing_is_bought_while_ec2_decides_about_a_modification(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient, clock: Any, then: str
) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    made = ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, seconds=600, then=then))
    short = shortfall_of(KEY, 6, 4, (made.id,))
    for number in range(2):
        with pytest.raises(OutcomeUnknown) as caught:
            attempt(short, number, ec2_gateway)
        assert "has not decided about the" in caught.value.outcome.reason
    assert [one["TotalInstanceCount"] for one in all_reservations()] == [4]
    clock.jump(600)
    assert [one["TotalInstanceCount"] for one in all_reservations()] == [6 if then == "applied" else 4]
    assert attempt(short, 2, ec2_gateway).reserved == 6
    assert [one["TotalInstanceCount"] for one in all_reservations()] == [6]


def test_rejected_modification_leads_to_a_second_reservation(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    made = ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    capacity.inject(Fault(MODIFY, FaultKind.ADJUSTING, None, seconds=0, then="rejected"))
    outcome = attempt(shortfall_of(KEY, 6, 4, (made.id,)), 0, ec2_gateway)
    assert (outcome.reserved, "AdjustmentRejected" in outcome.reason) == (6, True)
    assert [one["TotalInstanceCount"] for one in all_reservations()] == [4, 2]


def test_failed_describe_is_retried(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.inject(Fault(DESCRIBE, FaultKind.LOST_BEFORE), Fault(DESCRIBE, FaultKind.THROTTLED))
    assert ec2_gateway.find(KEY) == []
    assert calls(capacity, DESCRIBE) == 3


@pytest.mark.parametrize(
    ("key", "meaning"),
    [
        (TargetKey("r5b.nonsense", "ap-northeast-1c"), refusal.InvalidTarget),
        (TargetKey("r5b.2xlarge", "ap-northeast-1z"), refusal.InvalidTarget),
    ],
)
def test_unknown_type_or_zone_is_an_invalid_target(
    ec2_gateway: Ec2Gateway, key: TargetKey, meaning: type[refusal.Refusal]
) -> None:
    with pytest.raises(meaning):
        ec2_gateway.create(key, USUAL_OPTIONS, 1, [], "")


def test_type_not_offered_in_the_zone_is_unsupported(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_offered("r5b.2xlarge", "ap-northeast-1c", offered=False)
    with pytest.raises(refusal.Unsupported, match="not supported"):
        ec2_gateway.create(KEY, USUAL_OPTIONS, 1, [], "")


def test_quota_is_distinguished_from_a_dry_pool(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    capacity.set_vcpu_quota("ap-northeast-1", 8)
    with pytest.raises(refusal.QuotaExceeded):
        ec2_gateway.create(KEY, USUAL_OPTIONS, 2, [], "")


def test_fifteen_wanted_and_eleven_free_make_one_reservation(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 11)
    outcome = attempt(shortfall_of(KEY, 15, 0), 0, ec2_gateway)
    assert (outcome.status, outcome.reserved) == (Status.SHORT, 11)
    assert [reservation["TotalInstanceCount"] for reservation in all_reservations()] == [11]


def test_duplicate_from_a_lagging_describe_is_given_back_at_once(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient
) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 40)
    capacity.inject(Fault(DESCRIBE, FaultKind.STALE_DESCRIBE, times=2), Fault(CREATE, FaultKind.LOST_AFTER, times=2))
    with pytest.raises(OutcomeUnknown):
        attempt(shortfall_of(KEY, 15, 0), 0, ec2_gateway)
    outcome = attempt(shortfall_of(KEY, 15, 0), 1, ec2_gateway)
    assert capacity.fired()[FaultKind.STALE_DESCRIBE] == 2
    assert (outcome.reserved, outcome.reason) == (15, "15 instances were bought twice and have been given back.")
    assert capacity.free("r5b.2xlarge", "ap-northeast-1c") == 25
    (kept,) = (reservation for reservation in all_reservations() if reservation["State"] == "active")
    assert (kept["CapacityReservationId"],) == outcome.reservation_ids


def test_adopted_reservation_is_distinguished_from_a_created_one(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient
) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 2)
    ec2_gateway.create(KEY, USUAL_OPTIONS, 1, [], "")
    client = boto3.client("ec2", region_name="ap-northeast-1")
    client.create_capacity_reservation(
        InstanceType="r5b.2xlarge",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="ap-northeast-1c",
        InstanceCount=1,
        TagSpecifications=[
            {
                "ResourceType": "capacity-reservation",
                "Tags": [{"Key": "odcr:stack", "Value": "odcr/ap-northeast-1"}],
            }
        ],
    )
    assert sorted(reservation.is_adopted for reservation in ec2_gateway.find(KEY)) == [False, True]


def test_refused_client_token_is_not_sent_again(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.remember_refused_tokens(True)
    for number in (0, 1):
        assert attempt(shortfall_of(KEY, 1, 0), number, ec2_gateway).status == Status.SHORT
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 1)
    assert attempt(shortfall_of(KEY, 1, 0), 2, ec2_gateway).reserved == 1
    assert calls(capacity, CREATE) == 3


@pytest.mark.parametrize(
    ("available", "in_use"), [({"AvailableInstanceCount": 3}, 12), ({"AvailableInstanceCount": 15}, 0), ({}, 15)]
)
def test_instances_in_use(available: dict[str, int], in_use: int) -> None:
    assert reservation_of({**DESCRIBED, **available}, "odcr/ap-northeast-1").in_use == in_use


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ({}, Kind.ORDINARY),
        ({"ReservationType": "default"}, Kind.ORDINARY),
        ({"ReservationType": "capacity-block"}, Kind.BLOCK),
        ({"CapacityReservationFleetId": "crf-1"}, Kind.FLEET),
        ({"OutpostArn": "arn:aws:outposts:us-west-2:123456789012:outpost/op-1"}, Kind.OUTPOST),
        ({"PlacementGroupArn": "arn:aws:ec2:us-west-2:123456789012:placement-group/pg"}, Kind.PLACEMENT_GROUP),
        ({"Interruptible": True}, Kind.INTERRUPTIBLE),
        ({"Interruptible": False}, Kind.ORDINARY),
    ],
)
def test_kind_follows_from_ec2_s_fields(described: Any, kind: Kind) -> None:
    fields = boto3.client("ec2", region_name="us-east-1").meta.service_model.shape_for("CapacityReservation").members
    assert set(described) <= set(fields)
    assert reservation_of({**DESCRIBED, **described}, "odcr/ap-northeast-1").kind is kind


def test_commitment_end_and_lending_are_read() -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    described: Any = {
        **DESCRIBED,
        "CommitmentInfo": {"CommittedInstanceCount": 4, "CommitmentEndDate": soon},
        "EndDate": datetime(2026, 11, 27, 12, tzinfo=UTC),
        "InterruptibleCapacityAllocation": {"InstanceCount": 3, "Status": "active"},
        "InstanceMatchCriteria": "targeted",
    }
    reservation = reservation_of(described, "odcr/ap-northeast-1")
    assert (reservation.is_committed, reservation.lent, reservation.match_criteria) == (True, 3, "targeted")
    assert reservation.ends == "2026-11-27T12:00:00+00:00"
    described["CommitmentInfo"]["CommitmentEndDate"] = soon - timedelta(days=2)
    assert not reservation_of(described, "odcr/ap-northeast-1").is_committed


@pytest.mark.parametrize(
    ("tags", "is_managed", "is_adopted"),
    [
        ({"odcr:stack": "odcr/ap-northeast-1", "odcr:made": "a" * 64}, True, False),
        ({"odcr:stack": "odcr/ap-northeast-1", "odcr:made": "yes"}, True, True),
        ({"odcr:stack": "odcr/ap-northeast-1"}, True, True),
        ({"odcr:stack": "renamed/ap-northeast-1", "odcr:made": "a" * 64}, False, False),
        ({}, False, True),
    ],
)
def test_tags_show_the_owner(tags: dict[str, str], is_managed: bool, is_adopted: bool) -> None:
    described: Any = {**DESCRIBED, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    reservation = reservation_of(described, "odcr/ap-northeast-1")
    assert (reservation.is_managed, reservation.is_adopted) == (is_managed, is_adopted)


def test_reservation_has_its_client_token_as_a_tag(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 2)
    first = ec2_gateway.create(KEY, USUAL_OPTIONS, 1, [], "")
    second = ec2_gateway.create(KEY, USUAL_OPTIONS, 1, [first], "")
    assert first.made != second.made
    assert {one.made for one in ec2_gateway.find(KEY)} == {first.made, second.made}


def test_find_all_shows_all_of_the_account_s_pool_and_no_other_account(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient
) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 2)
    Ec2Gateway("another/ap-northeast-1", "123456789012").create(KEY, USUAL_OPTIONS, 1, [], "")
    own = ec2_gateway.create(KEY, USUAL_OPTIONS, 1, [], "")
    assert [(one.id == own.id, one.is_managed) for one in ec2_gateway.find_all(KEY)] == [(False, False), (True, True)]
    stranger = Ec2Gateway("odcr/ap-northeast-1", "210987654321")
    assert (
        stranger.find(KEY) == stranger.find_all(KEY) == stranger.find_in_region("ap-northeast-1", is_known=True) == []
    )


# ---- Changes of a reservation other than its count ----------------------------------------------------------------

LATER = "2099-12-08T00:00:00"
TEAM = replace(USUAL_OPTIONS, tags='{"Team":"shop"}')


def corrected(ec2: Ec2Gateway, options: ReservationOptions, **stack_tags: str) -> Any:
    """Makes one attempt at a target that is met; returns the reservation as EC2 shows it then."""
    (before,) = ec2.find(KEY)
    short = shortfall_of(KEY, before.count, before.count, (before.id,), options=options)
    short = replace(short, pools=(replace(short.pools[0], outside_group=(before.id,)),), has_other_work=True)
    outcome = acquire_at_pace(short, "run-1", 0, ec2, FakePace(), stack_tags=stack_tags, now="2026-11-26T12:00:00")
    assert (outcome.status, outcome.reason) == (Status.FULFILLED, "")
    (after,) = all_reservations()
    return after


def tags_of(described: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


def test_end_date_and_match_criteria_follow_the_row(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 4)
    ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    for end_date, match_criteria in ((LATER, "targeted"), (LATER, "open"), (None, "targeted")):
        after = corrected(ec2_gateway, replace(USUAL_OPTIONS, end_date=end_date, match_criteria=match_criteria))
        assert after["InstanceMatchCriteria"] == match_criteria
        assert (after["EndDate"].isoformat() if end_date else after.get("EndDate")) == (
            end_date and f"{end_date}+00:00"
        )
        assert after["TotalInstanceCount"] == 4


@pytest.mark.usefixtures("ec2_gateway")
def test_tags_follow_the_row_and_the_stack(capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 4)
    own = Ec2Gateway("odcr/ap-northeast-1", "123456789012", {"Cost": "1"})
    made = own.create(KEY, TEAM, 4, [], "")
    assert made.tags == tags_of(all_reservations()[0])
    assert (made.tags["Team"], made.tags["Cost"], made.tags["Project"]) == ("shop", "1", "ODCR")
    assert own.find(KEY) == [made]
    calls_before = calls(capacity, "CreateTags")
    assert tags_of(corrected(own, TEAM, Cost="1")) == made.tags
    assert calls(capacity, "CreateTags") == calls_before
    after = tags_of(corrected(own, replace(USUAL_OPTIONS, tags='{"Owner":"me"}'), Cost="2"))
    assert (after["Owner"], after["Cost"], "Team" in after) == ("me", "2", False)
    after = tags_of(corrected(own, USUAL_OPTIONS))
    assert set(after) == {"odcr:stack", "odcr:made", "odcr:asked", "Project"}


def test_reservation_joins_its_resource_group(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 4)
    group = f"sale-{uuid.uuid4()}"
    boto3.client("resource-groups", region_name="ap-northeast-1").create_group(
        Name=group, Configuration=[{"Type": "AWS::EC2::CapacityReservationPool"}, GENERIC]
    )
    assert ec2_gateway.group_members("ap-northeast-1", group) == set()
    made = ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    corrected(ec2_gateway, replace(USUAL_OPTIONS, resource_group=group))
    assert ec2_gateway.group_members("ap-northeast-1", group) == {made.id}
    # Once more, as after a lost answer.
    ec2_gateway.join(made, group)
    assert ec2_gateway.group_members("ap-northeast-1", group) == {made.id}


def test_missing_or_silent_resource_group_is_a_refusal(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 4)
    made = ec2_gateway.create(KEY, USUAL_OPTIONS, 4, [], "")
    with pytest.raises(refusal.InvalidTarget):
        ec2_gateway.group_members("ap-northeast-1", "no-such-group")
    with pytest.raises(refusal.InvalidTarget):
        ec2_gateway.join(made, "no-such-group")
    group = f"sale-{uuid.uuid4()}"
    boto3.client("resource-groups", region_name="ap-northeast-1").create_group(
        Name=group, Configuration=[{"Type": "AWS::EC2::CapacityReservationPool"}, GENERIC]
    )
    for kind, expected in (
        (FaultKind.THROTTLED, refusal.RequestLimitExceeded),
        (FaultKind.INTERNAL_ERROR, OutcomeUnknown),
        (FaultKind.LOST_AFTER, OutcomeUnknown),
    ):
        # boto3 itself tries twice, because the request is idempotent.
        capacity.inject(Fault(GROUP, kind), Fault(GROUP, kind))
        with pytest.raises(expected):
            ec2_gateway.join(made, group)
    capacity.inject(Fault(GROUP, FaultKind.REFUSED, reservation_id=made.id, code="INVALID", message="not this one"))
    with pytest.raises(refusal.RequestRefused, match="not this one"):
        ec2_gateway.join(made, group)


def test_reservation_is_created_in_its_placement_group(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.set_free("r5b.2xlarge", "ap-northeast-1c", 4)
    name = f"cluster-{uuid.uuid4()}"
    options = replace(USUAL_OPTIONS, placement_group=name)
    with pytest.raises(refusal.InvalidTarget, match=name):
        ec2_gateway.create(KEY, options, 4, [], "")
    boto3.client("ec2", region_name="ap-northeast-1").create_placement_group(GroupName=name, Strategy="cluster")
    made = ec2_gateway.create(KEY, options, 4, [], "")
    assert all_reservations()[0]["PlacementGroupArn"].endswith(f":placement-group/{name}")
    assert (made.placement_group, made.is_held, made.serves(options)) == (name, True, True)
    assert not made.serves(USUAL_OPTIONS)
    ec2_gateway.resize(made, 2)
    assert held(ec2_gateway.find(KEY)) == 2
