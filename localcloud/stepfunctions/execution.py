"""Lets moto execute state machines, and lets their tasks reach this cloud quickly."""

import threading
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from moto.core.config import default_user_config
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localcloud.services import ACCOUNT_ID

_CONNECTIONS = 64
"""More than the 40 items an inline Map runs at once."""


class TaskClients:
    """Stands in for `boto3` where moto's state machines make a client for each task: makes each kind once.

    A client takes tens of milliseconds to make, which 40 Map items at once would spend many times over. They are safe
    to share between threads. It also has them call 127.0.0.1, since `localhost` may mean ::1, where nothing listens.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service_name: str, region_name: str, config: Config, **options: Any) -> Any:
        """`boto3.client`, as moto calls it."""
        with self._lock:
            kind = (service_name, region_name)
            if kind not in self._clients:
                options["endpoint_url"] = self._endpoint
                merged = config.merge(Config(max_pool_connections=_CONNECTIONS, proxies={}))
                self._clients[kind] = boto3.Session().client(
                    service_name,  # type: ignore[call-overload]
                    region_name=region_name,
                    config=merged,
                    **options,
                )
            return self._clients[kind]


def install(endpoint: str) -> None:
    """From now on executions run, and their tasks call `endpoint`."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    boto_client.__dict__["boto3"] = TaskClients(endpoint)


def shutdown() -> None:
    """Aborts the executions that run, so that none goes on against a cloud that is gone."""
    for backend in list(stepfunctions_parser_backends[ACCOUNT_ID].values()):
        for execution in backend._get_executions(ExecutionStatus.RUNNING):
            worker = getattr(execution, "exec_worker", None)
            if worker is not None and worker.env is not None:
                execution.stop(stop_date=datetime.now(UTC), error="LocalCloud.Stopped", cause="The local cloud stops")
    boto_client.__dict__["boto3"] = boto3
    default_user_config["stepfunctions"]["execute_state_machine"] = False
