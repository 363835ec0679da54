"""Rows of odcr_option that are no target's are noticed, and no others."""

import pytest

from odcr.domain.requests import Change, request_of
from odcr.domain.row_problems import lonely_options, only_lowers

ROWS = [("r5b.2xlarge", "ap-northeast-1c", 15), ("m5.large", "apne1-az1", 1)]


@pytest.mark.parametrize(
    "key",
    [
        ("r5b.2xlarge", "ap-northeast-1c"),
        (" R5B.2xlarge", "AP-northeast-1C "),
        (b"r5b.2xlarge\0\0", "ap-northeast-1c"),
        # Which name an id has, only EC2 knows.
        ("r5b.2xlarge", "apne1-az4"),
        ("m5.large", "ap-northeast-1a"),
    ],
)
def test_options_that_may_belong_to_a_target_are_not_lonely(key: tuple[object, object]) -> None:
    assert lonely_options(ROWS, [key]) == {}


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        (("r5b.2xlarg", "ap-northeast-1c"), "r5b.2xlarge ap-northeast-1c"),
        (("r5b.2xlarge", "ap-northeast-1a"), "r5b.2xlarge ap-northeast-1c"),
        (("r5b.2xlarge", "use1-az1"), "m5.large apne1-az1"),
        (("nothing", "like it"), ""),
        ((None, None), ""),
    ],
)
def test_a_typo_is_answered_with_the_nearest_row(key: tuple[object, object], nearest: str) -> None:
    ((place, reason),) = lonely_options(ROWS, [key]).items()
    assert place == tuple(cell or "" for cell in key)
    assert reason.startswith("No row of odcr_capacity has this type and zone")
    assert ("The nearest is" in reason) is bool(nearest)
    assert nearest in reason


def change(table: str, key: dict[str, str], column: str, now: object, before: object) -> Change:
    was = None if before is None else key | {column: before}
    (item,) = request_of({"Change": [{"Table": table, "Row": key | {column: now}, "Was": was}]}).items  # type: ignore[union-attr]
    return item


@pytest.mark.parametrize(
    ("now", "before", "is_so"),
    [
        (4, 15, True),
        (0, 1, True),
        ("16.5", "64", True),
        (15, 15, False),
        (16, 15, False),
        (-1, 15, False),
        (4, None, False),
        ("x", 15, False),
    ],
)
def test_a_change_that_only_lowers_is_never_a_problem(now: object, before: object, is_so: bool) -> None:
    pool = {"InstanceType": "m5.large", "AvailabilityZone": "eu-west-1a"}
    assert only_lowers(change("odcr_capacity", pool, "Target_Capacity", now, before)) is is_so
    assert only_lowers(change("odcr_group", {"Group_Name": "web"}, "TotalTargetCapacity", now, before)) is is_so
    assert not only_lowers(change("odcr_group_member", pool | {"Group_Name": "web"}, "Weight", now, before))
