import pytest
from click.testing import CliRunner, Result

from odcr_cli import main
from tests.unit.cli.fake_source import FakeSource, Odcr


@pytest.fixture
def odcr(monkeypatch: pytest.MonkeyPatch) -> Odcr:
    """Calls the command line on a test's source."""

    def call(source: FakeSource, *arguments: str, columns: int = 80) -> Result:
        monkeypatch.setattr(main, "LiveSource", lambda _account: source)
        monkeypatch.setenv("COLUMNS", str(columns))
        return CliRunner(mix_stderr=False).invoke(main.main, ["--region", "ap-northeast-1", *arguments])

    return call
