"""A recording answers like the account that was recorded."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from odcr_cli.demand_tables import read_demands
from odcr_cli.main import main
from odcr_cli.recording import RecordedSource, record
from odcr_cli.source import LiveSource, Run, RunNotFound
from odcr_cli.trouble import Trouble
from tests.unit.cli.fake_source import MACHINE, NOW, FakeSource


def looked_at() -> FakeSource:
    key = {"InstanceType": "m5.large", "AvailabilityZone": "eu-west-1a"}
    started = datetime(2026, 11, 10, 20, 58, tzinfo=UTC)
    described = {"name": "run-1", "executionArn": f"{MACHINE}:run-1", "status": "SUCCEEDED", "startDate": started}
    return FakeSource(
        {
            "odcr_capacity": [key | {"Target_Capacity": 3}],
            "odcr_history": [{"Recorded": "2026-11-10 20:00:00"}, {"Recorded": "2026-11-10 20:30:00"}],
        },
        {"run-1": Run(described, '{"StartAt": "A"}', [{"id": 1, "timestamp": started, "type": "ExecutionStarted"}])},
        [{"CapacityReservationId": "cr-1", "StartDate": started}],
    )


def test_a_recording_answers_as_what_was_recorded(tmp_path: Path) -> None:
    source, file = looked_at(), tmp_path / "folder" / "night.odcr"
    record(cast(LiveSource, source), file)
    recorded = RecordedSource.read(str(file))
    assert not recorded.is_live
    assert recorded.now() == NOW
    assert recorded.stack == source.stack
    assert read_demands(recorded) == read_demands(source)
    assert recorded.runs(limit=100) == source.runs(limit=100)
    assert recorded.run("run-1") == recorded.run(f"{MACHINE}:run-1") == source.run("run-1")
    assert recorded.reservations() == source.reservations()
    assert len(recorded.rows("odcr_history", since="2026-11-10 20:15:00")) == 1
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]
    with pytest.raises(Trouble, match="no run other"):
        recorded.run("other")


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"no json"), gzip.compress(b"[]"), gzip.compress(b"{}")],
    ids=["empty", "no gzip", "no JSON", "a list", "an object"],
)
def test_an_invalid_recording_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(Trouble, match="is not a recording"):
        RecordedSource.read(str(file))


def test_a_recording_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(gzip.compress(json.dumps({"Format": 99}).encode()))
    with pytest.raises(Trouble, match="another version"):
        RecordedSource.read(str(file))


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble, match="cannot be written"):
        record(cast(LiveSource, looked_at()), tmp_path / "file" / "x")


def test_a_recording_cut_short_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x"
    record(cast(Any, looked_at()), file)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(Trouble, match="is not a recording"):
        RecordedSource.read(str(file))


class Forgetful(FakeSource):
    """Step Functions forgets a run between the list and its history."""

    def runs(self, limit: int) -> list[dict[str, Any]]:
        return [{"name": "run-\x1b0", "status": "SUCCEEDED", "startDate": NOW}, *super().runs(limit)]

    def run(self, name: str) -> Run:
        if name not in self.histories:
            raise RunNotFound(f"There is no run {name}.")
        return super().run(name)


def test_a_run_that_is_gone_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, file = Forgetful(looked_at().tables, looked_at().histories), tmp_path / "night.odcr"
    monkeypatch.setattr("odcr_cli.commands.record.LiveSource", lambda _account: source)
    done = CliRunner(mix_stderr=False).invoke(main, ["--region", "eu-west-1", "record", str(file)])
    assert done.exit_code == 0
    assert "left out" in done.stderr
    assert "run-\\x1b0" in done.stderr
    recorded = RecordedSource.read(str(file))
    assert [run["name"] for run in recorded.runs(limit=100)] == ["run-1"]
    assert recorded.run("run-1") == source.run("run-1")


def test_any_other_trouble_ends_it_and_writes_nothing(tmp_path: Path) -> None:
    class Refused(FakeSource):
        def run(self, name: str) -> Run:
            raise Trouble(f"{name} was refused.")

    with pytest.raises(Trouble, match="refused"):
        record(cast(LiveSource, Refused(histories=looked_at().histories)), tmp_path / "night.odcr")
    assert not list(tmp_path.iterdir())
