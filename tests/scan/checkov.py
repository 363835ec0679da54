"""checkov. It has its own environment, because its requirements conflict with the SAM CLI's."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.paths import ROOT
from tests.scan.branches import renderings

CONFIGURATION = ROOT / ".checkov.yaml"
_PROGRAM = ROOT / ".venv-checkov" / "bin" / "checkov"
_OFFLINE = Path(__file__).parent / "offline"


@dataclass(frozen=True, order=True)
class Finding:
    """A check that a resource does not pass."""

    check: str
    resource: str


def findings(template: dict[str, Any], folder: Path) -> set[Finding]:
    """checkov's findings in every branch of an expanded template, without the skips of CONFIGURATION.

    Args:
        template: the template as CloudFormation sees it.
        folder: an empty folder to work in.
    """
    files = []
    for number, rendering in enumerate(renderings(template)):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(rendering))
    # In the checkout, checkov would read CONFIGURATION. The options and variables keep it from asking its maker for
    # guidelines, and the package registry for a newer version.
    options = ["--framework", "cloudformation", "--skip-download", "--soft-fail", "--output", "json"]
    completed = subprocess.run(
        [_PROGRAM, *options, "--file", *files],
        cwd=folder,
        env={
            "HOME": str(folder),
            "PATH": "/usr/bin:/bin",
            "LOG_LEVEL": "ERROR",
            "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
            "PYTHONPATH": str(_OFFLINE),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"], "checkov looked at nothing"
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


def skipped_in(template: dict[str, Any]) -> Iterator[tuple[Finding, str]]:
    """Each finding that the Metadata of a resource skips, with its comment."""
    for name, resource in template["Resources"].items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            yield Finding(skip["id"], name), skip.get("comment", "")
