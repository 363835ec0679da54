"""What the commands print."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.database.server import DatabaseServer


DEFAULT_FOLDER = Path(".localcloud")
"""Where the commands find the running cloud."""


def command(name: str, *arguments: str, folder: Path = DEFAULT_FOLDER) -> str:
    """A line that runs one of the commands on the folder's cloud, with this Python, which need not be the shell's."""
    python, here = Path(sys.executable), Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    where = [] if folder == DEFAULT_FOLDER else ["--folder", str(folder)]
    return shlex.join([str(shown), "-m", "localcloud", name, *where, *arguments])


def client(*arguments: str, folder: Path = DEFAULT_FOLDER) -> str:
    """A line that runs a client on the local cloud and nowhere else."""
    return command("exec", "--", *arguments, folder=folder)


def welcome(
    endpoint: str,
    database: "DatabaseServer",
    folder: Path = DEFAULT_FOLDER,
    clients: Sequence[Sequence[str]] = (("mysql",),),
) -> list[str]:
    """The lines for when everything is ready. They may show the password, which lives no longer than the database.

    Args:
        endpoint: where every API answers.
        database: the server.
        folder: where the commands find the cloud.
        clients: commands that show what runs.
    """
    return [
        f"The local cloud is ready at {endpoint}",
        "",
        "In another terminal, in this folder. What runs under exec talks to this cloud and nothing else:",
        f"  {client('aws', 'ec2', 'describe-capacity-reservations', folder=folder)}",
        *(f"  {client(*each, folder=folder)}" for each in clients),
        f"Other programs find the database, with all rights, at {database.host}:{database.port},",
        f"  user {database.ADMIN}, password {database.admin_password}",
        "",
        "Change what EC2 has free, and how many vCPUs it allows:",
        f"  {command('capacity', 'r5b.2xlarge', 'ap-northeast-1c', '4', folder=folder)}",
        f"  {command('quota', 'standard', '256', folder=folder)}",
        "Stop: Ctrl-C, or",
        f"  {command('down', folder=folder)}",
    ]


def farewell(log_file: Path) -> str:
    """The line for when the cloud has stopped."""
    log = f" but its log, {log_file}" if log_file.exists() else ""
    return f"The local cloud has stopped, and left nothing behind{log}."


def columns(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table of text, its columns as wide as they need to be."""
    table = [[str(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(heading))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
