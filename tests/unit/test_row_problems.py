"""Rows of odcr_option that are no target's are noticed, and no others."""

import pytest

from odcr.domain.row_problems import lonely_options

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
def test_what_is_or_may_be_a_targets_is_not_lonely(key: tuple[object, object]) -> None:
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
    ((written, reason),) = lonely_options(ROWS, [key]).items()
    assert written == tuple(cell or "" for cell in key)
    assert reason.startswith("No row of odcr_capacity has this type and zone")
    assert ("The nearest is" in reason) is bool(nearest)
    assert nearest in reason
