"""Calls the commands that read and write the tables on a test's door."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from odcr_cli import confirmation, main
from odcr_cli.account import Account, Stack
from odcr_cli.door import Row
from odcr_cli.tables import apply
from odcr_cli.tables.offers import Offer, Offers, Zone
from tests.unit.cli.fake_door import FakeDoor, Tables

Odcr = Callable[..., Result]
TYPES = frozenset({"r5b.2xlarge", "m5.large", "m5.xlarge", "c6i.large"})
OFFER = Offer(
    (
        Zone("ap-northeast-1a", "apne1-az4"),
        Zone("ap-northeast-1c", "apne1-az1"),
        Zone("ap-northeast-1-tpe-1a", "apne1-tpe1-az1", is_enabled=False, group="ap-northeast-1-tpe-1"),
    ),
    {"ap-northeast-1a": TYPES - {"r5b.2xlarge"}, "ap-northeast-1c": TYPES},
)
KEY = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c"}
HEAD = "InstanceType,AvailabilityZone,Target_Capacity"
PRICE = {
    "InstanceType": "r5b.2xlarge",
    "Region": "ap-northeast-1",
    "Platform": "Linux/UNIX",
    "Tenancy": "default",
    "Hourly_Price": "0.596",
    "Source": "list",
}


def usual_door(**tables: list[Row]) -> FakeDoor:
    """A door to tables with a target of 15, of which 4 are held, and a group."""
    contents: Tables = {
        "odcr_capacity": [KEY | {"Target_Capacity": 15, "Current_Capacity": 4}],
        "odcr_group": [{"Group_Name": "checkout", "TotalTargetCapacity": "64", "Unit": "vcpus"}],
        "odcr_group_member": [
            {"Group_Name": "checkout", "InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a", "Priority": 3}
        ],
        "odcr_status": [KEY | {"Group_Name": "", "Status": "SHORT", "Reserved": 4, "Platform": "Linux/UNIX"}],
        "odcr_price": [PRICE],
    }
    return FakeDoor(contents | tables)


def caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Odcr:
    """Calls a command on a door; `typed` is what a person at a terminal types."""

    def call(
        door: FakeDoor,
        *arguments: str,
        parameters: dict[str, str] | None = None,
        offers: Offers | None = None,
        typed: str = "",
        file: str = "",
        columns: int = 80,
    ) -> Result:
        stack = Stack("odcr", "ap-northeast-1", "123456789012", "CREATE_COMPLETE", parameters or {})
        monkeypatch.setattr(Account, "stack", stack)
        monkeypatch.setattr(apply, "Door", lambda _account: door)
        monkeypatch.setattr(main, "LiveSource", lambda _account: door)
        monkeypatch.setattr(apply, "look_up", lambda *_: offers or Offers({"ap-northeast-1": OFFER}))
        terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: bool(typed)))
        monkeypatch.setattr(confirmation, "sys", terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        if file:
            (tmp_path / "wanted.csv").write_text(file, encoding="utf-8")
            arguments = ("import", str(tmp_path / "wanted.csv"), *arguments)
        local = ("--endpoint-url", "http://127.0.0.1:9")
        return CliRunner(mix_stderr=False).invoke(main.main, [*local, *arguments], input=typed or None)

    return call


def rows(door: FakeDoor, table: str) -> list[Row]:
    """A table's rows, without the columns that have their defaults."""
    empty = FakeDoor({table: [{}]}).tables[table][0]
    return [{name: value for name, value in row.items() if value != empty.get(name)} for row in door.tables[table]]


def text(result: Result) -> str:
    return " ".join(result.output.split())
