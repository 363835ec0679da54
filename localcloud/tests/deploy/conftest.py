"""moto's server with the extensions under test, a database that only remembers, and the real SAM CLI."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import certifi
import pytest
from moto.moto_api._internal.models import moto_api_backend

from localcloud import cloudformation, ec2, iam, lambda_runtime, stepfunctions
from localcloud.clients.environment import applied
from localcloud.clock import Clock
from localcloud.database.mariadb import MariaDB
from localcloud.extensions import dynamodb, events
from localcloud.server import Server
from localcloud.services import Services

if TYPE_CHECKING:
    from localcloud.tests.deploy.functions import Function

REGION = "ap-northeast-1"
BUCKET = "artifacts"
SPEED = 50.0
SAMPLE = Path(__file__).parent / "sample"


@dataclass
class RememberedDatabase:
    """Replaces MariaDB, and remembers what it was asked."""

    ca_file: Path
    host: str = "127.0.0.1"
    port: int = 3307
    logins: dict[str, tuple[str, str]] = field(default_factory=dict)

    def create_database(self, name: str, username: str, password: str) -> None:
        """Remembers the login by database."""
        self.logins[name] = (username, password)

    def drop_database(self, name: str) -> None:
        """Forgets it."""
        del self.logins[name]


@dataclass
class Cloud:
    """The served cloud, as tests use it."""

    services: Services
    database: RememberedDatabase

    @property
    def endpoint(self) -> str:
        return self.services.endpoint

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        return self.services.client(service, REGION)

    def sam(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the SAM CLI in the folder."""
        person = {"HOME": str(folder), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "TMPDIR": str(folder.parent)}
        environment = applied(person, self.endpoint, REGION)
        program = Path(sys.executable).with_name("sam")
        return subprocess.run(
            [program, *arguments], cwd=folder, env=environment, text=True, capture_output=True, check=False, timeout=120
        )

    def role(self) -> str:
        """The ARN of a role for functions and state machines."""
        iam = self.client("iam")
        if not any(role["RoleName"] == "tests" for role in iam.list_roles()["Roles"]):
            iam.create_role(RoleName="tests", AssumeRolePolicyDocument="{}")
        return str(iam.get_role(RoleName="tests")["Role"]["Arn"])

    def create_function(self, name: str, code: str, **settings: Any) -> str:
        """Creates a function whose app.py is the code; returns its ARN."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("app.py", code)
        defaults = {"Handler": "app.handler", "Runtime": "python3.13", "Timeout": 20, "Role": self.role()}
        created = self.client("lambda").create_function(
            FunctionName=name, Code={"ZipFile": content.getvalue()}, **(defaults | settings)
        )
        return str(created["FunctionArn"])

    def run(self, machine_arn: str, given: Any) -> dict[str, Any]:
        """Starts an execution and returns it when it has ended; its output is read."""
        started = self.client("stepfunctions").start_execution(stateMachineArn=machine_arn, input=json.dumps(given))
        return self.ended(started["executionArn"])

    def ended(self, execution_arn: str) -> dict[str, Any]:
        """The execution, once it has ended; its output is read."""
        client, deadline = self.client("stepfunctions"), time.monotonic() + 30
        while (execution := client.describe_execution(executionArn=execution_arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.05)
        if "output" in execution:
            execution["output"] = json.loads(execution["output"])
        return dict(execution)

    def deploy(self, folder: Path, stack: str, *more: str) -> subprocess.CompletedProcess[str]:
        """`sam deploy`, without a `sam build`: the sample needs no packages."""
        return self.sam(
            folder,
            *("deploy", "--stack-name", stack, "--s3-bucket", BUCKET, "--region", REGION, "--no-confirm-changeset"),
            *("--capabilities", "CAPABILITY_IAM", *more),
        )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One cloud for the tests of a file, fifty times as fast as the wall."""
    ca_file = tmp_path_factory.mktemp("database") / "ca.pem"
    ca_file.write_bytes(Path(certifi.where()).read_bytes()[:4096])
    database = RememberedDatabase(ca_file)
    moto_api_backend.reset()
    server = Server(0, [])
    services = Services(server.endpoint, Clock(SPEED), cast(MariaDB, database), print)
    dynamodb.install()
    ec2.install(services.clock)
    events.install(services)
    iam.install()
    for extension in (cloudformation, lambda_runtime, stepfunctions):
        extension.install(services)
    server.start()
    running = Cloud(services, database)
    running.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield running
    stepfunctions.shutdown()
    lambda_runtime.shutdown()
    server.stop()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample project that a test may change."""
    folder = tmp_path / "sample"
    shutil.copytree(SAMPLE, folder)
    return folder


@pytest.fixture
def function(cloud: Cloud, request: pytest.FixtureRequest) -> "Function":
    """The test's own function, with a time-out of two seconds."""
    from localcloud.tests.deploy.functions import CODE, Function

    name = re.sub(r"\W+", "-", request.node.name)[:64].strip("-")
    cloud.create_function(name, CODE, Timeout=2, Environment={"Variables": {"VARIABLE": "old"}})
    return Function(cloud, name)


Replace = Callable[[Path, str, str], None]


@pytest.fixture
def replace() -> Replace:
    """Changes a text in a file, which must be there."""

    def change(file: Path, old: str, new: str) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change
