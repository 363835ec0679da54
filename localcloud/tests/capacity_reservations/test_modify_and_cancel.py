"""ModifyCapacityReservation and CancelCapacityReservation."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Refused = Callable[..., str]
UNKNOWN = {"CapacityReservationId": "cr-00000000000000000"}


def test_the_count_is_absolute(cloud: Any) -> None:
    made = cloud.create(InstanceCount=5)
    for _ in range(2):
        answer = cloud.modify(made, InstanceCount=12)
        assert (answer["Return"], answer["AdjustmentStatus"]) == (True, "applied")
        assert cloud.again(made)["TotalInstanceCount"] == 12
    cloud.modify(made, InstanceCount=2)
    after = cloud.again(made)
    assert (after["TotalInstanceCount"], after["AvailableInstanceCount"]) == (2, 2)


def test_the_end_and_the_match_criteria(cloud: Any) -> None:
    made = cloud.create(InstanceCount=5)
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    cloud.modify(made, EndDateType="limited", EndDate=end, InstanceMatchCriteria="targeted")
    after = cloud.again(made)
    assert (after["EndDateType"], after["EndDate"], after["InstanceMatchCriteria"]) == ("limited", end, "targeted")
    assert after["TotalInstanceCount"] == 5
    cloud.modify(made, EndDate=end + timedelta(hours=1))
    assert cloud.again(made)["EndDate"] == end + timedelta(hours=1)
    cloud.modify(made, EndDateType="unlimited")
    after = cloud.again(made)
    assert (after["EndDateType"], "EndDate" in after) == ("unlimited", False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "MissingParameter"),
        ({"InstanceCount": 0}, "InvalidParameterValue"),
        ({"InstanceCount": -1}, "InvalidParameterValue"),
        ({"InstanceCount": 1006}, "InvalidParameterValue"),
        ({"EndDateType": "limited"}, "InvalidParameterCombination"),
        ({"EndDate": datetime(2999, 1, 1, tzinfo=UTC)}, "InvalidParameterCombination"),
        ({"EndDateType": "limited", "EndDate": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterValue"),
        ({"InstanceMatchCriteria": "closed"}, "InvalidParameterValue"),
        ({"QuoteId": "crq-1"}, "Unsupported"),
    ],
)
def test_what_is_wrong_is_refused(cloud: Any, refused: Refused, changes: dict[str, Any], code: str) -> None:
    made = cloud.create(InstanceCount=5)
    assert refused(cloud.modify, made, **changes) == code
    assert cloud.again(made) == made


def test_a_change_by_a_thousand_is_the_most(cloud: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=1000)
    cloud.modify(made, InstanceCount=2000)
    assert refused(cloud.modify, made, InstanceCount=999) == "InvalidParameterValue"
    assert cloud.again(made)["TotalInstanceCount"] == 2000


def test_cancel_gives_back_and_stays_visible(cloud: Any) -> None:
    made = cloud.create(InstanceCount=5)
    assert cloud.cancel(made)["Return"] is True
    after = cloud.again(made)
    assert (after["State"], after["TotalInstanceCount"], after["AvailableInstanceCount"]) == ("cancelled", 5, 0)


def test_an_ended_one_can_be_neither_modified_nor_cancelled(cloud: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    cloud.cancel(made)
    assert refused(cloud.modify, made, InstanceCount=6) == "InvalidState"
    assert refused(cloud.cancel, made) == "InvalidState"


def test_an_unknown_one(cloud: Any, refused: Refused) -> None:
    not_found = "InvalidCapacityReservationId.NotFound"
    assert refused(cloud.modify, UNKNOWN, InstanceCount=2) == not_found
    assert refused(cloud.cancel, UNKNOWN) == not_found
    malformed = "InvalidCapacityReservationId.Malformed"
    assert refused(cloud.cancel, {"CapacityReservationId": "i-00000000000000000"}) == malformed


def test_one_of_another_region_is_unknown(cloud: Any, refused: Refused) -> None:
    made = cloud.create()
    cloud.use("us-west-2")
    assert refused(cloud.cancel, made) == "InvalidCapacityReservationId.NotFound"


def test_dry_runs(cloud: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    assert refused(cloud.modify, made, InstanceCount=6, DryRun=True) == "DryRunOperation"
    assert refused(cloud.cancel, made, DryRun=True) == "DryRunOperation"
    assert refused(cloud.describe, DryRun=True) == "DryRunOperation"
    assert cloud.again(made) == made
