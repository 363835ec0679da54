"""All commands: their JSON, and what they do when a person answers no."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from odcr.domain.shortfall import Pool, Shortfall
from odcr_cli import confirmation, main
from odcr_cli.account import Account
from odcr_cli.checks.line import Level, Line
from odcr_cli.commands import release
from odcr_cli.releasing import ReleaseResult
from odcr_cli.schedule import Schedule
from odcr_cli.tables import apply
from odcr_cli.tables.offers import Offers
from tests.unit.cli.door_commands import OFFER, usual_door
from tests.unit.cli.fake_source import FakeSource
from tests.unit.cli.test_odcr_planning import ALL, KEY, answer
from tests.unit.cli.test_odcr_read_commands import looked_at, run
from tests.unit.cli.test_odcr_reservations import described

TARGET = ("r5b.2xlarge", "ap-northeast-1c")
READING = [
    ("check",),
    ("export", "-"),
    ("groups", "list"),
    ("history", "--attempts", "--pools"),
    ("idle",),
    ("options", "list"),
    ("plan",),
    ("prices", "list"),
    ("runs",),
    ("runs", "show", "run-1"),
    ("status",),
    ("targets", "list"),
]
WRITING_FILES = [("export", "FILE"), ("record", "FILE"), ("report", "FILE")]
ASKING = [
    ("adopt",),
    ("groups", "members", "remove", "checkout", "m5.large", "ap-northeast-1a"),
    ("groups", "members", "set", "checkout", "m5.large", "ap-northeast-1c"),
    ("groups", "remove", "checkout"),
    ("groups", "set", "checkout", "65"),
    ("import", "CSV"),
    ("options", "remove", *TARGET),
    ("options", "set", *TARGET, "--priority", "5"),
    ("prices", "remove", "r5b.2xlarge", "ap-northeast-1"),
    ("prices", "set", "r5b.2xlarge", "ap-northeast-1", "0.5"),
    ("release", *TARGET),
    ("targets", "remove", *TARGET),
    ("targets", "set", *TARGET, "16"),
]
WITHOUT_JSON = {("completion",), ("console",)}
"""Commands without JSON: the page, and the shell's script."""

_KEY = re.compile(r"[A-Z][A-Za-z0-9]*(_[A-Z][A-Za-z0-9]*)*|odcr_[a-z_]+")
"""PascalCase, as the tables name their columns, or a table's own name."""


def keys_of(value: Any) -> Iterator[str]:
    """All keys in a JSON value."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_of(item)
    yield from value if isinstance(value, dict) else ()


class Source(FakeSource):
    """A source with tables that can be changed."""

    account: Any = None
    door: Any = SimpleNamespace(targets=lambda: ALL)


@pytest.fixture
def odcr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Calls a command on a stack where everything works."""
    door = usual_door(
        odcr_option=[dict(zip(("InstanceType", "AvailabilityZone"), TARGET, strict=True)) | {"Priority": 1}]
    )
    check_inputs = looked_at(histories={"run-1": run("run-1")})
    tables = {**check_inputs.tables, **{name: door.tables[name] for name in ("odcr_option", "odcr_group_member")}}
    untagged = described("cr-2", 6) | {"Tags": [], "Region": "ap-northeast-1"}
    held = [described("cr-1", 10) | {"Region": "ap-northeast-1"}, untagged]
    source = Source(tables, check_inputs.histories, held)
    source.door = SimpleNamespace(targets=lambda: ALL, change=door.change)
    for module in ("adopt", "plan", "record", "release"):
        monkeypatch.setattr(f"odcr_cli.commands.{module}.LiveSource", lambda _account: source)
    monkeypatch.setattr(main, "LiveSource", lambda _account: source)
    monkeypatch.setattr(Account, "stack", source.stack)
    monkeypatch.setattr(type(source.stack), "output", lambda *_: "arn")
    monkeypatch.setattr(Account, "invoke", lambda *_: answer(Shortfall((Pool(KEY, 4),), 15)))
    monkeypatch.setattr("odcr_cli.commands.plan.schedule_of", lambda *_: Schedule(True, "rate(1 minute)"))
    monkeypatch.setattr(apply, "Door", lambda _account: door)
    monkeypatch.setattr(apply, "look_up", lambda *_: Offers({"ap-northeast-1": OFFER}))
    monkeypatch.setattr("odcr_cli.commands.check.run", lambda *_: [Line("rows", Level.WARNING, "seen", "do")])
    monkeypatch.setattr("odcr_cli.commands.adopt._tag", lambda *_: None)
    for name in ("running", "may_give_back", "wait_for_runs", "still_wanted"):
        monkeypatch.setattr(release, name, lambda *_: None)
    monkeypatch.setattr(
        release,
        "give_back",
        lambda _a, _l, reductions, _k: [
            ReleaseResult(reduction, reduction.given - 1, in_use=1) for reduction in reductions
        ],
    )
    csv = tmp_path / "wanted.csv"
    csv.write_text(f"InstanceType,AvailabilityZone,Target_Capacity\n{','.join(TARGET)},99\n", encoding="utf-8")

    def call(*arguments: str, typed: str = "") -> Result:
        monkeypatch.setattr(confirmation, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: bool(typed))))
        files = {"FILE": str(tmp_path / "file"), "CSV": str(csv)}
        common = ["--region", "ap-northeast-1", "--endpoint-url", "http://127.0.0.1:9"]
        resolved = [files.get(argument, argument) for argument in arguments]
        return CliRunner(mix_stderr=False).invoke(main.main, [*common, *resolved], input=typed or None)

    return call


@pytest.mark.parametrize(
    "arguments", [*READING, *WRITING_FILES, *((*command_line, "--yes") for command_line in ASKING)], ids=" ".join
)
def test_every_json_answer_is_an_object_with_pascal_case_or_column_keys(
    odcr: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    result = odcr(*arguments, "--json")
    assert result.exit_code in (0, 1), (result.stderr, result.exception)
    content = json.loads(result.stdout)
    assert isinstance(content, dict)
    assert content
    assert [key for key in keys_of(content) if not _KEY.fullmatch(key)] == []


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_answering_no_ends_with_1_and_changes_nothing(odcr: Callable[..., Result], arguments: tuple[str, ...]) -> None:
    result = odcr(*arguments, typed="n\n")
    assert (result.exit_code, "Nothing was changed." in result.stderr) == (1, True), (result.output, result.exception)
    # A program cannot be asked.
    assert (result := odcr(*arguments, "--json")).exit_code == main.ERROR
    assert "--yes" in result.stderr


def test_every_command_is_tried() -> None:
    tried = {*READING, *WRITING_FILES, *ASKING, *WITHOUT_JSON}
    for path in paths_of(main.main):
        assert any(attempt[: len(path)] == path for attempt in tried), path


def paths_of(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of names of each command."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if subcommand := command.get_command(context, name):
                yield from paths_of(subcommand, (*path, name))
    else:
        yield path


def test_a_release_reports_what_was_retained(odcr: Callable[..., Result]) -> None:
    content = json.loads(odcr("release", *TARGET, "--yes", "--json").stdout)
    assert content["Wanted"] == 0
    assert content["GivenBack"] == [{"Id": "cr-1", "Instances": 9, "Problem": None}]
    assert content["Left"] == [{"Id": "cr-1", "Reason": "1 of its instances came into use meanwhile"}]
