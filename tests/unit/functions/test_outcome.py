import json

import pytest

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import QuotaExceeded, RequestLimitExceeded
from odcr.domain.rounds import outcome_so_far
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import Target, TargetKey
from odcr.domain.wire import InvalidEvent
from odcr.domain.wording import MAX_REASON

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
OUTCOME = Outcome(
    KEY,
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
    error = RequestLimitExceeded("Throttling", "slow down").ending(OUTCOME)
    beside = Shortfall((Pool(KEY, 0),), OUTCOME.target or 0).to_event()
    assert outcome_so_far({**beside, **json.loads(str(error))}) == OUTCOME


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
        ({**KEY.to_event(), "Status": "HAPPY"}, "'Status' must be one of FULFILLED, PENDING, .*, not 'HAPPY'"),
        ({"Status": "SHORT"}, "'InstanceType' is missing"),
        ("not an object", "must be an object with 'InstanceType', not str"),
    ],
)
def test_a_broken_outcome_is_named(event: object, said: str) -> None:
    with pytest.raises(InvalidEvent, match=said):
        Outcome.from_event(event)  # type: ignore[arg-type]


def test_an_unseen_target_keeps_its_whole_record() -> None:
    """Also how many reservations the record does not name: else these would be taken for bought twice."""
    target = Target(KEY, 15, last_reserved=15, last_ids=("cr-1", "cr-2"), more_ids=3)
    outcome = with_record_kept(target, Status.FAILED, "us-east-1 does not answer.")
    assert (outcome.reserved, outcome.reservation_ids, outcome.more_ids) == (15, ("cr-1", "cr-2"), 3)
    assert outcome.to_event()["ReservationIds"] == ["cr-1", "cr-2", "3 more"]
