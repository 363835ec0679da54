"""What the extensions of moto need of the cloud that runs them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from localcloud.clock import Clock
from localcloud.database.server import DatabaseServer
from localcloud.log import Log

ACCOUNT_ID = "123456789012"
"""moto's account, the only one."""
CONCURRENCY = 8
"""Environments per function at most; more would not run faster on a computer of a few cores."""
_READ_SECONDS = 10


@dataclass(frozen=True)
class Services:
    """The running cloud, as each extension's `install` receives it."""

    endpoint: str
    """Where every AWS API answers, e.g. `http://127.0.0.1:4566`."""
    clock: Clock
    database: DatabaseServer
    announce: Callable[[str], None]
    """Tells the person who runs the cloud something, in one line."""
    log: Log = field(default_factory=lambda: Log(None))
    concurrency: int = CONCURRENCY
    """Invocations per function at the same time."""
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client with which one service calls another. It asks once: who calls decides on repeats."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = boto3.Session().client(
                    service,  # type: ignore[call-overload]
                    region_name=region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id="localcloud",
                    aws_secret_access_key="localcloud",  # noqa: S106 - nothing checks it
                    config=Config(proxies={}, retries={"total_max_attempts": 1}, read_timeout=_READ_SECONDS),
                )
            return self._clients[service, region]
