"""What the commands print."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.mariadb import MariaDB


def program() -> str:
    """How the person who reads this calls the local cloud: with this Python, which need not be the shell's."""
    python, here = Path(sys.executable), Path.cwd()
    return f"{python.relative_to(here) if python.is_relative_to(here) else python} -m localcloud"


def shell_lines(environment: Mapping[str, str], forget: Sequence[str]) -> list[str]:
    """Lines for `eval`: what a shell needs so that aws, sam and boto3 talk to the local cloud.

    Args:
        environment: variables to export.
        forget: variables to unset.
    """
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    return [f"unset {' '.join(forget)}", *exports]


def welcome(endpoint: str, database: "MariaDB", exports: Sequence[str]) -> list[str]:
    """What `up` says when everything is ready. The database's password is as short-lived as the database."""
    login = f"mysql -h {database.host} -P {database.port} -u {database.ADMIN} -p{database.admin_password}"
    return [
        f"The local cloud is ready at {endpoint}",
        "",
        f"Database, with all rights, on {database.host}:{database.port}:",
        f"  {login}",
        "",
        f'For aws, sam and boto3 in another terminal (also: eval "$({program()} env)"):',
        *(f"  {line}" for line in exports),
        "",
        f"Change what EC2 has free: {program()} capacity r5b.2xlarge ap-northeast-1c 4",
        f"Stop: Ctrl-C, or {program()} down",
    ]


def columns(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table of text, its columns as wide as they need to be."""
    table = [[str(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(heading))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
