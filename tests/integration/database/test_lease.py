from concurrent.futures import ThreadPoolExecutor
from typing import Any

from odcr.gateways.lease import has_recorded, holds_lease, mark_recorded, release_lease, take_lease


def take(transaction: Any, execution: str, seconds: int = 60) -> bool:
    with transaction() as cursor:
        return take_lease(cursor, execution, seconds)


def test_one_at_a_time(transaction: Any) -> None:
    assert take(transaction, "first")
    assert not take(transaction, "second")


def test_the_holder_may_take_it_again(transaction: Any) -> None:
    assert take(transaction, "first")
    assert take(transaction, "first")


def test_a_released_lease_is_free(transaction: Any) -> None:
    take(transaction, "first")
    with transaction() as cursor:
        release_lease(cursor, "first")
    assert take(transaction, "second")


def test_nobody_releases_anothers_lease(transaction: Any) -> None:
    take(transaction, "first")
    with transaction() as cursor:
        release_lease(cursor, "second")
    assert not take(transaction, "second")


def test_it_expires_by_itself(transaction: Any) -> None:
    take(transaction, "first", seconds=-1)
    assert take(transaction, "second")
    with transaction() as cursor:
        assert not holds_lease(cursor, "first")
        assert holds_lease(cursor, "second")


def test_of_many_at_once_one_gets_it(transaction: Any) -> None:
    with transaction():
        pass
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda number: take(transaction, f"run-{number}"), range(16)))
    assert sum(taken) == 1


def test_the_last_to_record_is_remembered(transaction: Any) -> None:
    take(transaction, "first")
    with transaction() as cursor:
        mark_recorded(cursor, "first")
        release_lease(cursor, "first")
    with transaction() as cursor:
        assert has_recorded(cursor, "first")
        assert not has_recorded(cursor, "second")
