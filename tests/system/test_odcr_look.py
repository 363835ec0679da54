"""The commands that read a deployed stack, and `odcr adopt` and `odcr release`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deployment.stack import Stack
from odcr_cli import release_wait
from odcr_cli.main import main
from tests.system.test_acquiring import KEY, active, counts, insert, run

Odcr = Callable[..., Any]


@pytest.fixture
def odcr(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Odcr:
    """Calls the command line on the stack, and reads its JSON."""
    # The local cloud lists an execution at once.
    monkeypatch.setattr(release_wait, "_RETRIED_LIST_SECONDS", 0.1)
    monkeypatch.setattr(release_wait, "_LOOK_SECONDS", 0.1)
    # Runs of other tests may have failed a moment ago.
    monkeypatch.setattr(release_wait, "AGE_SECONDS", 0)

    def call(*arguments: str, exit_code: int = 0) -> Any:
        common = ["--stack", stack.name, "--region", stack.cloud.region, "--endpoint-url", stack.cloud.endpoint]
        done = CliRunner(mix_stderr=False).invoke(main, [*common, "--json", *arguments])
        assert done.exit_code == exit_code, (done.stdout, done.stderr, done.exception)
        return json.loads(done.stdout) if done.stdout else done.stderr

    return call


def test_the_reading_commands_show_past_and_planned_work(stack: Stack, odcr: Odcr, tmp_path: Path) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    (change,) = odcr("history")["History"]
    assert (change["Status"], change["Acquired"]) == ("FULFILLED", 15)
    (latest,) = odcr("runs", "--limit", "1")["Runs"]
    assert (latest["Name"], latest["Status"], latest["Acquired"]) == (change["Execution"], "SUCCEEDED", 15)
    shown = odcr("runs", "show", latest["Name"])
    assert [step["State"] for step in shown["Steps"]][:3] == ["LoadTargets", "IsLeaseHeld", "FindShortfalls"]
    (item,) = (item for item in shown["Items"] if item["Demand"])
    assert item["Demand"] == " ".join(KEY)
    assert item["Outcome"].startswith("FULFILLED, 15 of 15 held")

    idle = odcr("idle")
    assert (idle["Unused"], idle["Idle"][0]["Demand"]) == (15, " ".join(KEY))
    odcr("report", str(tmp_path / "report.html"))
    assert "15/15" in (tmp_path / "report.html").read_text()
    odcr("history", "--plot", str(tmp_path / "plot.svg"))
    assert "held 15, wanted 15" in (tmp_path / "plot.svg").read_text()
    assert odcr("plan")["Demands"][0]["Action"] == "none"

    stack.sql("UPDATE odcr_capacity SET Target_Capacity = 20")
    stack.sql("REPLACE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES (%s, %s, 0.5)", KEY[0], KEY[1][:-1])
    before = stack.sql("SELECT * FROM odcr_lease"), stack.sql("SELECT * FROM odcr_status")
    stack.cloud.capacity.set_free(*KEY, 5)
    (demand,) = odcr("plan")["Demands"]
    assert (demand["Action"], demand["Asks"][0]["UpTo"], demand["HourlyCost"]) == ("ask", 5, {"USD": 2.5})
    # The plan wrote nothing and bought nothing.
    assert (stack.sql("SELECT * FROM odcr_lease"), stack.sql("SELECT * FROM odcr_status")) == before
    assert counts(stack) == [15]


def test_an_adopted_reservation_counts_and_is_given_back_only_on_request(stack: Stack, odcr: Odcr) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    by_hand = stack.client("ec2").create_capacity_reservation(
        InstanceType=KEY[0], AvailabilityZone=KEY[1], InstancePlatform="Linux/UNIX", InstanceCount=6
    )["CapacityReservation"]["CapacityReservationId"]
    assert "Add --yes" in odcr("adopt", exit_code=2)
    assert odcr("adopt", "--yes")["Tagged"] == [by_hand]
    run(stack)
    # The adopted reservation has grown; there is no other.
    assert [
        (reservation["CapacityReservationId"], reservation["TotalInstanceCount"]) for reservation in active(stack)
    ] == [(by_hand, 15)]
    assert odcr("adopt", "--yes")["Tagged"] == []

    released = odcr("release", *KEY, "--keep", "10", "--yes")
    assert (released["Wanted"], released["GivenBack"]) == (10, [])
    assert "--also-adopted" in released["Left"][0]["Reason"]
    assert odcr("release", *KEY, "--keep", "10", "--also-adopted", "--yes")["GivenBack"][0]["Instances"] == 5
    assert counts(stack) == [10]


def test_a_release_lowers_the_target_gives_back_and_can_be_repeated(stack: Stack, odcr: Odcr) -> None:
    insert(stack)
    stack.cloud.capacity.set_free(*KEY, 15)
    run(stack)
    assert "Add --yes" in odcr("release", *KEY, exit_code=2)
    assert stack.sql("SELECT Target_Capacity FROM odcr_capacity") == ((15,),)

    assert odcr("release", *KEY, "--keep", "9", "--yes")["GivenBack"][0]["Instances"] == 6
    assert stack.sql("SELECT Target_Capacity FROM odcr_capacity") == ((9,),)
    assert (counts(stack), stack.cloud.capacity.free(*KEY)) == ([9], 6)
    # As if the command had died between the table and EC2.
    stack.sql("UPDATE odcr_capacity SET Target_Capacity = 0")
    assert odcr("release", *KEY, "--yes")["GivenBack"][0]["Instances"] == 9
    assert active(stack) == []
    run(stack)
    assert active(stack) == []
    assert odcr("release", *KEY, "--yes")["GivenBack"] == []
