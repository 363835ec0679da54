"""No test sees the person's own AWS settings; and what all tests share."""

import os
from pathlib import Path

import pytest

from localcloud.clients.environment import isolate

# Before moto is imported, which looks up AWS_PROFILE then.
isolate(os.environ)


def pytest_configure(config: pytest.Config) -> None:
    """For a copy without its repository's settings."""
    config.addinivalue_line("markers", "mysql: takes a real MySQL, see localcloud/README.md")


@pytest.fixture(scope="session")
def parent() -> Path:
    """The folder in which Python finds the package."""
    return Path(__file__).parents[2]
