import json

import pytest

from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import QuotaExceeded, RequestLimitExceeded
from odcr.domain.target import TargetKey
from odcr.domain.wire import InvalidEvent
from odcr.domain.wording import MAX_REASON

OUTCOME = Outcome(
    TargetKey("r5b.2xlarge", "ap-northeast-1c"),
    Status.THROTTLED,
    15,
    11,
    ("cr-1",),
    ("cr-1",),
    7,
    5,
    "busy",
    refusals=3,
)


def test_an_outcome_survives_its_event_and_its_error() -> None:
    assert Outcome.from_event(OUTCOME.to_event()) == OUTCOME
    assert Outcome.from_event(str(RequestLimitExceeded("Throttling", "slow down").ending(OUTCOME))) == OUTCOME


def test_five_hundred_outcomes_fit_into_one_state() -> None:
    longest = Outcome(
        TargetKey("u-12tb1.112xlarge", "us-east-1-wl1-bos-wlz-1"),
        Status.QUOTA_EXCEEDED,
        99_999,
        99_998,
        ("cr-0123456789abcdef0",),
        (),
        99_998,
        40,
        "x" * 500,
        refusals=40,
    )
    text = json.dumps(str(QuotaExceeded("VcpuLimitExceeded", "").ending(longest)))
    assert "x" * MAX_REASON in text
    assert len(text) * 500 < 256 * 1024


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("not json", "must be a JSON object, not 'not json'"),
        ("[]", "must be a JSON object, not list"),
        ({"Status": "HAPPY"}, "'Status' must be one of FULFILLED, PENDING, .*, not 'HAPPY'"),
        ({"Status": "SHORT"}, "'InstanceType' is missing"),
    ],
)
def test_a_broken_outcome_is_named(event: object, said: str) -> None:
    with pytest.raises(InvalidEvent, match=said):
        Outcome.from_event(event)  # type: ignore[arg-type]
