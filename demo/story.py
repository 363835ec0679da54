"""The demonstration's story: what happens to EC2's capacity, and what the system has to achieve."""

from collections.abc import Callable
from dataclasses import dataclass

from deployment.stack import Stack

Key = tuple[str, str]
"""Instance type and Availability Zone; for a group `("group", its name)`."""

R5B: Key = ("r5b.2xlarge", "ap-northeast-1c")
M5: Key = ("m5.xlarge", "ap-northeast-1a")
C6I: Key = ("c6i.large", "ap-northeast-1d")
CHECKOUT: Key = ("group", "checkout")

ROWS: dict[Key, int] = {R5B: 15, M5: 6, C6I: 8}

M6I: Key = ("m6i.2xlarge", "ap-northeast-1a")
M6I_LARGER: Key = ("m6i.4xlarge", "ap-northeast-1d")
M5_2X: Key = ("m5.2xlarge", "ap-northeast-1c")

VCPUS: dict[Key, int] = {M6I: 8, M6I_LARGER: 16, M5_2X: 8}
"""The vCPUs of an instance in each pool of the group, by priority."""

TARGETS: dict[Key, int] = {**ROWS, CHECKOUT: 64}
"""What is wanted: instances, or the group's vCPUs."""

RESERVATIONS: dict[Key, int] = {**ROWS, M6I: 3, M6I_LARGER: 2, M5_2X: 1}
"""What EC2 has to hold at the end, each in one reservation."""

QUOTA = 256
"""vCPUs of Standard instances that EC2 allows; all targets together have 224."""

DEADLINE_MINUTES = 10
"""The group's deadline, in the cloud's minutes after it is inserted. It is usually met after four."""

LAST_TABLE = "odcr_outbox"
"""The table that is created last."""

STATEMENTS = (
    "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)",
    "INSERT INTO odcr_capacity VALUES ('m5.xlarge','ap-northeast-1a',6,0)",
    "INSERT INTO odcr_capacity VALUES ('c6i.large','ap-northeast-1d',8,0)",
    "INSERT INTO odcr_group (Group_Name, TotalTargetCapacity, Unit, Deadline) "
    "VALUES ('checkout', 64, 'vcpus', '{deadline:%Y-%m-%d %H:%M:%S}')",
    "INSERT INTO odcr_group_member (Group_Name, InstanceType, AvailabilityZone, Priority) "
    "VALUES ('checkout','m6i.2xlarge','ap-northeast-1a',1), ('checkout','m6i.4xlarge','ap-northeast-1d',2), "
    "('checkout','m5.2xlarge','ap-northeast-1c',3)",
)


@dataclass(frozen=True)
class Scene:
    """Something that happens outside, and the state that every target must reach within a run or two."""

    text: str
    expected: dict[Key, tuple[int, str]]
    """What is held, and the status, by target."""
    happen: Callable[[Stack], None] = lambda _: None
    meanwhile: bool = False
    """Whether it happens while a run is asking."""
    verdict: str = ""
    """The verdict on the group's deadline; empty if it has not passed or does not matter."""


def _scarce(stack: Stack) -> None:
    stack.cloud.capacity.set_free(*R5B, 4)
    stack.cloud.capacity.set_free(*M5, 6)
    stack.cloud.capacity.set_free(*C6I, 0)
    stack.cloud.capacity.set_free(*M6I, 3)


def _some_freed(stack: Stack) -> None:
    stack.cloud.capacity.add_free(*R5B, 7)
    stack.cloud.capacity.add_free(*C6I, 3)
    stack.cloud.capacity.add_free(*M6I_LARGER, 2)
    stack.cloud.capacity.add_free(*M5_2X, 1)


def _cancelled(stack: Stack) -> None:
    for reservation in stack.reservations():
        if reservation["InstanceType"] == M5[0] and reservation["State"] == "active":
            stack.client("ec2").cancel_capacity_reservation(CapacityReservationId=reservation["CapacityReservationId"])
    stack.cloud.capacity.set_free(*M5, 2)


def _plenty(stack: Stack) -> None:
    for key in ROWS:
        stack.cloud.capacity.add_free(*key, 9)


_MET = {key: (target, "FULFILLED") for key, target in TARGETS.items()}

SCENES = (
    Scene(
        "EC2 has 4 r5b.2xlarge, 6 m5.xlarge and 3 m6i.2xlarge, which have 8 vCPUs each. It has none of the others.",
        {R5B: (4, "SHORT"), M5: (6, "FULFILLED"), C6I: (0, "SHORT"), CHECKOUT: (24, "SHORT")},
        _scarce,
    ),
    Scene(
        "While it asks, other customers give back 7 r5b.2xlarge, 3 c6i.large, 2 m6i.4xlarge and 1 m5.2xlarge.",
        {R5B: (11, "SHORT"), M5: (6, "FULFILLED"), C6I: (3, "SHORT"), CHECKOUT: _MET[CHECKOUT]},
        _some_freed,
        meanwhile=True,
    ),
    Scene(
        "Somebody cancels the m5.xlarge reservation in the console, and others take 4 of the 6.",
        {R5B: (11, "SHORT"), M5: (2, "SHORT"), C6I: (3, "SHORT"), CHECKOUT: _MET[CHECKOUT]},
        _cancelled,
    ),
    Scene("While it asks, 9 of each of the three rows are given back.", _MET, _plenty, meanwhile=True),
    Scene("All is held. The group's deadline comes, and its verdict.", _MET, verdict="MET"),
)
