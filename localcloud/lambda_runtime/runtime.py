"""All functions' environments: found warm, started on demand up to a limit, waited for beyond it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
from moto.awslambda.exceptions import LambdaClientError

from localcloud.clients.environment import only_way
from localcloud.iam.roles import credentials_of
from localcloud.lambda_runtime.artifacts import Artifacts
from localcloud.lambda_runtime.environment import Environment, Invocation
from localcloud.lambda_runtime.function_config import FunctionConfig
from localcloud.lambda_runtime.logs import LogStream
from localcloud.services import Services


class TooManyRequestsError(LambdaClientError):
    """The function's reserved concurrency is used up."""

    code = 429

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


class Pool:
    """The environments of one function.

    Args:
        limit: environments at the same time.
        start: starts an environment.
    """

    def __init__(self, limit: int, start: Callable[[FunctionConfig], Environment]) -> None:
        self._start = start
        self._slots = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._idle: list[Environment] = []
        self._busy: list[Environment] = []
        self._closed = False
        self.running = 0
        """Invocations under way, or waiting for an environment."""

    def invoke(self, config: FunctionConfig, event: Any, reserved: int | None) -> Invocation:
        """Runs one event with this configuration; waiting for a free environment does not count for its timeout.

        Raises:
            RuntimeError: the pool was closed.
            TooManyRequestsError: as many invocations as are reserved are under way.
        """
        with self._lock:
            if reserved is not None and self.running >= reserved:
                raise TooManyRequestsError
            self.running += 1
        try:
            with self._slots:
                environment = self._take(config)
                try:
                    return environment.invoke(event)
                finally:
                    self._give_back(environment)
        finally:
            with self._lock:
                self.running -= 1

    def kill_running(self) -> list[int]:
        """Kills the processes that are in the middle of an invocation; returns their ids."""
        with self._lock:
            for environment in self._busy:
                environment.kill_process()
            return [environment.pid for environment in self._busy]

    def close(self) -> None:
        """Ends every environment, busy ones too."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for environment in idle:
            environment.kill()
        self.kill_running()

    def _take(self, config: FunctionConfig) -> Environment:
        with self._lock:
            for environment in [one for one in self._idle if not one.alive or one.config != config]:
                self._idle.remove(environment)
                environment.kill()
            # The one used last is the warmest.
            warm = self._idle.pop() if self._idle else None
        environment = warm or self._start(config)
        with self._lock:
            self._busy.append(environment)
            if self._closed:
                environment.kill_process()
        return environment

    def _give_back(self, environment: Environment) -> None:
        with self._lock:
            self._busy.remove(environment)
            if not self._closed and environment.alive:
                self._idle.append(environment)
            else:
                environment.kill()


class Runtime:
    """Runs invocations until `shutdown`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        # Beside the database's certificate: that folder goes when the cloud ends, even if it is killed.
        folder = services.database.ca_file.parent
        self._artifacts = Artifacts(folder)
        self._certificates = folder / "lambda-certificates.pem"
        self._certificates.write_bytes(services.database.ca_file.read_bytes() + Path(certifi.where()).read_bytes())
        self._pools: dict[str, Pool] = {}
        self._lock = threading.Lock()

    def invoke(self, function: Any, event: Any) -> Invocation:
        """Runs moto's LambdaFunction on the event."""
        config, reserved = FunctionConfig.of(function), function.reserved_concurrency
        with self._lock:
            if config.arn not in self._pools:
                self._pools[config.arn] = Pool(self._services.concurrency, self._start)
            pool = self._pools[config.arn]
        return pool.invoke(config, event, None if reserved is None else int(reserved))

    def pools(self, function_name: str) -> list[Pool]:
        """Those of the functions with this name, one per Region."""
        with self._lock:
            return [pool for arn, pool in self._pools.items() if arn.split(":")[6] == function_name]

    def forget(self, function_name: str) -> None:
        """Ends the environments of a deleted function."""
        for pool in (pools := self.pools(function_name)):
            pool.close()
        with self._lock:
            self._pools = {arn: pool for arn, pool in self._pools.items() if pool not in pools}

    def shutdown(self) -> None:
        """Ends every environment and deletes what was unpacked."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()
        self._artifacts.remove()
        self._certificates.unlink(missing_ok=True)

    def _start(self, config: FunctionConfig) -> Environment:
        log = LogStream(config.account_id, config.region, config.log_group, config.version)
        task_root, libraries = self._artifacts.task_root(config.code), self._artifacts.libraries()
        credentials = credentials_of(config.role, config.name, config.account_id, config.region)
        variables = {
            **config.variables,
            "AWS_LAMBDA_LOG_STREAM_NAME": log.name,
            "LAMBDA_TASK_ROOT": str(task_root),
            # To the endpoint and nowhere else: even without HOME clients would find ~/.aws.
            **only_way(self._services.endpoint),
            **{name.upper(): value for name, value in credentials.items()},
            "SSL_CERT_FILE": str(self._certificates),
        }
        return Environment(config, log, task_root, libraries, variables, self._services.clock)
