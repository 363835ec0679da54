"""`odcr check` on the deployed stack calls every API; what the local cloud lacks is a warning."""

import json
import os
import subprocess
import sys

from localcloud.stack import ROOT, Stack

ZONE = "ap-northeast-1a"


def check(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "odcr_cli.main", "--endpoint-url", stack.cloud.endpoint, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "cli"), "COLUMNS": "80"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_check_reports_each_problem_in_a_line(stack: Stack) -> None:
    stack.wait(stack.start_run())
    stack.sql(f"INSERT INTO odcr_capacity VALUES ('m5.large','{ZONE}',2,0), ('m5.large','ap-northeast-1z',1,0)")
    stack.sql(f"INSERT INTO odcr_option (InstanceType, AvailabilityZone) VALUES ('m5.larg','{ZONE}')")
    done = check(stack, "--json", "check")
    assert done.returncode == 1, done.stderr
    lines = [(line["Check"], line["Level"], line["Seen"]) for line in json.loads(done.stdout)["Lines"]]

    def said(check: str, level: str, words: str) -> bool:
        return any((line[0], line[1]) == (check, level) and words in line[2] for line in lines)

    assert said("version", "ok", "of version 2"), lines
    assert said("rows", "error", "odcr_option has m5.larg"), lines
    assert said("offers", "error", "ap-northeast-1z"), lines
    assert said("rights", "ok", "your dry run of a reservation with the demands' tags is allowed"), lines
    assert said("schedule", "error", "disabled"), lines
    assert said("last run", "ok", "failed") or said("last run", "warning", "the last one succeeded"), lines
    assert said("lease", "ok", "No run holds the lease"), lines
    # Other tests of this stack may have subscribed.
    assert said("mail", "warning", "Nobody is told") or said("mail", "ok", "subscri"), lines
    # Every check says something.
    assert len({line[0] for line in lines}) >= 13

    shown = check(stack, "check")
    print(shown.stdout)
    assert shown.returncode == 1
    assert "\x1b" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
