"""CreateCapacityReservationBySplitting."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localcloud.tests.capacity_reservations.calls import split

Refused = Callable[..., tuple[str, int]]


def counts(cloud: Any) -> list[tuple[str, int]]:
    return [(one["State"], one["TotalInstanceCount"]) for one in cloud.describe()]


def test_only_what_is_available_goes(cloud: Any, capacity: Any, refused: Refused) -> None:
    source = cloud.create(InstanceCount=5)
    capacity.alter(source["CapacityReservationId"], AvailableInstanceCount=2)
    assert refused(split, cloud, source, 3) == ("InvalidParameterValue", 400)
    split(cloud, source, 2)
    left, made = cloud.describe()
    assert (left["AvailableInstanceCount"], made["AvailableInstanceCount"]) == (0, 2)


def test_only_an_active_one_is_split_and_none_that_is_committed(cloud: Any, capacity: Any, refused: Refused) -> None:
    source = cloud.create(InstanceCount=5)
    end = datetime(2999, 1, 1, tzinfo=UTC)
    commitment = {"CommittedInstanceCount": 2, "CommitmentEndDate": end}
    capacity.alter(source["CapacityReservationId"], CommitmentInfo=commitment)
    assert refused(split, cloud, source, 1) == ("OperationNotPermitted", 400)
    capacity.alter(source["CapacityReservationId"], CommitmentInfo=None)
    assert refused(split, cloud, source, 1, DryRun=True) == ("DryRunOperation", 412)
    cloud.cancel(source)
    assert refused(split, cloud, source, 1) == ("InvalidState", 400)
    unknown = {"CapacityReservationId": "cr-00000000000000000"}
    assert refused(split, cloud, unknown, 1) == ("InvalidCapacityReservationId.NotFound", 400)
