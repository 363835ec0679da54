"""The CSV file: which dialects are read, and that export and import match."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from odcr_cli.door import Row
from odcr_cli.tables.changes import plan_of
from odcr_cli.tables.csv_file import HEADER, read, write
from odcr_cli.tables.wishes import Wish
from tests.unit.cli.fake_door import FakeDoor

KEY = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c"}
HEAD = "InstanceType,AvailabilityZone,Target_Capacity"


def capacity(count: object, **key: str) -> Row:
    return KEY | key | {"Target_Capacity": count}


def values(content: bytes) -> list[tuple[str, Mapping[str, Any]]]:
    reading = read(content)
    assert not reading.problems
    return [(wish.table, wish.values) for wish in reading.wishes]


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read(text.encode()).problems]


EVERYTHING: dict[str, list[Row]] = {
    "odcr_capacity": [
        capacity(15),
        capacity(0, InstanceType="m5.large"),
        # Rows that odcr rejects, and that are nevertheless to come back as they are.
        capacity(3, InstanceType=" M5.Xlarge"),
        capacity(-1, InstanceType="", AvailabilityZone="nowhere") | {"InstanceType": "=cmd|' /C calc'!A0"},
    ],
    "odcr_option": [
        KEY
        | {
            "Platform": "Windows",
            "Tenancy": "dedicated",
            "Match_Criteria": "targeted",
            "End_Date": "2099-12-01 00:00:00",
            "Priority": -3,
            "Start_At": "2099-11-01 00:00:00",
            "Deadline": "2099-11-10 12:30:45",
            "After_Deadline": "stop",
            "On_Missed": "release",
            "Placement_Group": "=close",
            "Resource_Group": '\'=quoted, "and" more\nthan a line',
            "Tags": '{"Team": "小売", "x": "a,b;c"}',
            "Max_Hourly_Cost": "12.5",
        },
        # It says nothing, and is found in other letters.
        {"InstanceType": "M5.LARGE", "AvailabilityZone": "ap-northeast-1c"},
    ],
    "odcr_group": [
        {"Group_Name": "checkout", "TotalTargetCapacity": "64.125", "Unit": "vcpus", "Allow_Overshoot": 1},
        {"Group_Name": "@sum", "TotalTargetCapacity": "1000", "AllocationStrategy": "balanced", "Tags": "{}"},
        {"Group_Name": "no pools", "TotalTargetCapacity": "0"},
    ],
    "odcr_group_member": [
        KEY | {"Group_Name": "checkout", "Priority": 1, "Weight": "0.125", "Min_Instances": 1, "Max_Instances": 7},
        {"Group_Name": "CHECKOUT ", "InstanceType": "m5.large", "AvailabilityZone": "apne1-az1", "Priority": -2},
        KEY | {"Group_Name": "@sum"},
    ],
}


def test_what_is_exported_and_imported_again_changes_nothing() -> None:
    tables = FakeDoor(EVERYTHING).tables
    text, left_out = write(tables)
    reading = read(text.encode("utf-8-sig"))
    assert (reading.problems, left_out) == ([], [])
    plan = plan_of(reading.wishes, tables, removes_others=True)
    assert [edit.name for edit in plan.edits] == []
    assert plan.problems == []


@pytest.mark.parametrize(
    ("of_target", "of_options"), [("ap-northeast-1c", "apne1-az1"), ("apne1-az1", "ap-northeast-1c")]
)
def test_options_that_name_the_zone_in_the_other_way_go_with_their_target(of_target: str, of_options: str) -> None:
    type_, other = {"InstanceType": "r5b.2xlarge"}, {"InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a"}
    tables = FakeDoor(
        {
            "odcr_capacity": [type_ | {"AvailabilityZone": of_target, "Target_Capacity": 15}],
            "odcr_option": [type_ | {"AvailabilityZone": of_options, "Priority": 7}, other | {"Priority": 1}],
        }
    ).tables
    text, left_out = write(tables)
    assert left_out == ["the options of m5.large ap-northeast-1a"]
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["AvailabilityZone"], line["Priority"]) == (of_target, "7")
    plan = plan_of(read(text.encode()).wishes, tables, removes_others=False)
    assert (plan.edits, plan.problems) == ([], [])
    # What is changed is the row that is there.
    (edit,) = plan_of(read(text.replace("7", "8").encode()).wishes, tables, removes_others=False).edits
    assert (edit.key, edit.after["Priority"]) == (("r5b.2xlarge", of_options), 8)


def test_options_that_may_be_several_targets_stay_where_they_are() -> None:
    type_ = {"InstanceType": "r5b.2xlarge"}
    targets = [type_ | {"AvailabilityZone": f"ap-northeast-1{letter}", "Target_Capacity": 15} for letter in "ac"]
    options = [type_ | {"AvailabilityZone": "apne1-az1", "Priority": 7}]
    tables = FakeDoor({"odcr_capacity": targets, "odcr_option": options}).tables
    text, left_out = write(tables)
    assert left_out == ["the options of r5b.2xlarge apne1-az1"]
    assert plan_of(read(text.encode()).wishes, tables, removes_others=True).edits == []


def test_an_exported_file_restores_empty_tables() -> None:
    door = FakeDoor(EVERYTHING)
    again = FakeDoor({})
    plan = plan_of(read(write(door.tables)[0].encode()).wishes, again.tables, removes_others=False)
    assert not plan.problems
    again.change(plan.to_changes())
    assert write(again.tables)[1] == []
    groups_named = {str(row["Resource_Group"]) for row in again.tables["odcr_option"]}
    assert groups_named == {EVERYTHING["odcr_option"][0]["Resource_Group"]}
    assert sorted(row["Group_Name"] for row in again.tables["odcr_group"]) == ["@sum", "checkout", "no pools"]


def test_no_exported_cell_is_a_formula() -> None:
    text, _ = write(FakeDoor(EVERYTHING).tables)
    numbers = {HEADER.index(name) for name in ("Priority", "Target_Capacity")}
    for line in csv.reader(io.StringIO(text)):
        for place, cell in enumerate(line):
            assert place in numbers or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


def test_rows_without_a_target_or_group_are_left_out_and_named() -> None:
    text, left_out = write(
        {"odcr_option": [KEY | {"Priority": 1}], "odcr_group_member": [KEY | {"Group_Name": "gone"}]}
    )
    assert text.splitlines() == [",".join(HEADER)]
    assert left_out == [
        "group gone: r5b.2xlarge ap-northeast-1c",
        "the options of r5b.2xlarge ap-northeast-1c",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\nr5b.2xlarge,ap-northeast-1c,15\n",
        f"{HEAD}\r\nr5b.2xlarge,ap-northeast-1c,15",
        f"\ufeff{HEAD}\r\n\r\n,,\r\nr5b.2xlarge,ap-northeast-1c,15\r\n,,\r\n",
        "sep=;\r\nInstanceType;AvailabilityZone;Target_Capacity\r\nr5b.2xlarge;ap-northeast-1c;15\r\n",
        "instance type;availability zone;target capacity\nr5b.2xlarge;ap-northeast-1c;15,0\n",
        "InstanceType\tAvailabilityZone\tTarget_Capacity\nr5b.2xlarge\tap-northeast-1c\t15\n",
        f'{HEAD},,\n"r5b.2xlarge","ap-northeast-1c"," 15.0 ",,\n',
        f"{HEAD},Current_Capacity\nr5b.2xlarge,ap-northeast-1c,15,4\n",
        # The same line twice, and one in other letters.
        f"{HEAD}\nr5b.2xlarge,ap-northeast-1c,15\nr5b.2xlarge,ap-northeast-1c,15\nR5B.2xlarge,ap-northeast-1c,15\n",
    ],
)
def test_a_file_as_programs_write_it(text: str) -> None:
    assert values(text.encode()) == [("odcr_capacity", {"Target_Capacity": 15})]


@pytest.mark.parametrize(
    ("cell", "count"),
    [("15", 15), ("15.0", 15), ('"1,000"', 1000), ('"12,345,678"', 12345678), ("+7", 7), ("-1", -1), ("007", 7)],
)
def test_numbers(cell: str, count: int) -> None:
    assert values(f"{HEAD}\nm5.large,us-east-1a,{cell}\n".encode())[0][1] == {"Target_Capacity": count}


@pytest.mark.parametrize("cell", ["1.5", "fifteen", '"1,00"', '"1,0000"', "1e3", "nan", "inf", "0x10", "", "٣", "²"])
def test_an_invalid_number_is_reported_with_its_line(cell: str) -> None:
    (problem,) = problems(f"{HEAD}\nm5.large,us-east-1a,4\nm5.large,us-east-1b,{cell}\n")
    assert problem.startswith("line 3: m5.large us-east-1b: Target_Capacity is ")


@pytest.mark.parametrize(("cell", "total"), [("1,5", "1.5"), ("1.234,5", "1234.5"), ("1.5", "1.5"), ("0,125", "0.125")])
def test_a_file_with_semicolons_has_decimal_commas(cell: str, total: str) -> None:
    text = f"Group_Name;TotalTargetCapacity\nshop;{cell}\n"
    assert values(text.encode()) == [("odcr_group", {"TotalTargetCapacity": total})]


@pytest.mark.parametrize(("name", "cell"), [("TotalTargetCapacity", "1,000"), ("Priority", "1.000")])
def test_a_number_that_may_be_one_or_a_thousand_is_refused(name: str, cell: str) -> None:
    (problem,) = problems(f"Group_Name;{name}\nshop;{cell}\n")
    assert "two ways" in problem


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-30 20:00:00", "2026-11-30 20:00:00"),
        ("2026-11-30 20:00", "2026-11-30 20:00:00"),
        ("2026-11-30", "2026-11-30 00:00:00"),
        ("2026/11/3 20:00", "2026-11-03 20:00:00"),
        ("2026-11-30T20:00:00Z", "2026-11-30 20:00:00"),
        ("2026-11-30 20:00:00+09:00", "2026-11-30 11:00:00"),
        ("", None),
    ],
)
def test_moments(cell: str, moment: str | None) -> None:
    ((_, options),) = values(f"Group_Name,Deadline\nshop,{cell}\n".encode())
    assert options == {"Deadline": moment}


@pytest.mark.parametrize(
    "cell", ["30.11.2026", "11/30/2026 20:00", "tomorrow", "2026-13-01", "46000", "0001-01-01 00:00+09:00"]
)
def test_a_day_that_may_be_a_month_is_refused(cell: str) -> None:
    (problem,) = problems(f"Group_Name,Deadline\nshop,{cell}\n")
    assert "2026-11-30 20:00:00" in problem


def test_all_problems_are_reported_at_once() -> None:
    messages = problems(
        f"{HEAD},Group_Name,TotalTargetCapacity,Weight,Tenancy,Tags\n"
        "m5.large,,1,,,,,\n"
        ",us-east-1a,1,,,,,\n"
        ",,,,,,dedicated,\n"
        "m5.large,us-east-1a,1,,,,dedicatd,\n"
        "m5.large,us-east-1b,1,,,,,Team=shop\n"
        ",,5,shop,8,,,\n"
        "m5.large,us-east-1a,,shop,,2,dedicated,\n"
        "m5.large,us-east-1c,1,,3,,,\n"
        "m5.large,us-east-1d,1,,,1,,\n"
        "m5.large,us-east-1e,1\n"
        "m5.large,us-east-1e,2\n"
        "m5.large,us-east-1f,1,,,,,,one too many\n"
    )
    lines = [int(text.split(":")[0].removeprefix("line ")) for text in messages]
    assert lines == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]
    for text, part in zip(
        messages,
        (
            "give it a zone",
            "give it a type",
            "or a Group_Name",
            "Did you mean dedicated?",
            "JSON object",
            "TotalTargetCapacity",
            "the line of the group",
            "the line of the group",
            "a group's pools",
            "Line 11 has it too",
            "quotes",
        ),
        strict=True,
    ):
        assert part in text


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("InstanceTyp,AvailabilityZone,Target_Capacity", ["InstanceTyp'", "Did you mean InstanceType?"]),
        ("InstanceType,AvailabilityZone,Zweck", ["'Zweck'", "There are Group_Name, InstanceType"]),
        ("InstanceType,AvailabilityZone,Target_Capacity,target capacity", ["Target_Capacity appears twice"]),
        ("Priority,Deadline", ["must name the columns"]),
        ("", ["must name the columns"]),
    ],
)
def test_the_first_line_is_understood_or_refused(header: str, parts: Sequence[str]) -> None:
    (problem,) = problems(f"{header}\nm5.large,us-east-1a,1\n" if header else "")
    assert problem.startswith("line 1: ")
    for part in parts:
        assert part in problem


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (HEAD.encode("utf-16"), "UTF-16"),
        (HEAD.encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04\x14", "workbook"),
        (f"{HEAD},Tags\nm5.large,us-east-1a,1,\n".encode() + "m5.large,us-east-1b,1,Käse".encode("latin-1"), "line 3"),
        ("Group_Name\n顧客".encode("shift-jis"), "line 2"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused_with_advice(content: bytes, part: str) -> None:
    (problem,) = read(content).problems
    assert part in str(problem)
    assert "CSV UTF-8" in str(problem)


def test_lines_are_counted_as_an_editor_shows_them() -> None:
    text = f'{HEAD},Resource_Group\n\nm5.large,us-east-1a,1,"two\nlines"\nm5.large,us-east-1b,x,\n'
    (problem,) = problems(text)
    assert problem.startswith("line 5: ")


def test_an_unclosed_quote_is_reported() -> None:
    assert problems(f'{HEAD}\nm5.large,us-east-1a,"1' + "x" * 200_000)


def test_a_missing_column_stays_and_an_empty_cell_is_the_default() -> None:
    (wish,) = read(f"{HEAD}\nm5.large,us-east-1a,1\n".encode()).wishes
    assert wish == Wish("odcr_capacity", ("m5.large", "us-east-1a"), {"Target_Capacity": 1}, 2)
    _, option = read(f"{HEAD},Priority\nm5.large,us-east-1a,1,\n".encode()).wishes
    assert (option.table, option.values) == ("odcr_option", {"Priority": 0})
