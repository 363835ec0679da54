"""One local cloud with the deployed stack for all system tests; every test begins with empty tables and pools."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.cloud import LocalCloud
from localcloud.stack import Stack, build

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

TABLES = ("odcr_capacity", "odcr_option", "odcr_status", "odcr_history", "odcr_lease", "odcr_outbox")


@dataclass(frozen=True)
class FirstRun:
    """The first run of a stack."""

    stack: Stack
    execution: "DescribeExecutionOutputTypeDef"
    history: list[dict[str, Any]]


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    # Fifteen seconds between the attempts at a dry pool last a quarter of a second.
    with LocalCloud(speed=60) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def first_run(cloud: LocalCloud) -> FirstRun:
    """Of the stack that all tests share, just deployed."""
    build()
    stack = Stack(cloud)
    # The tests start the runs themselves, but for the one about the schedule.
    stack.deploy({"ScheduleState": "DISABLED", "SecretRotationDays": "7"})
    execution = stack.start_run()
    return FirstRun(stack, stack.wait(execution), stack.history(execution))


@pytest.fixture
def stack(first_run: FirstRun) -> Stack:
    deployed = first_run.stack
    # The stack's own user may not drop tables.
    with deployed.cloud.database.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
    deployed.cloud.capacity.reset()
    return deployed
