"""Events for other systems about what a run changed, sent by EventBridge. docs/reference/events.md describes them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from odcr.domain.amounts import as_json
from odcr.domain.outcome import Outcome, Recorded
from odcr.domain.target import TargetKey, Verdict
from odcr.domain.wire import MAX_IDS, size_of

SOURCE = "odcr"

MAX_ENTRIES = 10
"""Events per PutEvents: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""


class EventType(StrEnum):
    """What happened: the event's `detail-type`."""

    GAINED = "Capacity Gained"
    """A run added capacity."""
    LOST = "Capacity Lost"
    """Recorded capacity is gone."""
    RELEASED = "Capacity Released"
    """A run gave capacity back because the target was lowered."""
    MET = "Demand Met"
    """Everything was held at the deadline."""
    MISSED = "Demand Missed"
    """Something was missing at the deadline."""


def events_of(owner: str, execution: str, recorded: Iterable[Recorded]) -> list[dict[str, Any]]:
    """The events about what a run gained, lost and released, and about its verdicts.

    Args:
        owner: the stack's name and Region.
        execution: the run.
        recorded: everything that the run has recorded. A group's event covers its pools.

    Returns:
        `{"DetailType", "Detail"}` for each; losses come before the gains that replace them.
    """
    events = []
    for record in recorded:
        outcome = record.outcome
        if outcome.key != outcome.key.demand:
            # A group's pool.
            continue
        if outcome.lost > 0:
            events.append(_event(owner, execution, EventType.LOST, outcome, {"Lost": as_json(outcome.lost)}))
        if record.gained > 0:
            events.append(_event(owner, execution, EventType.GAINED, outcome, {"Acquired": as_json(record.gained)}))
        if outcome.acquired < 0:
            events.append(
                _event(owner, execution, EventType.RELEASED, outcome, {"Released": as_json(-outcome.acquired)})
            )
        if outcome.judgement is not None:
            kind = EventType.MET if outcome.judgement.verdict is Verdict.MET else EventType.MISSED
            since = _iso(record.met_since) if record.met_since else None
            facts = {"Deadline": f"{outcome.judgement.deadline[:19]}Z", "HeldSince": since}
            events.append(_event(owner, execution, kind, outcome, facts))
    return events


def batches(events: Iterable[dict[str, Any]], room: int) -> Iterator[list[dict[str, Any]]]:
    """The events in order, in batches that one PutEvents takes.

    Args:
        events: `{"DetailType", "Detail"}`.
        room: bytes of a batch as JSON. A larger event is a batch by itself.
    """
    batch: list[dict[str, Any]] = []
    size = 0
    for event in events:
        needed = size_of(event)
        if batch and (len(batch) == MAX_ENTRIES or size + needed > room):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += needed
    if batch:
        yield batch


def entries(events: Sequence[dict[str, Any]], recorded: datetime, bus: str, dropped: int) -> list[dict[str, Any]]:
    """The entries of a PutEvents.

    Args:
        events: a batch.
        recorded: when their run was recorded, in UTC.
        bus: the event bus's name.
        dropped: events before them that were dropped. The first entry says how many.
    """
    details: list[dict[str, Any]] = [{**event["Detail"], "Recorded": _iso(recorded)} for event in events]
    if dropped and details:
        details[0]["Dropped"] = dropped
    return [
        {"Source": SOURCE, "DetailType": event["DetailType"], "Detail": detail, "EventBusName": bus}
        for event, detail in zip(events, details, strict=True)
    ]


def _event(
    owner: str, execution: str, kind: EventType, outcome: Outcome, facts: Mapping[str, float | str | None]
) -> dict[str, Any]:
    ids = outcome.ids[:MAX_IDS]
    detail: dict[str, Any] = {
        "Id": _id(owner, execution, kind, outcome.key),
        "Stack": owner,
        "Execution": execution,
        "Demand": {"Group": outcome.key.group} if outcome.key.is_group else _where(outcome.key),
        **facts,
        "TargetCapacity": None if outcome.target is None else as_json(outcome.target),
        "Reserved": as_json(outcome.reserved),
        "Status": str(outcome.status),
        "ReservationIds": list(ids),
        "Reason": outcome.reason,
    }
    if outcome.key.is_group:
        detail["Unit"] = str(outcome.unit)
        detail["Pools"] = [_pool(pool) for pool in outcome.pools if pool.reserved > 0]
    if more := sum(row.more_ids for row in outcome.rows) + len(outcome.ids) - len(ids):
        detail["MoreReservations"] = more
    return {"DetailType": str(kind), "Detail": detail}


def _pool(outcome: Outcome) -> dict[str, Any]:
    weight = None if outcome.weight is None else as_json(outcome.weight)
    return {**_where(outcome.key), "Reserved": as_json(outcome.reserved), "Weight": weight}


def _where(key: TargetKey) -> dict[str, str]:
    return {"InstanceType": key.instance_type, "AvailabilityZone": key.availability_zone}


def _id(owner: str, execution: str, kind: EventType, key: TargetKey) -> str:
    """An id that stays the same however often the same event is made and sent."""
    demand = [key.group] if key.is_group else [key.instance_type, key.availability_zone]
    what = json.dumps([owner, execution, kind, *demand])
    return hashlib.sha256(what.encode()).hexdigest()[:32]


def _iso(moment: datetime) -> str:
    """A time in UTC as `2026-11-11T00:00:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
