"""Rows that people delete from odcr_capacity are looked after until nothing is held for them."""

from typing import Any

from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import TargetKey
from odcr.gateways.target_tables import read_targets

from .recording import FULFILLED, INSERT, KEY, SHORT, execute, write


def test_row_deleted_while_unseen_is_looked_at_once_more(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, Status.FAILED, 15, 0)])
    execute(transaction, "DELETE FROM odcr_capacity")
    write(transaction, "run-2", [], [])
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert (target.key, target.withdrawn) == (KEY, True)


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
    write(transaction, "run-2", [], [Outcome(KEY, Status.FULFILLED, 0, 0)])
    with transaction() as cursor:
        assert len(read_targets(cursor)[0]) == 1
    write(transaction, "run-3", [], [])
    assert execute(transaction, "SELECT * FROM odcr_status") == ()
