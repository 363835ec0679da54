"""All functions' environments: found warm, started on demand up to a limit, waited for beyond it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import certifi

from localcloud.iam import credentials
from localcloud.lambda_runtime.artifacts import Artifacts
from localcloud.lambda_runtime.environment import Environment, Invocation
from localcloud.lambda_runtime.function_config import FunctionConfig, environment_variables
from localcloud.lambda_runtime.logs import LogStream
from localcloud.services import Services


class Pool:
    """The environments of one function.

    Args:
        limit: environments at the same time.
        start: starts an environment.
    """

    def __init__(self, limit: int, start: Callable[[FunctionConfig], Environment]) -> None:
        self._limit = limit
        self._start = start
        self._changed = threading.Condition()
        self._environments: list[Environment] = []
        self._starting = 0
        self._closed = False

    def invoke(self, config: FunctionConfig, event: Any) -> Invocation:
        """Runs one event with this configuration; waiting for a free environment does not count for its timeout.

        Raises:
            RuntimeError: the pool was closed.
        """
        environment = self._take(config)
        try:
            return environment.invoke(event)
        finally:
            with self._changed:
                environment.busy = False
                if environment in self._environments:
                    self._environments.remove(environment)
                    if environment.alive and not self._closed:
                        self._environments.append(environment)
                self._changed.notify()

    def kill_running(self) -> list[int]:
        """Kills the processes that are in the middle of an invocation; returns their ids."""
        with self._changed:
            busy = [environment for environment in self._environments if environment.busy]
        for environment in busy:
            environment.kill_process()
        return [environment.pid for environment in busy]

    def close(self) -> None:
        """Ends every environment, busy ones too."""
        with self._changed:
            self._closed = True
            environments, self._environments = self._environments, []
            self._changed.notify_all()
        for environment in environments:
            environment.kill()

    def _take(self, config: FunctionConfig) -> Environment:
        with self._changed:
            while True:
                if self._closed:
                    raise RuntimeError("the local cloud is shutting down")
                self._end_outdated(config)
                idle = [environment for environment in self._environments if not environment.busy]
                if idle:
                    # The one used last is the warmest.
                    idle[-1].busy = True
                    return idle[-1]
                if len(self._environments) + self._starting < self._limit:
                    self._starting += 1
                    break
                self._changed.wait()
        try:
            environment = self._start(config)
        except BaseException:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._starting -= 1
            environment.busy = True
            self._environments.append(environment)
            closed = self._closed
        if closed:
            environment.kill()
        return environment

    def _end_outdated(self, config: FunctionConfig) -> None:
        for environment in [one for one in self._environments if not one.busy]:
            if not environment.alive or environment.config.key != config.key:
                self._environments.remove(environment)
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
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambda-starter")

    def invoke(self, function: Any, event: Any) -> Invocation:
        """Runs moto's LambdaFunction on the event."""
        config = FunctionConfig.of(function)
        with self._lock:
            pool = self._pools.get(config.arn)
            if pool is None:
                account = function.account_id
                pool = Pool(self._services.concurrency, lambda changed: self._start(account, changed))
                self._pools[config.arn] = pool
        return pool.invoke(config, event)

    def kill_running(self, function_name: str) -> list[int]:
        """Kills the function's processes that are in the middle of an invocation; returns their ids."""
        return [pid for pool in self._of(function_name) for pid in pool.kill_running()]

    def forget(self, function_name: str) -> None:
        """Ends the environments of a deleted function."""
        for pool in self._of(function_name, remove=True):
            pool.close()

    def shutdown(self) -> None:
        """Ends every environment and deletes what was unpacked."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()
        self._starter.shutdown()
        self._artifacts.remove()
        self._certificates.unlink(missing_ok=True)

    def _of(self, function_name: str, *, remove: bool = False) -> list[Pool]:
        with self._lock:
            arns = [arn for arn in self._pools if arn.split(":")[6] == function_name]
            return [self._pools.pop(arn) if remove else self._pools[arn] for arn in arns]

    def _start(self, account_id: str, config: FunctionConfig) -> Environment:
        log = LogStream(account_id, config.region, config.log_group, config.version)
        task_root = self._artifacts.task_root(config.code)
        role = credentials.of_role(config.role, config.name, account_id, config.region)
        variables = environment_variables(
            config, role, log.name, task_root, self._services.endpoint, self._certificates
        )
        libraries = self._artifacts.libraries()
        return Environment(config, log, task_root, libraries, variables, self._starter, self._services.clock)
