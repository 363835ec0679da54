"""Every command that the documentation shows goes where its reader thinks, or asks first."""

import os
import shlex
import tomllib

import click
import pytest

from odcr_cli.main import main
from tests.documented import ROOT, Command, commands, documented, make_commands, make_targets

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
    """Whether it is one of `odcr`'s with options that it has, and cannot change anything without asking."""
    program, *words = shlex.split(command.line)
    if program not in ("odcr", ".venv/bin/odcr"):
        return False
    group: click.Command = main
    context = click.Context(group)
    while isinstance(group, click.Group) and (found := group.get_command(context, words[0] if words else "")):
        group, words = found, words[1:]
    if words != ["--help"]:
        group.make_context("odcr", words)
    return "--yes" not in words


@pytest.mark.parametrize("command", make_commands(), ids=lambda command: f"{command.page}: {command.line}")
def test_what_make_is_asked_for_is_there(command: Command) -> None:
    asked = [word for word in shlex.split(command.line)[1:] if not word.startswith("-") and "=" not in word]
    assert asked
    assert set(asked) <= set(make_targets())


@pytest.mark.parametrize("command", documented(), ids=lambda command: f"{command.page}: {command.line}")
def test_what_a_command_names_of_this_project_is_there(command: Command) -> None:
    program, *words = shlex.split(command.line)
    if "/" in program:
        assert os.access(ROOT / program, os.X_OK)
    for word in words:
        if word.startswith(("tests/", ".venv/", "docs/")):
            assert (ROOT / word).exists()


def test_commands_are_read_from_sh_blocks_as_a_shell_reads_them() -> None:
    page = "```sh\nmake run  # now\n```\n\n1. Then\n\n   ```sh\n   aws s3 \\\n       ls\n   ```\n\n```text\nno\n```\n"
    assert [command.line for command in commands(page, "page")] == ["make run", "aws s3 ls"]


def test_what_deploys_by_itself_asks_first() -> None:
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert set(configured) == {"version", "default"}
    assert configured["default"]["deploy"]["parameters"]["confirm_changeset"] is True
