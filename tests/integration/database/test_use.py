"""What is in use and unused, and the instances that cannot use it, as the tables keep it."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

import load_targets
import record_results
from localcloud.database.server import DatabaseServer
from odcr.domain.costs import Costs, totals_of
from odcr.domain.misfits import InstanceLook, Misfits
from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.prices import NO_PRICES
from odcr.domain.target import TargetKey
from odcr.domain.use import NO_USE, Use
from odcr.gateways.history import changes_of
from odcr.gateways.lease import read_earlier_runs, take_lease
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record
from odcr.gateways.target_tables import read_targets
from odcr.observability import metrics
from tests.integration.bad_input.product import Context
from tests.integration.database.conftest import DATABASE

KEY, OTHER = TargetKey("r5b.2xlarge", "ap-northeast-1c"), TargetKey("m5.large", "us-east-1a")
HELD = Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), use=Use(4, 11))
SAID = InstanceLook((Misfits(KEY, "2 run beside it and cannot use it: 2 are Windows."),))
SENTENCE = SAID.misfits[0].sentence


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("STACK_NAME", "odcr"), ("AWS_REGION", "ap-northeast-1"), ("ACCOUNT_ID", "123456789012")):
        monkeypatch.setenv(name, value)


@pytest.fixture
def sql(transaction: Any) -> Any:
    """`sql(statement)`: what it answers."""

    def execute(statement: str) -> tuple[Any, ...]:
        with transaction() as cursor:
            cursor.execute(statement)
            return tuple(cursor.fetchall())

    execute("INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0), ('m5.large','us-east-1a',5,0)")
    return execute


@pytest.fixture
def write(transaction: Any) -> Any:
    """`write(outcome, look)`: records what a run saw; whether that is a change."""
    runs = iter(range(100))

    def recorded(*outcomes: Outcome, look: InstanceLook | None = None) -> bool:
        with transaction() as cursor:
            name = f"run-{next(runs)}"
            record(cursor, name, [], outcomes, look)
            return bool(changes_of(cursor, name))

    return recorded


def test_use_is_recorded_with_its_start_and_is_no_change(transaction: Any, sql: Any, write: Any) -> None:
    assert write(HELD)
    assert sql("SELECT In_Use, Unused, Unused_Since = Since FROM odcr_status") == ((4, 11, 1),)
    sql("UPDATE odcr_status SET Unused_Since = UTC_TIMESTAMP() - INTERVAL 90 MINUTE")
    assert not write(replace(HELD, use=Use(12, 3)))
    with transaction() as cursor:
        standing = totals_of(update_costs(cursor, NO_PRICES), costs=Costs())
        assert (standing.unused, standing.longest_unused_minutes) == (3, 90)
        (other, target), _ = read_targets(cursor)
    assert (other.last_use, target.last_use) == (NO_USE, Use(12, 3))
    assert not write(replace(HELD, use=Use(15, 0)))
    assert sql("SELECT In_Use, Unused, Unused_Since FROM odcr_status") == ((15, 0, None),)
    write(HELD)
    with transaction() as cursor:
        assert totals_of(update_costs(cursor, NO_PRICES), costs=Costs()).longest_unused_minutes == 0
    assert sql("SELECT COUNT(*) FROM odcr_history") == ((1,),)


def test_unseen_use_stays(transaction: Any, sql: Any, write: Any) -> None:
    write(HELD, look=SAID)
    before = sql("SELECT In_Use, Unused, Unused_Since, Misfits FROM odcr_status")
    with transaction() as cursor:
        (_, target), _ = read_targets(cursor)
    write(with_record_kept(target, Status.THROTTLED, "EC2 says nothing."))
    assert sql("SELECT In_Use, Unused, Unused_Since, Misfits FROM odcr_status") == before
    assert before[0][3] == SENTENCE


def test_never_seen_use_is_unknown(sql: Any, write: Any) -> None:
    write(Outcome(KEY, Status.FAILED, 15, 0, is_use_known=False))
    assert sql("SELECT In_Use, Unused, Unused_Since, Misfits FROM odcr_status") == ((None,) * 4,)


def misfits(sql: Any) -> list[Any]:
    return [text for (text,) in sql("SELECT Misfits FROM odcr_status ORDER BY InstanceType DESC")]


def test_misfits_stay_until_a_look_shows_otherwise_or_all_is_used(sql: Any, write: Any) -> None:
    other = replace(HELD, key=OTHER)
    write(HELD, other, look=SAID)
    assert misfits(sql) == [SENTENCE, None]
    write(HELD)
    write(look=InstanceLook((), "ap-northeast-1"))
    write(HELD, look=InstanceLook(is_partial=True))
    assert misfits(sql) == [SENTENCE, None]
    # Also for what a run has nothing else to say of.
    write(look=InstanceLook((Misfits(OTHER, "x"),), "ap-northeast-1"))
    assert misfits(sql) == [SENTENCE, "x"]
    write(replace(HELD, use=Use(15, 0)))
    assert misfits(sql) == [None, "x"]
    write(look=InstanceLook())
    assert misfits(sql) == [None, None]


def test_status_table_without_misfits_loses_only_the_warning(sql: Any, write: Any, server: DatabaseServer) -> None:
    write(HELD)
    with closing(server.admin_connection(database=DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE odcr_status DROP COLUMN Misfits")
    write(replace(HELD, key=OTHER), look=SAID)
    assert sql("SELECT SUM(Unused) FROM odcr_status") == ((22,),)


def run(name: str, instances: dict[str, Any] | None) -> None:
    record_results.handler(
        {
            "Execution": name,
            "Branches": [],
            "Observed": [HELD.to_event()],
            "Rejected": [],
            "Next": False,
            "Failures": 0,
            "Left": False,
            "Instances": instances,
        },
        Context(),
    )


def test_look_is_due_until_taken_and_again_after_an_hour(transaction: Any, sql: Any) -> None:
    def is_due(name: str) -> bool:
        return bool(load_targets.handler({"Execution": name, "LeaseSeconds": 60}, Context())["InstancesDue"])

    # The second run did not look: nothing was unused.
    for name, instances in (("run-1", None), ("run-2", SAID.to_event())):
        assert is_due(name)
        run(name, instances)
    assert misfits(sql) == [SENTENCE]
    assert not is_due("run-3")
    run("run-3", None)
    sql("UPDATE odcr_lease SET Expires = Expires - INTERVAL 59 MINUTE WHERE Name = 'look'")
    assert not is_due("run-4")
    sql("UPDATE odcr_lease SET Expires = Expires - INTERVAL 61 SECOND WHERE Name = 'look'")
    run("run-4", None)
    assert is_due("run-5")
    # Another run took the lease: what it saw is older than what that one writes, and is looked at again.
    with transaction() as cursor:
        cursor.execute("UPDATE odcr_lease SET Expires = UTC_TIMESTAMP() - INTERVAL 1 SECOND")
        assert take_lease(cursor, "run-6", 60)
    with pytest.raises(record_results.LeaseLost):
        run("run-5", InstanceLook().to_event())
    with transaction() as cursor:
        assert read_earlier_runs(cursor).is_look_due
    assert misfits(sql) == [SENTENCE]


@pytest.mark.parametrize(("minutes", "is_watched"), [(None, False), ("0", False), ("30", True)])
def test_unused_metric_is_sent_only_with_an_alarm(
    transaction: Any, monkeypatch: pytest.MonkeyPatch, minutes: str | None, is_watched: bool
) -> None:
    if minutes is not None:
        monkeypatch.setenv("UNUSED_ALARM_MINUTES", minutes)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(metrics.provider, "flush_metrics", lambda **_: sent.append(dict(metrics.provider.metric_set)))
    with transaction() as cursor:
        take_lease(cursor, "run-1", 60)
    run("run-1", None)
    assert sent[0]["InstancesUnused"]["Value"] == [11]
    assert ("LongestUnusedMinutes" in sent[0]) is is_watched
    metrics.provider.clear_metrics()
