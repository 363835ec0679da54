"""Every command that the documentation shows goes where its reader thinks, or asks first."""

import tomllib

import pytest

from tests.documented import ROOT, Command, commands, documented

WITHOUT_AWS = ("make test", "make build", "make bench", "make soak", ". .venv/bin/activate", "mysqldump ")
ASKING = ("make deploy", "scripts/in-account ")


@pytest.mark.parametrize("command", documented(), ids=lambda command: f"{command.page}: {command.line}")
def test_a_documented_command_is_local_or_asks_first(command: Command) -> None:
    assert command.is_local or command.line.startswith((*WITHOUT_AWS, *ASKING))


def test_commands_are_read_from_sh_blocks_as_a_shell_reads_them() -> None:
    page = "```sh\nmake run  # now\n```\n\n1. Then\n\n   ```sh\n   aws s3 \\\n       ls\n   ```\n\n```text\nno\n```\n"
    assert [command.line for command in commands(page, "page")] == ["make run", "aws s3 ls"]


def test_what_deploys_by_itself_asks_first() -> None:
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert set(configured) == {"version", "default"}
    assert configured["default"]["deploy"]["parameters"]["confirm_changeset"] is True
