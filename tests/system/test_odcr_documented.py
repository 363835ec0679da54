"""Every `odcr` command of the pages, on the deployed stack; those of the night before a sale in their order."""

import shlex
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from click.testing import CliRunner

from demo.console import keep_recording, open_page
from localcloud.stack import Stack
from odcr_cli.main import main
from tests.documented import documented
from tests.system.test_acquiring import KEY, current, run

NIGHT, TUTORIAL = "docs/how-to/night-before-a-sale.md", "docs/tutorial.md"
COMMANDS = [command for command in documented() if command.line.startswith(("odcr ", ".venv/bin/odcr "))]
JOBS = [command.line for command in COMMANDS if command.page == NIGHT]
FIRST = ("docs/how-to/demands.md", "docs/how-to/groups.md")
"""Pages whose demands the commands of others are about."""
OTHERS = [
    command.line
    for command in sorted(COMMANDS, key=lambda command: command.page not in FIRST)
    if command.page not in (NIGHT, TUTORIAL)
]
ASKS = {"targets", "options", "groups", "prices", "import", "adopt", "release"}
CODES = {"check": (0, 1), "status": (1,)}
"""Of commands that tell by it how things are; all others end with 0."""


def test_each_job_is_one_command(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(JOBS) >= 11
    monkeypatch.chdir(tmp_path)
    run(stack)
    stack.cloud.capacity.set_free(*KEY, 4)
    done: list[str] = []
    for line in JOBS:
        words = shlex.split(line)[1:]
        if words == ["console"]:
            # The token is kept as a cookie.
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
    # `release --keep 4` of a target of 15 of which 4 were held.
    (wanted,) = stack.sql("SELECT Target_Capacity FROM odcr_capacity")
    assert wanted == (4,)

    shows = shlex.split(keep_recording(stack))
    result = CliRunner().invoke(main, [*shows[1:-1], "status"])
    assert result.exit_code == 0, result.output


def test_every_other_command_does_something(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(stack)
    for line in OTHERS:
        _do(shlex.split(line)[1:], stack)
    done = {line.split()[1] for line in OTHERS}
    assert {"targets", "options", "groups", "prices", "idle", "release", "adopt"} <= done
    wanted = stack.sql("SELECT InstanceType, Target_Capacity FROM odcr_capacity ORDER BY InstanceType")
    assert wanted == (("c6i.4xlarge", 20), ("r5b.2xlarge", 4))


def _do(words: list[str], stack: Stack) -> None:
    more = ["--yes"] if words[0] in ASKS else []
    result = CliRunner().invoke(main, [*words, *more, "--endpoint-url", stack.cloud.endpoint])
    assert result.exit_code in CODES.get(words[0], (0,)), (words, result.output)
