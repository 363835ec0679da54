"""No test sees the person's own AWS settings; and what all tests share."""

import os
from pathlib import Path

import pytest

from localcloud.clients.environment import isolate

# Before moto is imported, which looks up AWS_PROFILE then.
isolate(os.environ)


@pytest.fixture(scope="session")
def parent() -> Path:
    """The folder in which Python finds the package."""
    return Path(__file__).parents[2]
