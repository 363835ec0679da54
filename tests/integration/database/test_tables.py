from dataclasses import replace
from datetime import datetime
from typing import Any

import pymysql
import pytest

from localcloud.database.mysql import MySQL
from localcloud.database.server import DatabaseServer
from odcr.domain.costs import Costs, totals_of
from odcr.domain.messages import Change
from odcr.domain.outcome import Outcome, Status, Totals
from odcr.domain.prices import NO_PRICES
from odcr.domain.target import Announcement, Judgement, ReservationOptions, Target, TargetKey, Terms, Verdict
from odcr.domain.use import Use
from odcr.gateways.history import changes_of
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record
from odcr.gateways.target_tables import read_targets

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
OTHER = TargetKey("m5.large", "us-east-1a")
SHORT = Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",), acquired=7, calls=5, reason="dry")
FULFILLED = Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), acquired=4, calls=1)


def execute(transaction: Any, *statements: str) -> tuple[Any, ...]:
    with transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchall())


def execute_one(transaction: Any, statement: str) -> Any:
    ((value,),) = execute(transaction, statement)
    return value


def write(
    transaction: Any, execution: str, attempted: list[Outcome], seen: list[Outcome] | None = None
) -> list[Change]:
    with transaction() as cursor:
        record(cursor, execution, attempted, seen or [])
        # How long it took has a test of its own.
        return [replace(change, short_since=None, met_since=None) for change in changes_of(cursor, execution)]


def totals(cursor: Any) -> Totals:
    return totals_of(update_costs(cursor, NO_PRICES), costs=Costs())


INSERT = "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)"


def test_rows_become_targets_or_rejected(transaction: Any) -> None:
    execute(
        transaction,
        INSERT,
        "INSERT INTO odcr_capacity VALUES ('m5.large','us-east-1a',2,NULL)",
        "INSERT INTO odcr_capacity VALUES ('m5.large','moon',2,0)",
        "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform, End_Date, Priority) "
        "VALUES ('m5.large','us-east-1a','Windows','2026-12-01 00:00:00', -1)",
    )
    with transaction() as cursor:
        targets, rejected = read_targets(cursor)
    assert targets == [
        Target(OTHER, 2, 0, None, ReservationOptions("Windows", end_date="2026-12-01T00:00:00"), terms=Terms(-1)),
        Target(KEY, 15, 0, None),
    ]
    assert [(outcome.key.availability_zone, outcome.status) for outcome in rejected] == [("moon", Status.INVALID)]


def test_current_capacity_status_and_history_are_written(transaction: Any) -> None:
    execute(transaction, INSERT)
    assert write(transaction, "run-1", [SHORT]) == [Change(KEY, None, Status.SHORT, 11, 15, "dry")]
    assert execute(transaction, "SELECT Current_Capacity FROM odcr_capacity") == ((11,),)
    assert execute(transaction, "SELECT Status, Reserved, Reason, Reservation_Ids FROM odcr_status") == (
        ("SHORT", 11, "dry", "cr-1"),
    )
    assert execute(transaction, "SELECT Execution, Previous_Status, Status, Acquired, Calls FROM odcr_history") == (
        ("run-1", None, "SHORT", 7, 5),
    )


def test_short_since_lasts_through_every_status_until_the_target_is_met(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [SHORT])
    execute(transaction, "UPDATE odcr_status SET Short_Since = UTC_TIMESTAMP() - INTERVAL 90 MINUTE")
    write(transaction, "run-2", [replace(SHORT, status=Status.FAILED)])
    with transaction() as cursor:
        assert totals(cursor) == Totals(wanted=15, held=11, missing=4, unmet=1, longest_shortage_minutes=90)
    ((since,),) = execute(transaction, "SELECT Short_Since FROM odcr_status")
    with transaction() as cursor:
        record(cursor, "run-3", [FULFILLED], [])
        assert [change.short_since for change in changes_of(cursor, "run-3")] == [since]
    assert execute(transaction, "SELECT Short_Since FROM odcr_status") == ((None,),)
    write(transaction, "run-4", [SHORT])
    ((again,),) = execute(transaction, "SELECT Short_Since FROM odcr_status")
    assert again > since


def test_totals_do_not_offset_one_target_s_shortage_with_another_s_excess(transaction: Any) -> None:
    with transaction() as cursor:
        assert totals(cursor) == Totals(0, 0, 0, 0, 0)
    execute(transaction, INSERT, "INSERT INTO odcr_capacity VALUES ('m5.large','moon',2,0)")
    excess = Outcome(OTHER, Status.EXCESS, 2, 10, ("cr-2",))
    typo = Outcome(TargetKey("m5.large", "moon"), Status.INVALID, None, 0)
    write(transaction, "run-1", [SHORT], [excess, typo])
    with transaction() as cursor:
        assert totals(cursor) == Totals(wanted=17, held=21, missing=4, unmet=2, longest_shortage_minutes=0)


def test_since_is_the_start_of_the_status(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [SHORT])
    execute(transaction, "UPDATE odcr_status SET Since = '2026-11-01 00:00:00'")
    assert write(transaction, "run-2", [SHORT]) == []
    ((since,),) = execute(transaction, "SELECT Since FROM odcr_status")
    assert (since.month, since.day) == (11, 1)
    assert write(transaction, "run-3", [FULFILLED]) == [Change(KEY, "SHORT", Status.FULFILLED, 15, 15)]
    ((since,),) = execute(transaction, "SELECT Since > '2026-11-01 00:00:00' FROM odcr_status")
    assert since == 1


def test_observed_target_gets_history_only_if_its_status_changed(transaction: Any) -> None:
    execute(transaction, INSERT)
    seen = Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",))
    assert len(write(transaction, "run-1", [], [seen])) == 1
    assert write(transaction, "run-2", [], [seen]) == []
    assert execute(transaction, "SELECT Execution FROM odcr_history") == (("run-1",),)
    assert execute(transaction, "SELECT Last_Tried FROM odcr_status") == ((None,),)


def test_a_target_is_read_with_how_long_it_has_been_dry(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [replace(SHORT, acquired=0)])
    execute(
        transaction,
        "UPDATE odcr_status SET Dry_Since = UTC_TIMESTAMP() - INTERVAL 2 DAY",
    )
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert target.dry_seconds in range(172_800, 172_810)


def test_announced_release_is_read_until_a_run_announces_none(transaction: Any) -> None:
    execute(transaction, INSERT)
    for announced in (Announcement(15, 10), None):
        write(transaction, "run-1", [], [Outcome(KEY, Status.EXCESS, 10, 15, ("cr-1",), announced=announced)])
        with transaction() as cursor:
            ((target,), _) = read_targets(cursor)
        assert target.last_announced == announced


def dry_since(transaction: Any) -> Any:
    return execute_one(transaction, "SELECT Dry_Since FROM odcr_status")


def dry_for_a_day(transaction: Any) -> Any:
    """A target whose pool was dry a day ago already; since when."""
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",), calls=5)])
    execute(transaction, "UPDATE odcr_status SET Dry_Since = UTC_TIMESTAMP() - INTERVAL 1 DAY")
    return dry_since(transaction)


def test_pool_is_dry_from_the_first_refusal(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [replace(SHORT, acquired=0)])
    assert execute_one(transaction, "SELECT Dry_Since = Last_Tried FROM odcr_status") == 1


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",), calls=5),
        Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",)),
        Outcome(KEY, Status.THROTTLED, 15, 11, ("cr-1",), calls=5),
        Outcome(KEY, Status.FAILED, 15, 11, ("cr-1",)),
        Outcome(KEY, Status.SHORT, 14, 11, ("cr-1",), calls=5),
    ],
    ids=["still dry", "not asked", "throttled", "failed", "lowered"],
)
def test_a_dry_pool_stays_one(transaction: Any, outcome: Outcome) -> None:
    since = dry_for_a_day(transaction)
    write(transaction, "run-2", [outcome])
    assert dry_since(transaction) == since


@pytest.mark.parametrize(
    ("outcome", "was_tried"),
    [
        (Outcome(KEY, Status.SHORT, 15, 12, ("cr-1",), acquired=1, calls=5), True),
        (Outcome(KEY, Status.SHORT, 16, 11, ("cr-1",), calls=5), True),
        (Outcome(KEY, Status.SHORT, 16, 11, ("cr-1",)), True),
        (Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), acquired=4, calls=1), True),
        (Outcome(KEY, Status.FULFILLED, 11, 11, ("cr-1",)), False),
        (Outcome(KEY, Status.FAILED, 11, 11, ("cr-1",)), False),
    ],
    ids=["a grant", "raised", "raised and not asked", "met", "met by lowering it", "as much is held as is wanted"],
)
def test_a_pool_is_no_longer_dry(transaction: Any, outcome: Outcome, was_tried: bool) -> None:
    dry_for_a_day(transaction)
    attempted, seen = ([outcome], []) if was_tried else ([], [outcome])
    write(transaction, "run-2", attempted, seen)
    assert dry_since(transaction) is None


def test_raised_target_is_dry_again_from_the_next_refusal(transaction: Any) -> None:
    since = dry_for_a_day(transaction)
    for number in (2, 3):
        write(transaction, f"run-{number}", [Outcome(KEY, Status.SHORT, 16, 11, ("cr-1",), calls=5)])
    assert dry_since(transaction) > since


@pytest.mark.parametrize("status", sorted({*Status} - {Status.SHORT}))
def test_other_statuses_do_not_make_a_pool_dry(transaction: Any, status: Status) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, status, 15, 11, ("cr-1",), calls=5)])
    assert dry_since(transaction) is None


def test_the_least_recently_tried_come_first(transaction: Any) -> None:
    execute(transaction, INSERT, "INSERT INTO odcr_capacity VALUES ('m5.large','us-east-1a',2,0)")
    write(transaction, "run-1", [SHORT, Outcome(OTHER, Status.SHORT, 2, 0, calls=1)])
    execute(transaction, "UPDATE odcr_status SET Last_Tried = '2026-11-01' WHERE InstanceType = 'r5b.2xlarge'")
    with transaction() as cursor:
        assert [target.key for target in read_targets(cursor)[0]] == [KEY, OTHER]


def test_untried_target_keeps_its_place_in_the_queue(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, Status.SHORT, 15, 0)])
    assert execute(transaction, "SELECT Status, Last_Tried FROM odcr_status") == (("SHORT", None),)


def test_record_is_trusted_above_ec2_for_only_a_minute(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [SHORT])
    for age, known in ((0, True), (50, True), (61, False)):
        execute(transaction, f"UPDATE odcr_status SET Last_Tried = UTC_TIMESTAMP() - INTERVAL {age} SECOND")
        with transaction() as cursor:
            ((target,), _) = read_targets(cursor)
        assert (target.last_reserved, target.is_fresh, target.last_ids) == (11, known, SHORT.reservation_ids)


def test_invalid_row_is_rejected_until_that_is_recorded(transaction: Any) -> None:
    execute(transaction, "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',-1,0)")
    with transaction() as cursor:
        (_, (rejected,)) = read_targets(cursor)
    write(transaction, "run-1", [], [rejected])
    with transaction() as cursor:
        assert read_targets(cursor) == ([], [])
    execute(transaction, "UPDATE odcr_capacity SET Target_Capacity = -2")
    with transaction() as cursor:
        assert len(read_targets(cursor)[1]) == 1


def test_row_deleted_while_unseen_is_looked_at_once_more(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, Status.FAILED, 15, 0)])
    execute(transaction, "DELETE FROM odcr_capacity")
    write(transaction, "run-2", [], [])
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert (target.key, target.withdrawn) == (KEY, True)


def test_duplicates_are_not_part_of_what_is_recorded(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, Status.THROTTLED, 15, 26, ("cr-1", "cr-2"), ("cr-2",))])
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert target.last_ids == ("cr-1",)


@pytest.mark.parametrize(
    ("typo", "right"), [("AP-northeast-1c", "ap-northeast-1c"), ("ap-northeast-1c ", "ap-northeast-1c")]
)
def test_corrected_spelling_removes_the_wrong_one_s_status(transaction: Any, typo: str, right: str) -> None:
    execute(transaction, f"INSERT INTO odcr_capacity VALUES ('m5.large','{typo}',2,0)")
    write(transaction, "run-1", [], [Outcome(TargetKey("m5.large", typo), Status.INVALID, 2, 0)])
    execute(transaction, f"UPDATE odcr_capacity SET AvailabilityZone = '{right}'")
    met = Outcome(TargetKey("m5.large", right), Status.FULFILLED, 2, 2, ("cr-1",))
    assert len(write(transaction, "run-2", [met])) == 1
    assert write(transaction, "run-3", [met]) == []
    assert execute(transaction, "SELECT AvailabilityZone, Status FROM odcr_status") == ((right, "FULFILLED"),)
    execute(transaction, "DELETE FROM odcr_capacity")
    with transaction() as cursor:
        assert [target.key for target in read_targets(cursor)[0]] == [met.key]


def test_a_row_deleted_during_the_run_does_not_come_back(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [SHORT])
    execute(transaction, "DELETE FROM odcr_capacity")
    write(transaction, "run-2", [FULFILLED])
    assert execute(transaction, "SELECT * FROM odcr_capacity") == ()


def test_deleted_row_is_loaded_until_nothing_is_held(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [SHORT])
    execute(transaction, "DELETE FROM odcr_capacity")
    with transaction() as cursor:
        (withdrawn,), _ = read_targets(cursor)
    assert (withdrawn.key, withdrawn.capacity, withdrawn.current, withdrawn.withdrawn) == (KEY, 0, 11, True)
    gone = Outcome(KEY, Status.FULFILLED, 0, 0)
    write(transaction, "run-2", [], [gone])
    with transaction() as cursor:
        assert len(read_targets(cursor)[0]) == 1
    write(transaction, "run-3", [], [])
    assert execute(transaction, "SELECT * FROM odcr_status") == ()


def test_five_hundred_outcomes_are_recorded_at_once(transaction: Any) -> None:
    keys = [TargetKey(f"m5.size{number}", "us-east-1a") for number in range(500)]
    with transaction() as cursor:
        cursor.executemany(
            "INSERT INTO odcr_capacity VALUES (%s, %s, 1, 0)", [(k.instance_type, k.availability_zone) for k in keys]
        )
    changes = write(transaction, "run-1", [Outcome(key, Status.FULFILLED, 1, 1) for key in keys])
    assert len(changes) == 500
    assert execute(transaction, "SELECT SUM(Current_Capacity) FROM odcr_capacity") == ((500,),)


@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_bin", "latin1_swedish_ci"])
def test_writing_current_capacity_uses_the_status_table_s_key(
    transaction: Any, server: DatabaseServer, collation: str
) -> None:
    with transaction():
        pass
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        charset = collation.partition("_")[0]
        cursor.execute(f"ALTER TABLE odcr_capacity CONVERT TO CHARACTER SET {charset} COLLATE {collation}")
    keys = [TargetKey(f"m5.{number}xlarge", "us-east-1a") for number in range(200)]
    with transaction() as cursor:
        cursor.executemany(
            "INSERT INTO odcr_capacity VALUES (%s, %s, 1, 0)", [(k.instance_type, k.availability_zone) for k in keys]
        )
        statements: list[Any] = []
        execute = cursor.execute
        cursor.execute = lambda *arguments: statements.append(arguments) or execute(*arguments)
        record(cursor, "run-1", [], [Outcome(key, Status.FULFILLED, 1, 1) for key in keys])
        (update,) = [arguments for arguments in statements if "UPDATE odcr_capacity" in str(arguments[0])]
        execute(f"EXPLAIN FORMAT=TRADITIONAL {update[0]}", update[1])
        names = [column[0] for column in cursor.description]
        plans = {row[names.index("table")]: row[names.index("type")] for row in cursor.fetchall()}
    assert plans["s"] == "eq_ref"
    assert execute_one(transaction, "SELECT SUM(Current_Capacity) FROM odcr_capacity") == 200


def test_rows_that_differ_by_a_trailing_blank_share_a_status(transaction: Any, server: DatabaseServer) -> None:
    with transaction():
        pass
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        # Collations that tell blanks at the end apart; MySQL 8's default does.
        collation = "utf8mb4_0900_ai_ci" if isinstance(server, MySQL) else "utf8mb4_nopad_bin"
        cursor.execute(f"ALTER TABLE odcr_capacity CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}")
    execute(
        transaction,
        "INSERT INTO odcr_capacity VALUES ('m5.large','us-east-1a',2,0), ('m5.large ','us-east-1a',2,0), "
        "('m5','us-east-1a',2,0), ('m5 ','us-east-1a',2,0)",
    )
    with transaction() as cursor:
        targets, rejected = read_targets(cursor)
    assert [target.key for target in targets] == [OTHER]
    assert len(rejected) == 1
    write(transaction, "run-1", [Outcome(OTHER, Status.SHORT, 2, 0, calls=1)], rejected)


def test_deleted_row_with_invalid_options_is_looked_at_once_more(transaction: Any) -> None:
    execute(transaction, INSERT, "INSERT INTO odcr_capacity VALUES ('nonsense','us-east-1a',2,0)")
    nonsense = Outcome(TargetKey("nonsense", "us-east-1a"), Status.INVALID, 2, 0)
    write(transaction, "run-1", [], [Outcome(KEY, Status.INVALID, 15, 0, ("cr-1",)), nonsense])
    execute(transaction, "DELETE FROM odcr_capacity")
    write(transaction, "run-2", [], [])
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert (target.key, target.withdrawn) == (KEY, True)
    assert len(execute(transaction, "SELECT * FROM odcr_status")) == 1


@pytest.mark.parametrize("status", list(Status))
def test_last_reason_is_read_with_the_target(transaction: Any, status: Status) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [], [Outcome(KEY, status, 10, 15, ("cr-1",), reason="announced")])
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    may_be = ("FULFILLED", "PENDING", "ASTRAY", "EXCESS", "INVALID", "WAITING", "STOPPED", "CAPPED")
    assert target.last_reason == ("announced" if status in may_be else "")


def test_unsupported_target_rests_for_ten_minutes(transaction: Any) -> None:
    execute(transaction, INSERT)
    for status, minutes, rests in (("UNSUPPORTED", 9, True), ("UNSUPPORTED", 11, False), ("SHORT", 1, False)):
        write(transaction, f"run-{minutes}", [Outcome(KEY, Status(status), 10, 0, calls=1)])
        execute(transaction, f"UPDATE odcr_status SET Last_Tried = UTC_TIMESTAMP() - INTERVAL {minutes} MINUTE")
        with transaction() as cursor:
            ((target,), _) = read_targets(cursor)
        assert target.is_resting is rests


def test_replaced_loss_is_a_change_even_if_the_status_stays(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [], [Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",))])
    seen = Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-2",), reason="15 that were held are gone", lost=15)
    (change,) = write(transaction, "run-2", [], [seen])
    assert (change.before, change.after, change.reason) == ("FULFILLED", Status.FULFILLED, "15 that were held are gone")
    assert write(transaction, "run-3", [], [Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-2",))]) == []


def test_a_release_is_a_change_even_if_the_status_stays(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [], [Outcome(KEY, Status.EXCESS, 10, 15, ("cr-1",), reason="announced")])
    part = Outcome(KEY, Status.EXCESS, 10, 12, ("cr-1",), acquired=-3, calls=1, reason="Released 3")
    assert write(transaction, "run-2", [part]) == [Change(KEY, "EXCESS", Status.EXCESS, 12, 10, "Released 3")]
    assert execute(transaction, "SELECT Acquired FROM odcr_history WHERE Execution = 'run-2'") == ((-3,),)


def test_a_verdict_is_recorded_once_with_what_is_held_and_since_when(transaction: Any) -> None:
    execute(transaction, INSERT)
    met = replace(FULFILLED, judgement=Judgement(Verdict.MET, "2026-11-20T20:00:00"))
    given_up = Judgement(Verdict.MISSED, "2026-11-25T20:00:00", gives_up=True)
    write(transaction, "run-1", [FULFILLED])
    execute(transaction, "UPDATE odcr_status SET Met_Since = '2026-11-19 08:30:00'")
    deadline, since = datetime(2026, 11, 20, 20), datetime(2026, 11, 19, 8, 30)  # noqa: DTZ001
    with transaction() as cursor:
        record(cursor, "run-2", [], [replace(met, acquired=0, calls=0)])
        (change,) = changes_of(cursor, "run-2")
        assert (change.verdict, change.deadline, change.met_since) == (Verdict.MET, deadline, since)
    assert write(transaction, "run-3", [], [FULFILLED]) == []
    recorded = execute(transaction, "SELECT Verdict, Judged_Deadline, Met_Since FROM odcr_status")
    assert recorded == (("MET", deadline, since),)
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert target.last_judgement == met.judgement
    write(transaction, "run-4", [SHORT])
    assert execute(transaction, "SELECT Verdict, Met_Since FROM odcr_status") == (("MET", None),)
    write(transaction, "run-5", [replace(SHORT, judgement=given_up)])
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert target.last_judgement == given_up


def test_purchase_of_a_dead_attempt_is_a_gain_once_seen(transaction: Any) -> None:
    execute(transaction, INSERT)
    died = Outcome(KEY, Status.FAILED, 15, 4, ("cr-1",), reason="died")
    for outcome, gained in (
        (replace(died, acquired=4), 4),
        (replace(FULFILLED, acquired=0, calls=0), 11),
        (replace(FULFILLED, acquired=0, lost=3), 3),
        (replace(FULFILLED, reserved=10, acquired=-5), 0),
        (replace(FULFILLED, reserved=8, acquired=0, lost=2), 0),
        (replace(FULFILLED, reserved=15, acquired=7), 7),
    ):
        with transaction() as cursor:
            (recorded,) = record(cursor, "run-1", [outcome], [])
        assert recorded.gained == gained


def test_the_terms_of_a_target_are_read(transaction: Any) -> None:
    execute(
        transaction,
        INSERT,
        "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Start_At, Deadline, After_Deadline, On_Missed) "
        "VALUES ('r5b.2xlarge','ap-northeast-1c','2026-11-28 00:00:00','2026-11-30 20:00:00','stop','release')",
    )
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    terms = Terms(0, "2026-11-28T00:00:00", "2026-11-30T20:00:00", stops_at_deadline=True, releases_if_missed=True)
    assert target.terms == terms


def test_target_before_its_start_is_neither_wanted_nor_missing(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [], [Outcome(KEY, Status.WAITING, 15, 4, ("cr-1",))])
    with transaction() as cursor:
        assert totals(cursor) == Totals(wanted=4, held=4, missing=0, unmet=0, longest_shortage_minutes=0)


def test_refused_row_keeps_no_other_from_being_recorded(transaction: Any, caplog: pytest.LogCaptureFixture) -> None:
    keys = [TargetKey(f"m5.{number}xlarge", "us-east-1a") for number in range(20)]
    met = [Outcome(key, Status.FULFILLED, 1, 1, ("cr-1",), calls=1) for key in keys]
    too_much = replace(met[7], reserved=2**40, target=2**40, calls=2**40, use=Use(2**40))
    no_key = replace(met[8], key=TargetKey("x" * 300, "us-east-1a"))
    write(transaction, "run-1", [*met[:7], too_much, no_key, *met[9:]])
    rows = dict(execute(transaction, "SELECT InstanceType, Status FROM odcr_status"))
    assert rows == {
        key.instance_type: "FAILED" if index == 7 else "FULFILLED" for index, key in enumerate(keys) if index != 8
    }
    ((reserved, reason, ids),) = execute(
        transaction, "SELECT Reserved, Reason, Reservation_Ids FROM odcr_status WHERE Status = 'FAILED'"
    )
    assert (reserved, ids) == (2**31 - 1, "1 more")
    assert "could not be recorded in full" in reason
    assert execute_one(transaction, "SELECT COUNT(*) FROM odcr_history") == 18
    refusals = [vars(one) for one in caplog.records if one.message == "Rows not recorded"]
    assert [(one["table"], one["rows"]) for one in refusals] == [("odcr_status", 1), ("odcr_history", 2)]


def test_oversized_value_is_refused_even_by_a_lenient_server(transaction: Any, server: DatabaseServer) -> None:
    with server.admin_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL sql_mode = ''")
    try:
        with pytest.raises(pymysql.err.DataError):
            execute(transaction, "INSERT INTO odcr_lease VALUES (REPEAT('x', 17), '', '2026-01-01', '')")
    finally:
        with server.admin_connection() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL sql_mode = DEFAULT")


def test_reasons_in_any_script_are_recorded(transaction: Any, server: DatabaseServer) -> None:
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        cursor.execute("ALTER DATABASE odcr_db CHARACTER SET latin1")
    execute(transaction, INSERT)
    write(transaction, "run-1", [replace(SHORT, reason="\N{ROCKET} \u5bb9\u91cf")])
    assert execute_one(transaction, "SELECT Reason FROM odcr_status") == "\N{ROCKET} \u5bb9\u91cf"
