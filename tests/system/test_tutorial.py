"""docs/tutorial.md, typed line by line on the deployed stack; what it shows is what people see."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.build import ROOT
from demo.stack import Stack
from localcloud.commands.running import StateFolder
from tests.documented import commands
from tests.system.test_acquiring import run

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
CLOUD = "python -m localcloud "
ELSEWHERE = (". .venv/bin/activate", "make build", f"{CLOUD}up", f"{CLOUD}exec -- sam deploy", f"{CLOUD}down")
"""What the fixtures do, and the tests of the local cloud's own page."""
SHOWS = re.compile(r"odcr (status|history|idle)\b")
"""Commands before which a run looks: the stack's schedule is off."""
ASKS = re.compile(r"odcr (targets|groups|release)\b")
"""Commands that ask a person at a terminal."""
MEASURED = re.compile(r"cr-[0-9a-f]{17}|\d+ (?:s|min|h|requests?|refused)\b|\d+-\d+ \d+:\d+|\d+ run\(s\)|[─█░]")
"""What is different each time, and what only draws."""


@pytest.fixture
def typed(stack: Stack, tmp_path: Path) -> Iterator[list[str]]:
    """The beginning of each command line that talks to the stack's cloud, where `python -m localcloud` stands."""
    state = StateFolder(tmp_path)
    with state.hold():
        state.publish(stack.cloud.running)
        stack.cloud.capacity.set_vcpu_quota(stack.cloud.region, 5)
        yield [sys.executable, "-m", "localcloud", "--folder", str(tmp_path)]


def test_each_command_shows_what_the_page_shows(stack: Stack, typed: list[str]) -> None:
    shown = 0
    for lines, expected in _steps():
        output = ""
        for line in lines:
            if line.startswith(ELSEWHERE) or line.endswith("odcr console"):
                continue
            if SHOWS.search(line):
                _look(stack)
            output = _type(line, typed)
        if expected:
            assert sorted(_words(output)) == sorted(_words(expected)), f"{lines[-1]}\n{output}"
            shown += 1
    assert shown == PAGE.count("```text")


def _steps() -> Iterator[tuple[list[str], str]]:
    """Each block of commands, and what the page shows after it; empty: nothing."""
    for block, output in re.findall(r"(^```sh\n.*?^```$)(?:\n\n```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL):
        yield [command.line for command in commands(block, "docs/tutorial.md")], output


def _look(stack: Stack) -> None:
    """Runs look at everything, and know the prices."""
    run(stack)
    machine = stack.outputs["UpdatePricesArn"]
    started = stack.client("stepfunctions").list_executions(stateMachineArn=machine, statusFilter="RUNNING")
    for execution in started["executions"]:
        stack.wait(execution["executionArn"])
    run(stack)


def _type(line: str, typed: list[str]) -> str:
    """What a command prints."""
    *python, folder_option, folder = typed
    verb, _, rest = line.removeprefix(CLOUD).partition(" ")
    if ASKS.search(line):
        rest += " --yes"
    programs = Path(sys.executable).parent
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {rest}', "sh", *python, verb, folder_option, folder],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


def _words(text: str) -> list[str]:
    return MEASURED.sub(" ", text).split()
