"""cfn-lint, as the tests call it."""

from pathlib import Path

from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
from cfnlint.runner import Runner  # type: ignore[import-untyped]


def cfn_lint(path: Path) -> str:
    """cfn-lint's objections to a template, a line each; empty if it has none."""
    # In this process, since its start takes longer than its work.
    runner = Runner(ConfigMixIn(["--regions", "ap-northeast-1", "--template", str(path)]))
    return "".join(f"{match.rule.id} {match.message}\n" for match in runner.run())
