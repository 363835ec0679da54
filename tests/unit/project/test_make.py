"""`make help` lists every target, git's hooks are the checks of `make lint`, and editors use ruff's line length."""

import configparser
import os
import re
import shlex
import subprocess
import tomllib

import pytest
import yaml

from tests.documented_commands import make_targets
from tests.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def make(*arguments: str) -> list[str]:
    """The lines that make prints in a terminal."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    completed = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return completed.stdout.splitlines()


def test_help_lists_each_target_and_is_the_default() -> None:
    listed = [re.fullmatch(r"make ([a-z-]+) +\S.*", line) for line in make()]
    assert [line and line[1] for line in listed] == make_targets()
    assert make("help") == make()


@pytest.mark.parametrize(
    ("typed", "options"), [([], ""), (["KEEP="], ""), (["KEEP=1"], " --keep=1"), (["KEEP=no"], " --keep=no")]
)
def test_keep_is_passed_on_to_the_demo(typed: list[str], options: str) -> None:
    assert make("--dry-run", "--old-file=setup", "run", *typed) == [f".venv/bin/python -m demo{options}"]


def test_no_target_is_taken_for_a_file() -> None:
    database = "\n".join(make("--print-data-base", "--dry-run", "help"))
    phony = re.search(r"^\.PHONY: (.*)$", database, re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(make_targets())


def test_the_hooks_of_git_are_the_checks_of_lint() -> None:
    checks = [shlex.split(line) for line in make("--dry-run", "--old-file=setup", "lint")]
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    for check, hook in zip(checks, local["hooks"], strict=True):
        # pre-commit appends the files of the commit, where it is not told otherwise; lint checks all files.
        is_of_files = hook.get("pass_filenames", True)
        assert shlex.split(hook["entry"]) == (check[:-1] if is_of_files else check)


def test_editors_use_the_line_length_that_ruff_checks() -> None:
    editors = configparser.ConfigParser()
    editors.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    width = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    assert editors["*.py"].getint("max_line_length") == width
