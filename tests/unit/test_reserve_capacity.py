"""ReserveCapacity's own part: when the run has no time left."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import reserve_capacity
from odcr.domain.refusal import InsufficientInstanceCapacity, RequestLimitExceeded
from odcr.domain.reservation import Reservation
from odcr.domain.target import TargetKey
from odcr.domain.wire import InvalidEvent

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
SHORTFALL = {**KEY.to_event(), "TargetCapacity": 15, "Reserved": 4, "ReservationIds": ["cr-1"]}


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"
    remaining = 120_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


class DryEc2:
    def __init__(self, owner: str, account: str) -> None:
        assert (owner, account) == ("odcr/ap-northeast-1", "123456789012")

    def find(self, key: TargetKey) -> list[Reservation]:
        return [Reservation("cr-1", key, 4, "active")]

    def resize(self, _reservation: Reservation, _count: int) -> None:
        raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")


@pytest.fixture(autouse=True)
def _functions_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_NAME", "odcr")
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setattr(reserve_capacity, "Ec2Gateway", DryEc2)


def invoke(context: Context | None = None, **event: object) -> dict[str, Any]:
    return reserve_capacity.handler({"Target": SHORTFALL, "Execution": "run-1", **event}, context or Context())  # type: ignore[arg-type]


def started(seconds_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def test_a_dry_pool_is_an_outcome() -> None:
    outcome = invoke(StartedAt=started(10), RunSeconds=780)
    assert (outcome["Status"], outcome["Reserved"], outcome["Calls"], outcome["Refusals"]) == ("SHORT", 4, 4, 4)


def throttled(_ec2: DryEc2, _key: TargetKey) -> list[Reservation]:
    raise RequestLimitExceeded("RequestLimitExceeded", "slow down")


def test_what_is_to_be_repeated_is_an_error_while_the_run_has_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DryEc2, "find", throttled)
    with pytest.raises(RequestLimitExceeded) as caught:
        invoke(StartedAt=started(10), RunSeconds=780)
    assert json.loads(str(caught.value))["Status"] == "THROTTLED"


def test_it_is_an_outcome_that_nothing_repeats_when_the_run_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DryEc2, "find", throttled)
    assert invoke(StartedAt=started(800), RunSeconds=780)["Status"] == "THROTTLED"


@pytest.mark.parametrize(("seconds_left", "seconds_ago"), [(30, 10), (120, 800)])
def test_a_function_that_has_to_end_asks_no_more(seconds_left: int, seconds_ago: int) -> None:
    context = Context()
    context.remaining = 1000 * seconds_left
    outcome = invoke(context, StartedAt=started(seconds_ago), RunSeconds=780)
    assert (outcome["Status"], outcome["Reserved"]) == ("SHORT", 4)
    assert "Calls" not in outcome
    assert "The time was up" in outcome["Reason"]


def test_a_start_that_is_no_time_is_told() -> None:
    with pytest.raises(InvalidEvent, match="'StartedAt' must be a time in ISO 8601, not 'yesterday'"):
        invoke(StartedAt="yesterday")


@pytest.mark.parametrize(("seconds_ago", "held"), [(10, 2), (90, 4)])
def test_a_target_that_was_read_a_while_ago_releases_nothing(
    monkeypatch: pytest.MonkeyPatch, seconds_ago: float, held: int
) -> None:
    resized: list[int] = []
    monkeypatch.setattr(DryEc2, "resize", lambda _ec2, _reservation, count: resized.append(count))
    outcome = invoke(Target={**SHORTFALL, "TargetCapacity": 2, "Release": True}, StartedAt=started(seconds_ago))
    assert (outcome["Reserved"], resized) == (held, [2] if held == 2 else [])
