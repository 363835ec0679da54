"""A thousand targets, five hundred of them short, in one run."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.stack import Stack
from odcr.domain.wire import MAX_STATE_BYTES

ROWS, SHORT = 1000, 500
MAX_EVENTS = 25_000
"""Of an execution's history: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
MARGIN = 0.9
WANTED, FREE = 5, 3


def keys(stack: Stack) -> list[tuple[str, str]]:
    """So many pairs of type and zone that EC2 offers."""
    ec2 = stack.client("ec2")
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(LocationType="availability-zone")
    offered = sorted((one["InstanceType"], one["Location"]) for page in pages for one in page["InstanceTypeOfferings"])
    assert len(offered) >= ROWS
    return offered[:ROWS]


def insert(stack: Stack, rows: list[tuple[str, str]]) -> None:
    values = ", ".join(f"('{instance_type}', '{zone}', {WANTED}, 0)" for instance_type, zone in rows)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")


def payloads(event: dict[str, Any]) -> Iterator[str]:
    """Every input, output and error of an event of a history."""
    for details in event.values():
        if isinstance(details, dict):
            yield from (value for name, value in details.items() if name in ("input", "output", "cause"))


def test_a_thousand_targets_of_which_five_hundred_are_short(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert stack.run()["status"] == "SUCCEEDED"
    offered = keys(stack)
    met, short = offered[SHORT:], offered[:SHORT]
    for key in met:
        stack.cloud.capacity.set_free(*key, WANTED)
    insert(stack, met)
    assert stack.wait(stack.start_run(), 300)["status"] == "SUCCEEDED"
    assert stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status") == (("FULFILLED", ROWS - SHORT),)

    for key in short:
        stack.cloud.capacity.set_free(*key, FREE)
    insert(stack, short)
    execution = stack.start_run()
    ended = stack.wait(execution, 600)
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))

    assert stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status ORDER BY Status") == (
        ("FULFILLED", ROWS - SHORT),
        ("SHORT", SHORT),
    )
    assert stack.sql("SELECT SUM(Current_Capacity) FROM odcr_capacity") == ((WANTED * (ROWS - SHORT) + FREE * SHORT,),)
    calls = stack.cloud.capacity.calls()
    assert {call.action: call.overdrawn for call in calls if call.overdrawn} == {}

    history = stack.history(execution)
    largest = max(len(payload.encode()) for event in history for payload in payloads(event))
    with capsys.disabled():
        made = {call.action: call.calls for call in calls}
        print(f"\n{len(history)} events, largest payload {largest} bytes, EC2 calls of both runs {json.dumps(made)}")
    assert len(history) < MARGIN * MAX_EVENTS
    assert 100_000 < largest < MARGIN * MAX_STATE_BYTES
    attempts = [event for event in history if event["type"] == "LambdaFunctionFailed"]
    assert len(attempts) >= 4 * SHORT
