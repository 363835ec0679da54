"""One local cloud with the deployed stack for all system tests; every test begins with empty tables and pools."""

from collections.abc import Iterator

import pytest

from localcloud.cloud import LocalCloud
from localcloud.stack import Stack, build

TABLES = ("odcr_capacity", "odcr_option", "odcr_status", "odcr_history", "odcr_lease")


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    # Fifteen seconds between the attempts at a dry pool last a quarter of a second.
    with LocalCloud(speed=60) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def deployed(cloud: LocalCloud) -> Stack:
    build()
    stack = Stack(cloud)
    # The tests start the runs themselves, but for the one about the schedule.
    stack.deploy({"ScheduleState": "DISABLED"})
    return stack


@pytest.fixture
def stack(deployed: Stack) -> Stack:
    for table in TABLES:
        deployed.sql(f"DROP TABLE IF EXISTS {table}")
    deployed.cloud.capacity.reset()
    return deployed
