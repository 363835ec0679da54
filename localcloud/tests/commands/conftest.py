"""One running cloud for all tests that only use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.tests.commands.command_line import CommandLine


@pytest.fixture(scope="session")
def running(parent: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    made = CommandLine(parent, tmp_path_factory.mktemp("running") / "work")
    made.ready()
    yield made
    made.close()
