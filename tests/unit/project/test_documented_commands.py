"""Every documented command runs where its reader expects, or asks first."""

import os
import shlex
import tomllib

import click
import pytest

from odcr_cli.main import main
from tests.documented_commands import Command, commands, documented, make_commands, make_targets
from tests.paths import ROOT

WITHOUT_AWS = (
    *(f"make {target}" for target in ("setup", "build", "check", "test", "lint", "format", "docs", "bench", "soak")),
    *(f".venv/bin/{program} " for program in ("pytest", "pre-commit")),
    ". .venv/bin/activate",
    "mysqldump ",
)
ASKING = ("make deploy", "make verify-on-aws", "scripts/in-account ")


@pytest.mark.parametrize("command", documented(), ids=lambda command: f"{command.page}: {command.line}")
def test_a_documented_command_is_local_or_asks_first(command: Command) -> None:
    assert command.is_local or command.line.startswith((*WITHOUT_AWS, *ASKING)) or _looks_or_asks(command)


def _looks_or_asks(command: Command) -> bool:
    """Whether it is a valid command of `odcr` that cannot change anything without asking."""
    program, *words = shlex.split(command.line)
    if program not in ("odcr", ".venv/bin/odcr"):
        return False
    group: click.Command = main
    context = click.Context(group)
    while isinstance(group, click.Group) and (
        command_of_group := group.get_command(context, words[0] if words else "")
    ):
        group, words = command_of_group, words[1:]
    if words != ["--help"]:
        group.make_context("odcr", words)
    return "--yes" not in words


@pytest.mark.parametrize("command", make_commands(), ids=lambda command: f"{command.page}: {command.line}")
def test_documented_make_targets_exist(command: Command) -> None:
    targets = [word for word in shlex.split(command.line)[1:] if not word.startswith("-") and "=" not in word]
    assert targets
    assert set(targets) <= set(make_targets())


@pytest.mark.parametrize("command", documented(), ids=lambda command: f"{command.page}: {command.line}")
def test_files_in_documented_commands_exist(command: Command) -> None:
    program, *words = shlex.split(command.line)
    if "/" in program:
        assert os.access(ROOT / program, os.X_OK)
    for word in words:
        if word.startswith(("tests/", ".venv/", "docs/")):
            assert (ROOT / word).exists()


def test_commands_are_read_from_sh_blocks_as_a_shell_reads_them() -> None:
    page = "```sh\nmake run  # now\n```\n\n1. Then\n\n   ```sh\n   aws s3 \\\n       ls\n   ```\n\n```text\nno\n```\n"
    assert [command.line for command in commands(page, "page")] == ["make run", "aws s3 ls"]


def test_sam_deploy_asks_first_by_default() -> None:
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert set(configured) == {"version", "default"}
    assert configured["default"]["deploy"]["parameters"]["confirm_changeset"] is True
