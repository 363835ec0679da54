"""A private database server on 127.0.0.1: its start, its end, and the way in."""

import secrets
import shutil
import socket
import ssl
import time
from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymysql
from pymysql.connections import Connection
from pymysql.converters import escape_string

from localcloud.database import certificates
from localcloud.database.databases import ADMIN, Databases
from localcloud.database.owned_process import OwnedProcess
from localcloud.database.program import ServerProgram

_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_STARTS = 3
"""Another process may take the free port before the server does."""


class DatabaseServer(Databases):
    """A database server with TLS that ends when this process ends.

    `stop()` and `start()` keep the data and the port, so a test can use them as an outage; `destroy()` deletes all.

    Args:
        folder: for its data, certificates and log; created by `start()`, and deleted even if this process is killed.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._data, self._log, self._init_file = folder / "data", folder / "server.log", folder / "init.sql"
        self._process: OwnedProcess | None = None
        self._port: int | None = None
        self._program: ServerProgram | None = None
        self.admin_password = secrets.token_urlsafe(18)
        self.ca_file = folder / "ca.pem"
        """PEM file of the authority that clients have to trust."""

    @property
    def port(self) -> int:
        """The same in every start, known after the first."""
        if self._port is None:
            raise RuntimeError("The database server has not been started; call start() first")
        return self._port

    @property
    def running(self) -> bool:
        """Whether the server program runs."""
        return self._process is not None and self._process.running

    def start(self) -> None:
        """Starts the server and returns when it accepts connections. Does nothing if it runs.

        Raises:
            DatabaseMissingError: there is no server program.
            RuntimeError: it did not become ready; the message ends with the tail of its log.
        """
        if self.running:
            return
        self.stop()
        program = self._program = self._program or self._install()
        tries = _STARTS if self._port is None else 1
        for attempt in range(1, tries + 1):
            port = self._port or _free_port()
            command = program.command(self._data, port, self._log, self._init_file)
            self._process = OwnedProcess(command, self._folder)
            try:
                self._wait_until_ready(port)
            except BaseException as error:
                self.stop()
                if attempt < tries and isinstance(error, RuntimeError) and "in use" in str(error):
                    continue
                raise
            self._port = port
            return

    def stop(self) -> None:
        """Stops the server, if need be by force; the data stays. Does nothing if it is stopped."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def restart(self) -> None:
        """Stops and starts: same data, same port."""
        self.stop()
        self.start()

    def destroy(self) -> None:
        """Stops the server and deletes its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.destroy()

    def admin_connection(self, **options: Any) -> "Connection[Any]":
        """A new connection that may do everything and commits by itself. The caller closes it.

        Args:
            options: for `pymysql.connect`.
        """
        defaults = {"autocommit": True, "charset": "utf8mb4", "connect_timeout": 10, "read_timeout": 60}
        return self._connect(self.port, **(defaults | options))

    @abstractmethod
    def _find_program(self) -> ServerProgram:
        """The server program.

        Raises:
            DatabaseMissingError: there is none.
        """

    def _install(self) -> ServerProgram:
        program = self._find_program()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificates.issue(self._folder)
        # It runs before the first connection is accepted, so nobody reaches root without a password.
        admin, password = f"'{ADMIN}'@'%'", escape_string(self.admin_password)
        self._init_file.touch(mode=0o600)
        self._init_file.write_text(
            f"DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', 'root'@'{escape_string(socket.gethostname())}';\n"
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n"
            f"CREATE USER IF NOT EXISTS {admin} IDENTIFIED BY '{password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {admin} WITH GRANT OPTION;\n"
            f"GRANT PROXY ON ''@'' TO {admin} WITH GRANT OPTION;\n",
            encoding="utf-8",
        )
        program.install(self._data, self._log)
        return program

    def _wait_until_ready(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        error: Exception | None = None
        while time.monotonic() < deadline and self._process is not None:
            try:
                self._connect(port, connect_timeout=1, read_timeout=1).close()
            except pymysql.Error as not_yet:
                error = not_yet
            else:
                return
            if self._process.wait_for_end(_POLL_SECONDS):
                break
        log = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        raise RuntimeError(f"The database server did not become ready ({error}). Its log ends with:\n{log[-2000:]}")

    def _connect(self, port: int, **options: Any) -> "Connection[Any]":
        login: dict[str, Any] = {"host": self.host, "port": port, "user": ADMIN, "password": self.admin_password}
        return pymysql.connect(**({"ssl": self.trust} | login | options))

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Verifies this server, for a client's `ssl`."""
        # Without the system's authorities: loading them costs more than the rest of a connection.
        return ssl.create_default_context(cafile=str(self.ca_file))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
