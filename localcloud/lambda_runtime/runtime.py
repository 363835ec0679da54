"""All functions' environments."""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import certifi

from localcloud.iam import credentials
from localcloud.lambda_runtime.artifacts import Artifacts
from localcloud.lambda_runtime.environment import Environment, Invocation
from localcloud.lambda_runtime.function_config import FunctionConfig, config_of, environment_variables
from localcloud.lambda_runtime.logs import LogStream
from localcloud.lambda_runtime.pool import Pool
from localcloud.services import Services

CONCURRENCY = 8
"""Environments per function at most; more would not run faster on a computer of a few cores."""


class Runtime:
    """Runs invocations until `shutdown`."""

    def __init__(self, services: Services, concurrency: int = CONCURRENCY) -> None:
        self._services, self._concurrency = services, concurrency
        # Beside the database's certificate: that folder goes when the cloud ends, also when it is killed.
        self._folder = services.database.ca_file.parent
        self._artifacts = Artifacts(self._folder)
        self._pools: dict[str, Pool] = {}
        self._lock = threading.Lock()
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambda-starter")
        self._certificates: Path | None = None

    def invoke(self, function: Any, event: Any) -> Invocation:
        """Runs moto's LambdaFunction on the event."""
        config = config_of(function)
        with self._lock:
            pool = self._pools.setdefault(config.arn, self._pool(function.account_id))
        return pool.invoke(config, event)

    def kill_running(self, function_name: str) -> list[int]:
        """Kills the function's processes that are in the middle of an invocation; returns their ids."""
        return [pid for pool in self._of(function_name) for pid in pool.kill_running()]

    def forget(self, function_name: str) -> None:
        """Ends the function's environments: it was deleted."""
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
        if self._certificates is not None:
            self._certificates.unlink(missing_ok=True)

    def _of(self, function_name: str, *, remove: bool = False) -> list[Pool]:
        with self._lock:
            arns = [arn for arn in self._pools if arn.split(":")[6] == function_name]
            return [self._pools.pop(arn) if remove else self._pools[arn] for arn in arns]

    def _pool(self, account_id: str) -> Pool:
        return Pool(self._concurrency, lambda config: self._start(account_id, config))

    def _start(self, account_id: str, config: FunctionConfig) -> Environment:
        log = LogStream(account_id, config.region, config.log_group, config.version)
        task_root = self._artifacts.task_root(config.code)
        role = credentials.of_role(config.role, config.name, account_id, config.region)
        variables = environment_variables(
            config, role, log.name, task_root, self._services.endpoint, self._certificate_bundle()
        )
        return Environment(
            config,
            log,
            task_root,
            self._artifacts.libraries(),
            variables,
            self._starter,
            self._services.clock,
        )

    def _certificate_bundle(self) -> Path:
        with self._lock:
            if self._certificates is None:
                ours, public = self._services.database.ca_file.read_bytes(), Path(certifi.where()).read_bytes()
                with tempfile.NamedTemporaryFile(
                    dir=self._folder, prefix="lambda-", suffix=".pem", delete=False
                ) as bundle:
                    bundle.write(ours + b"\n" + public)
                self._certificates = Path(bundle.name)
            return self._certificates
