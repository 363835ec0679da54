"""A state machine's waits in cloud time, which the execution's end interrupts."""

import threading
import time
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment

from localcloud.clock import Clock

_LOOK_SECONDS = 0.25
"""How often a wait looks whether the execution still runs: moto clears its event at once, so a wait may miss it."""

_moto_retry = RetrierDecl._eval_body
_thread = threading.local()


def install(clock: Clock) -> None:
    """Makes the waits of Retry and of Wait states ask the clock."""

    def wait(env: Environment, cloud_seconds: float) -> None:
        deadline = time.monotonic() + clock.wall_seconds(cloud_seconds)
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            env.program_state_event.wait(min(left, _LOOK_SECONDS))

    def retry(self: Any, env: Environment) -> None:
        """RetrierDecl._eval_body, which calls `time.sleep`."""
        _thread.env = env
        _moto_retry(self, env)

    retrier_decl.__dict__["time"] = SimpleNamespace(sleep=lambda seconds: wait(_thread.env, seconds))
    setattr(RetrierDecl, "_eval_body", retry)  # noqa: B010 - mypy minds the assignment
    setattr(WaitFunction, "_wait_interval", lambda _, env, wait_seconds: wait(env, wait_seconds))  # noqa: B010
