"""The commands that write to the tables of the deployed stack, and the runs that follow."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from localcloud.stack import Stack
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
    # The first run makes the tables.
    run(stack)
    return stack


def odcr(stack: Stack, *arguments: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, [*arguments, "--endpoint-url", stack.cloud.endpoint])


def answer(stack: Stack, *arguments: str, code: int = 0) -> Any:
    done = odcr(stack, *arguments, "--json")
    assert done.exit_code == code, (done.output, done.stderr)
    return json.loads(done.stdout)


def test_a_file_goes_in_is_acted_on_and_comes_out_again(prepared: Stack, tmp_path: Path) -> None:
    file, again = tmp_path / "wanted.csv", tmp_path / "again.csv"
    file.write_text(FILE)
    prepared.cloud.capacity.set_free(*KEY, 4)
    assert odcr(prepared, "import", str(file), "--yes").exit_code == 0
    run(prepared)
    assert current(prepared)[KEY] == 4

    # What a run has written is nobody's change.
    done = odcr(prepared, "import", str(file), "--remove-others")
    assert (done.exit_code, "nothing to do" in done.output) == (0, True), done.output
    assert odcr(prepared, "export", str(again)).exit_code == 0
    done = odcr(prepared, "import", str(again), "--remove-others")
    assert (done.exit_code, "nothing to do" in done.output) == (0, True), done.output
    assert len(answer(prepared, "groups", "list")["Groups"][0]["Members"]) == 2


def test_a_target_is_raised_lowered_and_removed(prepared: Stack) -> None:
    where = ("r5b.2xlarge", "ap-northeast-1c")
    prepared.cloud.capacity.set_free(*KEY, 4)
    assert odcr(prepared, "prices", "set", where[0], "ap-northeast-1", "0.5", "--yes").exit_code == 0
    assert odcr(prepared, "targets", "set", *where, "15", "--max-hourly-cost", "9", "--yes").exit_code == 0
    run(prepared)
    lowered = answer(prepared, "targets", "set", *where, "1", "--yes")
    assert lowered["Committed"] is True
    assert lowered["HourlyCost"] == {"Was": {"USD": 7.5}, "Is": {"USD": 0.5}, "Unknown": []}
    assert "3 of 4 held are then above what is wanted" in lowered["Consequences"][0]
    assert answer(prepared, "targets", "remove", *where, "--yes")["Committed"] is True
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
