"""What people write about groups, and what a run makes of it."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.amounts import Amount
from odcr.domain.group_rows import GROUP_COLUMNS, MAX_MEMBERS, GroupNames, GroupTables, groups_of, member_keys
from odcr.domain.member_rows import MEMBER_COLUMNS
from odcr.domain.option_rows import OPTION_COLUMNS
from odcr.domain.outcome import Outcome, Status
from odcr.domain.records import UNREADABLE_RECORD, Record, least_recently_tried_first, records_of
from odcr.domain.run_share import MAX_GROUP_BYTES, share_of_run
from odcr.domain.target import Announcement, Judgement, Strategy, Target, TargetKey, Unit, Verdict, group_key
from odcr.domain.use import Use
from odcr.domain.wire import size_of
from odcr.domain.wording import MAX_REASON

A, B = ("m5.large", "us-east-1a"), ("m5.xlarge", "us-east-1b")


def group(name: object = "web", total: object = Decimal("10.000"), **cells: object) -> tuple[object, ...]:
    """A row of odcr_group; NULL in the columns that are not given."""
    cells["TotalTargetCapacity"] = total
    return (name, *(cells.get(column) for column in (*GROUP_COLUMNS, *OPTION_COLUMNS)))


def member(place: tuple[object, object] = A, name: object = "web", **cells: object) -> tuple[object, ...]:
    """A row of odcr_group_member."""
    return (name, *place, *(cells.get(column) for column in MEMBER_COLUMNS))


def pool(place: tuple[str, str] = A, name: str = "web") -> TargetKey:
    return TargetKey(*place, group=name)


def recorded(*places: tuple[str, str], reserved: int = 3, own: Record | None = None, **more: Any) -> dict[Any, Record]:
    """Records of a group and some pools of it."""
    held = {pool(place): Record("FULFILLED", reserved, ids=("cr-1",), target=reserved, **more) for place in places}
    return {group_key("web"): own or Record("SHORT", reserved, "dry", target=10), **held}


def one_target(*members: tuple[object, ...], row: tuple[object, ...] | None = None, records: Any = None) -> Target:
    tables = GroupTables([row or group()], members or [member()])
    ((target,), rejected) = groups_of(tables, records or {})
    assert rejected == []
    return target


def one_rejected(tables: GroupTables, records: Any = None) -> Outcome:
    (targets, (outcome,)) = groups_of(tables, records or {})
    assert targets == []
    assert len(outcome.reason) <= MAX_REASON
    return outcome


def test_a_group_has_one_total_and_its_members_in_order_of_priority() -> None:
    first = member(B, Weight=Decimal("0.500"), Priority=-1, Min_Instances=1, Max_Instances=4)
    row = group(
        "web", Decimal("14.500"), AllocationStrategy="balanced", Allow_Overshoot=1, Priority=5, Tenancy="dedicated"
    )
    target = one_target(member(), first, member(("c5.large", "us-east-1a")), row=row)
    assert (target.key, target.capacity) == (group_key("web"), Decimal("14.5"))
    assert (target.strategy, target.allows_overshoot, target.unit) == (Strategy.balanced, True, Unit.instances)
    assert (target.terms.priority, target.options.tenancy) == (5, "dedicated")
    assert [(member.key, member.weight, member.least, member.most, member.fault) for member in target.members] == [
        (pool(B), Decimal("0.5"), 1, 4, ""),
        (pool(("c5.large", "us-east-1a")), 1, 0, None, ""),
        (pool(A), 1, 0, None, ""),
    ]
    assert Target.from_event(json.loads(json.dumps(target.to_event()))) == target


def test_a_missing_weight_is_1_or_is_looked_up() -> None:
    records = recorded(A, weight=2)
    (loaded,) = one_target(row=group(Unit="vCPUs"), records=records).members
    assert (loaded.weight, loaded.last_weight) == (None, 2)
    assert one_target(row=group(Unit="vCPUs"), records=records).recorded == 6
    (loaded,) = one_target(records=records).members
    assert (loaded.weight, loaded.last_weight) == (1, None)
    (loaded,) = one_target(member(Weight=8), row=group(Unit="vcpus")).members
    assert loaded.weight == 8


@pytest.mark.parametrize("total", [Decimal("10.125"), 10.125, "10.125", b"10.125"])
def test_a_total_is_read_from_any_type(total: object) -> None:
    assert one_target(row=group(total=total)).capacity == Decimal("10.125")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (group(total=None), "TotalTargetCapacity is NULL. Set it"),
        (group(total=-1), "TotalTargetCapacity is -1; it must be 0 or more"),
        (group(total=1_000_001), "above 1000000, which is taken for a mistake"),
        (group(total="many"), "TotalTargetCapacity is 'many'; it must be a number"),
        (group(total=Decimal("1.0005")), "it may have 3 digits after the point"),
        (group(total=float("nan")), "it must be a number"),
        (group(Unit="GiB"), "Unit in odcr_group is 'GiB'; write 'instances' or 'vcpus'."),
        (group(AllocationStrategy="cheapest"), "write 'prioritized' or 'balanced'."),
        (group(Allow_Overshoot=2), "Allow_Overshoot in odcr_group is 2; write 0 or 1."),
        (group(Allow_Overshoot="perhaps"), "write 0 or 1."),
        (group(Tags="nonsense"), "Tags in odcr_group is 'nonsense'."),
        (group(Priority="urgent"), "Priority in odcr_group is 'urgent'"),
        (group(Deadline="soon"), "Deadline in odcr_group is 'soon', which is not a time"),
    ],
)
def test_an_invalid_group_is_reported_with_what_to_do(row: tuple[object, ...], says: str) -> None:
    outcome = one_rejected(GroupTables([row], [member()]))
    assert (outcome.key, outcome.status, outcome.pools) == (group_key("web"), Status.INVALID, ())
    assert says in outcome.reason


@pytest.mark.parametrize(
    ("name", "told_as", "says"),
    [
        (None, "(no name)", "Give the group"),
        ("  ", "(no name)", "Give the group"),
        ("x" * 129, "x" * 125 + "...", "shorter"),
    ],
)
def test_a_group_needs_a_name(name: object, told_as: str, says: str) -> None:
    outcome = one_rejected(GroupTables([group(name)], [member(name=name)]))
    assert outcome.key == group_key(told_as)
    assert says in outcome.reason


def test_a_group_needs_members_and_has_at_most_forty() -> None:
    assert "Insert its members" in one_rejected(GroupTables([group()])).reason
    many = [member((f"m5.{number}xlarge", "us-east-1a")) for number in range(MAX_MEMBERS + 1)]
    assert len(one_target(*many[1:]).members) == MAX_MEMBERS
    assert "Delete some of its 41 members" in one_rejected(GroupTables([group()], many)).reason


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (member(("M5.large", "us-east-1a")), "Write it as EC2 does, 'm5.large'"),
        (member(("m5.large", "moon")), "is not an Availability Zone"),
        (member(("m5.large", None)), "Write AvailabilityZone in odcr_group_member as EC2 does"),
        (member(("m" * 300, "us-east-1a")), "Write InstanceType in odcr_group_member as EC2 does"),
        (member(Weight=0), "Set Weight in odcr_group_member to a number above 0"),
        (member(Weight=-1), "it is -1."),
        (member(Weight=10_000), "at most 9999.999"),
        (member(Weight=Decimal("0.0005")), "at most three digits after the point"),
        (member(Weight="heavy"), "it is 'heavy'."),
        (member(Weight=Decimal("0.00001")), "at most three digits"),
        (member(Priority="first"), "Priority in odcr_group_member is 'first'"),
        (member(Min_Instances=-1), "Min_Instances in odcr_group_member is -1; it must be from 0"),
        (member(Max_Instances="all"), "Max_Instances in odcr_group_member is 'all'; it must be a whole number"),
        (member(Min_Instances=3, Max_Instances=2), "Raise Max_Instances in odcr_group_member, 2"),
    ],
)
def test_an_invalid_member_buys_nothing_and_does_not_harm_others(row: tuple[object, ...], says: str) -> None:
    members = one_target(row, member(B)).members
    good, bad = sorted(members, key=lambda loaded: loaded.key != pool(B))
    assert (good.key, good.fault) == (pool(B), "")
    assert says in bad.fault
    assert len(bad.key.instance_type) <= 255
    assert bad.weight is not None


def test_a_weight_that_makes_the_total_absurd_is_taken_for_a_mistake() -> None:
    row = group(total=1000)
    (loaded,) = one_target(member(Weight=Decimal("0.001")), row=row).members
    assert "the group's total would be 1000000 instances" in loaded.fault
    (loaded,) = one_target(member(Weight=Decimal("0.001"), Max_Instances=5), row=row).members
    assert loaded.fault == ""


def test_an_invalid_weight_of_held_capacity_stops_the_group_and_keeps_its_record() -> None:
    records = recorded(A, weight=Decimal("1.5"))
    outcome = one_rejected(GroupTables([group()], [member(Weight=0), member(B)]), records)
    assert outcome.reason.startswith("Set Weight in odcr_group_member")
    assert outcome.reason.endswith("(m5.large in us-east-1a)")
    assert (outcome.target, outcome.reserved) == (10, Decimal("4.5"))
    (kept,) = outcome.pools
    assert (kept.key, kept.reserved, kept.reservation_ids, kept.weight) == (pool(A), 3, ("cr-1",), Decimal("1.5"))
    assert not kept.is_use_known


def test_members_find_their_group_as_people_write_it_and_an_exact_name_wins() -> None:
    names = GroupNames(["web", "Web ", "batch"])
    assert names.of(" web") == ["web"]
    assert names.of("Web") == ["Web"]
    assert names.of("BATCH ") == ["batch"]
    assert names.of("WEB") == ["web", "Web"]
    assert names.of("other") == []


def test_a_member_that_may_mean_two_groups_is_reported_for_both() -> None:
    tables = GroupTables([group("web"), group("Web")], [member(name="web"), member(name="Web"), member(B, name="WEB")])
    targets, rejected = groups_of(tables, {})
    assert targets == []
    assert [outcome.key.group for outcome in rejected] == ["web", "Web"]
    assert all("Write Group_Name in odcr_group_member exactly" in outcome.reason for outcome in rejected)
    apart = replace(tables, members=tables.members[:2])
    assert [target.key.group for target in groups_of(apart, {})[0]] == ["web", "Web"]


def test_equal_rows_of_a_group_count_as_one_and_different_ones_buy_nothing() -> None:
    assert one_target(member(), member()).members == one_target().members
    tables = GroupTables([group(), group(" web ")], [member()])
    assert len(groups_of(tables, {})[0]) == 1
    tables = GroupTables([group(), group(total=5)], [member()])
    assert "Delete all but one of its 2 rows in odcr_group" in one_rejected(tables).reason
    (loaded,) = one_target(member(Priority=1), member(Priority=2)).members
    assert loaded.fault == "Delete all but one of its 2 rows in odcr_group_member: they differ."


def test_members_without_a_group_are_reported_until_that_is_recorded() -> None:
    tables = GroupTables([], [member(), member(B)])
    outcome = one_rejected(tables)
    assert (outcome.key, outcome.status, outcome.target) == (group_key("web"), Status.INVALID, None)
    assert "Insert the group into odcr_group, or delete its 2 row(s)" in outcome.reason
    own = Record("INVALID", 0, outcome.reason)
    assert groups_of(tables, {group_key("web"): own}) == ([], [])


def test_the_pools_have_their_recorded_holdings() -> None:
    records = recorded(A, age=30, use=Use(1, 2), reason="late", more_ids=1)
    (loaded,) = one_target(records=records).members
    assert (loaded.last_reserved, loaded.last_kept, loaded.last_ids, loaded.more_ids) == (3, 3, ("cr-1",), 1)
    assert (loaded.last_status, loaded.last_reason, loaded.last_use) == ("FULFILLED", "late", Use(1, 2))
    bought_too_much = {**records, pool(A): replace(records[pool(A)], target=2)}
    (loaded,) = one_target(records=bought_too_much).members
    assert (loaded.last_reserved, loaded.last_kept) == (3, 2)


@pytest.mark.parametrize(
    ("status", "age", "rests"),
    [
        ("UNSUPPORTED", 599, True),
        ("INVALID", 0, False),
        ("UNSUPPORTED", None, False),
        ("UNSUPPORTED", 600, False),
        ("SHORT", 1, False),
    ],
)
def test_a_pool_that_ec2_does_not_have_rests_for_ten_minutes(status: str, age: int | None, rests: bool) -> None:
    (loaded,) = one_target(records={pool(A): Record(status, 0, age=age)}).members
    assert loaded.is_resting is rests


def test_a_group_has_the_record_of_its_own_row() -> None:
    judgement = Judgement(Verdict.MET, "2026-11-20T00:00:00")
    own = Record(
        "EXCESS",
        Decimal("14.5"),
        "told",
        age=10,
        announced=Announcement(Decimal("14.5"), 10),
        judgement=judgement,
        target=10,
    )
    target = one_target(records=recorded(A, own=own))
    assert (target.last_status, target.last_reason, target.is_fresh, target.was_just_tried) == (
        "EXCESS",
        "told",
        True,
        True,
    )
    assert (target.last_announced, target.last_judgement) == (own.announced, judgement)
    assert (target.last_ids, target.more_ids, target.current, target.recorded) == ((), 0, 0, 3)


def test_a_raised_total_is_asked_at_full_pace() -> None:
    own = Record("SHORT", 3, dry_seconds=9000, target=Decimal("9.5"))
    assert one_target(records=recorded(A, own=own)).dry_seconds is None
    assert one_target(row=group(total=Decimal("9.500")), records=recorded(A, own=own)).dry_seconds == 9000


def test_a_removed_member_stays_with_its_recorded_weight_as_long_as_it_is_recorded() -> None:
    records = recorded(A, B, weight=2)
    first, removed = one_target(member(Weight=3), records=records).members
    assert (first.key, first.weight, first.is_removed) == (pool(A), 3, False)
    assert (removed.key, removed.weight, removed.is_removed, removed.last_reserved) == (pool(B), 2, True, 3)


def test_a_removed_invalid_pool_is_not_kept() -> None:
    records = {pool(("M5.large", "us-east-1a")): Record("INVALID", 0)}
    assert [member.key for member in one_target(records=records).members] == [pool(A)]


def test_recorded_weights_in_another_unit_do_not_count() -> None:
    own = Record("SHORT", 24, target=30, unit="vcpus")
    _, removed = one_target(member(), records=recorded(A, B, weight=8, own=own)).members
    assert removed.weight == 1
    _, removed = one_target(member(), row=group(Unit="vcpus"), records=recorded(A, B, weight=8, own=own)).members
    assert removed.weight == 8
    own = replace(own, unit="instances")
    _, removed = one_target(member(), row=group(Unit="vcpus"), records=recorded(A, B, weight=1, own=own)).members
    assert removed.weight is None


@pytest.mark.parametrize("members", [[], [member()]])
def test_a_deleted_group_that_holds_something_is_withdrawn(members: list[tuple[object, ...]]) -> None:
    records = recorded(A, weight=Decimal("0.5"), own=Record("SHORT", Decimal("1.5"), unit="vcpus"))
    ((target,), rejected) = groups_of(GroupTables([], members), records)
    assert rejected == []
    assert (target.key, target.capacity, target.withdrawn, target.unit) == (group_key("web"), 0, True, Unit.vcpus)
    assert [(member.key, member.weight, member.is_removed) for member in target.members] == [
        (pool(A), Decimal("0.5"), True)
    ]
    assert target.recorded == Decimal("1.5")


def test_a_deleted_group_that_never_had_a_pool_leaves_nothing() -> None:
    assert groups_of(GroupTables(), {group_key("web"): Record("INVALID", 0, "nonsense")}) == ([], [])


@pytest.mark.parametrize("are_groups_read", [True, False])
def test_tables_that_cannot_be_read_buy_nothing_and_forget_nothing(are_groups_read: bool) -> None:
    tables = GroupTables([group()] if are_groups_read else [], doubt="Correct it.", are_groups_read=are_groups_read)
    outcome = one_rejected(tables, recorded(A))
    assert (outcome.key, outcome.status, outcome.reason, outcome.reserved) == (
        group_key("web"),
        Status.FAILED,
        "Correct it.",
        3,
    )
    assert [pool.key for pool in outcome.pools] == [pool(A)]
    empty = {group_key("web"): Record("FAILED", 0, "Correct it.")}
    assert groups_of(tables, empty) == ([], [])


def test_unreadable_options_stop_all_groups() -> None:
    tables = GroupTables([group()], [member()], option_doubt="Add the column.")
    assert one_rejected(tables).reason == "Add the column."


def test_without_a_readable_record_nothing_is_a_duplicate() -> None:
    ((target,), _) = groups_of(GroupTables([group()], [member()]), {}, UNREADABLE_RECORD)
    assert (target.last_status, target.members[0].more_ids) == ("FAILED", 1)


def test_member_keys_cover_all_groups_and_pools() -> None:
    tables = GroupTables(
        [group("Web")], [member(name="web"), member(("m5.large ", "us-east-1a")), member(B, name="lost")]
    )
    assert member_keys(tables) == {pool(A, "Web"), group_key("Web"), group_key("lost")}


@pytest.mark.parametrize(
    ("cell", "reserved"), [(15.0, 15), (14.567, Decimal("14.567")), (Decimal("0.5"), Decimal("0.5"))]
)
def test_a_groups_record_survives_writing_and_reading(cell: object, reserved: Amount) -> None:
    own = (
        "",
        "",
        "SHORT",
        cell,
        "",
        "",
        "",
        20.5,
        5,
        None,
        cell,
        10.0,
        None,
        None,
        None,
        None,
        None,
        "web",
        None,
        "vcpus",
    )
    (record,) = records_of([own]).values()
    assert (record.reserved, record.target, record.unit) == (reserved, Decimal("20.5"), "vcpus")
    assert record.announced == Announcement(reserved, 10)


def test_groups_take_their_place_among_the_rows_by_when_they_were_tried() -> None:
    row, other, web = TargetKey(*A), TargetKey(*B), group_key("web")
    records = {row: Record(age=10), web: Record(age=50), other: Record(age=90)}
    deleted = Target(TargetKey("c5.large", "us-east-1a"), 0, withdrawn=True)
    targets = [deleted, Target(row, 1), Target(web, 1), Target(other, 1)]
    assert [target.key for target in least_recently_tried_first(targets, records)] == [other, web, row, deleted.key]


def test_a_group_that_is_too_large_is_told_and_the_largest_usual_one_is_not() -> None:
    name = "x" * 128
    places = [(f"u7in-{number}tb.224xlarge", "ap-northeast-1c") for number in range(MAX_MEMBERS)]
    full = Record("QUOTA_EXCEEDED", 9999, "x" * MAX_REASON, ("cr-0123456789abcdef0",) * 2, target=9998, age=1)
    records = {pool(place, name): full for place in places}
    tables = GroupTables([group(name)], [member(place, name, Weight=Decimal("1234.567")) for place in places])
    ((large,), _) = groups_of(tables, records)
    assert size_of(large.to_event()) < MAX_GROUP_BYTES
    assert share_of_run([large], [], "run", []).targets == [large]
    too_large = replace(large, last_reason="x" * MAX_GROUP_BYTES)
    share = share_of_run([too_large], [], "run", [])
    assert share.targets == []
    assert "odcr_group, odcr_group_member and odcr_status" in share.rejected[0].reason
    assert [member.key for member in share.rejected[0].pools] == [member.key for member in large.members]
