"""An environment: a process that serves one event at a time, and stays warm for the next."""

import contextlib
import json
import secrets
import signal
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.clock import Clock
from localcloud.lambda_runtime import bootstrap
from localcloud.lambda_runtime.function_config import FunctionConfig
from localcloud.lambda_runtime.logs import LogStream

INIT_SECONDS = 60.0
"""For the import of the handler's module. Lambda allows 10; this computer may start many at once."""
_LOOK_SECONDS = 0.25
"""How late a line of a function that is running may be in the log."""
_SIGNALS: dict[int, str] = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


@dataclass(frozen=True)
class Invocation:
    """The outcome of one event."""

    payload: str
    """JSON: the result, or the error."""
    failed: bool
    log_tail: str


class Environment:
    """Starts a process; `invoke` waits until the handler is loaded.

    Args:
        config: the function.
        log: this environment's own.
        task_root: the unpacked artifact.
        libraries: those of Lambda's runtime.
        variables: the process's whole environment.
        clock: the cloud's, which the function's `time.sleep` and `time.time` follow.
    """

    def __init__(
        self,
        config: FunctionConfig,
        log: LogStream,
        task_root: Path,
        libraries: Path,
        variables: dict[str, str],
        clock: Clock,
    ) -> None:
        self.config, self._log = config, log
        self._channel, other = socket.socketpair()
        arguments = (bootstrap.__file__, other.fileno(), task_root, libraries)
        self._process = subprocess.Popen(  # noqa: S603 - our own script, run by our own Python
            [sys.executable, "-I", "-S", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=log.output,
            stderr=subprocess.STDOUT,
            env=variables,
            pass_fds=[other.fileno()],
            start_new_session=True,
        )
        other.close()
        self._loaded = False
        self._init: dict[str, float] | None = None
        self._send({"speed": clock.speed, "began": clock.began})

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take another event."""
        return self._process.poll() is None

    def invoke(self, event: Any) -> Invocation:
        """Runs the handler. If it does not load, times out or dies, `alive` is false afterwards."""
        request_id = str(uuid.uuid4())
        self._log.begin()
        if not self._loaded and (failure := self._load(request_id)):
            return failure
        started = time.monotonic()
        self._log.write(f"START RequestId: {request_id} Version: {self.config.version}")
        self._send(
            {
                "event": event,
                "request_id": request_id,
                "function_arn": self.config.arn,
                "timeout": self.config.timeout,
                "trace_id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Sampled=0",
            }
        )
        try:
            answer = self._receive(self.config.timeout)
        except TimeoutError:
            cause = f"Task timed out after {self.config.timeout:.2f} seconds"
            return self._failed(request_id, started, "Sandbox.Timedout", cause)
        if answer is None:
            return self._failed(request_id, started, "Runtime.ExitError", self._exit())
        self._end(request_id, started, answer["used"])
        return Invocation(answer["payload"], answer["failed"], self._log.tail())

    def kill_process(self) -> None:
        """Kills the process and returns; an invocation under way ends as Runtime.ExitError."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def kill(self) -> None:
        """Ends the process at once, and returns when it is gone. Not while an invocation is under way."""
        self.kill_process()
        self._process.wait()
        self._channel.close()
        self._log.output.close()

    def _load(self, request_id: str) -> Invocation | None:
        started = time.monotonic()
        try:
            answer = self._receive(INIT_SECONDS)
        except TimeoutError:
            cause = f"Initialization timed out after {INIT_SECONDS:.2f} seconds"
            return self._failed(request_id, started, "Sandbox.Timedout", cause)
        if answer is None:
            return self._failed(request_id, started, "Runtime.ExitError", self._exit())
        if answer["failed"]:
            self.kill()
            payload = {**json.loads(answer["payload"]), "requestId": request_id}
            return Invocation(json.dumps(payload), failed=True, log_tail=self._log.tail())
        self._loaded = True
        self._init = answer["used"]
        return None

    def _exit(self) -> str:
        """How the process has ended, as Lambda says it."""
        code = self._process.wait()
        if code < 0:
            return f"Runtime exited with error: signal: {_SIGNALS.get(-code) or signal.Signals(-code).name}"
        return f"Runtime exited with error: exit status {code}" if code else "Runtime exited without providing a reason"

    def _failed(self, request_id: str, started: float, error_type: str, cause: str) -> Invocation:
        """Ends the environment, the process too if it has not died."""
        self.kill_process()
        self._process.wait()
        self._log.copy()
        message, now = f"RequestId: {request_id} Error: {cause}", datetime.now(UTC).replace(tzinfo=None)
        timed_out = f"{now.isoformat(timespec='milliseconds')}Z {request_id} {cause}"
        self._log.write(timed_out if error_type == "Sandbox.Timedout" else message)
        self._end(request_id, started)
        self.kill()
        payload = {"errorType": error_type, "errorMessage": message}
        return Invocation(json.dumps(payload), failed=True, log_tail=self._log.tail())

    def _end(self, request_id: str, started: float, used: dict[str, float] | None = None) -> None:
        milliseconds = (time.monotonic() - started) * 1000
        report = (
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {self.config.memory_size} MB"
        )
        if used is not None:
            report += f"\tLocal CPU: {used['cpu'] * 1000:.2f} ms\tLocal Wait: {used['waited'] * 1000:.2f} ms"
        if self._init is not None:
            report += f"\tLocal Init CPU: {self._init['cpu'] * 1000:.2f} ms"
            self._init = None
        self._log.write(f"END RequestId: {request_id}", report)

    def _send(self, message: dict[str, Any]) -> None:
        # If the process has died, no answer comes.
        with contextlib.suppress(OSError):
            self._channel.settimeout(None)
            self._channel.sendall((json.dumps(message) + "\n").encode())

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        """The process's answer, once its log is complete; None if it has died."""
        deadline, line = time.monotonic() + seconds, b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._channel.settimeout(min(left, _LOOK_SECONDS))
            try:
                part = self._channel.recv(1 << 16)
            except TimeoutError:
                self._log.copy(to_the_end=False)
                continue
            except ConnectionError:
                return None
            if not part:
                return None
            line += part
        self._log.copy()
        answer: dict[str, Any] = json.loads(line)
        return answer
