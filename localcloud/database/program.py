"""A database server's program and its command lines."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_FOLDERS = ("/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/local/mysql/bin")
"""Where packagers put a server that is not on everybody's PATH."""
_INSTALL_SECONDS = 120
_BEFORE_SCRIPTS = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"


class DatabaseMissingError(RuntimeError):
    """There is no server program; the message says in one line how to get one."""


@dataclass(frozen=True)
class ServerProgram:
    """An installed or unpacked server program."""

    beginning: tuple[str, ...]
    """Of its command line: the program, after a loader if it needs one, and its first options."""
    server_options: tuple[str, ...] = ()
    """At the end of its command line when it serves."""

    @classmethod
    def find(cls) -> "ServerProgram":
        """The first of mariadbd and mysqld on PATH or where packagers put them.

        Raises:
            DatabaseMissingError: there is none.
        """
        folders = os.pathsep.join([os.environ.get("PATH", ""), *_FOLDERS])
        path = shutil.which("mariadbd", path=folders) or shutil.which("mysqld", path=folders)
        if path is None:
            raise DatabaseMissingError(
                "The local cloud needs MariaDB's server program. Install it: apt-get install mariadb-server-core"
            )
        return cls((path, "--no-defaults"))

    @cached_property
    def version(self) -> str:
        """As the program prints it, MariaDB's with that name in it."""
        command = [*self.beginning, "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

    def install(self, data: Path, log: Path) -> None:
        """Creates a data folder, in which root has no password yet.

        For MariaDB it does what `mariadb-install-db` does, without the help tables: that script needs
        `my_print_defaults`, which Debian keeps in another package than the server.

        Raises:
            RuntimeError: it failed; the message ends with the server's own words.
        """
        command, sql = self._on(data), ""
        if "MariaDB" in self.version:
            data.mkdir()
            command += ["--bootstrap", "--enforce-storage-engine=", "--max-allowed-packet=8M"]
            scripts = [_script(Path(self.beginning[0]), name) for name in ("system_tables", "system_tables_data")]
            sql = _BEFORE_SCRIPTS + "".join(script.read_text(encoding="utf-8") for script in scripts)
        else:
            command += ["--initialize-insecure", f"--log-error={log}"]
        done = subprocess.run(  # noqa: S603 - a program found above, our own arguments
            command, input=sql, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
        if done.returncode:
            said = done.stderr + (log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")
            raise RuntimeError(f"{command[0]} could not make a data folder:\n{said[-2000:]}")

    def command(self, data: Path, port: int, log: Path, init_file: Path) -> list[str]:
        """The server's command line: loopback only, no configuration files, small, and not durable.

        The socket's name is short and relative (to the data folder), since a full path may exceed a socket's limit.
        """
        return [
            *self._on(data),
            "--bind-address=127.0.0.1",
            f"--port={port}",
            "--socket=server.sock",
            f"--pid-file={data / 'server.pid'}",
            f"--log-error={log}",
            f"--init-file={init_file}",
            f"--ssl-ca={data.with_name('ca.pem')}",
            f"--ssl-cert={data.with_name('server.pem')}",
            f"--ssl-key={data.with_name('server-key.pem')}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            "--max-connections=300",
            "--performance-schema=OFF",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
            "--loose-innodb-flush-method=nosync",
            "--loose-debug-no-sync",
            "--loose-innodb-doublewrite=OFF",
            "--loose-innodb-file-per-table=OFF",
            "--loose-innodb-log-file-size=16M",
            "--loose-aria-pagecache-buffer-size=8M",
            "--loose-key-buffer-size=1M",
            "--loose-mysqlx=OFF",
            *self.server_options,
        ]

    def _on(self, data: Path) -> list[str]:
        # When MariaDB starts, it deletes all temporary tables in the folder, also those of other servers.
        temporary = data.with_name("tmp")
        temporary.mkdir(exist_ok=True)
        # It runs as root only if it is told to.
        user = ["--user=root"] if os.geteuid() == 0 else []
        return [*self.beginning, f"--datadir={data}", f"--tmpdir={temporary}", *user]


def _script(program: Path, name: str) -> Path:
    roots = (program.parent.parent, program.resolve().parent.parent, Path("/usr"))
    folders = [root / folder for root in roots for folder in ("share/mysql", "share/mariadb", "share", "scripts")]
    found = next((script for folder in folders for script in folder.glob(f"m*_{name}.sql")), None)
    if found is None:
        looked = ", ".join(sorted(map(str, folders)))
        raise RuntimeError(f"{program} came without mysql_{name}.sql (looked in {looked}): reinstall MariaDB's server")
    return found
