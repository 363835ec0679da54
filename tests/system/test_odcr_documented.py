"""Every documented `odcr` command on the deployed stack. Those of the night before a sale run in their order."""

import shlex
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from click.testing import CliRunner

from demo.console import keep_recording, open_page
from deployment.stack import Stack
from odcr_cli.main import main
from tests.documented import documented
from tests.system.test_acquiring import KEY, current, run

NIGHT, TUTORIAL = "docs/how-to/night-before-a-sale.md", "docs/tutorial.md"
COMMANDS = [command for command in documented() if command.line.startswith(("odcr ", ".venv/bin/odcr "))]
NIGHT_COMMANDS = [command.line for command in COMMANDS if command.page == NIGHT]
FIRST = ("docs/how-to/demands.md", "docs/how-to/groups.md")
"""Pages whose commands create the demands that other pages use."""
OTHER_COMMANDS = [
    command.line
    for command in sorted(COMMANDS, key=lambda command: command.page not in FIRST)
    if command.page not in (NIGHT, TUTORIAL)
]
ASKS = {"targets", "options", "groups", "prices", "import", "adopt", "release"}
CODES = {"check": (0, 1), "status": (1,)}
"""The exit codes of commands that report a state by them; all others end with 0."""


def test_the_commands_of_the_night_before_a_sale_work_in_their_order(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(NIGHT_COMMANDS) >= 11
    monkeypatch.chdir(tmp_path)
    run(stack)
    stack.cloud.capacity.set_free(*KEY, 4)
    done: list[str] = []
    for line in NIGHT_COMMANDS:
        words = shlex.split(line)[1:]
        if words == ["console"]:
            # The page keeps its token as a cookie.
            with build_opener(HTTPCookieProcessor()).open(open_page(stack)) as page:
                assert page.status == 200
            continue
        if "RUN" in words:
            newest = stack.client("stepfunctions").list_executions(stateMachineArn=stack.outputs["StateMachineArn"])
            words[words.index("RUN")] = newest["executions"][0]["name"]
        _do(words, stack)
        done.append(words[0])
        if line.startswith("odcr targets set"):
            run(stack)
            assert current(stack)[KEY] == 4
    assert {"check", "import", "plan", "status", "history", "idle", "adopt", "release", "report"} <= set(done)
    assert {"held.svg", "held.html", "tonight.odcr", "targets.csv"} <= {file.name for file in tmp_path.iterdir()}
    # `release --keep 4` has lowered the target of 15.
    (wanted,) = stack.sql("SELECT Target_Capacity FROM odcr_capacity")
    assert wanted == (4,)

    words = shlex.split(keep_recording(stack))
    result = CliRunner().invoke(main, [*words[1:-1], "status"])
    assert result.exit_code == 0, result.output


def test_every_other_documented_command_works(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(stack)
    for line in OTHER_COMMANDS:
        _do(shlex.split(line)[1:], stack)
    done = {line.split()[1] for line in OTHER_COMMANDS}
    assert {"targets", "options", "groups", "prices", "idle", "release", "adopt"} <= done
    wanted = stack.sql("SELECT InstanceType, Target_Capacity FROM odcr_capacity ORDER BY InstanceType")
    assert wanted == (("c6i.4xlarge", 20), ("r5b.2xlarge", 4))


def _do(words: list[str], stack: Stack) -> None:
    more = ["--yes"] if words[0] in ASKS else []
    result = CliRunner().invoke(main, [*words, *more, "--endpoint-url", stack.cloud.endpoint])
    assert result.exit_code in CODES.get(words[0], (0,)), (words, result.output)
