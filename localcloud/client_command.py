"""What a command is given, beside its environment, so that it talks to the local cloud in any version."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql

if TYPE_CHECKING:
    from localcloud.database_server import DatabaseServer

_SAM_CONFIG = "samconfig.toml"
_MYSQL_OPTIONS = "mysql.cnf"
_CONFIGURED_BY_SAM = ("deploy", "delete")
_SYSTEM_DATABASES = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
_MYSQL_SHELLS = ("mysql", "mariadb")
_MYSQL_PROGRAMS = (*_MYSQL_SHELLS, "mysqldump", "mariadb-dump")


def write_files(folder: Path, region: str, bucket: str, database: "DatabaseServer") -> None:
    """Makes the folder with the files that `isolated` names. The database's password is in it, so it is its owner's.

    Args:
        folder: where; it must not exist.
        region: of the SAM CLI.
        bucket: where the SAM CLI uploads to.
        database: what MySQL's programs connect to.
    """
    folder.mkdir(mode=0o700)
    sam = f"""\
version = 0.1

[default.deploy.parameters]
region = "{region}"
s3_bucket = "{bucket}"
capabilities = "CAPABILITY_IAM"
confirm_changeset = false
fail_on_empty_changeset = false

[default.delete.parameters]
region = "{region}"
"""
    mysql = f"""\
[client]
protocol = tcp
host = {database.host}
port = {database.port}
user = {database.ADMIN}
password = "{database.admin_password}"
ssl-ca = "{database.ca_file}"
"""
    for name, content in ((_SAM_CONFIG, sam), (_MYSQL_OPTIONS, mysql)):
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(content)


def isolated(command: Sequence[str], endpoint: str, folder: Path) -> list[str]:
    """The command with the options that lead it to the local cloud.

    - `aws` before 2.13 (1.29) ignores AWS_ENDPOINT_URL, and no version ignores --endpoint-url:
      https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-endpoints.html
    - `sam deploy` would read samconfig.toml, where `sam deploy --guided` saves what was meant for an account.
    - `mysql` would read ~/.my.cnf. Without a database it would refuse every query (error 1046).

    Args:
        command: the program and its arguments.
        endpoint: of the local cloud.
        folder: the one that `write_files` made.
    """
    program, *arguments = command
    name = Path(program).name
    if name == "aws":
        return [program, "--endpoint-url", endpoint, *arguments]
    if name == "sam" and arguments and arguments[0] in _CONFIGURED_BY_SAM:
        return [program, arguments[0], "--config-file", str(folder / _SAM_CONFIG), *arguments[1:]]
    if name in _MYSQL_PROGRAMS:
        options = folder / _MYSQL_OPTIONS
        database = _only_database(options) if name in _MYSQL_SHELLS else None
        # One that the command names comes later, and counts.
        chosen = [f"--database={database}"] if database else []
        return [program, f"--defaults-file={options}", *chosen, *arguments]
    return list(command)


def _only_database(options: Path) -> str | None:
    """The database of the one cluster that there is; None if there is none yet, or several."""
    try:
        with pymysql.connect(read_default_file=str(options)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SHOW DATABASES WHERE `Database` NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
            )
            names = [str(name) for (name,) in cursor.fetchall()]
    except pymysql.Error:
        return None  # mysql itself says why
    return names.pop() if len(names) == 1 else None
