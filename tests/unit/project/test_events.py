"""Events for other systems, against the documented schemas and botocore's model of PutEvents."""

import json
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator, ValidationError

from odcr.domain.events import MAX_ENTRIES, EventType, batches, entries, events_of
from odcr.domain.outcome import Outcome, Recorded, Status
from odcr.domain.target import Judgement, TargetKey, Unit, Verdict, group_key
from odcr.domain.wire import MAX_IDS
from tests.documented import ROOT

OWNER = "odcr/ap-northeast-1"
KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
IDS = ("cr-0123456789abcdef0", "cr-0fedcba9876543210")
AT = datetime(2026, 11, 10, 23, 59, 7)  # noqa: DTZ001 - as the database gives it
PAGE = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")


def outcome(acquired: int = 0, lost: int = 0, **more: Any) -> Outcome:
    given = {"reservation_ids": IDS, "reason": "EC2 has no more."} | more
    return Outcome(KEY, Status.SHORT, 15, 11, acquired=acquired, lost=lost, **given)


def recorded(outcome: Outcome, met_since: datetime | None = None) -> Recorded:
    """An outcome as recorded by a run that added all that is new."""
    return Recorded(outcome, max(0, outcome.acquired), met_since)


def events(*outcomes: Outcome, owner: str = OWNER, execution: str = "run-1") -> list[dict[str, Any]]:
    return events_of(owner, execution, map(recorded, outcomes))


def of_group(*, name: str = "web", **fields: Any) -> Outcome:
    """The outcome of a group of three pools, one of which holds nothing."""
    pools = [
        Outcome(
            TargetKey(instance_type, "apne1-az1", group=name),
            Status.SHORT,
            count,
            count,
            ids,
            acquired=1,
            lost=1,
            weight=weight,
        )
        for instance_type, count, weight, ids in (
            ("r5b.2xlarge", 1, 8, IDS[:1]),
            ("m5.large", 5, Decimal("0.5"), IDS[1:]),
            ("c5.large", 0, None, ()),
        )
    ]
    outcome = Outcome(
        group_key(name), Status.SHORT, Decimal("15.5"), Decimal("10.5"), pools=tuple(pools), unit=Unit.vcpus
    )
    return replace(outcome, **fields)


def verdicts(**more: Any) -> list[dict[str, Any]]:
    """The events of a demand that was met and one that was missed."""
    met, missed = (outcome(judgement=Judgement(verdict, "2026-11-11T00:00:00"), **more) for verdict in Verdict)
    return events_of(OWNER, "run-1", [recorded(met, AT), recorded(missed)])


def one_of_each(**more: Any) -> list[dict[str, Any]]:
    return [*events(outcome(lost=1, **more), outcome(7, **more), outcome(-3, **more)), *verdicts(**more)]


def schema_of(kind: str) -> Draft202012Validator:
    path = ROOT / "docs" / "events" / f"{kind.lower().replace(' ', '-')}.schema.json"
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == kind
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def closed(schema: Draft202012Validator) -> Draft202012Validator:
    """The schema without further properties. Consumers have to expect new properties; tests do not."""
    return schema.evolve(schema={**schema.schema, "additionalProperties": False})


@pytest.mark.parametrize("more", [{}, {"more_ids": 2, "reason": ""}, {"reservation_ids": ("cr-1",) * (MAX_IDS + 1)}])
def test_every_type_of_event_matches_its_schema(more: dict[str, Any]) -> None:
    made = entries(one_of_each(**more), AT, "default", dropped=3)
    assert {entry["DetailType"] for entry in made} == set(EventType)
    for entry in made:
        closed(schema_of(entry["DetailType"])).validate(entry["Detail"])


def test_every_type_of_event_on_a_group_matches_its_schema() -> None:
    met, missed = (Judgement(verdict, "2026-11-11T00:00:00") for verdict in Verdict)
    made = [
        *events(of_group(lost=Decimal("0.5"), acquired=Decimal("2.5"), judgement=met)),
        *events(of_group(acquired=-8, target=None, judgement=missed), of_group(target=3, pools=())),
    ]
    assert {event["DetailType"] for event in made} == set(EventType)
    for entry in entries(made, AT, "default", dropped=0):
        schema = closed(schema_of(entry["DetailType"]))
        schema.validate(json.loads(json.dumps(entry["Detail"])))
        for wrong in ({"Unit": "boxes"}, {"Demand": {}}, {"Reserved": "10"}, {"Pools": [{}]}, {"Reserved": -1}):
            assert not schema.is_valid({**entry["Detail"], **wrong})
        for needed in ("Unit", "Pools"):
            assert not schema.is_valid({name: value for name, value in entry["Detail"].items() if name != needed})


def test_the_numbers_of_a_row_are_whole() -> None:
    for entry in entries(one_of_each(), AT, "default", dropped=0):
        for name in ("Acquired", "Lost", "Released", "TargetCapacity", "Reserved"):
            if name in entry["Detail"]:
                assert not schema_of(entry["DetailType"]).is_valid({**entry["Detail"], name: 2.5})


def test_the_schemas_reject_other_types_and_mistakes() -> None:
    for entry in entries(one_of_each(), AT, "default", dropped=0):
        for kind in EventType:
            is_similar = {entry["DetailType"], kind} == {EventType.MET, EventType.MISSED}
            assert schema_of(kind).is_valid(entry["Detail"]) is (kind == entry["DetailType"] or is_similar)
        with pytest.raises(ValidationError):
            schema_of(entry["DetailType"]).validate({**entry["Detail"], "Recorded": "yesterday Z"})


def test_the_page_has_a_valid_example_of_each_type() -> None:
    examples = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
    (received,) = (example for example in examples if "detail" in example and "id" in example)
    assert (received["source"], received["region"]) == ("odcr", "ap-northeast-1")
    details = {received["detail-type"]: received["detail"]}
    for kind, text in re.findall(r"`([A-Z]\w+ [A-Z]\w+)`:\n\n```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        details.setdefault(kind, json.loads(text))
    assert list(details) == list(EventType)
    for kind, detail in details.items():
        closed(schema_of(kind)).validate(detail)
        assert f"(../events/{kind.lower().replace(' ', '-')}.schema.json)" in PAGE


def test_the_page_has_a_valid_example_of_a_group_and_a_rule_that_matches_it() -> None:
    examples = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
    (detail,) = (example for example in examples if "Pools" in example)
    closed(schema_of("Capacity Gained")).validate(detail)
    assert detail["Reserved"] == sum(pool["Reserved"] * pool["Weight"] for pool in detail["Pools"])
    (rule,) = (example for example in examples if "source" in example and "detail" in example and "id" not in example)
    assert detail["Demand"]["Group"] in rule["detail"]["Demand"]["Group"]
    (event,) = events_of(
        detail["Stack"], detail["Execution"], [recorded(replace(of_group(name=detail["Demand"]["Group"]), acquired=1))]
    )
    assert event["Detail"]["Id"] == detail["Id"]


def test_put_events_accepts_the_entries() -> None:
    """With the detail as text, which Step Functions makes of it:
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html"""
    made = [
        {**entry, "Detail": json.dumps(entry["Detail"])} for entry in entries(one_of_each(), AT, "default", dropped=0)
    ]
    shape = boto3.client("events", "eu-west-1").meta.service_model.operation_model("PutEvents").input_shape
    report = ParamValidator().validate({"Entries": made}, shape)
    assert not report.has_errors(), report.generate_report()
    assert shape.members["Entries"].metadata["max"] == MAX_ENTRIES


def test_an_event_has_the_numbers_of_the_run() -> None:
    lost, gained = events(outcome(7, lost=4), outcome())
    assert (lost["DetailType"], lost["Detail"]["Lost"]) == ("Capacity Lost", 4)
    assert (gained["DetailType"], gained["Detail"]["Acquired"]) == ("Capacity Gained", 7)
    (released,) = events(outcome(-3))
    assert (released["DetailType"], released["Detail"]["Released"]) == ("Capacity Released", 3)
    assert gained["Detail"] == {
        "Id": gained["Detail"]["Id"],
        "Stack": OWNER,
        "Execution": "run-1",
        "Demand": {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c"},
        "Acquired": 7,
        "TargetCapacity": 15,
        "Reserved": 11,
        "Status": "SHORT",
        "ReservationIds": list(IDS),
        "Reason": "EC2 has no more.",
    }


def test_an_event_on_a_group_has_units_and_the_pools_that_hold_something() -> None:
    group = of_group(acquired=Decimal("2.5"), reason="EC2 has no more.", reserved=11)
    # The rows of the pools have no event of their own.
    (event,) = events(*group.rows)
    assert event["Detail"] == {
        "Id": event["Detail"]["Id"],
        "Stack": OWNER,
        "Execution": "run-1",
        "Demand": {"Group": "web"},
        "Acquired": 2.5,
        "TargetCapacity": 15.5,
        "Reserved": 11,
        "Unit": "vcpus",
        "Pools": [
            {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "apne1-az1", "Reserved": 1, "Weight": 8},
            {"InstanceType": "m5.large", "AvailabilityZone": "apne1-az1", "Reserved": 5, "Weight": 0.5},
        ],
        "Status": "SHORT",
        "ReservationIds": list(IDS),
        "Reason": "EC2 has no more.",
    }
    assert isinstance(event["Detail"]["Reserved"], int)


def test_unnamed_reservations_of_a_group_are_counted_over_its_pools() -> None:
    pools = tuple(
        Outcome(TargetKey(name, "apne1-az1", group="web"), Status.SHORT, 1, 1, ("cr-1",) * MAX_IDS, more_ids=2)
        for name in ("m5.large", "c5.large")
    )
    (event,) = events(of_group(acquired=1, pools=pools))
    assert len(event["Detail"]["ReservationIds"]) == MAX_IDS
    assert event["Detail"]["MoreReservations"] == MAX_IDS + 4


def test_a_verdict_has_the_deadline_and_the_time_since_when_all_is_held() -> None:
    met, missed = verdicts()
    assert (met["DetailType"], missed["DetailType"]) == ("Demand Met", "Demand Missed")
    assert (met["Detail"]["Deadline"], met["Detail"]["HeldSince"]) == ("2026-11-11T00:00:00Z", "2026-11-10T23:59:07Z")
    assert missed["Detail"]["HeldSince"] is None


def test_the_id_is_the_same_only_for_the_same_event() -> None:
    (first,) = events(outcome(7))
    # The id does not depend on what is held: a repeated step may see more.
    (again,) = events(outcome(8, reason=""))
    assert first["Detail"]["Id"] == again["Detail"]["Id"] == "88ab8063bc5a5062e4ee8b3082d63abf"
    other_key = Outcome(TargetKey("r5b.2xlarge", "ap-northeast-1a"), Status.SHORT, 15, 11, acquired=7)
    others = [
        *events(outcome(7), owner="odcr/us-east-1"),
        *events(outcome(7), execution="run-2"),
        *events(other_key),
        *events(of_group(acquired=1), of_group(acquired=1, name="r5b.2xlarge")),
        *one_of_each(),
    ]
    assert len({event["Detail"]["Id"] for event in others}) == len(others)


def test_ids_that_do_not_fit_are_counted() -> None:
    (event,) = events(outcome(1, reservation_ids=("cr-1",) * (MAX_IDS + 2), more_ids=3))
    assert len(event["Detail"]["ReservationIds"]) == MAX_IDS
    assert event["Detail"]["MoreReservations"] == 5


def test_a_batch_has_at_most_ten_events_and_fits_into_its_room() -> None:
    events = [{"DetailType": "t", "Detail": {"n": n}} for n in range(23)]
    assert [len(batch) for batch in batches(events, 10_000)] == [10, 10, 3]
    assert [event for batch in batches(events, 10_000) for event in batch] == events
    assert [len(batch) for batch in batches(events[:5], 100)] == [2, 2, 1]
    assert [len(batch) for batch in batches(events[:2], 1)] == [1, 1]
    assert list(batches([], 100)) == []


def test_dropped_events_are_reported_once() -> None:
    first, second = entries(events(outcome(7), outcome(lost=1)), AT, "bus", dropped=12)
    assert (first["Detail"]["Dropped"], first["EventBusName"]) == (12, "bus")
    assert "Dropped" not in second["Detail"]
    assert first["Detail"]["Recorded"] == second["Detail"]["Recorded"] == "2026-11-10T23:59:07Z"
