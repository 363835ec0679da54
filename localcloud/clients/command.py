"""The options and files that lead aws, sam and mysql to the local cloud, beside their environment."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql

if TYPE_CHECKING:
    from localcloud.database.server import DatabaseServer

_SAM_CONFIG = "samconfig.toml"
_MYSQL_OPTIONS = "mysql.cnf"
_MYSQL_SHELLS = ("mysql", "mariadb")
_MYSQL_PROGRAMS = (*_MYSQL_SHELLS, "mysqldump", "mariadb-dump")


def write_files(folder: Path, region: str, bucket: str, database: "DatabaseServer") -> None:
    """Creates the folder that `isolated` needs. It holds the database's password, so it is private.

    Args:
        folder: where; it must not exist.
        region: the SAM CLI's.
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
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(content, encoding="utf-8")


def isolated(command: Sequence[str], endpoint: str, folder: Path) -> list[str]:
    """The command with the options that lead it to the local cloud.

    - `aws` before 2.13 (1.29) ignores AWS_ENDPOINT_URL, and no version ignores --endpoint-url:
      https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-endpoints.html
    - `sam deploy` would read samconfig.toml, where `sam deploy --guided` saves what is meant for an account.
    - `mysql` would read ~/.my.cnf. Without a database it would refuse every query (error 1046).

    Args:
        command: the program and its arguments.
        endpoint: of the local cloud.
        folder: the one that `write_files` created.
    """
    program, *arguments = command
    name = Path(program).name
    if name == "aws":
        return [program, "--endpoint-url", endpoint, *arguments]
    if name == "sam" and arguments and arguments[0] in ("deploy", "delete"):
        return [program, arguments[0], "--config-file", str(folder / _SAM_CONFIG), *arguments[1:]]
    if name in _MYSQL_PROGRAMS:
        options = folder / _MYSQL_OPTIONS
        database = _only_database(options) if name in _MYSQL_SHELLS else None
        # If the command names another one, that comes later and wins.
        chosen = [f"--database={database}"] if database else []
        return [program, f"--defaults-file={options}", *chosen, *arguments]
    return list(command)


def _only_database(options: Path) -> str | None:
    """The database of the only cluster; None if there is no cluster yet, or several."""
    try:
        with pymysql.connect(read_default_file=str(options)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SHOW DATABASES WHERE `Database` NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
            )
            names = [str(name) for (name,) in cursor.fetchall()]
    except pymysql.Error:
        return None  # mysql itself says why
    return names.pop() if len(names) == 1 else None
