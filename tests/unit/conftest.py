from typing import Any

import pytest

from tests.translated import translated


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """The translated template's resources by logical id; not to be changed."""
    expanded: dict[str, Any] = translated()["Resources"]
    return expanded
