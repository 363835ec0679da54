"""One local cloud with the deployed stack for all system tests. Each begins with empty pools, no tables and no runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from deployment.build import ROOT, build
from deployment.stack import Stack
from localcloud.cloud import LocalCloud
from localcloud.database.mariadb import MariaDB
from localcloud.database.mysql import MySQL
from localcloud.ec2 import PLENTY
from localcloud.services import ACCOUNT_ID
from localcloud.tests.escape import Proxy
from tests.system.shell_user import ShellUser

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

TABLES = (
    "odcr_version",
    "odcr_capacity",
    "odcr_option",
    "odcr_group",
    "odcr_group_member",
    "odcr_status",
    "odcr_history",
    "odcr_lease",
    "odcr_outbox",
    "odcr_price",
)

SPEED = 20
"""Cloud seconds in a second: slow enough that a function starts within a run, even on a busy machine."""

SERVERS = {"mariadb": MariaDB, "mysql": MySQL}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/system --database=mysql` uses a MySQL that is set up like Aurora."""
    parser.addoption("--database", choices=sorted(SERVERS), default="mariadb", help="the local cloud's server")


@dataclass(frozen=True)
class FirstRun:
    """The first run of a stack."""

    stack: Stack
    execution: "DescribeExecutionOutputTypeDef"
    history: list[dict[str, Any]]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs tests with a cloud of another speed last, because a process has one cloud at a time."""
    items.sort(key=lambda item: hasattr(item, "callspec") and "cloud" in item.callspec.params)


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    """The local cloud. `@pytest.mark.parametrize("cloud", [speed], indirect=True)` gives a test another speed."""
    speed = getattr(request, "param", SPEED)
    server = SERVERS[request.config.getoption("--database")]
    with LocalCloud(speed=speed, database_server=server, vcpu_quota=PLENTY) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder with the built functions, for all processes that run tests; commands of the docs build to another."""
    folder = ROOT / ".aws-sam" / "tests"
    build(folder)
    return folder


@pytest.fixture(scope="session")
def first_run(cloud: LocalCloud, built: Path) -> FirstRun:
    """The first run of the stack that all tests share."""
    stack = Stack(cloud, built=built)
    # The tests start the runs themselves, except those of the schedule.
    stack.deploy({"ScheduleState": "DISABLED", "SecretRotationDays": "7"})
    execution = stack.start_run()
    return FirstRun(stack, stack.wait(execution), stack.history(execution))


@pytest.fixture
def stack(first_run: FirstRun) -> Stack:
    deployed = first_run.stack
    # A run of the previous test may have started UpdatePrices.
    machine = deployed.outputs["UpdatePricesArn"]
    running = deployed.client("stepfunctions").list_executions(stateMachineArn=machine, statusFilter="RUNNING")
    for execution in running["executions"]:
        deployed.wait(execution["executionArn"])
    # `odcr release` waits for the functions of a run that failed a moment ago, also in another test.
    for each in stepfunctions_parser_backends[ACCOUNT_ID][deployed.cloud.region].state_machines:
        each.executions = [execution for execution in each.executions if execution.status == "RUNNING"]
    # The stack's own user may not drop tables.
    with deployed.cloud.database.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
    deployed.cloud.capacity.reset()
    return deployed


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' packages, so that `sam build` needs no package index."""
    folder = tmp_path_factory.mktemp("wheels")
    requirements = ["--requirement", str(ROOT / "functions" / "requirements.txt"), "--require-hashes", "--no-deps"]
    python = ["--python-version", "3.13", "--implementation", "cp", "--only-binary=:all:"]
    platforms = ["--platform", "manylinux2014_aarch64", "--platform", "any"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder)]
    subprocess.run([*pip, *requirements, *python, *platforms], check=True)
    return folder


@pytest.fixture
def user(tmp_path: Path, wheels: Path) -> Iterator[ShellUser]:
    """A person whose every setting leads to an account, and whose only way out is a proxy that records."""
    with Proxy() as proxy:
        user = ShellUser(
            tmp_path, proxy, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
        )
        yield user
        user.stop()
