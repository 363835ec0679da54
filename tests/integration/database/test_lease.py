from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

import load_targets
import record_results
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import TargetKey
from odcr.gateways.lease import (
    has_recorded,
    holder_of_lease,
    holds_lease,
    mark_recorded,
    read_earlier_runs,
    release_lease,
    remember_taker,
    take_lease,
)

CONTEXT: Any = SimpleNamespace(
    function_name="odcr", memory_limit_in_mb=256, invoked_function_arn="arn", aws_request_id="test"
)


def take(transaction: Any, execution: str, seconds: int = 60) -> bool:
    with transaction() as cursor:
        return take_lease(cursor, execution, seconds)


def test_only_one_execution_holds_the_lease(transaction: Any) -> None:
    assert take(transaction, "first")
    assert not take(transaction, "second")


def test_holder_may_take_the_lease_again(transaction: Any) -> None:
    assert take(transaction, "first")
    assert take(transaction, "first")


def test_a_released_lease_is_free(transaction: Any) -> None:
    take(transaction, "first")
    with transaction() as cursor:
        release_lease(cursor, "first")
    assert take(transaction, "second")


def test_only_the_holder_releases_the_lease(transaction: Any) -> None:
    take(transaction, "first")
    with transaction() as cursor:
        release_lease(cursor, "second")
    assert not take(transaction, "second")


def test_lease_expires(transaction: Any) -> None:
    take(transaction, "first", seconds=-1)
    assert take(transaction, "second")
    with transaction() as cursor:
        assert not holds_lease(cursor, "first")
        assert holds_lease(cursor, "second")


def test_one_of_many_at_once_gets_the_lease(transaction: Any) -> None:
    with transaction():
        pass
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda number: take(transaction, f"run-{number}"), range(16)))
    assert sum(taken) == 1


def test_last_recorded_execution_is_remembered(transaction: Any) -> None:
    take(transaction, "first")
    with transaction() as cursor:
        mark_recorded(cursor, "first")
        release_lease(cursor, "first")
    with transaction() as cursor:
        assert has_recorded(cursor, "first")
        assert not has_recorded(cursor, "second")


def test_run_that_recorded_nothing_is_a_rival_for_a_while(transaction: Any) -> None:
    def follows(execution: str, *, records: bool = True) -> bool:
        with transaction() as cursor:
            take_lease(cursor, execution, 60)
            rivals = []
            for _ in range(2):
                remember_taker(cursor, execution)
                rivals.append(read_earlier_runs(cursor).may_have_rivals)
            if records:
                mark_recorded(cursor, execution)
            release_lease(cursor, execution)
        # A repeated step gets the same answer.
        assert rivals[0] == rivals[1]
        return rivals[0]

    assert [follows("first"), follows("second"), follows("dead", records=False)] == [False] * 3
    assert [follows("third"), follows("fourth")] == [True] * 2
    with transaction() as cursor:
        cursor.execute("UPDATE odcr_lease SET Expires = UTC_TIMESTAMP() - INTERVAL 1 SECOND WHERE Name = 'taken'")
    assert not follows("fifth")


def test_expired_lease_is_taken_like_a_free_one(transaction: Any) -> None:
    take(transaction, "dead", seconds=-1)
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda number: take(transaction, f"run-{number}"), range(16)))
    assert sum(taken) == 1
    with transaction() as cursor:
        assert holder_of_lease(cursor) == f"run-{taken.index(True)}"


def test_load_targets_respects_the_lease_until_it_expires(transaction: Any) -> None:
    take(transaction, "holder")
    event = {"Execution": "next", "LeaseSeconds": 60}
    busy = {"Lease": "BUSY", "Targets": [], "Rejected": [], "Prices": [], "Complete": True, "InstancesDue": False}
    assert load_targets.handler(event, CONTEXT) == busy
    with transaction() as cursor:
        cursor.execute("UPDATE odcr_lease SET Expires = UTC_TIMESTAMP() - INTERVAL 1 SECOND")
    # A state that is repeated has no further effect.
    for _ in range(2):
        assert load_targets.handler(event, CONTEXT)["Lease"] == "HELD"


def test_former_holder_writes_nothing(transaction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_NAME", "odcr")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    take(transaction, "robbed", seconds=-1)
    take(transaction, "next")
    outcome = Outcome(TargetKey("r5b.2xlarge", "ap-northeast-1c"), Status.SHORT, 15, 4, calls=1).to_event()
    results = {
        "Execution": "robbed",
        "Branches": [[{"Outcome": outcome}]],
        "Next": False,
        "Failures": 0,
        "Left": False,
        "Observed": [],
        "Rejected": [],
    }
    with pytest.raises(record_results.LeaseLost):
        record_results.handler(results, CONTEXT)
    # Nor does it release the other run's lease at its end.
    record_results.handler(results | {"Failure": "LeaseLost"}, CONTEXT)
    with transaction() as cursor:
        assert holder_of_lease(cursor) == "next"
        for table in ("odcr_status", "odcr_history", "odcr_outbox"):
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            assert cursor.fetchall() == ((0,),), table
