"""The commands that change the tables of the deployed stack, and the runs after them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deployment.stack import Stack
from odcr_cli.main import main
from tests.system.test_acquiring import KEY, current, run

FILE = """Group_Name,InstanceType,AvailabilityZone,Target_Capacity,TotalTargetCapacity,Unit,Priority,Deadline,Tags
,r5b.2xlarge,ap-northeast-1c,15,,,,2099-11-10,"{""Team"": ""shop""}"
,m5.xlarge,apne1-az4,2,,,,,
checkout,,,,64.5,vcpus,5,,
checkout,m6i.2xlarge,ap-northeast-1a,,,,1,,
checkout,m6i.4xlarge,ap-northeast-1d,,,,2,,
"""


@pytest.fixture
def prepared(stack: Stack) -> Stack:
    # The first run creates the tables.
    run(stack)
    return stack


def odcr(stack: Stack, *arguments: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, [*arguments, "--endpoint-url", stack.cloud.endpoint])


def answer(stack: Stack, *arguments: str, code: int = 0) -> Any:
    done = odcr(stack, *arguments, "--json")
    assert done.exit_code == code, (done.output, done.stderr)
    return json.loads(done.stdout)


def test_an_imported_file_is_acted_on_and_can_be_exported(prepared: Stack, tmp_path: Path) -> None:
    file, exported = tmp_path / "wanted.csv", tmp_path / "exported.csv"
    file.write_text(FILE)
    prepared.cloud.capacity.set_free(*KEY, 4)
    assert odcr(prepared, "import", str(file), "--yes").exit_code == 0
    run(prepared)
    assert current(prepared)[KEY] == 4

    # A run's own writes do not count as differences from the file.
    done = odcr(prepared, "import", str(file), "--remove-others")
    assert (done.exit_code, "nothing to do" in done.output) == (0, True), done.output
    assert odcr(prepared, "export", str(exported)).exit_code == 0
    done = odcr(prepared, "import", str(exported), "--remove-others")
    assert (done.exit_code, "nothing to do" in done.output) == (0, True), done.output
    assert len(answer(prepared, "groups", "list")["Groups"][0]["Members"]) == 2


def test_a_target_is_raised_lowered_and_removed(prepared: Stack) -> None:
    prepared.cloud.capacity.set_free(*KEY, 4)
    assert odcr(prepared, "prices", "set", KEY[0], "ap-northeast-1", "0.5", "--yes").exit_code == 0
    assert odcr(prepared, "targets", "set", *KEY, "15", "--max-hourly-cost", "9", "--yes").exit_code == 0
    run(prepared)
    lowered = answer(prepared, "targets", "set", *KEY, "1", "--yes")
    assert lowered["Committed"] is True
    assert lowered["HourlyCost"] == {"Was": {"USD": 7.5}, "Is": {"USD": 0.5}, "Unknown": []}
    assert "3 of 4 held are then above what is wanted" in lowered["Consequences"][0]
    assert answer(prepared, "targets", "remove", *KEY, "--yes")["Committed"] is True
    assert prepared.sql("SELECT * FROM odcr_capacity") == prepared.sql("SELECT * FROM odcr_option") == ()


def test_every_problem_is_reported_and_nothing_is_changed(prepared: Stack, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(
        "Group_Name,InstanceType,AvailabilityZone,Target_Capacity,Start_At,Deadline,Weight\n"
        ",r5b.2xlarge,ap-northeast-1c,1,,,\n"
        ",r5b.2xlarge,apne1-az1,1,,,\n"
        ",r5b.2xlrage,ap-northeast-1c,1,,,\n"
        ",m5.large,ap-northeast-1b,1,,,\n"
        ",m5.large,ap-northeast-1c,1,2099-11-10,2099-11-09,\n"
        ",m5.large,ap-northeast-1d,1000000,,,\n"
        "shop,m5.large,ap-northeast-1d,,,,0\n"
    )
    problems = answer(prepared, "import", str(file), "--yes", code=1)["Problems"]
    assert {problem["Line"] for problem in problems} == {3, 4, 5, 6, 7, 8}
    assert prepared.sql("SELECT * FROM odcr_capacity") == ()
