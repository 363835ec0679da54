"""The jobs of the night before a sale, as docs/operating.md has them, done in that order on the deployed stack."""

import shlex
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from click.testing import CliRunner

from demo.looking import keep_recording, open_page
from demo.stack import Stack
from odcr_cli.main import main
from tests.documented import documented
from tests.system.test_acquiring import KEY, current, run

JOBS = [
    command.line for command in documented() if command.page == "docs/operating.md" and command.line.startswith("odcr ")
]
ASKS = {"targets", "import", "adopt", "release"}
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
        more = ["--yes"] if words[0] in ASKS else []
        result = CliRunner().invoke(main, [*words, *more, "--endpoint-url", stack.cloud.endpoint])
        assert result.exit_code in CODES.get(words[0], (0,)), (line, result.output)
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
