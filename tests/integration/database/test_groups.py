"""Groups in the tables of the real servers: what is written of them and their pools, and is read again."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from localcloud.database.server import DatabaseServer
from odcr.domain.costs import Costs, costs_of, totals_of
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import Announcement, ReservationOptions, Target, TargetKey, Terms, Unit, group_key
from odcr.domain.use import Use
from odcr.gateways.history import changes_of
from odcr.gateways.price_table import read_prices
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record
from odcr.gateways.target_tables import read_targets

from .conftest import DATABASE, Transaction

ROW = TargetKey("m5.large", "us-east-1a")
WEB = group_key("web")
LARGE, XLARGE = TargetKey("m5.large", "us-east-1a", group="web"), TargetKey("m5.xlarge", "us-east-1b", group="web")
HELD = Outcome(ROW, Status.FULFILLED, 2, 2, ("cr-9",))


def pool(key: TargetKey, reserved: int, weight: Any, *ids: str, **more: Any) -> Outcome:
    """A pool of the group in which so many instances are held."""
    return Outcome(key, more.pop("status", Status.SHORT), reserved, reserved, ids, weight=weight, **more)


def web(*pools: Outcome, **more: Any) -> Outcome:
    """The group, which wants 20.5 units."""
    held = sum((one.reserved * one.weight for one in pools if one.weight), Decimal(0))
    status, target = more.pop("status", Status.SHORT), more.pop("target", Decimal("20.5"))
    return Outcome(WEB, status, target, held, pools=pools, **more)


SHORT = web(
    pool(LARGE, 3, Decimal("0.5"), "cr-1", acquired=1, calls=2),
    pool(XLARGE, 13, 1, "cr-2", use=Use(3, 10)),
    acquired=Decimal("0.5"),
    calls=5,
    reason="dry",
)
EMPTY = web(pool(LARGE, 0, Decimal("0.5")), pool(XLARGE, 0, 1))


def sql(transaction: Transaction, *statements: str) -> tuple[Any, ...]:
    with transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchall())


def as_chief(server: DatabaseServer, *statements: str) -> None:
    with server.admin_connection(database=DATABASE) as chief, chief.cursor() as person:
        for statement in statements:
            person.execute(statement)


def read(transaction: Transaction) -> tuple[list[Target], list[Outcome]]:
    with transaction() as cursor:
        return read_targets(cursor)


def write(transaction: Transaction, execution: str, *outcomes: Outcome) -> list[Any]:
    with transaction() as cursor:
        record(cursor, execution, outcomes, [], prices=read_prices(cursor))
        return changes_of(cursor, execution)


def groups_in_status(transaction: Transaction) -> set[tuple[str, str]]:
    return set(sql(transaction, "SELECT Group_Name, InstanceType FROM odcr_status"))


@pytest.fixture
def wanted(transaction: Transaction) -> Transaction:
    """The tables with a row, and a group that has a member in the row's pool."""
    sql(
        transaction,
        "INSERT INTO odcr_capacity VALUES ('m5.large', 'us-east-1a', 2, 0)",
        "INSERT INTO odcr_group (Group_Name, TotalTargetCapacity) VALUES ('web', 20.5)",
        "INSERT INTO odcr_group_member (Group_Name, InstanceType, AvailabilityZone, Weight) "
        "VALUES ('web', 'm5.large', 'us-east-1a', 0.5), ('WEB ', 'm5.xlarge', 'us-east-1b', NULL)",
    )
    return transaction


def test_group_is_read_with_members_and_options(wanted: Transaction) -> None:
    sql(
        wanted,
        "UPDATE odcr_group SET Unit = 'vcpus', AllocationStrategy = 'balanced', Allow_Overshoot = 1, Priority = -1, "
        "Platform = 'Windows', Deadline = '2026-12-24 20:00:00', Max_Hourly_Cost = 12.5",
        "UPDATE odcr_group_member SET Min_Instances = 1, Max_Instances = 9 WHERE InstanceType = 'm5.large'",
    )
    targets, rejected = read(wanted)
    (group,) = (one for one in targets if one.key.is_group)
    assert ([one.key for one in targets if one is not group], rejected) == ([ROW], [])
    assert (group.key, group.capacity, group.unit, group.allows_overshoot) == (WEB, Decimal("20.5"), Unit.vcpus, True)
    assert group.options == ReservationOptions("Windows")
    assert group.terms == Terms(-1, deadline="2026-12-24T20:00:00", max_hourly_cost="12.5000")
    assert [(one.key, one.weight, one.least, one.most) for one in group.members] == [
        (LARGE, Decimal("0.5"), 1, 9),
        (XLARGE, None, 0, None),
    ]


def test_group_pools_and_a_row_of_the_same_pool_are_written_and_read_separately(wanted: Transaction) -> None:
    write(wanted, "run-1", HELD, SHORT)
    written = (
        "SELECT Group_Name, InstanceType, Status, Target_Capacity, Reserved, Weight, Unit, Reservation_Ids "
        "FROM odcr_status ORDER BY Group_Name, InstanceType"
    )
    assert sql(wanted, written) == (
        ("", "m5.large", "FULFILLED", 2, 2, None, None, "cr-9"),
        ("web", "", "SHORT", 20.5, 14.5, None, "instances", ""),
        ("web", "m5.large", "SHORT", 3, 3, Decimal("0.500"), None, "cr-1"),
        ("web", "m5.xlarge", "SHORT", 13, 13, Decimal("1.000"), None, "cr-2"),
    )
    assert sql(wanted, "SELECT Current_Capacity FROM odcr_capacity") == ((2,),)
    targets, rejected = read(wanted)
    (row,) = (one for one in targets if not one.key.is_group)
    (group,) = (one for one in targets if one.key.is_group)
    assert rejected == []
    assert (row.last_reserved, row.last_ids) == (2, ("cr-9",))
    assert (group.recorded, group.last_status, group.is_fresh) == (Decimal("14.5"), "SHORT", True)
    assert [(one.last_reserved, one.last_kept, one.last_ids, one.last_use) for one in group.members] == [
        (3, 3, ("cr-1",), Use()),
        (13, 13, ("cr-2",), Use(3, 10)),
    ]


def test_duplicates_in_a_pool_are_read_again(wanted: Transaction) -> None:
    too_much = replace(SHORT, pools=(replace(SHORT.pools[0], target=1), SHORT.pools[1]))
    write(wanted, "run-1", too_much)
    (group,) = (one for one in read(wanted)[0] if one.key.is_group)
    assert [(one.last_reserved, one.last_kept) for one in group.members] == [(3, 1), (13, 13)]


def test_only_tried_pools_have_last_tried(wanted: Transaction) -> None:
    write(wanted, "run-1", SHORT)
    tried = "SELECT InstanceType FROM odcr_status WHERE Last_Tried IS NOT NULL ORDER BY InstanceType"
    assert sql(wanted, tried) == (("",), ("m5.large",))


def test_announced_release_of_units_is_read_unchanged(wanted: Transaction) -> None:
    announced = Announcement(Decimal("14.5"), Decimal("10.125"))
    write(wanted, "run-1", replace(SHORT, status=Status.EXCESS, target=Decimal("10.125"), announced=announced))
    (group,) = (one for one in read(wanted)[0] if one.key.is_group)
    assert group.last_announced == announced


def test_announcements_are_about_the_group_and_history_also_about_its_pools(wanted: Transaction) -> None:
    (change,) = write(wanted, "run-1", SHORT)
    assert (change.key, change.reserved, change.target, change.unit) == (
        WEB,
        Decimal("14.5"),
        Decimal("20.5"),
        Unit.instances,
    )
    history = (
        "SELECT Execution, InstanceType, Reserved, Acquired, Weight, Unit, Attempts FROM odcr_history "
        "WHERE Group_Name = 'web' ORDER BY Execution, InstanceType"
    )
    # Of a pool that only looks different nothing is said.
    assert sql(wanted, history) == (
        ("run-1", "", 14.5, 0.5, None, "instances", 1),
        ("run-1", "m5.large", 3, 1, Decimal("0.500"), None, 1),
    )
    asked = replace(SHORT.pools[0], acquired=0, status=Status.QUOTA_EXCEEDED)
    again = replace(SHORT, acquired=0, pools=(asked, SHORT.pools[1]))
    for name in ("run-2", "run-3"):
        assert write(wanted, name, again) == []
    sums = f"SELECT InstanceType, Attempts, Calls FROM ({history.replace('Attempts', 'Attempts, Calls')}) h"
    hours = [row for row in sql(wanted, sums) if row[1:] == (2, 10) or row[1:] == (2, 4)]
    assert hours == [("", 2, 10), ("m5.large", 2, 4)]


def test_group_is_met_if_no_weight_fits_the_remainder(wanted: Transaction) -> None:
    met = web(pool(XLARGE, 20, 1, "cr-2", status=Status.FULFILLED), status=Status.FULFILLED)
    write(wanted, "run-1", met)
    since = "SELECT Met_Since IS NOT NULL, Short_Since IS NOT NULL FROM odcr_status ORDER BY InstanceType"
    assert sql(wanted, since) == ((1, 0), (0, 0))
    with wanted() as cursor:
        totals = totals_of(update_costs(cursor, read_prices(cursor)), costs=Costs())
    assert (totals.wanted, totals.held, totals.missing, totals.unmet) == (20, 20, 0, 0)


def test_totals_count_a_group_s_instances_once(wanted: Transaction) -> None:
    sql(
        wanted,
        "INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) "
        "VALUES ('m5.large', 'us-east-1', 0.1), ('m5.xlarge', 'us-east-1', 0.25)",
    )
    write(wanted, "run-1", HELD, SHORT)
    with wanted() as cursor:
        prices = read_prices(cursor)
        standings = update_costs(cursor, prices)
    costs = costs_of(standings, prices, "us-east-1")
    totals = totals_of(standings, costs)
    # 6 units are missing: 12 instances of half a unit.
    assert (totals.wanted, totals.held, totals.missing, totals.unmet, totals.unused) == (2 + 16 + 12, 18, 12, 1, 10)
    assert totals.hourly_cost == Decimal("3.75")
    assert costs.remark(WEB) == ", 3.55 USD an hour"
    cost = "SELECT Group_Name, InstanceType, Hourly_Cost FROM odcr_status ORDER BY Group_Name, InstanceType"
    expected = [("", "m5.large", "0.2"), ("web", "", "3.55"), ("web", "m5.large", "0.3"), ("web", "m5.xlarge", "3.25")]
    assert sql(wanted, cost) == tuple((*names, Decimal(amount)) for *names, amount in expected)
    sql(wanted, "UPDATE odcr_price SET Hourly_Price = 0.5 WHERE InstanceType = 'm5.xlarge'")
    with wanted() as cursor:
        update_costs(cursor, read_prices(cursor))
    assert [row[2] for row in sql(wanted, cost)] == [Decimal(one) for one in ("0.2", "6.8", "0.3", "6.5")]
    sql(wanted, "DELETE FROM odcr_price WHERE InstanceType = 'm5.xlarge'")
    with wanted() as cursor:
        update_costs(cursor, read_prices(cursor))
    assert [row[2] for row in sql(wanted, cost)] == [Decimal("0.2"), None, Decimal("0.3"), None]


# ---- What is gone


def test_removed_pool_is_deleted_after_two_runs_saw_nothing_held(wanted: Transaction) -> None:
    sql(wanted, "DELETE FROM odcr_group_member WHERE InstanceType = 'm5.xlarge'")
    write(wanted, "run-1", SHORT)
    (group,) = (one for one in read(wanted)[0] if one.key.is_group)
    assert [(one.key, one.is_removed) for one in group.members] == [(LARGE, False), (XLARGE, True)]
    write(wanted, "run-2", EMPTY)
    assert ("web", "m5.xlarge") in groups_in_status(wanted)
    write(wanted, "run-3", EMPTY)
    # The other one is a member, which stays though nothing is held there either.
    assert groups_in_status(wanted) == {("web", ""), ("web", "m5.large")}


def test_unseen_removed_pool_is_kept(wanted: Transaction) -> None:
    sql(wanted, "DELETE FROM odcr_group_member WHERE InstanceType = 'm5.xlarge'")
    write(wanted, "run-1", EMPTY)
    unseen = replace(EMPTY, status=Status.FAILED, pools=tuple(replace(one, is_use_known=False) for one in EMPTY.pools))
    for name in ("run-2", "run-3"):
        write(wanted, name, unseen)
    assert ("web", "m5.xlarge") in groups_in_status(wanted)


def test_deleted_group_is_loaded_until_nothing_is_held(wanted: Transaction) -> None:
    write(wanted, "run-1", HELD, SHORT)
    sql(wanted, "DELETE FROM odcr_group", "DELETE FROM odcr_group_member")
    (gone,) = (one for one in read(wanted)[0] if one.key.is_group)
    assert (gone.withdrawn, gone.capacity, gone.recorded) == (True, 0, Decimal("14.5"))
    nothing = replace(EMPTY, status=Status.FULFILLED, target=0)
    write(wanted, "run-2", nothing)
    assert ("web", "m5.large") in groups_in_status(wanted)
    write(wanted, "run-3")
    assert groups_in_status(wanted) == {("", "m5.large")}


def test_orphaned_members_are_reported_once_nothing_is_held(wanted: Transaction) -> None:
    sql(wanted, "DELETE FROM odcr_group", "UPDATE odcr_group_member SET Group_Name = 'web'")
    _, (rejected,) = read(wanted)
    assert (rejected.key, rejected.status) == (WEB, Status.INVALID)
    write(wanted, "run-1", rejected)
    write(wanted, "run-2")
    assert groups_in_status(wanted) == {("web", "")}
    assert [one for one in read(wanted)[1] if one.key.is_group] == []
    sql(wanted, "DELETE FROM odcr_group_member")
    write(wanted, "run-3")
    assert groups_in_status(wanted) == set()


def test_corrected_member_removes_the_wrong_one_s_status(wanted: Transaction) -> None:
    typo = TargetKey("M5.xlarge", "us-east-1b", group="web")
    sql(wanted, "UPDATE odcr_group_member SET InstanceType = 'M5.xlarge' WHERE InstanceType = 'm5.xlarge'")
    write(wanted, "run-1", web(pool(LARGE, 0, 1), pool(typo, 0, 1, status=Status.INVALID)))
    assert ("web", "M5.xlarge") in groups_in_status(wanted)
    sql(wanted, "UPDATE odcr_group_member SET InstanceType = 'm5.xlarge' WHERE InstanceType = 'M5.xlarge'")
    write(wanted, "run-2", EMPTY)
    assert groups_in_status(wanted) == {("web", ""), ("web", "m5.large"), ("web", "m5.xlarge")}


# ---- Tables made by hand


@pytest.mark.parametrize("table", ["odcr_group", "odcr_group_member"])
def test_unreadable_group_table_stops_groups_but_no_row(
    wanted: Transaction, server: DatabaseServer, table: str
) -> None:
    write(wanted, "run-1", HELD, SHORT)
    as_chief(server, f"ALTER TABLE {table} RENAME COLUMN Group_Name TO Name")
    targets, (rejected,) = read(wanted)
    assert [one.key for one in targets] == [ROW]
    assert (rejected.key, rejected.status, rejected.reserved) == (WEB, Status.FAILED, Decimal("14.5"))
    assert rejected.reason.startswith(f"Correct {table}: until then nothing is bought for groups.")
    assert [(one.key, one.reserved) for one in rejected.pools] == [(LARGE, 3), (XLARGE, 13)]
    write(wanted, "run-2", rejected)
    write(wanted, "run-3", rejected)
    assert len(groups_in_status(wanted)) == 4


def test_missing_option_columns_of_groups_are_named(wanted: Transaction, server: DatabaseServer) -> None:
    as_chief(server, "ALTER TABLE odcr_group DROP Platform, DROP Tenancy, DROP Unit, DROP Allow_Overshoot")
    targets, (rejected,) = read(wanted)
    assert [one.key for one in targets] == [ROW]
    assert rejected.reason.startswith("odcr_group has no column Platform, Tenancy. Add it")
    as_chief(server, "ALTER TABLE odcr_group ADD Platform varchar(64), ADD Tenancy varchar(16)")
    assert read(wanted)[1] == []


@pytest.mark.parametrize("change", ["", "CREATE VIEW odcr_status AS SELECT * FROM s"], ids=["tables", "a view"])
def test_without_a_group_column_groups_are_left_out_and_overwrite_no_row(
    wanted: Transaction, server: DatabaseServer, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    for table, key in (("odcr_status", ""), ("odcr_history", "Execution, ")):
        as_chief(
            server,
            f"ALTER TABLE {table} DROP PRIMARY KEY, ADD PRIMARY KEY ({key}InstanceType, AvailabilityZone), "
            "DROP Group_Name, DROP Weight, DROP Unit",
        )
    if change:
        as_chief(server, "RENAME TABLE odcr_status TO s", change)
    assert [one.key for one in write(wanted, "run-1", HELD, SHORT)] == [ROW]
    assert [one.key for one in write(wanted, "run-2", replace(HELD, status=Status.EXCESS, reserved=5), SHORT)] == [ROW]
    assert sql(wanted, "SELECT InstanceType, Status, Reserved FROM odcr_status") == (("m5.large", "EXCESS", 5),)
    assert sql(wanted, "SELECT Current_Capacity FROM odcr_capacity") == ((5,),)
    refusals = [vars(one) for one in caplog.records if one.message == "Rows not recorded"]
    assert [(one["table"], one["rows"]) for one in refusals[:2]] == [("odcr_status", 3), ("odcr_history", 2)]
    with wanted() as cursor:
        assert totals_of(update_costs(cursor, read_prices(cursor)), costs=Costs()).held == 5
    (group,) = (one for one in read(wanted)[0] if one.key.is_group)
    assert (group.last_status, group.recorded) == (None, 0)
    sql(wanted, "DELETE FROM odcr_capacity")
    write(wanted, "run-3", replace(HELD, target=0, reserved=0))
    write(wanted, "run-4", SHORT)
    assert sql(wanted, "SELECT * FROM odcr_status") == ()


def test_a_run_without_groups_reads_their_tables_once(transaction: Transaction) -> None:
    with transaction() as cursor:
        sent: list[str] = []
        execute = cursor.execute
        cursor.execute = lambda *arguments: sent.append(str(arguments[0])) or execute(*arguments)  # type: ignore[method-assign]
        read_targets(cursor)
        record(cursor, "run-1", [HELD], [])
    assert len([one for one in sent if "FROM odcr_group" in one]) == 2
