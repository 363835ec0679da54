"""What the extensions of moto need of the cloud that runs them."""

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from localcloud.clock import Clock
from localcloud.database.server import DatabaseServer

ACCOUNT_ID = "123456789012"
"""moto's account, the only one."""
CONCURRENCY = 8
"""Environments per function at most; more would not run faster on a computer of a few cores."""
_CONNECTIONS = 64
"""More than the 40 items that an inline Map runs at once."""
_READ_SECONDS = 1000
"""More than the 15 minutes that a function may take."""
_session = functools.cache(boto3.Session)
"""One for all clients: each would read botocore's models anew, which takes a tenth of a second."""
_making = threading.Lock()
_ANYBODY = {"aws_access_key_id": "localcloud", "aws_secret_access_key": "localcloud"}  # nothing checks them


@dataclass(frozen=True)
class Services:
    """The running cloud, as each extension's `install` receives it."""

    endpoint: str
    """Where every AWS API answers, e.g. `http://127.0.0.1:4566`."""
    clock: Clock
    database: DatabaseServer
    announce: Callable[[str], None]
    """Tells the person who runs the cloud something, in one line."""
    concurrency: int = CONCURRENCY
    """Invocations per function at the same time."""
    _clients: dict[tuple[str, str, bool], Any] = field(default_factory=dict)

    def client(self, service: str, region: str, *, checked: bool = True) -> Any:
        """A boto3 client with which one service calls another; threads may share it.

        Args:
            service: boto3's name of the one to call.
            region: where.
            checked: whether botocore refuses bad parameters before the service does.
        """
        with _making:
            if (service, region, checked) not in self._clients:
                self._clients[service, region, checked] = self._new_client(service, region, _ANYBODY, checked=checked)
            return self._clients[service, region, checked]

    def client_of(self, credentials: Mapping[str, str], service: str, region: str) -> Any:
        """A new client with a role's credentials, as a task has it."""
        with _making:
            return self._new_client(service, region, credentials, checked=False)

    def _new_client(self, service: str, region: str, credentials: Mapping[str, str], *, checked: bool) -> Any:
        return _session().client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.endpoint,
            **credentials,
            config=Config(
                proxies={},
                # Who calls decides on repeats.
                retries={"total_max_attempts": 1},
                read_timeout=_READ_SECONDS,
                max_pool_connections=_CONNECTIONS,
                parameter_validation=checked,
            ),
        )
