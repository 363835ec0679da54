"""`odcr check` on the deployed stack. It calls every API; what the local cloud lacks is a warning."""

import json
import os
import subprocess
import sys

from deployment.build import ROOT
from deployment.stack import Stack

ZONE = "ap-northeast-1a"


def check(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "odcr_cli.main", "--endpoint-url", stack.cloud.endpoint, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "cli"), "COLUMNS": "80"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_check_reports_each_problem_on_a_line(stack: Stack) -> None:
    stack.wait(stack.start_run())
    stack.sql(f"INSERT INTO odcr_capacity VALUES ('m5.large','{ZONE}',2,0), ('m5.large','ap-northeast-1z',1,0)")
    stack.sql(f"INSERT INTO odcr_option (InstanceType, AvailabilityZone) VALUES ('m5.larg','{ZONE}')")
    done = check(stack, "--json", "check")
    assert done.returncode == 1, done.stderr
    lines = [(line["Check"], line["Level"], line["Seen"]) for line in json.loads(done.stdout)["Lines"]]

    def reports(check: str, level: str, words: str) -> bool:
        return any((line[0], line[1]) == (check, level) and words in line[2] for line in lines)

    assert reports("version", "ok", "of version 2"), lines
    assert reports("rows", "error", "odcr_option has m5.larg"), lines
    assert reports("offers", "error", "ap-northeast-1z"), lines
    assert reports("rights", "ok", "your dry run of a reservation with the demands' tags is allowed"), lines
    assert reports("schedule", "error", "disabled"), lines
    assert reports("last run", "ok", "failed") or reports("last run", "warning", "the last one succeeded"), lines
    assert reports("lease", "ok", "No run holds the lease"), lines
    # Other tests of this stack may have subscribed.
    assert reports("mail", "warning", "Nobody is told") or reports("mail", "ok", "subscri"), lines
    # Every check has a line.
    assert len({line[0] for line in lines}) >= 13

    shown = check(stack, "check")
    print(shown.stdout)
    assert shown.returncode == 1
    assert "\x1b" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
