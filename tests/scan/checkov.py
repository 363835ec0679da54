"""checkov, which has an environment of its own: its requirements do not go together with the SAM CLI's."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / ".checkov.yaml"
_PROGRAM = ROOT / ".venv-checkov" / "bin" / "checkov"


@dataclass(frozen=True, order=True)
class Finding:
    """A check that a resource does not pass."""

    check: str
    resource: str


def findings(template: dict[str, Any], folder: Path) -> set[Finding]:
    """What checkov says of a translated template, without regard to CONFIGURATION.

    Args:
        template: as CloudFormation sees it.
        folder: an empty one, to work in.
    """
    (folder / "template.json").write_text(json.dumps(template))
    # It would read CONFIGURATION if it stood where it is, and guidelines from the internet unless told not to.
    ended = subprocess.run(
        [_PROGRAM, "--file", "template.json", "--framework", "cloudformation", "--skip-download", "--output", "json"],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LOG_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        check=False,
    )
    report = json.loads(ended.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"], "it looked at nothing"
    return {
        Finding(failed["check_id"], failed["resource"].rpartition(".")[2])
        for failed in report["results"]["failed_checks"]
    }


def skipped_everywhere() -> Iterator[tuple[str, str]]:
    """Each check that CONFIGURATION skips, with the comment above it."""
    reason = ""
    for line in CONFIGURATION.read_text().splitlines():
        if comment := re.fullmatch(r" +# (.+)", line):
            reason = f"{reason} {comment[1]}".strip()
        elif check := re.fullmatch(r" +- (\w+)", line):
            yield check[1], reason
            reason = ""


def skipped_in(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each check that the Metadata of a resource skips, with its comment."""
    for resource in template["Resources"].values():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            yield skip["id"], skip.get("comment", "")
