"""How commands find the running cloud: a lock says that one runs, and a file says where.

The lock is the operating system's (flock, on the folder) and ends with the process that holds it, even a killed one. So
neither a reused process id nor a leftover file is ever taken for a running cloud.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud.commands.printing import DEFAULT_FOLDER, command

_POLL_SECONDS = 0.05
_SETTLE_SECONDS = 0.3
"""How long a command that only looks may hold the lock."""


class AlreadyRunningError(RuntimeError):
    """A local cloud runs in this folder."""


class NotRunningError(RuntimeError):
    """No local cloud runs in this folder."""


@dataclass(frozen=True)
class RunningCloud:
    """What `cloud.json` says of the running cloud."""

    endpoint: str
    region: str
    pid: int
    client_folder: str
    """Holds the files that `clients.command` writes."""


class StateFolder:
    """The folder that is locked while a cloud runs, with `cloud.json` in it while the cloud is ready."""

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self._folder = folder
        self._cloud_file = folder / "cloud.json"
        self.log_file = folder / "log"
        """Stays when the cloud has stopped; the next cloud overwrites it."""

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Makes this process the folder's cloud within the `with` block.

        Raises:
            AlreadyRunningError: another process is.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._open() as descriptor:
            deadline = time.monotonic() + _SETTLE_SECONDS
            while not _lock(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise AlreadyRunningError(
                        f"A local cloud is already running here ({self._folder}). Stop it with: {self._command('down')}"
                    )
                time.sleep(_POLL_SECONDS)
            self._cloud_file.unlink(missing_ok=True)
            try:
                yield
            finally:
                self._cloud_file.unlink(missing_ok=True)

    def publish(self, cloud: RunningCloud) -> None:
        """Tells other processes where the cloud is. Only within `hold()`."""
        unfinished = self._cloud_file.with_suffix(".tmp")
        unfinished.write_text(json.dumps(asdict(cloud), indent=2) + "\n", encoding="utf-8")
        unfinished.replace(self._cloud_file)

    def read(self) -> RunningCloud:
        """The running cloud.

        Raises:
            NotRunningError: none runs, or one is not ready yet.
        """
        if not self.held():
            raise NotRunningError(
                f"No local cloud is running here ({self._folder}). Start one with: {self._command('up')}"
            )
        try:
            return RunningCloud(**json.loads(self._cloud_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotRunningError("The local cloud is starting or stopping; try again in a moment") from None

    def held(self) -> bool:
        """Whether a process holds the folder. If none does, deletes what a killed one left in it."""
        if not self._folder.is_dir():
            return False
        with self._open() as descriptor:
            # Shared, so that commands that look do not take each other for a cloud.
            if not _lock(descriptor, fcntl.LOCK_SH):
                return True
            self._cloud_file.unlink(missing_ok=True)
            return False

    def stop(self, seconds: float) -> bool:
        """Asks the running cloud to stop, waits at most this long, and returns whether it is gone.

        Raises:
            NotRunningError: none runs.
        """
        deadline = time.monotonic() + seconds
        asked = False
        while self.held():
            # One that starts has published nothing yet, so it is asked later.
            with contextlib.suppress(NotRunningError, ProcessLookupError):
                if not asked:
                    os.kill(self.read().pid, signal.SIGTERM)
                    asked = True
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        if not asked:
            raise NotRunningError(f"No local cloud is running here ({self._folder})")
        return True

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _command(self, name: str) -> str:
        return command(name, folder=self._folder)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
