"""One world for all tests of a module, empty at the start of each."""

from collections.abc import Iterator

import pytest

from localcloud.database.mariadb import MariaDB
from tests.integration.resilience.world import World


@pytest.fixture(scope="module")
def world(server: MariaDB) -> Iterator[World]:
    world = World(server)
    with pytest.MonkeyPatch.context() as monkeypatch, world.surrounding(monkeypatch):
        yield world
    world.close()


@pytest.fixture(autouse=True)
def _empty(world: World) -> None:
    world.reset(drop_tables=True)
