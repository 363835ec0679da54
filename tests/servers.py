"""The server of the tests of the database and of the deployed stack: `pytest --database=mysql` chooses."""

import pytest

from localcloud.database.mariadb import MariaDB
from localcloud.database.mysql import MySQL
from localcloud.database.server import DatabaseServer

_SERVERS: dict[str, type[DatabaseServer]] = {"mariadb": MariaDB, "mysql": MySQL}


def chosen(config: pytest.Config) -> type[DatabaseServer]:
    """MariaDB, as in a local cloud, or a MySQL that is set up as Aurora is."""
    return _SERVERS[config.getoption("--database")]
