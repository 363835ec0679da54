"""`odcr completion`: real shells complete with its scripts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from odcr_cli import main
from tests.paths import ROOT
from tests.unit.cli.fake_source import FakeSource, Odcr

WORDS = {"sta": "status", "runs s": "show", "status --w": "--watch"}
"""What is typed behind `odcr `, and what the last word becomes."""
TRIED = {
    # As bash calls it: https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
    "bash": (
        """
        set -euo pipefail
        eval "$(odcr completion bash)"
        complete -p odcr | grep -q -- '-F _odcr_completion'
        """,
        """
        COMPREPLY=() COMP_WORDS=(odcr {words}) COMP_CWORD={count}
        _odcr_completion odcr '' odcr
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """,
    ),
    # Without its editor zsh has no completion to add to: https://zsh.sourceforge.io/Doc/Release/Completion-Widgets.html
    "zsh": (
        """
        setopt err_exit
        autoload -Uz compinit && compinit -u -D
        eval "$(odcr completion zsh)"
        [[ $_comps[odcr] == _odcr_completion ]]
        _describe() { print -l -- "${(@P)3}" }
        compadd() { print -l -- "$@" }
        """,
        """
        words=(odcr {words}) CURRENT=$(({count} + 1))
        _odcr_completion
        """,
    ),
    # https://fishshell.com/docs/current/cmds/complete.html
    "fish": ("odcr completion fish | source; or exit 1", "complete -C 'odcr {words}'"),
}
"""By shell: what takes the script, and what completes with it."""
PLAIN = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}
PRESENT = [shell for shell in TRIED if shutil.which(shell)]
"""bash at least: the Makefile needs it."""


@pytest.mark.parametrize("shell", PRESENT)
def test_a_shell_takes_the_script_and_completes(tmp_path: Path, shell: str) -> None:
    program = tmp_path / "odcr"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m odcr_cli.main "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "cli"),
        "HOME": str(tmp_path),
    }
    take, complete = TRIED[shell]
    parts = [complete.format(words=words, count=len(words.split())) for words in WORDS]
    command = [shell, *PLAIN[shell], "-c", "\n".join([take, *parts])]
    completed = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (completed.returncode, completed.stderr) == (0, "")
    completions = [line.split(":")[0].split("\t")[0] for line in completed.stdout.splitlines()]
    assert completions == list(WORDS.values())


@pytest.mark.parametrize("shell", TRIED)
def test_what_a_shells_script_asks_for_is_answered(odcr: Odcr, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = odcr(FakeSource(), "completion", shell)
    assert f"_ODCR_COMPLETE={shell}_complete" in result.output
    monkeypatch.setenv("COMP_WORDS", "odcr sta")
    monkeypatch.setenv("COMP_CWORD", "1" if shell != "fish" else "sta")
    monkeypatch.setenv("_ODCR_COMPLETE", f"{shell}_complete")
    completed = CliRunner().invoke(main.main, [], prog_name="odcr", complete_var="_ODCR_COMPLETE")
    assert "status" in completed.output
