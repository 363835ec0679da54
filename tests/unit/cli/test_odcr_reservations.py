"""Whose a reservation is, which demand it counts for, and what may be adopted or given back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.reservation import Kind as ProductsKind
from odcr.domain.tags import GROUP_TAG, MADE_TAG, OWNER_TAG, made_for
from odcr_cli import reservations as cli
from odcr_cli.adoption import held_after, plan_adoptions
from odcr_cli.demand_lookup import find_demand
from odcr_cli.demand_tables import demands_of
from odcr_cli.demands import Demand
from odcr_cli.release_plan import ReleasePlan, instances_to_give, plan_release
from odcr_cli.reservations import Kind, Reservation, Whose, parse_reservations, reservations_for
from odcr_cli.trouble import Trouble

NOW = datetime(2026, 11, 10, 21, tzinfo=UTC)
OWNER, ACCOUNT, TOKEN = "odcr/ap-northeast-1", "123456789012", "a" * 64
TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"


def described(id_: str, count: int = 10, unused: int | None = None, *, age: int = 0, **more: Any) -> dict[str, Any]:
    """As EC2 describes one, made by odcr for the row of its pool."""
    tags = more.pop("tags", {OWNER_TAG: OWNER, MADE_TAG: TOKEN})
    return {
        "CapacityReservationId": id_,
        "Region": "ap-northeast-1",
        "OwnerId": ACCOUNT,
        "InstanceType": TYPE,
        "AvailabilityZone": ZONE,
        "AvailabilityZoneId": "apne1-az1",
        "TotalInstanceCount": count,
        "AvailableInstanceCount": count if unused is None else unused,
        "State": "active",
        "InstancePlatform": "Linux/UNIX",
        "Tenancy": "default",
        "CreateDate": NOW - timedelta(hours=age),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    } | more


def seen(*every: dict[str, Any]) -> list[Reservation]:
    return parse_reservations(every, OWNER, ACCOUNT, NOW)


def row(wanted: int = 15, zone: str = ZONE, **options: Any) -> Demand:
    key = {"InstanceType": TYPE, "AvailabilityZone": zone}
    (parsed,) = demands_of(
        [key | {"Target_Capacity": wanted}], [key | options] if options else [], [], [], [], prices=[]
    )
    return parsed


def group(name: str, wanted: int, *members: tuple[str, int, int]) -> Demand:
    """Members are a type, its priority and its weight."""
    rows = [
        {"Group_Name": name, "InstanceType": type_, "AvailabilityZone": ZONE, "Priority": priority, "Weight": weight}
        for type_, priority, weight in members
    ]
    (parsed,) = demands_of([], [], [{"Group_Name": name, "TotalTargetCapacity": wanted}], rows, [], prices=[])
    return parsed


def test_tags_and_states_are_the_products() -> None:
    assert (cli.OWNER_TAG, cli.GROUP_TAG, cli.MADE_TAG) == (OWNER_TAG, GROUP_TAG, MADE_TAG)
    assert {kind.name for kind in Kind} == {kind.name for kind in ProductsKind}


@pytest.mark.parametrize(
    ("tags", "more", "whose"),
    [
        ({OWNER_TAG: OWNER}, {}, Whose.OURS),
        ({OWNER_TAG: "odcr/eu-west-1"}, {}, Whose.ANOTHERS),
        ({}, {}, Whose.NOBODYS),
        ({OWNER_TAG: OWNER}, {"OwnerId": "999999999999"}, Whose.ANOTHER_ACCOUNTS),
    ],
)
def test_the_tag_says_whose_it_is(tags: dict[str, str], more: dict[str, Any], whose: Whose) -> None:
    (reservation,) = seen(described("cr-1", tags=tags, **more))
    assert reservation.whose is whose
    assert bool(reservations_for(row(), [reservation])) == (whose is Whose.OURS)


def test_ended_reservations_are_left_out() -> None:
    states = ("active", "pending", "expired", "cancelled", "failed", "scheduled")
    reservations = seen(*(described(f"cr-{state}", State=state) for state in states))
    assert [reservation.state for reservation in reservations] == ["active", "pending", "scheduled"]
    assert [reservation.is_held for reservation in reservations] == [True, True, False]
    assert [reservation.unused for reservation in reservations] == [10, 0, 0]


def test_a_row_may_name_the_zone_by_its_id() -> None:
    assert reservations_for(row(zone="apne1-az1"), seen(described("cr-1")))
    assert not reservations_for(row(zone="ap-northeast-1a"), seen(described("cr-1")))


def test_a_reservation_that_a_person_made_or_moved_counts_as_adopted() -> None:
    moved = {OWNER_TAG: OWNER, MADE_TAG: made_for(TOKEN, "checkout"), GROUP_TAG: "checkout"}
    by = [moved, moved | {GROUP_TAG: "other"}, {OWNER_TAG: OWNER, MADE_TAG: "yes"}, {OWNER_TAG: OWNER}]
    reservations = seen(*(described(f"cr-{index}", tags=tags) for index, tags in enumerate(by)))
    assert [reservation.is_made for reservation in reservations] == [True, False, False, False]


def reduced(plan: ReleasePlan) -> list[tuple[str, int, int]]:
    return [(reduction.reservation.id, reduction.reservation.count, reduction.kept) for reduction in plan.reductions]


def test_the_newest_give_first_and_the_oldest_stay() -> None:
    every = seen(described("cr-old", 10, age=5), described("cr-new", 4, age=1))
    plan = plan_release(row(), every, Decimal(8), also_adopted=False)
    assert reduced(plan) == [("cr-new", 4, 0), ("cr-old", 10, 8)]
    assert [plan.held, plan.excess, plan.remaining, plan.instances] == [14, 6, 0, 6]


def test_used_instances_stay() -> None:
    plan = plan_release(row(), seen(described("cr-1", 10, 3)), Decimal(0), also_adopted=False)
    assert reduced(plan) == [("cr-1", 10, 7)]
    assert plan.remaining == 7
    assert plan.left[0].reason == "7 of 10 are in use"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"CapacityReservationFleetId": "crf-1"}, "of a fleet"),
        ({"CommitmentInfo": {"CommitmentEndDate": NOW + timedelta(days=1)}}, "commitment"),
        ({"InterruptibleCapacityAllocation": {"InstanceCount": 2}}, "lent out"),
        ({"tags": {OWNER_TAG: OWNER}}, "--also-adopted"),
        ({"InstancePlatform": "Windows"}, "Windows"),
        ({"State": "pending"}, "still providing"),
    ],
)
def test_reservations_that_odcr_may_not_reduce_stay_with_a_reason(more: dict[str, Any], word: str) -> None:
    plan = plan_release(row(), seen(described("cr-1", **more), described("cr-2", 1)), Decimal(0), also_adopted=False)
    assert reduced(plan) == [("cr-2", 1, 0)]
    assert word in plan.left[0].reason


def test_adopted_reservations_are_given_back_on_request() -> None:
    every = seen(described("cr-1", tags={OWNER_TAG: OWNER}))
    assert reduced(plan_release(row(), every, Decimal(4), also_adopted=True)) == [("cr-1", 10, 4)]


def test_while_one_is_pending_nothing_is_given_back_that_may_be_missing_then() -> None:
    every = seen(described("cr-1"), described("cr-2", State="pending"))
    assert not plan_release(row(), every, Decimal(10), also_adopted=False).reductions


def test_wanted_capacity_is_not_given_back() -> None:
    assert not plan_release(row(), seen(described("cr-1", 10)), Decimal(10), also_adopted=False).reductions
    assert not plan_release(row(), seen(described("cr-1", 10)), Decimal(12), also_adopted=False).reductions


def test_a_group_gives_its_least_wanted_pools_first_and_holds_its_total() -> None:
    demand = group("checkout", 100, ("m6i.4xlarge", 1, 16), ("m6i.2xlarge", 2, 8))
    tags = {OWNER_TAG: OWNER, GROUP_TAG: "checkout", MADE_TAG: made_for(TOKEN, "checkout")}
    every = seen(
        described("cr-big", 2, InstanceType="m6i.4xlarge", tags=tags),
        described("cr-small", 3, InstanceType="m6i.2xlarge", tags=tags),
        described("cr-row", 5, InstanceType="m6i.2xlarge"),
    )
    plan = plan_release(demand, every, Decimal(20), also_adopted=False)
    # 32 + 24 = 56 units are held. What is above 20 takes three of 8 units, and no one of 16.
    assert reduced(plan) == [("cr-small", 3, 0)]
    assert [plan.held, plan.remaining] == [56, 12]
    assert plan_release(demand, every, Decimal(0), also_adopted=False).instances == 5


def test_a_repetition_gives_no_more_than_was_planned() -> None:
    (reduction,) = plan_release(row(), seen(described("cr-1", 10)), Decimal(4), also_adopted=False).reductions
    now = {count: seen(described("cr-1", count))[0] for count in (10, 7, 4, 3)}
    assert {count: instances_to_give(reduction, one) for count, one in now.items()} == {10: 6, 7: 3, 4: 0, 3: 0}
    assert instances_to_give(reduction, seen(described("cr-1", 10, 2))[0]) == 2
    assert instances_to_give(reduction, None) == 0
    assert instances_to_give(reduction, seen(described("cr-1", 10, State="pending"))[0]) == 0


def test_untagged_reservations_of_wanted_pools_can_be_adopted() -> None:
    every = seen(described("cr-1", 4, tags={}), described("cr-2"), described("cr-3", tags={}, InstanceType="m5.large"))
    demand = row(15)
    adopted, left = plan_adoptions(every, [demand], ids=(), group="")
    assert [(adoption.reservation.id, adoption.tags(OWNER)) for adoption in adopted] == [("cr-1", {OWNER_TAG: OWNER})]
    assert not left
    assert list(held_after(demand, every, adopted)) == [10, 14]


def test_of_a_row_and_a_group_with_one_pool_the_row_has_it_unless_the_group_is_named() -> None:
    every = seen(described("cr-1", 4, tags={}))
    demands = [row(15), group("checkout", 80, (TYPE, 1, 8))]
    assert plan_adoptions(every, demands, ids=(), group="")[0][0].tags(OWNER) == {OWNER_TAG: OWNER}
    (adoption,), _ = plan_adoptions(every, demands, group="checkout", ids=())
    assert adoption.tags(OWNER) == {OWNER_TAG: OWNER, GROUP_TAG: "checkout"}
    assert list(held_after(adoption.demand, every, [adoption])) == [0, 32]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "odcr's already"),
        ({"tags": {OWNER_TAG: "other/eu-west-1"}}, "another stack"),
        ({"tags": {}, "InstanceType": "m5.large"}, "no demand"),
        ({"tags": {}, "ReservationType": "capacity-block"}, "Capacity Block"),
        ({"tags": {}, "State": "scheduled"}, "once it is active"),
        ({"tags": {}, "InstancePlatform": "Windows"}, "Windows"),
    ],
)
def test_a_named_reservation_that_cannot_be_adopted_gets_a_reason(more: dict[str, Any], word: str) -> None:
    adopted, (left,) = plan_adoptions(seen(described("cr-1", **more)), [row()], ["cr-1"], group="")
    assert not adopted
    assert word in left.reason


def test_where_several_groups_want_a_pool_a_person_says_which() -> None:
    every = seen(described("cr-1", tags={}))
    demands = [group("one", 8, (TYPE, 1, 1)), group("two", 8, (TYPE, 1, 1))]
    _, (left,) = plan_adoptions(every, demands, ids=(), group="")
    assert "--group" in left.reason
    assert plan_adoptions(every, demands, group="two", ids=())[0][0].demand.name == "two"
    with pytest.raises(Trouble, match="no group 'three'"):
        plan_adoptions(every, demands, group="three", ids=())
    with pytest.raises(Trouble, match="no reservation cr-9"):
        plan_adoptions(every, demands, ["cr-9"], group="")


def test_a_demand_is_found_by_name_and_a_typo_gets_suggestions() -> None:
    demands = [row(), group("checkout", 8, (TYPE, 1, 1))]
    assert find_demand(["R5B.2xlarge", ZONE], demands) is demands[0]
    assert find_demand(["checkout"], demands) is demands[1]
    with pytest.raises(Trouble, match=r"Did you mean 'r5b.2xlarge ap-northeast-1c'\?"):
        find_demand(["r5b.2xlarge"], demands)
    with pytest.raises(Trouble, match="Did you mean 'checkout'"):
        find_demand(["chekout"], demands)


def test_of_a_group_of_vcpus_nothing_is_counted_before_a_type_is_known() -> None:
    rows = [{"Group_Name": "web", "InstanceType": TYPE, "AvailabilityZone": ZONE}]
    key = {"Group_Name": "web", "TotalTargetCapacity": 64}
    tags = {OWNER_TAG: OWNER, MADE_TAG: made_for(TOKEN, "web"), GROUP_TAG: "web"}
    (of_vcpus,) = demands_of([], [], [key | {"Unit": "vcpus"}], rows, [], prices=[])
    with pytest.raises(Trouble, match="after the next run"):
        plan_release(of_vcpus, seen(described("cr-1", 10, tags=tags)), Decimal(16), also_adopted=False)
    (of_instances,) = demands_of([], [], [key | {"Unit": "instances"}], rows, [], prices=[])
    assert (
        plan_release(of_instances, seen(described("cr-1", 10, tags=tags)), Decimal(4), also_adopted=False).instances
        == 6
    )


def test_a_reservation_is_adopted_for_a_demand_that_it_fits() -> None:
    wanted = row(15)
    key = {"Group_Name": "web", "TotalTargetCapacity": 8, "Platform": "Windows"}
    rows = [{"Group_Name": "web", "InstanceType": TYPE, "AvailabilityZone": ZONE}]
    (windows,) = demands_of([], [], [key], rows, [], prices=[])
    adopted, _ = plan_adoptions(
        seen(described("cr-1", 5, tags={}, InstancePlatform="Windows")), [wanted, windows], ids=(), group=""
    )
    assert [(adoption.demand.name, adoption.tags(OWNER)) for adoption in adopted] == [
        ("web", {OWNER_TAG: OWNER, GROUP_TAG: "web"})
    ]
