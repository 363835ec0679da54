"""What the extensions of moto need of the cloud that runs them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from localcloud.clock import Clock
from localcloud.database_server import DatabaseServer
from localcloud.log import Log

ACCOUNT_ID = "123456789012"
"""moto's account; the local cloud has only this one."""


@dataclass(frozen=True)
class Services:
    """The running cloud, as one object that each extension's `install` receives."""

    endpoint: str
    """Where every AWS API answers, e.g. `http://127.0.0.1:4566`."""
    clock: Clock
    database: DatabaseServer
    """The server in which an `AWS::RDS::DBCluster` gets its database."""
    announce: Callable[[str], None]
    """Tells the person who runs the cloud something, one line."""
    log: Log = field(default_factory=lambda: Log(None))
    """Takes what is of no interest to most."""
