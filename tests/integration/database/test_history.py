"""What odcr_history keeps, and for how long: each change, and one row of sums for an hour's other attempts."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import record_results
from localcloud.database.server import DatabaseServer
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import TargetKey
from odcr.gateways import history
from odcr.gateways.history import Entry, changes_of, delete_old_history, write_history
from odcr.gateways.lease import take_lease
from odcr.gateways.status_table import record
from tests.integration.bad_input.product import Context

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
OTHER = TargetKey("m5.large", "us-east-1a")
DRY = Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",), calls=5, refusals=4, reason="dry")
NOON = datetime(2026, 11, 26, 12, 0, 0)  # noqa: DTZ001 - the table's times have no zone


@pytest.fixture(autouse=True)
def of_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of RecordResults besides the database."""
    for name, value in (("STACK_NAME", "odcr"), ("AWS_REGION", "us-east-1"), ("ACCOUNT_ID", "123456789012")):
        monkeypatch.setenv(name, value)


def query(transaction: Any, statement: str) -> tuple[tuple[Any, ...], ...]:
    with transaction() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchall())


def attempt(transaction: Any, now: datetime, outcome: Outcome, before: str | None = None, name: str = "run-1") -> None:
    with transaction() as cursor:
        entry = Entry(outcome, before or str(outcome.status), NOON if outcome.is_short else None)
        write_history(cursor, name, now, [entry])


def test_attempts_without_a_change_share_one_row_an_hour(transaction: Any) -> None:
    for minute in range(60):
        attempt(transaction, NOON + timedelta(minutes=minute), replace(DRY, reason=f"dry at {minute}"))
    assert query(
        transaction,
        "SELECT Execution, InstanceType, AvailabilityZone, Recorded, Previous_Status, Status, Short_Since, "
        "Target_Capacity, Reserved, Acquired, Lost, Attempts, Calls, Refusals, Reason FROM odcr_history",
    ) == (
        (
            "hour 2026-11-26 12:00",
            KEY.instance_type,
            KEY.availability_zone,
            NOON + timedelta(minutes=59),
            "SHORT",
            "SHORT",
            NOON,
            15,
            11,
            0,
            0,
            60,
            300,
            240,
            "dry at 59",
        ),
    )


def test_each_hour_and_target_has_its_own_row_of_sums(transaction: Any) -> None:
    for hours, key in ((0, KEY), (1, KEY), (1, OTHER), (24, KEY)):
        attempt(transaction, NOON + timedelta(hours=hours), replace(DRY, key=key))
    assert query(transaction, "SELECT Execution, InstanceType, Attempts FROM odcr_history ORDER BY 1, 2") == (
        ("hour 2026-11-26 12:00", KEY.instance_type, 1),
        ("hour 2026-11-26 13:00", OTHER.instance_type, 1),
        ("hour 2026-11-26 13:00", KEY.instance_type, 1),
        ("hour 2026-11-27 12:00", KEY.instance_type, 1),
    )


def test_a_month_of_one_short_target_is_a_row_an_hour(transaction: Any) -> None:
    with transaction() as cursor:
        for minutes in range(0, 30 * 24 * 60, 20):
            write_history(cursor, "run-1", NOON + timedelta(minutes=minutes), [Entry(DRY, "SHORT", NOON)])
    assert query(transaction, "SELECT COUNT(*), SUM(Attempts), SUM(Calls), SUM(Refusals) FROM odcr_history") == (
        (720, 2160, 10800, 8640),
    )


@pytest.mark.parametrize(
    ("outcome", "before"),
    [
        (DRY, "FULFILLED"),
        (replace(DRY, acquired=1), "SHORT"),
        (replace(DRY, acquired=-1), "SHORT"),
        (replace(DRY, lost=1), "SHORT"),
        (replace(DRY, calls=0, lost=1), "SHORT"),
    ],
    ids=["another status", "a grant", "a release", "a loss", "a loss seen without an attempt"],
)
def test_change_has_its_own_row(transaction: Any, outcome: Outcome, before: str) -> None:
    attempt(transaction, NOON, DRY, name="run-1")
    attempt(transaction, NOON, outcome, before, "run-2")
    assert query(transaction, "SELECT Execution, Previous_Status, Status, Attempts FROM odcr_history ORDER BY 1") == (
        ("hour 2026-11-26 12:00", "SHORT", "SHORT", 1),
        ("run-2", before, "SHORT", int(outcome.was_tried)),
    )


def test_unchanged_target_without_an_attempt_leaves_no_row(transaction: Any) -> None:
    attempt(transaction, NOON, Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",)))
    assert query(transaction, "SELECT * FROM odcr_history") == ()


def test_row_of_sums_is_no_change(transaction: Any) -> None:
    # Even if a later attempt of the hour has another status.
    attempt(transaction, NOON, DRY)
    attempt(transaction, NOON, replace(DRY, status=Status.THROTTLED))
    ((name,),) = query(transaction, "SELECT Execution FROM odcr_history")
    assert query(transaction, "SELECT Previous_Status, Status FROM odcr_history") == (("THROTTLED", "THROTTLED"),)
    with transaction() as cursor:
        assert changes_of(cursor, name) == []
        assert changes_of(cursor, "run-1") == []


def test_repeated_recording_adds_sums_once(transaction: Any) -> None:
    event = {
        "Execution": "run-2",
        "Branches": [[{"Outcome": DRY.to_event()}]],
        "Next": False,
        "Failures": 0,
        "Observed": [],
        "Rejected": [],
        "Left": False,
    }
    with transaction() as cursor:
        record(cursor, "run-1", [DRY], [])
        take_lease(cursor, "run-2", 60)
    for _ in range(3):
        record_results.handler(event, Context())
    assert query(transaction, "SELECT Attempts, Calls, Refusals FROM odcr_history WHERE Execution LIKE 'hour%'") == (
        (1, 5, 4),
    )


def test_refused_row_does_not_add_other_sums_twice(transaction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver splits long lists of rows into several statements, and what the first one wrote stays."""
    monkeypatch.setattr("pymysql.cursors.Cursor.max_stmt_length", 2_000)
    keys = [TargetKey(f"m5.{number}xlarge", "us-east-1a") for number in range(40)]
    entries = [Entry(replace(DRY, key=key), "SHORT", NOON) for key in keys]
    too_much = Entry(replace(DRY, key=OTHER, calls=2**40), "SHORT", NOON)
    with transaction() as cursor:
        write_history(cursor, "run-1", NOON, [*entries, too_much])
    assert query(transaction, "SELECT COUNT(*), MIN(Attempts), MAX(Attempts) FROM odcr_history") == ((40, 1, 1),)


def test_old_rows_are_deleted_in_portions_oldest_first(transaction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_DELETED", 3)
    with transaction() as cursor:
        cursor.execute("SELECT UTC_TIMESTAMP()")
        ((now,),) = cursor.fetchall()
        # Not in the order of their age.
        for age in (398, 401, 404, 400.5, 402, 403, 0, 399.9):
            write_history(cursor, f"run-{age}", now - timedelta(days=age), [Entry(DRY, None, NOON)])
    remaining = []
    for _ in range(3):
        with transaction() as cursor:
            delete_old_history(cursor, 400)
        remaining.append(
            [name for (name,) in query(transaction, "SELECT Execution FROM odcr_history ORDER BY Recorded")]
        )
    assert remaining == [
        ["run-401", "run-400.5", "run-399.9", "run-398", "run-0"],
        ["run-399.9", "run-398", "run-0"],
        ["run-399.9", "run-398", "run-0"],
    ]


def test_a_run_deletes_rows_older_than_history_days(transaction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as cursor:
        take_lease(cursor, "run-2", 60)
        cursor.execute("SELECT UTC_TIMESTAMP()")
        ((now,),) = cursor.fetchall()
        for age in (2, 4):
            write_history(cursor, f"run-{age}-days-ago", now - timedelta(days=age), [Entry(DRY, None, NOON)])
    monkeypatch.setenv("HISTORY_DAYS", "3")
    record_results.handler(
        {
            "Execution": "run-2",
            "Branches": [],
            "Next": False,
            "Failures": 0,
            "Observed": [],
            "Rejected": [],
            "Left": False,
        },
        Context(),
    )
    assert query(transaction, "SELECT Execution FROM odcr_history") == (("run-2-days-ago",),)


def test_deleting_old_rows_uses_the_index(transaction: Any) -> None:
    statements: list[Any] = []
    with transaction() as cursor:
        recorded = NOON - timedelta(days=1_000)
        entries = [
            Entry(replace(DRY, key=TargetKey(f"m5.{number}xlarge", "us-east-1a")), None, NOON) for number in range(500)
        ]
        write_history(cursor, "run-old", recorded, entries[:5])
        cursor.execute("SELECT UTC_TIMESTAMP()")
        ((now,),) = cursor.fetchall()
        write_history(cursor, "run-new", now, entries)
        execute = cursor.execute
        cursor.execute = lambda *arguments: statements.append(arguments) or execute(*arguments)
        delete_old_history(cursor, 400)
        ((statement, values),) = statements
        execute(f"EXPLAIN FORMAT=TRADITIONAL {statement}", values)
        names = [column[0] for column in cursor.description]
        ((plan),) = cursor.fetchall()
    assert plan[names.index("key")] == "recorded"


def test_unusable_history_does_not_stop_recording(
    transaction: Any, server: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction():
        pass
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE odcr_history")
        cursor.execute("CREATE TABLE odcr_history (Id int)")
    with transaction() as cursor:
        delete_old_history(cursor, 400)
    assert "cannot be deleted" in caplog.text
