"""`make run`, as people see it first."""

import subprocess
import sys

from localcloud.stack import ROOT


def test_the_demo_plays_to_its_good_end() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "Every target is met, and none was ever exceeded." in played.stdout
    assert "Error()" not in played.stdout + played.stderr
    for told in (
        "made the database's user odcr",
        "3 targets, lease HELD",
        "3 short",
        "3 changes",
        "15 of 15 r5b.2xlarge held: FULFILLED",
    ):
        assert told in played.stdout
