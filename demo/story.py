"""What happens to EC2's capacity in the demonstration, and what the system has to make of it."""

from collections.abc import Callable
from dataclasses import dataclass

from localcloud.stack import Stack

Key = tuple[str, str]
"""Instance type and Availability Zone."""

R5B: Key = ("r5b.2xlarge", "ap-northeast-1c")
M5: Key = ("m5.xlarge", "ap-northeast-1a")
C6I: Key = ("c6i.large", "ap-northeast-1d")

TARGETS: dict[Key, int] = {R5B: 15, M5: 6, C6I: 8}

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS odcr_capacity (InstanceType varchar(255), AvailabilityZone varchar(255), "
    "PRIMARY KEY (InstanceType, AvailabilityZone), Target_Capacity int NOT NULL, Current_Capacity int DEFAULT 0)",
    "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)",
    "INSERT INTO odcr_capacity VALUES ('m5.xlarge','ap-northeast-1a',6,0)",
    "INSERT INTO odcr_capacity VALUES ('c6i.large','ap-northeast-1d',8,0)",
)


@dataclass(frozen=True)
class Scene:
    """Something that happens outside, and how every target has to stand after the next run or two."""

    text: str
    happen: Callable[[Stack], None]
    expected: dict[Key, tuple[int, str]]
    """Instances held and status, by target."""
    meanwhile: bool = False
    """Whether it happens while a run is asking."""


def _scarce(stack: Stack) -> None:
    stack.cloud.capacity.set_free(*R5B, 4)
    stack.cloud.capacity.set_free(*M5, 6)
    stack.cloud.capacity.set_free(*C6I, 0)


def _some_freed(stack: Stack) -> None:
    stack.cloud.capacity.add_free(*R5B, 7)
    stack.cloud.capacity.add_free(*C6I, 3)


def _cancelled(stack: Stack) -> None:
    for reservation in stack.reservations():
        if reservation["InstanceType"] == M5[0] and reservation["State"] == "active":
            stack.client("ec2").cancel_capacity_reservation(CapacityReservationId=reservation["CapacityReservationId"])
    stack.cloud.capacity.set_free(*M5, 2)


def _plenty(stack: Stack) -> None:
    for key in TARGETS:
        stack.cloud.capacity.add_free(*key, 9)


SCENES = (
    Scene(
        "EC2 has 4 r5b.2xlarge and 6 m5.xlarge. It has no c6i.large.",
        _scarce,
        {R5B: (4, "SHORT"), M5: (6, "FULFILLED"), C6I: (0, "SHORT")},
    ),
    Scene(
        "While it asks, other customers give back 7 r5b.2xlarge and 3 c6i.large.",
        _some_freed,
        {R5B: (11, "SHORT"), M5: (6, "FULFILLED"), C6I: (3, "SHORT")},
        meanwhile=True,
    ),
    Scene(
        "Somebody cancels the m5.xlarge reservation in the console, and others take 4 of the 6.",
        _cancelled,
        {R5B: (11, "SHORT"), M5: (2, "SHORT"), C6I: (3, "SHORT")},
    ),
    Scene(
        "While it asks, 9 of each are given back.",
        _plenty,
        {R5B: (15, "FULFILLED"), M5: (6, "FULFILLED"), C6I: (8, "FULFILLED")},
        meanwhile=True,
    ),
)
