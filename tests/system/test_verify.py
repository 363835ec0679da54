"""`make verify-on-aws` on a local cloud of its own: it asks first, fills every line, and cleans up."""

import functools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from deployment.build import ROOT
from localcloud.cloud import LocalCloud
from verify.belief import Verdict
from verify.beliefs.all_beliefs import BELIEFS
from verify.subject import TYPE

SPEED = 21
"""Differs from the other tests' speed, which gives this a cloud of its own: two stacks of a cloud share a database."""
OUTCOMES = {"modify a pending one": Verdict.NOT_ASKED}
"""The verdicts on the local cloud that are not `as assumed`, by belief."""


def command(cloud: LocalCloud, built: Path, *arguments: str) -> list[str]:
    where = ["--endpoint-url", cloud.endpoint, "--s3-bucket", "localcloud-artifacts", "--built", str(built)]
    return [sys.executable, "-m", "verify", *where, *arguments]


def environment(cloud: LocalCloud) -> dict[str, str]:
    return cloud.client_environment() | {"PYTHONPATH": str(ROOT / "cli"), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def call(cloud: LocalCloud, built: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(cloud, built, *arguments),
        cwd=ROOT,
        env=environment(cloud),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@functools.cache
def client(cloud: LocalCloud, service: str) -> Any:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client(service, region_name=cloud.region, endpoint_url=cloud.endpoint, **keys)  # type: ignore[call-overload]


def leftovers(cloud: LocalCloud) -> list[str]:
    """All resources that a verification made and did not delete."""
    listed = client(cloud, "s3").list_objects_v2(Bucket="localcloud-artifacts").get("Contents", [])
    held = client(cloud, "ec2").describe_capacity_reservations()["CapacityReservations"]
    names_by_kind = {
        "stack": [stack["StackName"] for stack in client(cloud, "cloudformation").describe_stacks()["Stacks"]],
        "function": [function["FunctionName"] for function in client(cloud, "lambda").list_functions()["Functions"]],
        "log group": [group["logGroupName"] for group in client(cloud, "logs").describe_log_groups()["logGroups"]],
        "secret": [secret["Name"] for secret in client(cloud, "secretsmanager").list_secrets()["SecretList"]],
        "cluster": [
            cluster["DBClusterIdentifier"] for cluster in client(cloud, "rds").describe_db_clusters()["DBClusters"]
        ],
        "schedule": [schedule["Name"] for schedule in client(cloud, "scheduler").list_schedules()["Schedules"]],
        "object": [item["Key"] for item in listed],
        "reservation": [
            reservation["CapacityReservationId"]
            for reservation in held
            if reservation["State"] in ("active", "pending")
        ],
    }
    return [
        f"{kind} {name}"
        for kind, names in names_by_kind.items()
        for name in names
        if "odcr" in name or kind == "reservation"
    ]


@pytest.mark.parametrize("cloud", [SPEED], indirect=True)
def test_every_belief_is_asked_and_everything_is_deleted(cloud: LocalCloud, built: Path, tmp_path: Path) -> None:
    refused = call(cloud, built)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Account  123456789012\nCaller   arn:aws:sts::123456789012:" in refused.stderr
    assert refused.stderr.endswith("Add --yes.\n")

    for zone in client(cloud, "ec2").describe_availability_zones()["AvailabilityZones"]:
        cloud.capacity.set_free(TYPE, str(zone["ZoneName"]), 5)
    table = tmp_path / "table.md"
    done = call(cloud, built, "--yes", "--output", str(table))
    text = table.read_text(encoding="utf-8")
    assert done.returncode == 0, (text, done.stdout[-3000:], done.stderr)
    verdicts = dict(re.findall(r"^\| (.+?) \| \*\*(.+?)\*\* \|", text, re.MULTILINE))
    assert verdicts == {
        belief.name: OUTCOMES.get(belief.name, Verdict.AS_ASSUMED) if belief.local else Verdict.MEANS_NOTHING
        for belief in BELIEFS
    }
    assert "Nothing was left." in text
    assert "123456789012" not in text
    assert leftovers(cloud) == []


@pytest.mark.parametrize("cloud", [SPEED], indirect=True)
def test_an_interrupted_or_killed_verification_is_cleaned_up(cloud: LocalCloud, built: Path, tmp_path: Path) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        output = tmp_path / number.name
        with output.open("w") as file:
            process = subprocess.Popen(
                command(cloud, built, "--yes", "--output", str(tmp_path / "table.md")),
                cwd=ROOT,
                env=environment(cloud),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while "Building and deploying" not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        os.killpg(process.pid, number)
        assert process.wait(120) == code, output.read_text()
        if number is signal.SIGKILL:
            assert leftovers(cloud) != []
            match = re.search(r"--clean-up (odcr-verify-[0-9a-f]{6})", output.read_text())
            assert match is not None
            assert call(cloud, built, "--clean-up", match[1], "--yes").returncode == 0
        assert leftovers(cloud) == []
    assert "it did not come to that" in (tmp_path / "table.md").read_text()
