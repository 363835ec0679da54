"""What purchases have spent, in the table of buckets: no two runs together exceed a cap."""

import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from odcr.domain.refusal import RequestLimitExceeded
from odcr.gateways import request_buckets
from odcr.gateways.spend_ledger import SETTLED_SECONDS, Purse, SpendLedger

CAP = Decimal("10.05")
PRICE = Decimal("0.7")


def ledger(run: str = "run-1") -> SpendLedger:
    return SpendLedger("buckets", run)


def item() -> Any:
    return boto3.client("dynamodb").get_item(TableName="buckets", Key={"Bucket": {"S": "spend"}})["Item"]


def test_purchases_are_counted_up_to_the_cap_and_no_further() -> None:
    assert ledger().open() == 0
    assert ledger().settle(Decimal("8.5"), is_shown=True)
    purse = Purse(ledger(), CAP)
    assert purse.take(2 * PRICE)
    assert not purse.take(PRICE)
    purse.put_back(PRICE)
    assert purse.take(PRICE)
    assert int(item()["Spent"]["N"]) == 9_900_000


def test_nothing_is_spent_before_the_run_settles() -> None:
    assert not Purse(ledger(), CAP).take(PRICE)
    ledger().open()
    assert not Purse(ledger(), CAP).take(PRICE)


def test_attempts_of_an_earlier_run_spend_nothing_more() -> None:
    first, second = ledger("run-1"), ledger("run-2")
    first.open()
    first.settle(Decimal(1), is_shown=True)
    purse = Purse(first, CAP)
    assert purse.take(3 * PRICE)
    # What may not be shown by EC2 yet.
    assert second.open() == Decimal("3.1")
    assert not purse.take(PRICE)
    purse.put_back(3 * PRICE)
    assert not first.settle(Decimal(0), is_shown=True)
    assert second.settle(Decimal("3.1"), is_shown=True)
    assert Purse(second, CAP).take(9 * PRICE)
    assert not Purse(second, CAP).take(PRICE)


def test_old_or_refused_purchases_do_not_count_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger("run-1").open()
    ledger("run-1").settle(Decimal(5), is_shown=True)
    purse = Purse(ledger("run-1"), CAP)
    assert purse.take(PRICE)
    purse.put_back(PRICE)
    # A person may have cancelled something: EC2 alone counts.
    assert ledger("run-2").open() == 0
    ledger("run-2").settle(Decimal(5), is_shown=True)
    assert Purse(ledger("run-2"), CAP).take(PRICE)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + SETTLED_SECONDS - 1)
    assert ledger("run-3").open() == Decimal("5.7")
    monkeypatch.setattr(time, "time", lambda: now + SETTLED_SECONDS + 1)
    assert ledger("run-3").open() == 0


def test_forty_attempts_at_once_never_exceed_the_cap() -> None:
    ledger().open()
    ledger().settle(Decimal("0.35"), is_shown=True)
    bought: list[int] = []

    def attempt(seed: int) -> None:
        chance = random.Random(seed)
        purse = Purse(ledger(), CAP)
        for _ in range(10):
            count = chance.randint(1, 4)
            if purse.take(count * PRICE):
                if chance.random() < 0.5:
                    purse.put_back(count * PRICE)
                else:
                    bought.append(count)

    threads = [threading.Thread(target=attempt, args=(seed,)) for seed in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = Decimal("0.35") + sum(bought) * PRICE
    assert CAP - PRICE < total <= CAP
    assert int(item()["Spent"]["N"]) == total * 1_000_000


@pytest.mark.parametrize(
    "call",
    [
        lambda ledger: ledger.open(),
        lambda ledger: ledger.settle(PRICE, is_shown=True),
        lambda ledger: ledger.add(PRICE, CAP),
    ],
    ids=["open", "settle", "add"],
)
def test_unreachable_table_allows_no_purchase(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[SpendLedger], object]
) -> None:
    def refused(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": "no"}}, "UpdateItem")

    monkeypatch.setattr(request_buckets.client(), "update_item", refused)
    with pytest.raises(RequestLimitExceeded, match="The table that counts spending did not answer"):
        call(ledger())
    Purse(ledger(), CAP).put_back(PRICE)


def test_fractions_are_rounded_to_the_safe_side() -> None:
    ledger().open()
    ledger().settle(Decimal("0.0000001"), is_shown=True)
    assert int(item()["Spent"]["N"]) == 1
    assert not Purse(ledger(), Decimal("0.0000019")).take(Decimal("0.0000001"))


def test_unshown_purchases_stay_counted_over_several_runs() -> None:
    ledger("run-1").open()
    ledger("run-1").settle(Decimal(1), is_shown=True)
    assert Purse(ledger("run-1"), CAP).take(3 * PRICE)
    for run in ("run-2", "run-2", "run-3"):
        assert ledger(run).open() == Decimal("3.1")
        assert ledger(run).settle(Decimal("3.1"), is_shown=False)
