"""Reading the tables by `sam remote invoke`, as docs/reference/tables.md says."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from deployment.build import ROOT
from deployment.stack import Stack
from tests.system.test_acquiring import insert

PAGE = (ROOT / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")


def test_the_documented_command_reads_the_table(stack: Stack) -> None:
    insert(stack)
    documented = re.search(r"`sam (remote invoke ManageTargets [^`]+)`", PAGE)
    assert documented is not None
    arguments = shlex.split(documented[1].replace("--stack-name odcr", f"--stack-name {stack.name}"))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("sam")), *arguments],
        env=stack.cloud.client_environment(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["Rows"]
    assert (row["InstanceType"], row["Target_Capacity"]) == ("r5b.2xlarge", 15)
