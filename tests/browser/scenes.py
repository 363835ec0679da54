"""The scenes for tests and screenshots of the page: the evening before a sale."""

import random
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from odcr_cli.source import Run
from tests.moto_interpreter import interpreter
from tests.sample_executions import acquiring
from tests.unit.cli.fake_source import MACHINE, NOW, STACK, FakeSource

HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }} \u202egnp.exe"
OWNER = STACK.owner
PRICES = {
    "r5b.2xlarge": "0.716",
    "c6i.4xlarge": "0.856",
    "m6i.xlarge": "0.248",
    "r6g.large": "0.1216",
    "c5.2xlarge": "0.428",
}
_DRY = "EC2 has no more at the moment."
_QUOTA = "The account's quota for P instances is 96 vCPUs, and 2 of these need 192. Raise it in Service Quotas."
_TYPO = "EC2 knows no instance type m5.metall. Did you mean m5.metal?"
_TOO_MUCH = "14 held, 10 wanted. Give back cr-006f31c9d2ab7745 in EC2, or raise the target."
_LATER = "Nothing is asked for before 2026-11-10 22:00:00."

_ROWS = (
    # type, zone, wanted, held, in use, status, minutes since, reason
    ("r5b.2xlarge", "ap-northeast-1c", 15, 9, 4, "SHORT", 192, _DRY),
    ("c6i.4xlarge", "ap-northeast-1a", 40, 40, 31, "FULFILLED", 75, ""),
    ("c6i.4xlarge", "ap-northeast-1c", 40, 33, 33, "SHORT", 48, _DRY),
    ("m6i.xlarge", "ap-northeast-1d", 24, 24, 0, "FULFILLED", 1300, ""),
    ("p4d.24xlarge", "us-east-1b", 2, 0, 0, "QUOTA_EXCEEDED", 610, _QUOTA),
    ("m5.metall", "ap-northeast-1a", 3, 0, 0, "INVALID", 22, _TYPO),
    ("r6g.large", "eu-central-1a", 10, 14, 10, "EXCESS", 95, _TOO_MUCH),
    ("c7g.xlarge", "ap-northeast-1a", 20, 0, 0, "WAITING", 240, _LATER),
)
_POOLS = (
    ("c5.2xlarge", "ap-northeast-1a", "8", 0, 6, 5, "FULFILLED", ""),
    ("c5.2xlarge", "ap-northeast-1c", "8", 1, 4, 4, "SHORT", _DRY),
    ("c6i.4xlarge", "ap-northeast-1d", "16", 2, 5, 2, "FULFILLED", ""),
)


def text(moment: datetime) -> str:
    """A moment as the tables have it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def evening() -> FakeSource:
    """Eight targets and a group, with history, runs (one failed), and reservations (some idle)."""
    return FakeSource(
        tables={
            "odcr_capacity": [_capacity(*row[:4]) for row in _ROWS],
            "odcr_option": [
                {
                    "InstanceType": "c7g.xlarge",
                    "AvailabilityZone": "ap-northeast-1a",
                    "Start_At": "2026-11-10 22:00:00",
                },
                {
                    "InstanceType": "r5b.2xlarge",
                    "AvailabilityZone": "ap-northeast-1c",
                    "Deadline": "2026-11-11 00:00:00",
                },
            ],
            "odcr_group": [
                {
                    "Group_Name": "checkout",
                    "TotalTargetCapacity": "200",
                    "Unit": "vcpus",
                    "Deadline": "2026-11-11 00:00:00",
                }
            ],
            "odcr_group_member": [
                {
                    "Group_Name": "checkout",
                    "InstanceType": pool[0],
                    "AvailabilityZone": pool[1],
                    "Weight": pool[2],
                    "Priority": pool[3],
                }
                for pool in _POOLS
            ],
            "odcr_status": [*(_status(*row) for row in _ROWS), *_group_status()],
            "odcr_history": history(),
            "odcr_price": [
                {
                    "InstanceType": type_,
                    "Region": region,
                    "Platform": "Linux/UNIX",
                    "Tenancy": "default",
                    "Hourly_Price": price,
                    "Currency": "USD",
                }
                for type_, price in PRICES.items()
                for region in ("ap-northeast-1", "eu-central-1", "us-east-1")
            ],
        },
        histories=runs(),
        held=reservations(),
        lines=log_lines(),
    )


def many(count: int) -> FakeSource:
    """`count` targets, each with a day of history."""
    chance = random.Random(7)
    rows = [
        (f"m{number % 7 + 1}i.{number // 7}xlarge", f"ap-northeast-1{'acd'[number % 3]}", 20, chance.randrange(21))
        for number in range(count)
    ]
    status = [
        _status(*row, min(3, row[3]), "FULFILLED" if row[3] == 20 else "SHORT", 30, "" if row[3] == 20 else _DRY)
        for row in rows
    ]
    past = [
        _change(type_, zone, NOW - timedelta(hours=hours), wanted, max(0, held - hours // 4), 1 if hours else 0)
        for type_, zone, wanted, held in rows
        for hours in range(24)
    ]
    return FakeSource(
        tables={"odcr_capacity": [_capacity(*row) for row in rows], "odcr_status": status, "odcr_history": past},
        histories=runs(),
    )


def hostile() -> FakeSource:
    """The evening with hostile text wherever strangers can write."""
    scene = evening()
    for table in ("odcr_status", "odcr_history"):
        for row in scene.tables[table]:
            row["Reason"] = HOSTILE
    scene.tables["odcr_group"][0]["Group_Name"] = HOSTILE
    for table in ("odcr_group_member", "odcr_status", "odcr_history"):
        for row in scene.tables[table]:
            if row.get("Group_Name"):
                row["Group_Name"] = HOSTILE
    scene.tables["odcr_status"][0]["Status"] = HOSTILE
    scene.tables["odcr_capacity"].append(_capacity(HOSTILE, HOSTILE, 3, 0))
    scene.held[0]["Tags"] = [{"Key": "odcr:stack", "Value": OWNER}, {"Key": "odcr:group", "Value": HOSTILE}]
    scene.held[0]["InstanceType"] = HOSTILE
    name, run = next(iter(scene.histories.items()))
    definition = run.definition.replace("ReserveCapacity", "</svg><script>alert(1)</script>")
    events = [_with_hostile_cause(event) for event in deepcopy(run.events)]
    scene.histories[name] = replace(run, definition=definition, events=events)
    scene.lines = [{"timestamp": 0, "message": HOSTILE}]
    return scene


def _with_hostile_cause(event: dict[str, Any]) -> dict[str, Any]:
    details = event.get("taskFailedEventDetails") or event.get("lambdaFunctionFailedEventDetails")
    if details:
        details["cause"] = HOSTILE
    return event


def _capacity(type_: str, zone: str, wanted: int, held: int) -> dict[str, Any]:
    return {"InstanceType": type_, "AvailabilityZone": zone, "Target_Capacity": wanted, "Current_Capacity": held}


def _status(
    type_: str, zone: str, wanted: int, held: int, used: int, status: str, minutes: int, reason: str, group: str = ""
) -> dict[str, Any]:
    price = PRICES.get(type_)
    return {
        "InstanceType": type_,
        "AvailabilityZone": zone,
        "Group_Name": group,
        "Status": status,
        "Since": text(NOW - timedelta(minutes=minutes)),
        "Target_Capacity": wanted,
        "Reserved": held,
        "Reason": reason,
        "Reservation_Ids": "",
        "In_Use": used,
        "Unused": held - used,
        "Hourly_Cost": f"{float(price) * held:.4f}" if price else None,
    }


def _group_status() -> list[dict[str, Any]]:
    own = _status("", "", 200, 160, 11, "SHORT", 66, "EC2 has no more at the moment: 40 vCPUs missing.", "checkout")
    own |= {"Unit": "vcpus", "Hourly_Cost": "8.56", "Unused": 4}
    pools = [
        _status(type_, zone, held, held, used, status, 66, reason, "checkout") | {"Weight": weight}
        for type_, zone, weight, _priority, held, used, status, reason in _POOLS
    ]
    return [own, *pools]


def history() -> list[dict[str, Any]]:
    """Instances gained one by one, and the requests of each hour."""
    chance = random.Random(3)
    rows = []
    for type_, zone, wanted, held, *_rest in _ROWS:
        # Minutes ago at which another instance was held, the latest first.
        moments = sorted(chance.uniform(20, 1000) for _ in range(min(held, 9)))
        for gained_later, minutes in enumerate(moments):
            rows.append(_change(type_, zone, NOW - timedelta(minutes=minutes), wanted, held - gained_later, 1))
        for hour in range(18 if held < wanted else 0):
            minutes = 60 * hour + 3
            calls = chance.randrange(300, 720)
            later = sum(earlier < minutes for earlier in moments)
            moment = NOW - timedelta(minutes=minutes)
            rows.append(_hour(type_, zone, moment, wanted, held - later, calls, calls - chance.randrange(90)))
    for step, units in enumerate((160, 144, 120, 96, 48)):
        rows.append(_change("", "", NOW - timedelta(hours=2 * step, minutes=66), 200, units, 16, "checkout"))
    return sorted(rows, key=lambda row: str(row["Recorded"]))


def _change(
    type_: str, zone: str, moment: datetime, wanted: int, held: int, acquired: int, group: str = ""
) -> dict[str, Any]:
    runs_before = int((NOW - moment).total_seconds() // 125)
    return {
        "Execution": f"run-{1000 - runs_before}",
        "InstanceType": type_,
        "AvailabilityZone": zone,
        "Group_Name": group,
        "Recorded": text(moment),
        "Previous_Status": "SHORT",
        "Status": "SHORT" if held < wanted else "FULFILLED",
        "Target_Capacity": wanted,
        "Reserved": held,
        "Unit": "vcpus" if group else None,
        "Acquired": acquired,
        "Lost": 0,
        "Attempts": 1,
        "Calls": 4,
        "Refusals": 3,
        "Reason": "",
    }


def _hour(type_: str, zone: str, moment: datetime, wanted: int, held: int, calls: int, refusals: int) -> dict[str, Any]:
    row = _change(type_, zone, moment, wanted, held, 0)
    return row | {"Execution": f"hour {moment:%Y-%m-%d %H}:00", "Attempts": 30, "Calls": calls, "Refusals": refusals}


@cache
def _played_run() -> Any:
    with interpreter():
        return acquiring(20)


def runs() -> dict[str, Run]:
    """Runs: one is running, one has a retried and a failed item, one failed, and many succeeded."""
    return dict(_all_runs())


@cache
def _all_runs() -> dict[str, Run]:
    played = _played_run()
    described_runs = {}
    for before in range(60):
        started = NOW - timedelta(seconds=125 * before + 40)
        lasted = timedelta(seconds=112 + before % 5 * 3 if before % 9 else 6)
        name = f"run-{1000 - before}"
        described = {
            "executionArn": f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}",
            "name": name,
            "status": "RUNNING" if before == 0 else "FAILED" if before == 17 else "SUCCEEDED",
            "startDate": started,
            "input": '{"Failures": 0}',
        }
        events = played.events
        if before == 0:
            events, lasted = events[: len(events) * 2 // 3], NOW - started
        else:
            described["stopDate"] = started + lasted
        # The events were played in an instant, so spread them over the run.
        events = [
            {**event, "timestamp": started + lasted * number / len(events)} for number, event in enumerate(events)
        ]
        described_runs[name] = Run(described, played.definition, events)
    return described_runs


def reservations() -> list[dict[str, Any]]:
    """Reservations of the stack and a group, adopted, somebody else's, and cancelled."""
    # The value of the second has the client token, and the group: docs/explanation/reserving.md.
    ours, token = {"Key": "odcr:stack", "Value": OWNER}, "a" * 64
    own_tags = [ours, {"Key": "odcr:made", "Value": token}]
    described = []
    for number, (type_, zone, _wanted, held, used, *_rest) in enumerate(_ROWS):
        if held:
            described.append(_reservation(number, type_, zone, held, held - used, own_tags))
    for number, pool in enumerate(_POOLS):
        tags = [ours, {"Key": "odcr:group", "Value": "checkout"}, {"Key": "odcr:made", "Value": f"{token}/checkout"}]
        described.append(_reservation(20 + number, pool[0], pool[1], pool[4], pool[4] - pool[5], tags))
    described.append(_reservation(30, "m5.4xlarge", "ap-northeast-1a", 6, 6, [{"Key": "team", "Value": "search"}]))
    described.append(
        _reservation(31, "m6i.xlarge", "ap-northeast-1a", 4, 1, own_tags[:1]) | {"InstanceMatchCriteria": "targeted"}
    )
    described.append(_reservation(32, "r5b.2xlarge", "ap-northeast-1a", 3, 0, own_tags) | {"State": "cancelled"})
    return described


def _reservation(
    number: int, type_: str, zone: str, count: int, unused: int, tags: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "CapacityReservationId": f"cr-0{number:02}f31c9d2ab7745",
        "OwnerId": STACK.account,
        "InstanceType": type_,
        "InstancePlatform": "Linux/UNIX",
        "AvailabilityZone": zone,
        "Tenancy": "default",
        "TotalInstanceCount": count,
        "AvailableInstanceCount": unused,
        "State": "active",
        "StartDate": NOW - timedelta(hours=3 + number),
        "CreateDate": NOW - timedelta(hours=3 + number),
        **({"EndDate": NOW + timedelta(days=2)} if number == 1 else {}),
        "InstanceMatchCriteria": "open",
        "Tags": list(tags),
        "Region": zone[:-1],
    }


def log_lines() -> list[dict[str, Any]]:
    """Log lines as Lambda and Powertools write them."""
    start = int((NOW - timedelta(minutes=2)).timestamp() * 1000)
    return [
        {"timestamp": start, "message": "START RequestId: 0c9f Version: $LATEST\n"},
        {"timestamp": start + 400, "message": '{"level":"INFO","location":"x:1","message":"Asked","Calls":3}'},
        {"timestamp": start + 900, "message": '{"level":"ERROR","message":"Refused","Code":"UnauthorizedOperation"}'},
        {"timestamp": start + 950, "message": "REPORT RequestId: 0c9f Duration: 912.11 ms Memory Size: 256 MB\n"},
    ]
