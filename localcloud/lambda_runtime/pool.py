"""The environments of one function: found warm, started on demand up to a limit, waited for beyond it."""

import threading
from collections.abc import Callable
from typing import Any

from localcloud.lambda_runtime.environment import Environment, Invocation
from localcloud.lambda_runtime.function_config import FunctionConfig


class Pool:
    """Serves one function, whatever configuration it has at the moment.

    Args:
        limit: how many environments may exist at once.
        start: makes an environment.
    """

    def __init__(self, limit: int, start: Callable[[FunctionConfig], Environment]) -> None:
        self._limit = limit
        self._start = start
        self._changed = threading.Condition()
        self._environments: list[Environment] = []
        self._starting = 0
        self._closed = False

    def invoke(self, config: FunctionConfig, event: Any) -> Invocation:
        """Runs one event; waiting for a free environment does not count against the timeout.

        Raises:
            RuntimeError: the pool was closed.
        """
        environment = self._take(config)
        try:
            return environment.invoke(event)
        finally:
            self._give_back(environment)

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

    def _give_back(self, environment: Environment) -> None:
        with self._changed:
            environment.busy = False
            if environment in self._environments:
                self._environments.remove(environment)
                if environment.alive and not self._closed:
                    self._environments.append(environment)
            self._changed.notify()
