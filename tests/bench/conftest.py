"""A fixture for shorter simulations."""

import pytest

from bench.market import ideal, machine, original


@pytest.fixture
def half_an_hour(monkeypatch: pytest.MonkeyPatch) -> float:
    """Ends every simulation after half an hour; returns its seconds."""
    seconds = 1800.0
    for module in (ideal, machine, original):
        monkeypatch.setattr(module, "END_SECONDS", seconds)
    return seconds
