"""cfn-lint, as the tests call it."""

import subprocess
import sys
from pathlib import Path


def cfn_lint(path: Path) -> str:
    """cfn-lint's objections to a template; empty if it has none."""
    # The program `cfn-lint` may belong to another Python, or be missing.
    program = [sys.executable, "-c", "import sys; from cfnlint.runner import main; sys.exit(main())"]
    command: list[str | Path] = [*program, "--regions", "ap-northeast-1", "--template", path]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0 or "E" in result.stdout or "W" in result.stdout, result.stderr
    return result.stdout
