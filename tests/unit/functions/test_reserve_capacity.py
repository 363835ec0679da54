"""ReserveCapacity's own part: rounds, and when the time is up."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

import reserve_capacity
from odcr.domain.refusal import InsufficientInstanceCapacity, RequestLimitExceeded
from odcr.domain.reservation import Reservation
from odcr.domain.tags import standing_tags
from odcr.domain.target import USUAL_OPTIONS, TargetKey
from odcr.domain.wire import InvalidEvent

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
SHORTFALL = {**KEY.to_event(), "TargetCapacity": 15, "Reserved": 4, "ReservationIds": ["cr-1"]}


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"
    remaining = 120_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


TAGS = standing_tags(USUAL_OPTIONS, {"Team": "shop"})


class DryEc2:
    """EC2 that holds 4 and has no more."""

    def __init__(self, owner: str, account: str, stack_tags: dict[str, str]) -> None:
        assert (owner, account, stack_tags) == ("odcr/ap-northeast-1", "123456789012", {"Team": "shop"})

    def find(self, key: TargetKey) -> list[Reservation]:
        return [Reservation("cr-1", key, 4, "active", tags=TAGS)]

    def resize(self, _reservation: Reservation, _count: int) -> None:
        raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")


class FullBuckets:
    def __init__(self, table: str) -> None:
        assert table == "buckets"

    def take(self, _bucket: str, _kept: int, latest: float) -> float | None:
        return None if time.time() > latest else time.time()


@pytest.fixture(autouse=True)
def _functions_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_NAME", "odcr")
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("REQUEST_BUCKETS_TABLE", "buckets")
    monkeypatch.setenv("RESERVATION_TAGS", "Team=shop")
    monkeypatch.setattr(reserve_capacity, "Ec2Gateway", DryEc2)
    monkeypatch.setattr(reserve_capacity, "RequestBuckets", FullBuckets)
    monkeypatch.setattr(reserve_capacity, "_buckets", {})


def moment(seconds_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def invoke(context: Context | None = None, **changes: object) -> dict[str, Any]:
    event = {
        "Target": SHORTFALL,
        "Execution": "run-1",
        "StartedAt": moment(10),
        "EnteredAt": "2026-11-26T12:00:05.000Z",
        "Attempt": 0,
        "AskEvery": 0,
        "AskUntil": moment(-95),
    }
    return reserve_capacity.handler(event | changes, context or Context())  # type: ignore[arg-type]


def with_outcome(outcome: object) -> dict[str, Any]:
    return {**SHORTFALL, "Outcome": outcome}


def test_a_dry_pool_is_an_outcome_beside_its_shortfall() -> None:
    outcome = invoke()
    assert (outcome["Status"], outcome["Reserved"], outcome["Calls"], outcome["Refusals"]) == ("SHORT", 4, 4, 4)
    assert "InstanceType" not in outcome


def test_a_function_that_stays_asks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.time()]
    waits: list[float] = []
    monkeypatch.setattr(time, "time", lambda: now[0])

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    outcome = invoke(AskEvery=5.0, AskUntil=moment(-23))
    # The ladder goes down once; after that, one is asked for every five seconds.
    assert (outcome["Status"], outcome["Calls"]) == ("SHORT", 4 + len(waits))
    assert len(waits) in (4, 5)


def test_the_next_round_goes_on_and_sums_up(monkeypatch: pytest.MonkeyPatch) -> None:
    first = invoke()
    second = invoke(Target=with_outcome(first))
    # A pool that was dry a moment ago is asked for one.
    assert (second["Calls"], second["Refusals"]) == (5, 5)
    monkeypatch.setattr(DryEc2, "resize", lambda *_: None)
    monkeypatch.setattr(DryEc2, "find", lambda _ec2, key: [Reservation("cr-1", key, 15, "active", tags=TAGS)])
    third = invoke(Target=with_outcome(second))
    assert (third["Status"], third["Reserved"], third["Calls"]) == ("FULFILLED", 15, 5)


def test_an_error_of_a_later_round_has_what_earlier_ones_achieved(monkeypatch: pytest.MonkeyPatch) -> None:
    before = invoke() | {"Acquired": 3}
    monkeypatch.setattr(DryEc2, "find", throttled)
    with pytest.raises(RequestLimitExceeded) as caught:
        invoke(Target=with_outcome(before))
    outcome = json.loads(str(caught.value))["Outcome"]
    assert (outcome["Status"], outcome["Reserved"], outcome["Acquired"], outcome["Calls"]) == ("THROTTLED", 4, 3, 4)


@pytest.mark.parametrize("status", ["FULFILLED", "EXCESS", "ASTRAY"])
def test_a_met_target_asks_nothing_in_the_rounds_after(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    def look(_ec2: DryEc2, _key: TargetKey) -> list[Reservation]:
        raise AssertionError("EC2 was asked")

    monkeypatch.setattr(DryEc2, "find", look)
    before = {"Status": status, "Reserved": 15, "ReservationIds": ["cr-1"], "Acquired": 11, "Calls": 2}
    assert invoke(Target=with_outcome(before)) == before


def test_a_target_without_a_turn_keeps_what_it_had() -> None:
    late = {"AskUntil": moment(1)}
    assert invoke(**late) == {}
    before = invoke()
    assert invoke(**late, Target=with_outcome(before)) == before


def test_an_item_repeated_too_late_looks_once_more() -> None:
    outcome = invoke(AskUntil=moment(1), Attempt=1)
    assert (outcome["Status"], outcome["Reserved"]) == ("SHORT", 4)
    assert "Calls" not in outcome


class EmptyEc2(DryEc2):
    occasions: ClassVar[list[str]] = []

    def find(self, key: TargetKey) -> list[Reservation]:  # noqa: ARG002 - as it is called
        return []

    def create(
        self, _key: TargetKey, _options: object, _count: int, _observed: list[Reservation], occasion: str = ""
    ) -> Reservation:
        self.occasions.append(occasion)
        raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")


def test_each_entry_of_the_state_is_an_occasion_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve_capacity, "Ec2Gateway", EmptyEc2)
    monkeypatch.setattr(EmptyEc2, "occasions", [])
    empty = {**KEY.to_event(), "TargetCapacity": 1, "Reserved": 0, "ReservationIds": [], "LastStatus": "SHORT"}
    for entered, attempt in (("first", 0), ("second", 0), ("second", 1)):
        invoke(Target=empty, EnteredAt=entered, Attempt=attempt)
    first, second, repeated = EmptyEc2.occasions
    assert "run-1/first" in first
    assert "run-1/second" in second
    assert len({first, second, repeated}) == 3


def throttled(_ec2: DryEc2, _key: TargetKey) -> list[Reservation]:
    raise RequestLimitExceeded("RequestLimitExceeded", "slow down")


def test_a_refusal_to_repeat_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DryEc2, "find", throttled)
    with pytest.raises(RequestLimitExceeded) as caught:
        invoke()
    assert json.loads(str(caught.value))["Outcome"]["Status"] == "THROTTLED"


def test_a_function_that_has_to_end_asks_no_more() -> None:
    context = Context()
    context.remaining = 30_000
    outcome = invoke(context)
    assert (outcome["Status"], outcome["Reserved"]) == ("SHORT", 4)
    assert "Calls" not in outcome
    assert "Time ran out" in outcome["Reason"]


def test_an_invalid_start_time_is_reported() -> None:
    with pytest.raises(InvalidEvent, match="'StartedAt' must be a time in ISO 8601, not 'yesterday'"):
        invoke(StartedAt="yesterday")


@pytest.mark.parametrize(("seconds_ago", "held"), [(10, 2), (90, 4)])
def test_a_target_read_a_while_ago_releases_nothing(
    monkeypatch: pytest.MonkeyPatch, seconds_ago: float, held: int
) -> None:
    resized: list[int] = []
    monkeypatch.setattr(DryEc2, "resize", lambda _ec2, _reservation, count: resized.append(count))
    outcome = invoke(Target={**SHORTFALL, "TargetCapacity": 2, "Release": True}, StartedAt=moment(seconds_ago))
    assert (outcome["Reserved"], resized) == (held, [2] if held == 2 else [])


@pytest.mark.parametrize("status", ["STOPPED", "WAITING", "CAPPED", "FULFILLED"])
def test_a_later_round_leaves_alone_what_it_cannot_change(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    before = invoke() | {"Status": status, "Acquired": 3}
    monkeypatch.setattr(DryEc2, "find", lambda *_: pytest.fail("EC2 is looked at"))
    assert invoke(Target=with_outcome(before)) == before
