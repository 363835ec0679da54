"""The server of the tests that need a database of their own, and leave the server as it was."""

from collections.abc import Iterator

import pytest

from localcloud.database.mariadb import MariaDB


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with MariaDB(tmp_path_factory.mktemp("mariadb")) as server:
        yield server
