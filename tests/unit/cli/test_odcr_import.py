"""`odcr import` and `odcr export`, from the command line to the door."""

import json
from pathlib import Path
from typing import Any

import pytest

from odcr_cli.tables.offers import Offer, Offers
from tests.unit.cli.door_commands import HEAD, KEY, OFFER, Odcr, caller, rows, text, usual_door
from tests.unit.cli.fake_door import Tables


@pytest.fixture
def odcr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Odcr:
    return caller(monkeypatch, tmp_path)


def test_a_file_is_taken_as_a_whole(odcr: Odcr) -> None:
    door = usual_door()
    result = odcr(
        door,
        "--yes",
        file=f"Group_Name,{HEAD},TotalTargetCapacity,Weight,Deadline\n"
        ",r5b.2xlarge,ap-northeast-1c,20,,,2099-01-01\n"
        ",m5.large,apne1-az4,5,,,\n"
        "shop,,,,12,,\n"
        "shop,c6i.large,ap-northeast-1a,,,0.5,\n",
    )
    assert result.exit_code == 0, result.output
    assert "4 added, 1 changed." in text(result)
    assert {row["InstanceType"]: row["Target_Capacity"] for row in door.tables["odcr_capacity"]} == {
        "r5b.2xlarge": 20,
        "m5.large": 5,
    }
    assert [row["Group_Name"] for row in door.tables["odcr_group"]] == ["checkout", "shop"]
    assert [row["Weight"] for row in door.tables["odcr_group_member"]] == [None, "0.5"]


def test_every_problem_of_a_file_is_reported_with_its_line_and_nothing_is_changed(odcr: Odcr) -> None:
    def reject(tables: Tables) -> list[dict[str, Any]]:
        bad = [row for row in tables["odcr_capacity"] if row["Target_Capacity"] == 999_999]
        return [
            {
                "Table": "odcr_capacity",
                "Key": {name: row[name] for name in KEY},
                "Reason": "Target_Capacity is far off.",
            }
            for row in bad
        ]

    door = usual_door()
    door.reject = reject
    result = odcr(
        door,
        "--yes",
        file=f"Group_Name,{HEAD},Platform\n"
        ",m5.large,ap-northeast-1a,1,\n"
        ",m5.lrage,ap-northeast-1a,1,\n"
        ",m5.large,ap-northeast-1c,many,\n"
        ",m5.xlarge,ap-northeast-1c,999999,\n"
        ",c6i.large,ap-northeast-1c,1,Windoze\n"
        "shop,c6i.large,ap-northeast-1c,,\n",
    )
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [f"line {number}" for number in (3, 4, 5, 6, 7)]
    assert "far off" in lines[2]
    assert lines[-1] == "5 problems; nothing was changed."
    assert "Change" not in door.asked


def test_other_rows_are_removed_only_on_request(odcr: Odcr) -> None:
    file = f"{HEAD}\nm5.large,ap-northeast-1a,1\n"
    door = usual_door()
    odcr(door, "--yes", file=file)
    assert (len(door.tables["odcr_capacity"]), len(door.tables["odcr_group"])) == (2, 1)
    result = odcr(door, "--yes", "--remove-others", file=file)
    assert "- r5b.2xlarge ap-northeast-1c (Target_Capacity was 15)" in text(result)
    assert [row["InstanceType"] for row in door.tables["odcr_capacity"]] == ["m5.large"]
    assert (door.tables["odcr_group"], door.tables["odcr_group_member"]) == ([], [])


def test_a_group_with_a_pool_in_the_file_is_kept(odcr: Odcr) -> None:
    door = usual_door()
    file = "Group_Name,InstanceType,AvailabilityZone\nCheckout,c6i.large,ap-northeast-1a\n"
    assert odcr(door, "--yes", "--remove-others", file=file).exit_code == 0
    assert [row["Group_Name"] for row in door.tables["odcr_group"]] == ["checkout"]
    assert [row["InstanceType"] for row in door.tables["odcr_group_member"]] == ["c6i.large"]
    assert door.tables["odcr_capacity"] == []


def test_an_empty_file_removes_nothing(odcr: Odcr) -> None:
    door = usual_door()
    result = odcr(door, "--yes", "--remove-others", file=f"{HEAD}\n")
    assert (result.exit_code, "would remove everything" in result.stderr) == (2, True)
    assert odcr(door, "--yes", file=f"{HEAD}\n").exit_code == 0
    assert "Change" not in door.asked


def test_options_stay_if_the_file_has_no_columns_for_them(odcr: Odcr) -> None:
    door = usual_door(odcr_option=[KEY | {"Priority": 7}])
    odcr(door, "--yes", "--remove-others", file=f"{HEAD}\nr5b.2xlarge,ap-northeast-1c,16\n")
    assert rows(door, "odcr_option") == [KEY | {"Priority": 7}]


def test_options_with_another_spelling_of_the_zone_stay_with_their_target(odcr: Odcr) -> None:
    options = [KEY | {"AvailabilityZone": zone, "Priority": 7} for zone in ("apne1-az1", "euw1-az1")]
    door = usual_door(odcr_option=options)
    odcr(door, "--yes", "--remove-others", file=f"{HEAD}\nr5b.2xlarge,ap-northeast-1c,16\n")
    assert [row["AvailabilityZone"] for row in door.tables["odcr_option"]] == ["apne1-az1"]


def test_a_thousand_rows_are_two_calls(odcr: Odcr) -> None:
    door = usual_door()
    zones = ("ap-northeast-1a", "ap-northeast-1c")
    types = frozenset(f"m{number}.large" for number in range(500))
    offers = Offers({"ap-northeast-1": Offer(OFFER.zones, dict.fromkeys(zones, types))})
    lines = "".join(f"{kind},{zone},{place}\n" for place, kind in enumerate(sorted(types)) for zone in zones)
    result = odcr(door, "--yes", file=f"{HEAD}\n{lines}", offers=offers)
    assert (result.exit_code, "1000 added." in text(result)) == (0, True)
    assert len(door.asked) == 4
    assert len(door.tables["odcr_capacity"]) == 1001


def test_too_many_rows_are_refused_before_the_door_is_asked(odcr: Odcr) -> None:
    door = usual_door()
    lines = "".join(f"m5.large,ap-northeast-1a-{number},1\n" for number in range(5_001))
    result = odcr(door, "--yes", file=f"{HEAD}\n{lines}", offers=Offers({}))
    assert (result.exit_code, "split the file" in text(result)) == (1, True)
    assert not {"Try", "Change"} & set(door.asked)


def test_an_exported_file_is_imported_as_nothing_to_do(odcr: Odcr, tmp_path: Path) -> None:
    door = usual_door(odcr_option=[KEY | {"Deadline": "2099-01-01 00:00:00", "Resource_Group": "=x"}])
    file = tmp_path / "out.csv"
    assert odcr(door, "export", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfGroup_Name,")
    result = odcr(door, "import", str(file), "--remove-others")
    assert (result.exit_code, "nothing to do" in result.output) == (0, True)
    printed = odcr(door, "export")
    assert printed.output == file.read_text(encoding="utf-8-sig")
    assert json.loads(odcr(door, "export", "--json").stdout)["odcr_capacity"]


def test_files_that_cannot_be_read_or_written(odcr: Odcr, tmp_path: Path) -> None:
    for arguments in (("import", str(tmp_path / "nowhere.csv")), ("export", str(tmp_path / "no" / "where.csv"))):
        result = odcr(usual_door(), *arguments)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
