"""Since when a pool has been dry, as odcr_status keeps it."""

from dataclasses import replace
from typing import Any

import pytest

from odcr.domain.outcome import Outcome, Status
from odcr.gateways.target_tables import read_targets

from .recording import INSERT, KEY, SHORT, execute, execute_one, write


def dry_since(transaction: Any) -> Any:
    return execute_one(transaction, "SELECT Dry_Since FROM odcr_status")


def dry_for_a_day(transaction: Any) -> Any:
    """Records a target whose pool has been dry for a day, and returns since when."""
    execute(transaction, INSERT)
    write(transaction, "run-1", [Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",), calls=5)])
    execute(transaction, "UPDATE odcr_status SET Dry_Since = UTC_TIMESTAMP() - INTERVAL 1 DAY")
    return dry_since(transaction)


def test_a_target_is_read_with_how_long_it_has_been_dry(transaction: Any) -> None:
    execute(transaction, INSERT)
    write(transaction, "run-1", [replace(SHORT, acquired=0)])
    execute(transaction, "UPDATE odcr_status SET Dry_Since = UTC_TIMESTAMP() - INTERVAL 2 DAY")
    with transaction() as cursor:
        ((target,), _) = read_targets(cursor)
    assert target.dry_seconds in range(172_800, 172_810)


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
def test_pool_stays_dry(transaction: Any, outcome: Outcome) -> None:
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
    attempted, observed = ([outcome], []) if was_tried else ([], [outcome])
    write(transaction, "run-2", attempted, observed)
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
