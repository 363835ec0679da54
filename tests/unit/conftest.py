from typing import Any

import pytest

from tests.template import expanded_template


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """The expanded template's resources by logical id, not to be changed."""
    expanded: dict[str, Any] = expanded_template()["Resources"]
    return expanded
