"""How commands find the running cloud: a lock says that one runs, and a file says where.

The lock is the operating system's (flock) and ends with the process that holds it, even a killed one. So neither a
reused process id nor a leftover file is ever taken for a running cloud.
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
    database_host: str
    database_port: int
    client_folder: str
    """Holds the files that `clients.command` writes."""


class StateFolder:
    """The folder of the lock and of `cloud.json`, which is there while the cloud is ready."""

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self._folder = folder
        self._lock_file = folder / "lock"
        self._cloud_file = folder / "cloud.json"
        self._unfinished_file = folder / "cloud.json.tmp"
        self.log_file = folder / "log"
        """The one file that stays when the cloud has stopped; the next cloud overwrites it."""

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Makes this process the folder's cloud within the `with` block, and cleans up after a killed one.

        Raises:
            AlreadyRunningError: another process is.
        """
        descriptor = self._lock_for_itself()
        try:
            self._cloud_file.unlink(missing_ok=True)
            yield
        finally:
            self._remove()
            os.close(descriptor)

    def publish(self, cloud: RunningCloud) -> None:
        """Tells other processes where the cloud is. Only within `hold()`."""
        self._unfinished_file.write_text(json.dumps(asdict(cloud), indent=2) + "\n", encoding="utf-8")
        self._unfinished_file.replace(self._cloud_file)

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
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that commands that look do not take each other for a cloud.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            self._remove()
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
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

    def _lock_for_itself(self) -> int:
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # A file that was deleted before we locked it excludes nobody.
                if os.path.samestat(os.fstat(descriptor), self._lock_file.stat()):
                    return descriptor
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise AlreadyRunningError(
                        f"A local cloud is already running here ({self._folder}). Stop it with: {self._command('down')}"
                    ) from None
            except FileNotFoundError:
                pass
            os.close(descriptor)
            time.sleep(_POLL_SECONDS)

    def _command(self, name: str) -> str:
        return command(name, folder=self._folder)

    def _remove(self) -> None:
        for file in (self._cloud_file, self._unfinished_file, self._lock_file):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # people may keep things of their own in it
            self._folder.rmdir()
