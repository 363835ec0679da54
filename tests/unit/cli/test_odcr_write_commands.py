"""The commands that write to the tables, from the command line to the door."""

import json
from pathlib import Path

import pytest

from odcr_cli.tables.offers import Offer, Offers
from tests.unit.cli.door_commands import KEY, OFFER, PRICE, TYPES, Odcr, caller, rows, text, usual_door
from tests.unit.cli.fake_door import FakeDoor


@pytest.fixture
def odcr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Odcr:
    return caller(monkeypatch, tmp_path)


def test_a_target_is_set_and_the_change_shown(odcr: Odcr) -> None:
    door = usual_door()
    result = odcr(door, "targets", "set", "m5.large", "ap-northeast-1c", "3", "--priority", "-1", "--yes")
    assert result.exit_code == 0, result.output
    assert "+ m5.large ap-northeast-1c Target_Capacity 3" in text(result)
    new = {"InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1c"}
    assert rows(door, "odcr_capacity")[-1] == new | {"Target_Capacity": 3}
    assert rows(door, "odcr_option") == [new | {"Priority": -1}]


def test_a_target_that_is_raised_costs_more(odcr: Odcr) -> None:
    door = usual_door()
    result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "25", "--yes")
    assert "~ r5b.2xlarge ap-northeast-1c Target_Capacity 15 -> 25" in text(result)
    assert "5.96 USD more once all is held: 14.90 USD instead of 8.94 USD" in text(result)
    # What runs write stays theirs.
    assert rows(door, "odcr_capacity") == [KEY | {"Target_Capacity": 25, "Current_Capacity": 4}]


def test_a_group_costs_what_its_first_pool_costs(odcr: Odcr) -> None:
    price = PRICE | {"InstanceType": "m5.large", "Hourly_Price": "0.124"}
    member = {"Group_Name": "checkout", "InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a"}
    door = usual_door(odcr_price=[price], odcr_status=[member | {"Reserved": 1, "Weight": "2", "Unit": "vcpus"}])
    result = odcr(door, "groups", "set", "checkout", "164", "--dry-run")
    assert "6.20 USD more once all is held: 10.17 USD instead of 3.97 USD" in text(result)


def test_nothing_to_do_ends_with_0(odcr: Odcr) -> None:
    door = usual_door()
    result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "15")
    assert (result.exit_code, "nothing to do" in result.output) == (0, True)
    result = odcr(door, "targets", "remove", "m5.large", "ap-northeast-1c")
    assert (result.exit_code, "There is no target m5.large" in result.output) == (0, True)
    assert not {"Try", "Change"} & set(door.asked)


def test_a_person_is_asked_and_only_yes_means_yes(odcr: Odcr) -> None:
    for typed, code, count in (("n\n", 1, 15), ("\n", 1, 15), ("y\n", 0, 20)):
        door = usual_door()
        result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "20", typed=typed)
        assert result.exit_code == code
        assert door.tables["odcr_capacity"][0]["Target_Capacity"] == count


def test_without_a_terminal_nothing_is_done(odcr: Odcr) -> None:
    for more in ((), ("--json",)):
        door = usual_door()
        result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "20", *more)
        assert result.exit_code == 2
        assert "Add --yes" in result.stderr
        assert "Change" not in door.asked


def test_a_dry_run_shows_the_difference_only(odcr: Odcr) -> None:
    door = usual_door()
    result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "20", "--dry-run")
    assert (result.exit_code, "15 -> 20" in text(result)) == (0, True)
    assert door.asked[-1] == "Try"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("r5b.2xlrage", "ap-northeast-1c"), "EC2 has no type r5b.2xlrage in ap-northeast-1. Did you mean r5b.2xlarge"),
        (("r5b.2xlarge", "ap-northeast-1a"), "ap-northeast-1a does not offer r5b.2xlarge. It is offered in ap-northea"),
        (
            ("m5.large", "ap-northeast-1b"),
            "has no zone ap-northeast-1b for this account. It has ap-northeast-1a, ap-no",
        ),
        (("m5.large", "apne1-az2"), "no zone apne1-az2 for this account. It has apne1-az1, apne1-az4."),
        (("m5.large", "ap-norhteast-1a"), "There is no zone ap-norhteast-1a. Did you mean ap-northeast-1a?"),
        (("m5.large", "ap-northeast-1"), "is a Region, not a zone. Write one of its zones, such as ap-northeast-1a."),
        (("m5.large", "ap-northeast-1-tpe-1a"), "Enable its zone group ap-northeast-1-tpe-1 in EC2."),
        (("r5b.2xlarge", "apne1-az1"), "ap-northeast-1c is the same zone and already has r5b.2xlarge"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_name(odcr: Odcr, arguments: tuple[str, str], part: str) -> None:
    door = usual_door()
    result = odcr(door, "targets", "set", *arguments, "3", "--yes")
    assert result.exit_code == 1
    assert part in text(result)
    assert "Change" not in door.asked


def test_a_type_that_is_no_longer_offered_can_be_lowered_and_removed(odcr: Odcr) -> None:
    gone = Offers({"ap-northeast-1": Offer(OFFER.zones, {zone.name: TYPES - {"r5b.2xlarge"} for zone in OFFER.zones})})
    for arguments in (("set", "r5b.2xlarge", "ap-northeast-1c", "3"), ("remove", "r5b.2xlarge", "ap-northeast-1c")):
        assert odcr(usual_door(), "targets", *arguments, "--yes", offers=gone).exit_code == 0
    assert odcr(usual_door(), "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "16", offers=gone).exit_code == 1


def test_a_region_that_does_not_answer_blocks_no_change(odcr: Odcr) -> None:
    result = odcr(
        usual_door(),
        "targets",
        "set",
        "m5.large",
        "ap-northeast-1c",
        "3",
        "--yes",
        offers=Offers({}, {"ap-northeast-1": "Nothing answers there."}),
    )
    assert (result.exit_code, "ap-northeast-1 did not say what it offers" in text(result)) == (0, True)


@pytest.mark.parametrize(
    ("platform", "part"), [("linux", "Did you mean Linux/UNIX?"), ("Windws", "Did you mean Windows"), ("x", "SUSE")]
)
def test_an_unknown_platform_is_refused(odcr: Odcr, platform: str, part: str) -> None:
    result = odcr(usual_door(), "options", "set", "r5b.2xlarge", "ap-northeast-1c", "--platform", platform)
    assert (result.exit_code, part in text(result)) == (1, True)


def test_options_need_a_target_and_members_a_group(odcr: Odcr) -> None:
    result = odcr(usual_door(), "options", "set", "r5b.2xlarge", "ap-northeast-1a", "--priority", "1")
    assert result.exit_code == 1
    assert "odcr targets set r5b.2xlarge ap-northeast-1a COUNT. There is r5b.2xlarge ap-northeast-1c." in text(result)
    result = odcr(usual_door(), "groups", "members", "set", "chekout", "m5.large", "ap-northeast-1c")
    assert (result.exit_code, "Did you mean checkout?" in text(result)) == (1, True)
    result = odcr(usual_door(), "groups", "set", "new", "--priority", "1")
    assert (result.exit_code, "give its TotalTargetCapacity" in text(result)) == (1, True)


def test_options_change_alone_and_are_removed_when_all_are_defaults(odcr: Odcr) -> None:
    door = usual_door()
    where = ("r5b.2xlarge", "ap-northeast-1c", "--yes")
    odcr(door, "options", "set", *where, "--deadline", "2099-11-10", "--tag", "Team=shop", "--tag", "a==b")
    assert rows(door, "odcr_option") == [
        KEY | {"Deadline": "2099-11-10 00:00:00", "Tags": '{"Team": "shop", "a": "=b"}'}
    ]
    result = odcr(door, "options", "set", *where, "--tags", "")
    assert 'Tags {"Team": "shop", "a": "=b"} -> none' in text(result)
    assert rows(door, "odcr_option") == [KEY | {"Deadline": "2099-11-10 00:00:00"}]
    odcr(door, "options", "set", *where, "--deadline", "")
    assert rows(door, "odcr_option") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("options", "set", "r5b.2xlarge", "ap-northeast-1c"),
        ("options", "set", "r5b.2xlarge", "ap-northeast-1c", "--tenancy", "dedicatd"),
        ("options", "set", "r5b.2xlarge", "ap-northeast-1c", "--tag", "Team"),
        ("targets", "set", "r5b.2xlarge", "ap-northeast-1c", "many"),
        ("groups", "set", "checkout"),
        ("groups", "set", "checkout", "--member", "m5.large"),
        ("prices", "set", "m5.large", "ap-northeast-1", "--", "-1"),
        ("prices", "set", "m5.large", "ap-northeast-1", "1", "--currency", "dollars"),
    ],
)
def test_a_wrong_command_line_ends_with_2_before_anything_is_read(odcr: Odcr, arguments: tuple[str, ...]) -> None:
    door = usual_door()
    assert odcr(door, *arguments).exit_code == 2
    assert door.asked == []


def test_a_group_is_made_with_its_pools_in_one_go(odcr: Odcr) -> None:
    door = usual_door(odcr_group=[], odcr_group_member=[])
    pools = ("--member", "M5.xlarge", "ap-northeast-1a", "--member", "m5.large", "ap-northeast-1c")
    result = odcr(door, "groups", "set", "shop", "64.5", "--unit", "vCPUs", *pools, "--yes")
    assert result.exit_code == 0, result.output
    assert rows(door, "odcr_group") == [{"Group_Name": "shop", "TotalTargetCapacity": "64.5", "Unit": "vcpus"}]
    assert [(row["InstanceType"], row["Priority"]) for row in door.tables["odcr_group_member"]] == [
        ("m5.xlarge", 1),
        ("m5.large", 2),
    ]


def test_new_pools_come_after_the_existing_ones(odcr: Odcr) -> None:
    door = usual_door()
    pools = ("--member", "m5.large", "ap-northeast-1a", "--member", "c6i.large", "ap-northeast-1a")
    # The name as the group has it, whatever the letters: it is in the tags of what is held.
    assert odcr(door, "groups", "set", "Checkout", *pools, "--yes").exit_code == 0
    assert [(row["Group_Name"], row["InstanceType"], row["Priority"]) for row in door.tables["odcr_group_member"]] == [
        ("checkout", "m5.large", 3),
        ("checkout", "c6i.large", 4),
    ]


def test_a_group_is_removed_with_its_members(odcr: Odcr) -> None:
    held = {"Group_Name": "checkout", "InstanceType": "", "AvailabilityZone": "", "Reserved": 16, "Status": "SHORT"}
    door = usual_door(odcr_status=[held])
    result = odcr(door, "groups", "remove", "CHECKOUT", "--yes")
    assert "16 vCPUs stay held and keep costing money: cancel it in EC2." in text(result)
    assert (rows(door, "odcr_group"), rows(door, "odcr_group_member")) == ([], [])


def test_a_member_is_changed_and_removed(odcr: Odcr) -> None:
    pool = {"Group_Name": "checkout", "InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a"}
    door = usual_door(odcr_status=[pool | {"Reserved": 2, "Status": "FULFILLED"}])
    where = ("checkout", "m5.large", "ap-northeast-1a", "--yes")
    assert odcr(door, "groups", "members", "set", *where, "--weight", "2.5", "--priority", "0").exit_code == 0
    assert rows(door, "odcr_group_member") == [pool | {"Weight": "2.5"}]
    result = odcr(door, "groups", "members", "remove", *where)
    assert "2 held there still count" in text(result)
    assert rows(door, "odcr_group_member") == []


def test_prices_are_set_and_removed(odcr: Odcr) -> None:
    door = usual_door()
    place = ("r5b.2xlarge", "ap-northeast-1", "--yes")
    assert odcr(door, "prices", "set", *place[:2], "0.58", "--yes").exit_code == 0
    assert rows(door, "odcr_price") == [PRICE | {"Hourly_Price": "0.58", "Source": "given"}] or (
        door.tables["odcr_price"][0]["Source"],
        door.tables["odcr_price"][0]["Hourly_Price"],
    ) == ("given", "0.58")
    assert odcr(door, "prices", "remove", *place).exit_code == 0
    assert door.tables["odcr_price"] == []
    result = odcr(door, "prices", "set", "m5.large", "ap-northest-1", "1", "--yes")
    assert (result.exit_code, "Did you mean ap-northeast-1?" in text(result)) == (1, True)


def test_capacity_held_on_another_platform_is_mentioned(odcr: Odcr) -> None:
    where = ("r5b.2xlarge", "ap-northeast-1c", "--platform", "Windows", "--dry-run")
    more = text(odcr(usual_door(), "options", "set", *where))
    assert (
        "EC2 cannot change Platform of the 4 held (Linux/UNIX). They stay and keep costing money, but no longer count: "
        "15 are bought beside them." in more
    )
    # What is held otherwise is never given back, whatever is lowered.
    where_to = ("r5b.2xlarge", "ap-northeast-1c", "1", "--platform", "Windows", "--dry-run")
    lowered = odcr(usual_door(), "targets", "set", *where_to, parameters={"ReleaseOnLoweredTarget": "yes"})
    assert [line[:2] for line in lowered.output.splitlines()].count("! ") == 1
    enough = usual_door(odcr_capacity=[KEY | {"Target_Capacity": 4}])
    assert "Nothing is bought until you cancel them in EC2" in text(odcr(enough, "options", "set", *where))


@pytest.mark.parametrize(
    ("releases", "part"),
    [
        ("yes", "The next run announces it, and the one after it gives back"),
        ("no", "until you reduce the reservations"),
    ],
)
def test_a_lowered_target_mentions_what_is_given_back(odcr: Odcr, releases: str, part: str) -> None:
    parameters = {"ReleaseOnLoweredTarget": releases}
    lowered = ("targets", "set", "r5b.2xlarge", "ap-northeast-1c", "1", "--dry-run")
    result = text(odcr(usual_door(), *lowered, parameters=parameters))
    assert "3 of 4 held are then above what is wanted" in result
    assert part in result
    # Above what is held nothing comes of it.
    assert "!" not in odcr(usual_door(), *lowered[:-2], "5", "--dry-run", parameters=parameters).output
    removed = odcr(usual_door(), "targets", "remove", *lowered[2:4], "--dry-run", parameters=parameters)
    assert "4 stay held and keep costing money" in text(removed)


def test_a_time_in_the_past_is_mentioned(odcr: Odcr) -> None:
    where = ("r5b.2xlarge", "ap-northeast-1c", "--dry-run")
    result = odcr(usual_door(), "options", "set", *where, "--deadline", "2020-01-01", "--end-date", "2020-01-02")
    assert "Deadline 2020-01-01 00:00:00 UTC is in the past" in text(result)
    assert "odcr asks for nothing more" in text(result)


def test_a_concurrent_change_is_not_overwritten(odcr: Odcr) -> None:
    door = usual_door()

    def somebody() -> None:
        door.tables["odcr_capacity"][0]["Target_Capacity"] = 30

    door.before_commit = somebody
    result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "20", "--yes")
    assert result.exit_code == 1
    assert "Somebody else has changed" in text(result)
    assert "Target_Capacity 30" in text(result)
    assert door.tables["odcr_capacity"][0]["Target_Capacity"] == 30


def test_a_run_that_writes_meanwhile_causes_no_conflict(odcr: Odcr) -> None:
    door = usual_door()

    def run() -> None:
        door.tables["odcr_capacity"][0]["Current_Capacity"] = 9

    door.before_commit = run
    assert odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "20", "--yes").exit_code == 0
    assert rows(door, "odcr_capacity") == [KEY | {"Target_Capacity": 20, "Current_Capacity": 9}]


def test_a_misspelled_row_is_rewritten_as_ec2_spells_it(odcr: Odcr) -> None:
    door = usual_door(
        odcr_capacity=[KEY | {"InstanceType": "R5B.2xlarge ", "Target_Capacity": 15, "Current_Capacity": 4}]
    )
    result = odcr(door, "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "15", "--yes")
    assert "was written R5B.2xlarge ap-northeast-1c" in text(result)
    assert [(row["InstanceType"], row["Target_Capacity"]) for row in door.tables["odcr_capacity"]] == [
        ("r5b.2xlarge", 15)
    ]


def test_json_has_all_that_is_shown(odcr: Odcr) -> None:
    result = odcr(usual_door(), "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "1", "--dry-run", "--json")
    answer = json.loads(result.stdout)
    (change,) = answer["Changes"]
    assert change["Columns"] == {"Target_Capacity": {"Was": 15, "Is": 1}}
    assert (answer["Committed"], answer["HourlyCost"]["Is"], len(answer["Consequences"])) == (False, {"USD": 0.596}, 1)
    result = odcr(usual_door(), "targets", "set", "x.y", "ap-northeast-1c", "1", "--json", "--yes")
    (problem,) = json.loads(result.stdout)["Problems"]
    assert (result.exit_code, problem["About"]) == (1, "x.y ap-northeast-1c")
    result = odcr(usual_door(), "targets", "set", "r5b.2xlarge", "ap-northeast-1c", "16", "--json", "--yes")
    assert json.loads(result.stdout)["Committed"] is True


@pytest.mark.parametrize("noun", ["targets", "groups", "options", "prices"])
@pytest.mark.parametrize("columns", [60, 80])
def test_lists_fit_the_terminal_and_are_complete(odcr: Odcr, noun: str, columns: int) -> None:
    hostile = "[red]\x1b[31m</script>"
    door = usual_door(
        odcr_option=[KEY | {"Deadline": "2099-01-01 00:00:00", "Resource_Group": hostile}],
        odcr_group=[{"Group_Name": hostile, "TotalTargetCapacity": "5"}],
    )
    result = odcr(door, noun, "list", columns=columns)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines())) <= columns
    assert "\x1b" not in result.output
    parts = {
        "targets": ["15", "2099-01-01 00:00:00", "[red]"],
        "groups": ["[red]", "TotalTargetCapacity 5", "checkout", "m5.large"],
        "options": ["2099-01-01 00:00:00", "[red]"],
        "prices": ["0.596", "list"],
    }
    assert all(part in text(result) for part in parts[noun])
    assert json.loads(odcr(door, noun, "list", "--json").stdout)[noun.capitalize()]


def test_empty_lists_say_how_to_begin(odcr: Odcr) -> None:
    for noun in ("targets", "groups", "options"):
        assert f"odcr {noun} set" in text(odcr(FakeDoor({}), noun, "list"))
    assert odcr(FakeDoor({}), "prices", "list").exit_code == 0


def test_hostile_text_does_not_control_the_terminal(odcr: Odcr) -> None:
    name = "[bold]\x1b[31m\x07"
    result = odcr(usual_door(), "groups", "set", name, "5", "--dry-run")
    assert "[bold]" in result.output
    assert "\x1b" not in result.output
    result = odcr(usual_door(), file=f"Group_Name,Priority\n{name},x\n")
    assert "[bold]" in result.output
    assert "\x1b" not in result.output


def test_a_recording_is_listed_and_exported_and_never_changed(odcr: Odcr, tmp_path: Path) -> None:
    recording = tmp_path / "some.recording"
    recording.write_bytes(b"")
    result = odcr(usual_door(), "--recording", str(recording), "targets", "set", "m5.large", "ap-northeast-1a", "1")
    assert (result.exit_code, "can only be looked at" in result.stderr) == (2, True)
