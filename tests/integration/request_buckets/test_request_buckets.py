"""The request buckets in DynamoDB; moto stands in for it."""

import random
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from odcr.domain.pace import DEPTH, KEPT, REQUESTS_PER_SECOND, SLACK
from odcr.domain.refusal import RequestLimitExceeded
from odcr.gateways import request_buckets
from odcr.gateways.request_buckets import RequestBuckets

BUCKET, FAR = "ap-northeast-1 Create", 4e9


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    return 1000.0


def test_unused_bucket_is_full(stopped: float) -> None:
    buckets = RequestBuckets("buckets")
    turns = [buckets.take(BUCKET, 0, FAR) for _ in range(DEPTH + 2)]
    assert all(turn is not None and turn <= stopped for turn in turns[:DEPTH])
    assert turns[DEPTH:] == [stopped + 1 / REQUESTS_PER_SECOND, stopped + 2 / REQUESTS_PER_SECOND]


def test_separate_functions_share_a_bucket(stopped: float) -> None:
    turns = [RequestBuckets("buckets").take(BUCKET, 0, FAR) for _ in range(DEPTH + 1)]
    assert turns[-1] == stopped + 1 / REQUESTS_PER_SECOND
    assert RequestBuckets("buckets").take("ap-northeast-1 Modify", 0, FAR) is not None


def test_alternating_takers_see_each_other_s_requests(stopped: float) -> None:
    takers = RequestBuckets("buckets"), RequestBuckets("buckets")
    turns = [taker.take(BUCKET, 0, FAR) for _ in range(DEPTH) for taker in takers]
    assert turns[-1] == stopped + DEPTH / REQUESTS_PER_SECOND


def test_concurrent_takers_get_different_times() -> None:
    turns: list[float | None] = []
    start = threading.Barrier(8)

    def take() -> None:
        buckets = RequestBuckets("buckets")
        start.wait()
        turns.extend(buckets.take(BUCKET, 0, FAR) for _ in range(15))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moments = sorted(turn for turn in turns if turn is not None)
    assert len(moments) == 120
    # Moments are whole milliseconds.
    assert all(later - earlier > 1 / REQUESTS_PER_SECOND - 0.002 for earlier, later in pairwise(moments))


def test_request_that_would_be_too_late_is_not_taken(stopped: float) -> None:
    buckets = RequestBuckets("buckets")
    for _ in range(DEPTH):
        buckets.take(BUCKET, 0, FAR)
    assert buckets.take(BUCKET, 0, latest=stopped) is None
    assert RequestBuckets("buckets").take(BUCKET, 0, latest=stopped) is None
    assert buckets.take(BUCKET, 0, FAR) == stopped + 1 / REQUESTS_PER_SECOND


@pytest.mark.parametrize(("functions", "every"), [(1, 5.0), (5, 5.0), (20, 5.0), (40, 10.0)])
def test_concurrent_functions_rarely_need_a_second_try(
    monkeypatch: pytest.MonkeyPatch, functions: int, every: float
) -> None:
    """Each try costs a write and takes time."""
    now, tries = [1000.0], [0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    try_to_take = RequestBuckets._try_to_take

    def counted(*args: Any) -> bool:
        tries[0] += 1
        return try_to_take(*args)

    monkeypatch.setattr(RequestBuckets, "_try_to_take", counted)
    chance = random.Random(1)
    taking = [(1000 + chance.random() * every, RequestBuckets("buckets")) for _ in range(functions)]
    taken, moments = 0, []
    while taking:
        taking.sort(key=lambda pair: pair[0])
        now[0], buckets = taking.pop(0)
        turn = buckets.take(BUCKET, KEPT, FAR)
        assert turn is not None
        moments.append(max(turn, now[0]))
        taken += 1
        if now[0] < 1100:
            taking.append((moments[-1] + every + chance.uniform(0, 0.3), buckets))
    assert tries[0] < 1.2 * taken
    moments.sort()
    for number, moment in enumerate(moments):
        since = [earlier for earlier in moments[: number + 1] if earlier > moment - 10]
        assert len(since) <= DEPTH + REQUESTS_PER_SECOND * (10 + SLACK)


def test_without_the_table_nothing_is_sent() -> None:
    with pytest.raises(RequestLimitExceeded, match="did not answer"):
        RequestBuckets("no-such-table").take(BUCKET, 0, FAR)


def test_unanswered_write_is_retried(monkeypatch: pytest.MonkeyPatch, stopped: float) -> None:
    client, lost = request_buckets.client(), iter([True, True])
    update = client.update_item

    def update_item(**request: Any) -> Any:
        if next(lost, False):
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return update(**request)

    monkeypatch.setattr(client, "update_item", update_item)
    turn = RequestBuckets("buckets").take(BUCKET, 0, FAR)
    assert turn is not None
    assert turn <= stopped
