"""The local cloud as one object."""

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from localcloud.botocore_files import read_once
from localcloud.clients import command, environment
from localcloud.clients.environment import DEFAULT_REGION
from localcloud.clock import Clock
from localcloud.commands.running import RunningCloud
from localcloud.database.mariadb import MariaDB
from localcloud.database.server import DatabaseServer
from localcloud.ec2.client import CapacityClient
from localcloud.log import Log
from localcloud.services import ACCOUNT_ID, CONCURRENCY, Services

if TYPE_CHECKING:
    from localcloud.pricing.prices import Prices
    from localcloud.schedule.schedules import Schedules

ARTIFACTS_BUCKET = "localcloud-artifacts"
"""For `sam deploy --s3-bucket`; it exists from the start."""
_MEGABYTE = 1_000_000
_NEEDED_BYTES = 200 * _MEGABYTE
"""For an empty database and the unpacked functions."""
_one_at_a_time = threading.Lock()


@dataclass(eq=False)
class LocalCloud:
    """A small AWS on loopback, for as long as the `with` block or from `start()` to `stop()`.

        with LocalCloud(speed=60) as cloud:
            subprocess.run(cloud.client_command(["sam", "deploy", ...]), env=cloud.client_environment())

    It starts empty. A process has at most one at a time, since moto's state belongs to the process.
    """

    port: int = 0
    """Of the AWS endpoint; 0 takes a free one."""
    speed: float = 1.0
    """Cloud seconds per second on the wall."""
    announce: Callable[[str], None] = lambda line: None  # noqa: ARG005 - silence
    """Receives one line for everything that is accepted without effect, or fails unseen."""
    state_dir: Path | None = None
    """Where the folder of everything on disk is created; the system's temporary folder by default."""
    _: KW_ONLY
    log_file: Path | None = None
    """Where the log goes, which then stays. By default it is deleted with everything else."""
    region: str = DEFAULT_REGION
    """Of clients that name none."""
    database_server: type[DatabaseServer] = MariaDB
    """In which database clusters live."""
    concurrency: int = CONCURRENCY
    """Invocations per function at the same time; more wait."""
    vcpu_quota: int | None = None
    """vCPUs of each On-Demand quota in each Region; by default those of a new account."""

    database: DatabaseServer = field(init=False)
    capacity: CapacityClient = field(init=False)
    schedules: "Schedules" = field(init=False)
    prices: "Prices" = field(init=False)
    _client_folder: Path = field(init=False)
    _endpoint: str | None = field(init=False, default=None)
    _cleanup: contextlib.ExitStack = field(init=False, default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        self.clock = Clock(self.speed)

    @property
    def endpoint(self) -> str:
        """Where every AWS API answers, e.g. `http://127.0.0.1:4566`."""
        if self._endpoint is None:
            raise RuntimeError("The local cloud has not been started; call start() or use `with`")
        return self._endpoint

    def start(self) -> None:
        """Starts everything, or nothing if something fails.

        Takes AWS settings out of this process's environment, for good: its own clients must not use them either. Also
        for good, botocore's files are read once.

        Raises:
            ValueError: EC2 has no such Region.
            RuntimeError: this process has a local cloud already, the port is taken, the disk is full, or the database
                does not start.
            DatabaseMissingError: there is no server program; the message says how to get one.
        """
        # Before moto is imported, which looks up AWS_PROFILE then. So this module imports it late.
        environment.isolate(os.environ)
        read_once()
        from localcloud.ec2.places import zones_of

        if not zones_of(self.region):
            raise ValueError(f"EC2 has no Region {self.region!r}; name one such as {DEFAULT_REGION}")
        if not _one_at_a_time.acquire(blocking=False):
            raise RuntimeError("This process has a local cloud already, and moto has one state for all; stop it first")
        with contextlib.ExitStack() as stack:
            stack.callback(_one_at_a_time.release)
            services = self._prepare(stack)
            self._serve(services, stack)
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
        return environment.applied(base, self.endpoint, self.region)

    def client_command(self, arguments: Sequence[str]) -> list[str]:
        """A client's command line with the options that lead aws, sam and mysql here."""
        return command.isolated(arguments, self.endpoint, self._client_folder)

    @property
    def running(self) -> RunningCloud:
        """What other processes need to find it."""
        return RunningCloud(self.endpoint, self.region, os.getpid(), str(self._client_folder))

    def _prepare(self, stack: contextlib.ExitStack) -> Services:
        """The folder, the database, the log, and a server that does not answer yet."""
        from localcloud.ec2.control import blueprint
        from localcloud.server import Server

        folder = self._state_folder()
        # It makes the folder, and deletes it even if this process is killed.
        self.database = self.database_server(folder)
        # Before there is a folder: an interrupt may come at any moment.
        stack.callback(self.database.destroy)
        self.database.start()
        self._client_folder = folder / "clients"
        command.write_files(self._client_folder, self.region, ARTIFACTS_BUCKET, self.database)
        log = Log(self.log_file or folder / "log")
        if self.log_file:
            stack.enter_context(log.taking_all())
        self._server = Server(self.port, [blueprint], log)
        stack.callback(self._server.stop)
        return Services(self._server.endpoint, self.clock, self.database, self.announce, self.concurrency)

    def _state_folder(self) -> Path:
        parent = self.state_dir or Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(parent).free) < _NEEDED_BYTES:
            raise RuntimeError(
                f"{parent} has {free // _MEGABYTE} MB free, and the local cloud needs {_NEEDED_BYTES // _MEGABYTE}; "
                "free some, or set TMPDIR to another folder"
            )
        return parent.resolve() / f"localcloud-{secrets.token_hex(8)}"

    def _serve(self, services: Services, stack: contextlib.ExitStack) -> None:
        """Extends moto, lets the server answer, and starts the schedules."""
        from moto.moto_api._internal.models import moto_api_backend
        from moto.s3.models import s3_backends
        from moto.utilities.utils import get_partition

        from localcloud import cloudformation, ec2, iam, lambda_runtime, pricing, stepfunctions
        from localcloud.extensions import dynamodb, events, secret_rotation, service_quotas
        from localcloud.schedule.schedules import Schedules

        partition = get_partition(self.region)
        moto_api_backend.reset()
        dynamodb.install()
        ec2.install(self.clock, partition, self.vcpu_quota)
        service_quotas.install()
        events.install(services)
        iam.install()
        self.prices = pricing.install()
        for extension in (stepfunctions, lambda_runtime):
            stack.callback(extension.shutdown)
            extension.install(services)
        cloudformation.install(services)
        secret_rotation.install(services)
        self._server.start()
        self.capacity = CapacityClient(services.endpoint)
        s3_backends[ACCOUNT_ID][partition].create_bucket(ARTIFACTS_BUCKET, self.region)
        self.schedules = Schedules(services)
        stack.callback(self.schedules.stop)
        self.schedules.start()
        self._endpoint = services.endpoint
