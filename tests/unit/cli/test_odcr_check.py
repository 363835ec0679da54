"""`odcr check`: the checks of the tables, and the output."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from odcr.domain.row_problems import lonely_options
from odcr_cli.checks import supportability
from odcr_cli.checks.all_checks import CHECKS, run
from odcr_cli.checks.line import Level, Line
from odcr_cli.checks.tables import check_dates, check_rows, check_version, strays
from odcr_cli.commands.check import render
from odcr_cli.main import Context, main
from odcr_cli.trouble import Trouble
from tests.unit.cli.check_inputs import LARGE, check_inputs, one, row
from tests.unit.cli.fake_account import Answer, FakeAccount


def invoked(answer: Mapping[str, Any]) -> Answer:
    class Body:
        def read(self) -> bytes:
            return json.dumps(answer).encode()

    return {"Payload": Body()}


@pytest.mark.parametrize(
    ("tables", "code", "level"), [(2, 2, Level.OK), (1, 2, Level.ERROR), (3, 2, Level.ERROR), (None, 2, Level.ERROR)]
)
def test_the_tables_version_must_match_the_functions(
    monkeypatch: pytest.MonkeyPatch, tables: int | None, code: int, level: Level
) -> None:
    inputs = check_inputs(odcr_version=[] if tables is None else [{"Version": 1}, {"Version": tables}])
    monkeypatch.setattr(inputs.account, "invoke", lambda *_: {"Rows": [], "Version": code})
    assert one(check_version(inputs)).level is level


def test_a_row_that_the_next_run_would_reject_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = check_inputs(
        odcr_capacity=[row(1)],
        odcr_option=[LARGE | {"AvailabilityZone": "ap-northeast-1x"}],
        odcr_group=[{"Group_Name": "empty", "TotalTargetCapacity": "1"}],
        odcr_group_member=[LARGE | {"Group_Name": "lost"}],
    )
    rejected = [{"InstanceType": "m5.large", "AvailabilityZone": "x", "Reason": "No such\nzone."}]
    monkeypatch.setattr(inputs.account, "invoke", lambda *_: {"Targets": [], "Rejected": rejected, "Complete": True})
    lines = list(check_rows(inputs))
    assert {line.level for line in lines} == {Level.ERROR}
    assert [line.seen.split(",")[0] for line in lines] == [
        "m5.large x: No such zone.",
        "odcr_option has m5.large ap-northeast-1x",
        "odcr_group_member names the group lost",
        "The group empty has no members.",
    ]


def plan(*targets: dict[str, str], complete: bool = True) -> Any:
    return lambda *_: {"Targets": list(targets), "Rejected": [], "Complete": complete}


@pytest.mark.parametrize(
    ("status", "answer", "levels"),
    [
        ("INVALID", plan(), [Level.ERROR]),
        ("FAILED", plan(), [Level.ERROR]),
        # The row was corrected since.
        ("INVALID", plan(LARGE), [Level.OK]),
        ("INVALID", plan(complete=False), [Level.ERROR, Level.WARNING]),
        ("FAILED", plan(complete=False), [Level.WARNING]),
    ],
)
def test_an_earlier_rejection_is_still_reported(
    monkeypatch: pytest.MonkeyPatch, status: str, answer: Any, levels: list[Level]
) -> None:
    recorded = LARGE | {"Status": status, "Reason": "Correct it.", "Reserved": 0, "Group_Name": ""}
    inputs = check_inputs(odcr_capacity=[row(1)], odcr_status=[recorded])
    monkeypatch.setattr(inputs.account, "invoke", answer)
    lines = list(check_rows(inputs))
    assert [line.level for line in lines] == levels
    if Level.ERROR in levels:
        assert lines[0].seen == "m5.large ap-northeast-1a: Correct it."


def test_a_partial_plan_does_not_vouch_for_all_demands(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(1, LARGE | {"AvailabilityZone": f"ap-northeast-1{letter}"}) for letter in "acd"]
    inputs = check_inputs(odcr_capacity=rows)
    monkeypatch.setattr(inputs.account, "invoke", plan(*rows[:2], complete=False))
    line = one(check_rows(inputs))
    assert line.level is Level.WARNING
    assert line.seen.startswith("One run takes 2 of the 3 demands")


ZONES = [
    "ap-northeast-1c",
    "AP-northeast-1C ",
    "ap-northeast-1a",
    "apne1-az4",
    "use1-az1",
    "ap-northeast-1-tpe-1a",
    "x",
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("option", ZONES)
@pytest.mark.parametrize("name", ["m5.large", " M5.LARGE", "m5.larg"])
def test_an_option_is_a_stray_where_the_product_says_so(zone: str, option: str, name: str) -> None:
    target, wish = ("m5.large", zone), (name, option)
    inputs = check_inputs(
        odcr_capacity=[dict(zip(LARGE, target, strict=True)) | {"Target_Capacity": 1}],
        odcr_option=[dict(zip(LARGE, wish, strict=True))],
    )
    assert len(list(strays(inputs))) == len(lonely_options([target], [wish]))


def test_a_groups_name_may_be_written_in_other_letters() -> None:
    inputs = check_inputs(
        odcr_group=[{"Group_Name": "Checkout", "TotalTargetCapacity": "1"}],
        odcr_group_member=[LARGE | {"Group_Name": "checkout "}],
    )
    assert list(strays(inputs)) == []


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"Deadline": "2026-11-10 20:00:00"}, "has passed"),
        ({"Start_At": "2026-11-12 00:00:00", "Deadline": "2026-11-11 00:00:00"}, "asking starts at"),
        ({"End_Date": "2026-11-10 20:00:00"}, "were to end"),
        ({"End_Date": "2026-11-11 00:00:00", "Deadline": "2026-11-12 00:00:00"}, "before the deadline"),
    ],
)
def test_conflicting_dates_are_reported(option: dict[str, str], words: str) -> None:
    line = one(check_dates(check_inputs(odcr_capacity=[row(1)], odcr_option=[LARGE | option])))
    assert words in line.seen
    assert line.level is not Level.OK


@pytest.mark.parametrize(
    ("score", "level"),
    [("high", Level.OK), ("medium", Level.WARNING), ("low", Level.WARNING), ("unsupported", Level.ERROR)],
)
def test_ec2s_score_is_shown_where_the_account_has_it(score: str, level: Level) -> None:
    inputs = check_inputs(
        {
            "DescribeAvailabilityZones": {"AvailabilityZones": [{"ZoneId": "apne1-az4"}]},
            "GetCapacityManagerSupportabilityScores": {"AggregateScore": score},
        },
        odcr_capacity=[row(7)],
    )
    line = one(supportability.check(inputs))
    assert line.level is level
    assert f"score for 7 more instances is {score}" in line.seen
    account = inputs.account
    assert isinstance(account, FakeAccount)
    assert account.asked[-1][2]["CapacityAvailabilityZoneIds"] == ["apne1-az4"]


def test_without_the_plan_the_score_is_not_asked_for() -> None:
    line = one(
        supportability.check(
            check_inputs(
                {"DescribeAvailabilityZones": {"AvailabilityZones": [{"ZoneId": "apne1-az4"}]}}, odcr_capacity=[row(7)]
            )
        )
    )
    assert line.level is Level.WARNING
    assert "Unified Operations" in line.advice


def test_without_rights_every_check_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = check_inputs({"DescribeInstanceTypes": "UnauthorizedOperation"}, odcr_capacity=[row(7)])
    monkeypatch.setattr(inputs.account, "invoke", denied)
    lines = list(run(inputs))
    assert {line.check for line in lines} == set(CHECKS)
    of_the_account = [line for line in lines if line.check not in ("dates", "spending", "last run", "lease")]
    assert {line.level for line in of_the_account} == {Level.WARNING}


def denied(*_: Any) -> Any:
    raise Trouble("Invoke was refused")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_output_fits_the_width_and_escapes_control_characters(width: int) -> None:
    from rich.console import Console

    console = Console(width=width, record=True, file=None, force_terminal=False)
    lines = [Line("rows", Level.ERROR, "[red]x[/red] \x1b[2J " + "y" * 200, "[b]do[/b]")]
    with console.capture() as capture:
        console.print(render(lines))
    text = capture.get()
    assert "\x1b" not in text
    assert "[red]x[/red]" in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    ("level", "arguments", "code"),
    [
        (Level.OK, [], 0),
        (Level.WARNING, [], 0),
        (Level.WARNING, ["--strict"], 1),
        (Level.ERROR, [], 1),
    ],
)
def test_the_exit_code_says_how_bad_it_is(
    monkeypatch: pytest.MonkeyPatch, level: Level, arguments: list[str], code: int
) -> None:
    inputs = check_inputs(odcr_capacity=[row(1)])
    monkeypatch.setattr(Context, "source", inputs.source)
    monkeypatch.setattr("odcr_cli.commands.check.run", lambda *_: [Line("rows", level, "seen", "do")])
    result = CliRunner(mix_stderr=False).invoke(main, ["--json", "check", *arguments])
    assert result.exit_code == code, result.output
    assert json.loads(result.stdout) == {"Lines": [{"Check": "rows", "Level": level, "Seen": "seen", "Advice": "do"}]}
    assert CliRunner().invoke(main, ["check", *arguments]).exit_code == code


def test_check_without_a_stack_ends_with_2() -> None:
    result = CliRunner(mix_stderr=False).invoke(main, ["check", "--endpoint-url", "http://127.0.0.1:9"])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_now_is_the_sources_clock() -> None:
    assert check_inputs().source.now() == datetime(2026, 11, 10, 21, 0, tzinfo=UTC)
