"""Reasons are cut at 200 characters; what to do is never what is lost."""

import pytest

from odcr.domain import regions
from odcr.domain.matching import conflicts
from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import InvalidTarget, OutcomeUnknown, RequestLimitExceeded, RequestRefused
from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, Target, TargetKey, reason_to_reject
from odcr.domain.wording import MAX_NAME, MAX_REASON, brief, listed, quoted, with_detail
from tests.unit.functions.defaults import compare

LONG = "x" * 255
UNSEEN = "\0" * 255
"""Takes four times as much when it is made visible."""
KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
REGION = f"ap-{'x' * 230}-1"
MANY = [Reservation(f"cr-0123456789abc{number:04}", KEY, 100, "active") for number in range(3500)]


@pytest.mark.parametrize("name", [LONG, UNSEEN, "'" * 255, '"' * 255, "é🚀" * 100])
def test_a_quoted_name_takes_no_more_than_its_room(name: str) -> None:
    assert len(quoted(name)) <= MAX_NAME
    assert "..." in quoted(name)
    assert quoted(name)[0] == quoted(name)[-1]


def test_a_valid_name_is_not_cut() -> None:
    for name in ("r5b.2xlarge", "ap-northeast-1-wl1-nrt-wlz-1", "u7inh-32tb.480xlarge"):
        assert quoted(name) == repr(name)
        assert brief(name) == name


def test_names_that_do_not_fit_are_counted() -> None:
    assert listed([], 20) == ""
    assert listed(["cr-1"], 20) == "cr-1"
    assert listed(["cr-1", "cr-2"], 20) == "cr-1 and cr-2"
    assert listed(["a", "b", "c"], 20, last="or") == "a, b or c"
    assert listed([f"cr-{number}" for number in range(50)], 25) == "cr-0, cr-1 and 48 more"
    assert listed([LONG, LONG], 30) == f"{'x' * 27}..."


def test_a_detail_takes_what_room_is_left() -> None:
    assert with_detail("Do this.", "Because.") == "Do this. (Because.)"
    cut = with_detail("Do this.", LONG)
    assert len(cut) == MAX_REASON
    assert cut.endswith("...)")
    assert with_detail("Do this.", "") == "Do this."


@pytest.mark.parametrize("text", [LONG, UNSEEN, LONG.upper(), f"{LONG[:200]}.2xlarge ", f"US-{LONG[:240]}-1a"])
def test_a_row_with_the_longest_names_says_what_to_write(text: str) -> None:
    for key in (TargetKey(text, KEY.availability_zone), TargetKey(KEY.instance_type, text)):
        reason = str(reason_to_reject(key, 5))
        assert len(reason) <= MAX_REASON
        assert reason.startswith("Write ")


REFUSALS = [
    RequestLimitExceeded("RequestLimitExceeded", LONG),
    OutcomeUnknown("ReadTimeoutError", LONG),
    RequestRefused("UnauthorizedOperation", LONG),
    RequestRefused(LONG, LONG),
    InvalidTarget("InvalidParameterValue", LONG),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code[:30])
def test_the_reason_for_a_silent_region_is_not_cut(refusal: RequestRefused) -> None:
    target = Target(TargetKey("r5b.2xlarge", f"{REGION}a"), 5, last_reserved=3, last_ids=("cr-1",))
    findings = regions.Findings(silent={REGION: refusal})
    (unseen,) = regions.outcomes_of_unseen([target], findings, "us-east-1", [REGION], lambda _region: "aws")
    for outcome in (unseen, regions.with_unread_zones(target, REGION, refusal)):
        assert len(outcome.reason) <= MAX_REASON
        assert (outcome.reserved, outcome.reservation_ids) == (3, ("cr-1",))
        assert (outcome.status == Status.THROTTLED) == isinstance(refusal, RequestLimitExceeded)
    assert refusal.advice in unseen.reason or isinstance(refusal, InvalidTarget)


def test_the_reason_for_an_unknown_zone_is_not_cut() -> None:
    target = Target(TargetKey(f"r5b.{'x' * 240}", f"use1-{'x' * 240}-az1", "us-east-1a"), 5)
    zones = {f"use1-az{number}": f"us-east-1{number}" for number in range(60)}
    reasons = [
        regions.why_missing(REGION, ["ap-east-1"]),
        regions.why_postponed(REGION),
        regions.why_elsewhere(REGION, "aws-us-gov", "aws-iso-b"),
        regions.with_unknown_zone(target, REGION, zones).reason,
        *(outcome.reason for outcome in conflicts([target, Target(target.key.pool, 5)])),
    ]
    assert len(reasons) == 5
    for reason in reasons:
        assert len(reason) <= MAX_REASON, reason


def reasons_about(target: Target, reservations: list[Reservation], releases: bool = False) -> list[Outcome]:
    return compare([target], [], reservations, releases=releases).observed


def test_thousands_of_reservations_do_not_hide_what_to_do() -> None:
    windows = ReservationOptions(platform="Windows")
    (other,) = reasons_about(Target(KEY, 15, options=windows), MANY)
    (excess,) = reasons_about(Target(KEY, 15, last_ids=tuple(one.id for one in MANY)), MANY)
    (unlisted,) = compare([], [], MANY).observed
    (beside,) = reasons_about(
        Target(KEY, 15, options=windows), [*MANY, Reservation("cr-9", KEY, 15, "active", platform="Windows")]
    )
    for outcome, what_to_do in (
        (other, "Cancel these in EC2, or correct odcr_option; nothing is bought until then:"),
        (excess, "raise the target, or reduce cr-0123456789abc0000 and "),
        (excess, "3499 more in EC2."),
        (unlisted, "cancel cr-0123456789abc0000 and "),
        (unlisted, "3499 more in EC2."),
        (beside, "cancel these unless you want them:"),
    ):
        assert what_to_do in outcome.to_event()["Reason"]
