"""`odcr status`, for a person and for a script."""

import json
import os
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from odcr_cli import main
from odcr_cli.amounts import format_money
from odcr_cli.formatting import ago, bar, format_count
from odcr_cli.recording import record
from odcr_cli.source import LiveSource, Run
from tests.paths import ROOT
from tests.unit.cli.fake_source import NOW, RECENT, FakeSource, Odcr

HOSTILE = "[red]\x1b[31m</script>\n[/]"


def tables(**recorded: Any) -> dict[str, list[dict[str, Any]]]:
    """One target of which a part is held."""
    key = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c"}
    status = key | {
        "Group_Name": "",
        "Status": "SHORT",
        "Reserved": 4,
        "Since": "2026-11-10 20:57:00",
        "Reason": "EC2 has no more of it at the moment.",
        "In_Use": 3,
        "Unused": 1,
        "Hourly_Cost": "2.384",
        "Reservation_Ids": "cr-1",
    }
    return {"odcr_capacity": [key | {"Target_Capacity": 15}], "odcr_status": [status | recorded]}


def looked_at(tables: dict[str, list[dict[str, Any]]] | None = None, **run: Any) -> FakeSource:
    """Tables at which a run has just looked."""
    return FakeSource(tables or {}, {"run-1": Run(RECENT | run, "{}", [])})


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def test_a_demand_has_its_bar_status_reason_use_and_cost(odcr: Odcr) -> None:
    result = odcr(looked_at(tables()), "status")
    text = " ".join(result.output.split())
    for part in (
        "██░░░░░░░░ 4/15",
        "SHORT for 3 min",
        "2.38 USD an hour",
        "4 of 15 instances held",
        "3 in use, 1 unused",
    ):
        assert part in text
    assert result.exit_code == 1


def test_it_ends_with_0_if_all_are_met(odcr: Odcr) -> None:
    assert odcr(looked_at(tables(Status="FULFILLED", Reserved=15)), "status").exit_code == 0


def test_status_ends_with_2_if_it_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = CliRunner(mix_stderr=False).invoke(main.main, ["status", "--region", "eu-west-1"])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("odcr: ")
    assert "aws configure" in line


@pytest.mark.parametrize("columns", [60, 80, 110, 200])
def test_the_table_fits_the_terminal_without_losing_text(odcr: Odcr, columns: int) -> None:
    long = "Correct the row: " + "ap-northeast-1c is not where it is offered, " * 4 + "and this is the end."
    result = odcr(looked_at(tables(Reason=long)), "status", columns=columns)
    assert max(width(line) for line in result.output.splitlines()) <= columns
    assert "the end." in " ".join(result.output.split())
    assert "r5b.2xlarge" in result.output.replace("\n", "")


def test_hostile_text_is_shown_as_it_is(odcr: Odcr) -> None:
    result = odcr(looked_at(tables(Reason=HOSTILE)), "status", columns=120)
    assert "[red]" in result.output
    assert "\x1b" not in result.output


def test_json_has_every_number(odcr: Odcr) -> None:
    # The common options may follow the command.
    result = odcr(looked_at(tables()), "status", "--json")
    answer = json.loads(result.stdout)
    (demand,) = answer["Demands"]
    assert (demand["Wanted"], demand["Held"], demand["Missing"], demand["HourlyCost"]) == (15, 4, 11, {"USD": 2.384})
    assert answer["Sums"]["Unmet"] == 1
    assert result.exit_code == 1


def test_each_currency_is_a_sum_of_its_own(odcr: Odcr) -> None:
    contents = tables()
    contents["odcr_capacity"].append(
        {"InstanceType": "m5.large", "AvailabilityZone": "cn-north-1a", "Target_Capacity": 6}
    )
    other = {"InstanceType": "m5.large", "AvailabilityZone": "cn-north-1a", "Reserved": 6, "Hourly_Cost": "18"}
    contents["odcr_status"].append(contents["odcr_status"][0] | other)
    wide = " ".join(odcr(looked_at(contents), "status", columns=160).output.split())
    assert "2.38 USD, 18.00 CNY an hour" in wide
    answer = json.loads(odcr(looked_at(contents), "status", "--json").stdout)
    assert answer["Sums"]["HourlyCost"] == {"USD": 2.384, "CNY": 18}
    assert [demand["HourlyCost"] for demand in answer["Demands"]] == [{"USD": 2.384}, {"CNY": 18}]


def test_where_nothing_is_wanted_it_says_how_to_begin(odcr: Odcr) -> None:
    result = odcr(looked_at(), "status")
    assert "odcr targets set" in result.output
    assert result.exit_code == 0


def test_a_bar_is_full_only_if_all_is_held_and_empty_only_if_nothing_is() -> None:
    assert bar(Decimal(0), Decimal(100), 10) == "░" * 10
    assert bar(Decimal(1), Decimal(100), 10) == "█" + "░" * 9
    assert bar(Decimal(99), Decimal(100), 10) == "█" * 9 + "░"
    assert bar(Decimal(100), Decimal(100), 10) == "█" * 10
    assert bar(Decimal(101), Decimal(100), 10) == "█" * 10
    assert bar(Decimal(2), Decimal(0), 10) == "█" * 10


def test_numbers_are_written_as_people_write_them() -> None:
    assert [format_count(Decimal(text)) for text in ("0", "15", "14.500", "1000")] == ["0", "15", "14.5", "1000"]
    assert [format_money(value) for value in (None, Decimal(0), Decimal("1234.5"))] == ["?", "0.00", "1,234.50"]
    now = datetime(2026, 11, 10, 21, tzinfo=UTC)
    moments = ("2026-11-10 21:00:05", "2026-11-10 20:59:30", "2026-11-10 19:00:00", "2026-11-01 21:00:00")
    assert [ago(text, now) for text in moments] == ["0 s", "30 s", "2 h", "9 d"]


@pytest.mark.parametrize("source", [looked_at(tables(), startDate=NOW - timedelta(hours=5)), FakeSource(tables())])
def test_without_recent_runs_the_status_is_outdated(odcr: Odcr, source: FakeSource) -> None:
    result = odcr(source, "status")
    assert result.exit_code == 2
    assert "No run has started" in result.stderr
    assert "4/15" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--watch", "nan"),
        ("history", "--days", "nan"),
        ("history", "--days", "inf"),
        ("release", "m5.large", "eu-west-1a", "--keep", "nan"),
        ("release", "m5.large", "eu-west-1a", "--keep", "inf"),
        ("status", "--endpoint-url", "nonsense"),
        ("status", "--endpoint-url", "http://[::1"),
        ("status", "--endpoint-url", "ftp://127.0.0.1"),
    ],
)
def test_an_invalid_number_or_address_is_refused_in_one_line(arguments: tuple[str, ...]) -> None:
    result = CliRunner(mix_stderr=False).invoke(main.main, [*arguments])
    assert result.exit_code == 2
    assert "Traceback" not in result.output + result.stderr
    assert result.stderr.strip().splitlines()[-1].startswith(("odcr: ", "Error: "))


def test_a_bug_does_not_end_with_the_code_for_a_shortage(odcr: Odcr) -> None:
    class Broken(FakeSource):
        def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:  # noqa: ARG002
            raise KeyError("Rows")

    result = odcr(Broken(), "status")
    assert result.exit_code == 2
    assert "KeyError" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_ctrl_c_does_not_end_with_the_code_for_a_shortage(odcr: Odcr) -> None:
    class Interrupted(FakeSource):
        def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:  # noqa: ARG002
            raise KeyboardInterrupt

    assert odcr(Interrupted(), "status").exit_code == 130


def test_a_terminal_that_knows_ascii_alone_gets_ascii(tmp_path: Path) -> None:
    recording = tmp_path / "night.odcr"
    record(cast(LiveSource, looked_at(tables(Reason="需要更多"))), recording)
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": "cli"}
    completed = subprocess.run(
        [sys.executable, "-c", "from odcr_cli.main import run; run()", "--recording", str(recording), "status"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert completed.returncode == 1, completed.stderr
    assert completed.stdout.isascii()
    assert b"##-------- 4/15" in completed.stdout
