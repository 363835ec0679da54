"""One server for all tests of the folder."""

from collections.abc import Iterator

import pytest

from localcloud.database.mariadb import MariaDB


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A server that the tests may stop, if they start it again."""
    with MariaDB(tmp_path_factory.mktemp("mariadb") / "server") as server:
        yield server
