"""docs/tutorial.md typed line by line on the deployed stack. Readers see what the page shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployment.build import ROOT
from deployment.stack import Stack
from localcloud.commands.running import StateFolder
from tests.documented import commands
from tests.system.test_acquiring import run

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
CLOUD = "python -m localcloud "
ELSEWHERE = (". .venv/bin/activate", "make build", f"{CLOUD}up", f"{CLOUD}exec -- sam deploy", f"{CLOUD}down")
"""Commands that the fixtures run, or the tests of the local cloud's own page."""
SHOWS = re.compile(r"odcr (status|history|idle)\b")
"""Commands that show what runs recorded. The stack's schedule is off, so the test runs it first."""
ASKS = re.compile(r"odcr (targets|groups|release)\b")
"""Commands that ask for confirmation."""
MEASURED = re.compile(r"cr-[0-9a-f]{17}|\d+ (?:s|min|h|requests?|refused)\b|\d+-\d+ \d+:\d+|\d+ run\(s\)|[─█░]")
"""Parts of the output that differ each time, and bars."""


@pytest.fixture
def localcloud(stack: Stack, tmp_path: Path) -> Iterator[list[str]]:
    """The words that stand for `python -m localcloud`, with the folder of the stack's cloud."""
    state = StateFolder(tmp_path)
    with state.hold():
        state.publish(stack.cloud.running)
        stack.cloud.capacity.set_vcpu_quota(stack.cloud.region, 5)
        yield [sys.executable, "-m", "localcloud", "--folder", str(tmp_path)]


def test_each_command_shows_what_the_page_shows(stack: Stack, localcloud: list[str]) -> None:
    shown = 0
    for lines, expected in _steps():
        output = ""
        for line in lines:
            if line.startswith(ELSEWHERE) or line.endswith("odcr console"):
                continue
            if SHOWS.search(line):
                _run_with_prices(stack)
            output = _type(line, localcloud)
        if expected:
            assert sorted(_words(output)) == sorted(_words(expected)), f"{lines[-1]}\n{output}"
            shown += 1
    assert shown == PAGE.count("```text")


def _steps() -> Iterator[tuple[list[str], str]]:
    """Each block of commands, and the output that the page shows after it; empty if it shows none."""
    for block, output in re.findall(r"(^```sh\n.*?^```$)(?:\n\n```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL):
        yield [command.line for command in commands(block, "docs/tutorial.md")], output


def _run_with_prices(stack: Stack) -> None:
    """Runs twice: the second run knows the prices that the first one asked for."""
    run(stack)
    machine = stack.outputs["UpdatePricesArn"]
    started = stack.client("stepfunctions").list_executions(stateMachineArn=machine, statusFilter="RUNNING")
    for execution in started["executions"]:
        stack.wait(execution["executionArn"])
    run(stack)


def _type(line: str, localcloud: list[str]) -> str:
    """Types a command, and returns its output."""
    *python, folder_option, folder = localcloud
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
