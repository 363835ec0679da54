"""A state machine's waits in cloud time, which the execution's end interrupts."""

import time
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment

from localcloud.clock import Clock

_LOOK_SECONDS = 0.25
"""How often a wait looks whether the execution still runs: moto clears its event at once, so a wait may miss it."""


def install(clock: Clock) -> None:
    """Makes the waits of Retry and of Wait states ask the clock."""

    def wait(env: Environment, cloud_seconds: float) -> None:
        deadline = time.monotonic() + clock.wall_seconds(cloud_seconds)
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            env.program_state_event.wait(min(left, _LOOK_SECONDS))

    def retry(self: Any, env: Environment) -> None:
        """RetrierDecl._eval_body with that wait."""
        self.error_equals.eval(env)
        if not env.stack.pop():
            env.stack.append(RetrierOutcome.Skipped)
            return
        self.max_attempts.eval(env=env)
        if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
            env.stack.append(RetrierOutcome.Failed)
            return
        for step in (self.interval_seconds, self.backoff_rate, self.max_delay_seconds, self.jitter_strategy):
            step.eval(env=env)
        wait(env, env.stack.pop())
        env.stack.append(RetrierOutcome.Executed)

    def wait_state(self: Any, env: Environment, wait_seconds: float) -> None:
        """WaitFunction._wait_interval with that wait."""
        del self
        wait(env, wait_seconds)

    for owner, name, method in ((RetrierDecl, "_eval_body", retry), (WaitFunction, "_wait_interval", wait_state)):
        setattr(owner, name, method)
