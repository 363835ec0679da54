"""The local cloud as one object."""

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from localcloud import (
    client_command,
    client_environment,
    cloudformation,
    dynamodb,
    ec2,
    events,
    iam,
    lambda_runtime,
    pricing,
    secret_rotation,
    service_quotas,
    stepfunctions,
)
from localcloud.client_environment import DEFAULT_REGION
from localcloud.clock import Clock
from localcloud.database_server import DatabaseServer
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import blueprint
from localcloud.ec2.places import zones_of
from localcloud.lambda_runtime.runtime import CONCURRENCY
from localcloud.log import Log
from localcloud.mariadb import MariaDB
from localcloud.pricing.prices import Prices
from localcloud.running import RunningCloud
from localcloud.schedule_target import TargetInvoker
from localcloud.schedules import Schedules
from localcloud.server import Server
from localcloud.services import ACCOUNT_ID, Services

ARTIFACTS_BUCKET = "localcloud-artifacts"
"""For `sam deploy --s3-bucket`; it exists from the start."""
_MEGABYTE = 1_000_000
_NEEDED_BYTES = 200 * _MEGABYTE
"""For an empty database and the unpacked functions."""
_one_at_a_time = threading.Lock()


class LocalCloud:
    """A small AWS on loopback, for as long as the `with` block or from `start()` to `stop()`.

        with LocalCloud(speed=60) as cloud:
            subprocess.run(cloud.client_command(["sam", "deploy", ...]), env=cloud.client_environment())

    One process has at most one at a time, since moto's state belongs to the process. It starts empty.

    Args:
        port: of the AWS endpoint; 0 for a free one.
        speed: cloud seconds that pass in one second on the wall.
        announce: is told, one line each, how much is accepted but without effect, and what goes wrong unseen.
        state_dir: where the folder of everything on disk is made; the system's place for temporary files by default.
        log_file: what gets a line for each thing that is of no interest to most; it stays. By default it goes as well.
        region: of clients that name none.
        database_server: which server database clusters live in.
        concurrency: how many of a function's invocations run at once at most; the others wait.
        vcpu_quota: the vCPUs of each On-Demand quota in each Region; as a new account has them by default.

    Raises:
        ValueError: EC2 has no such Region, or the speed cannot be.
    """

    database: DatabaseServer
    capacity: CapacityClient
    schedules: Schedules
    prices: Prices
    _client_folder: Path

    def __init__(
        self,
        port: int = 0,
        speed: float = 1.0,
        announce: Callable[[str], None] = lambda line: None,  # noqa: ARG005 - whoever passes none wants silence
        state_dir: Path | None = None,
        *,
        log_file: Path | None = None,
        region: str = DEFAULT_REGION,
        database_server: type[DatabaseServer] = MariaDB,
        concurrency: int = CONCURRENCY,
        vcpu_quota: int | None = None,
    ) -> None:
        if not zones_of(region):
            raise ValueError(f"EC2 has no Region {region!r}; name one such as {DEFAULT_REGION}")
        self._database_server = database_server
        self.clock = Clock(speed)
        self.region = region
        self._port = port
        self._concurrency = concurrency
        self._vcpu_quota = vcpu_quota
        self._announce = announce
        self._state_dir = state_dir
        self._log_file = log_file
        self._endpoint: str | None = None
        self._cleanup = contextlib.ExitStack()

    @property
    def endpoint(self) -> str:
        """Where every AWS API answers, e.g. `http://127.0.0.1:4566`."""
        if self._endpoint is None:
            raise RuntimeError("The local cloud has not been started; call start() or use `with`")
        return self._endpoint

    def start(self) -> None:
        """Starts everything, or, when something fails, nothing.

        Raises:
            RuntimeError: this process has a local cloud already, the port is taken, the disk is full, or the database
                does not start.
            DatabaseMissingError: there is no server program; the message says how to get one.
        """
        if not _one_at_a_time.acquire(blocking=False):
            raise RuntimeError("This process has a local cloud already, and moto has one state for all; stop it first")
        with contextlib.ExitStack() as stack:
            stack.callback(_one_at_a_time.release)
            self._start(stack)
            self._cleanup = stack.pop_all()

    def stop(self) -> None:
        """Ends schedules, functions, executions, server and database, in this order, and deletes what is on disk."""
        self._endpoint = None
        self._cleanup.close()

    def __enter__(self) -> "LocalCloud":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def client_environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment of a client process (aws, sam, boto3): `base` without what would lead it elsewhere."""
        return client_environment.applied(base, self.endpoint, self.region)

    def client_command(self, command: Sequence[str]) -> list[str]:
        """A client's command line with what leads aws, sam and mysql here in any version."""
        return client_command.isolated(command, self.endpoint, self._client_folder)

    @property
    def running(self) -> RunningCloud:
        """What other processes need to find it."""
        database = self.database
        return RunningCloud(
            self.endpoint, self.region, os.getpid(), database.host, database.port, str(self._client_folder)
        )

    def _start(self, stack: contextlib.ExitStack) -> None:
        parent = self._state_dir or Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(parent).free) < _NEEDED_BYTES:
            raise RuntimeError(
                f"{parent} has {free // _MEGABYTE} MB free, and the local cloud needs {_NEEDED_BYTES // _MEGABYTE}; "
                "free some, or set TMPDIR to another folder"
            )
        folder = parent.resolve() / f"localcloud-{secrets.token_hex(8)}"
        # Before there is a folder: an interrupt may come at any moment.
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(mode=0o700)

        moto_api_backend.reset()
        self.database = self._database_server(folder / "database", remove_with_owner=folder)
        stack.callback(self.database.destroy)
        self.database.start()
        self._client_folder = folder / "clients"
        client_command.write_files(self._client_folder, self.region, ARTIFACTS_BUCKET, self.database)

        log = Log(self._log_file or folder / "log")
        if self._log_file:
            stack.enter_context(log.taking_all())
        server = Server(self._port, [blueprint], log)
        stack.callback(server.stop)
        services = Services(server.endpoint, self.clock, self.database, self._announce, log)
        dynamodb.install()
        ec2.install(self.clock, get_partition(self.region), self._vcpu_quota)
        service_quotas.install()
        events.install(services)
        iam.install()
        self.prices = pricing.install()
        stack.callback(stepfunctions.shutdown)
        stack.callback(lambda_runtime.shutdown)
        lambda_runtime.install(services, self._concurrency)
        stepfunctions.install(services)
        cloudformation.install(services)
        secret_rotation.install(services)
        server.start()

        self.capacity = CapacityClient(server.endpoint)
        s3_backends[ACCOUNT_ID][get_partition(self.region)].create_bucket(ARTIFACTS_BUCKET, self.region)
        invoker = TargetInvoker(server.endpoint, self.clock, self._announce)
        self.schedules = Schedules(self.clock, invoker, self._announce)
        stack.callback(self.schedules.stop)
        self.schedules.start()
        self._endpoint = server.endpoint
