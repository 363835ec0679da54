"""What ManageTargets takes, and what it refuses before it opens the database."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.requests import KEYS, MAX_CHANGES, WRITABLE, InvalidRequest, Planning, is_same, json_cell, request_of
from odcr.gateways.schema import TABLES

ROW = {"InstanceType": "m5.large", "AvailabilityZone": "eu-west-1a", "Target_Capacity": 2}


def change(**fields: Any) -> dict[str, Any]:
    return {"Change": [{"Table": "odcr_capacity", "Row": ROW} | fields]}


def test_every_table_can_be_read_by_its_key_columns() -> None:
    assert list(KEYS) == list(TABLES)
    for table, keys in KEYS.items():
        for column in (*keys, *WRITABLE.get(table, ())):
            assert f" {column} " in f" {TABLES[table]} ".replace("\n", " ").replace("(", " ").replace(",", " "), column


def test_current_capacity_is_not_for_people_to_write() -> None:
    with pytest.raises(InvalidRequest, match="Current_Capacity"):
        request_of(change(Row=ROW | {"Current_Capacity": 5}))


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"Read": "odcr_capacity", "Plan": True},
        {"Read": "mysql.user"},
        {"Read": "odcr_capacity; DROP TABLE odcr_capacity"},
        {"Read": []},
        {"Read": ["odcr_capacity", "odcr_capacity"]},
        {"Read": ["odcr_capacity", "user"]},
        {"Read": ["odcr_capacity", 5]},
        {"Read": ["odcr_capacity"], "After": 5},
        {"Read": list(KEYS)},
        {"Read": "odcr_capacity", "Where": {"1=1 OR InstanceType": "x"}},
        {"Read": "odcr_capacity", "Where": {"Target_Capacity": 2}},
        {"Read": "odcr_capacity", "Where": []},
        {"Read": "odcr_capacity", "Where": {"InstanceType": ["x"]}},
        {"Read": "odcr_capacity", "Since": "2026-01-01 00:00:00"},
        {"Read": "odcr_history", "Since": "yesterday"},
        {"Read": "odcr_history", "After": -1},
        {"Read": "odcr_history", "After": True},
        {"Read": "odcr_capacity", "After": 3},
        {"Read": "odcr_capacity", "After": "1.6D"},
        {"Read": "odcr_capacity", "After": "1.6D.6"},
        {"Read": "odcr_capacity", "After": "1.6D.6D.6D"},
        {"Read": "odcr_capacity", "After": "1.6D.' OR 1"},
        {"Read": "odcr_history", "Limit": 5},
        {"Plan": True, "Other": 1},
        {"Change": {}},
        {"Change": [1]},
        {"Change": [], "Try": "yes"},
        {"Change": [{"Table": "odcr_capacity"}]},
        {"Change": [{"Table": "odcr_capacity", "Row": None}]},
        change(Table="odcr_status"),
        change(Table="odcr_lease"),
        change(Row={"InstanceType": "m5.large"}),
        change(Row=ROW | {"InstanceType": 5}),
        change(Row=ROW | {"InstanceType": "m5\0large"}),
        change(Row=ROW | {"InstanceType": "x" * 16_001}),
        change(Row=ROW | {"Target_Capacity": True}),
        change(Row=ROW | {"Target_Capacity": [1]}),
        change(Row=ROW | {"Target_Capacity": 10**18}),
        change(Row=ROW | {"Target_Capacity": float("nan")}),
        change(Row=ROW | {"Target Capacity": 1}),
        change(Was=ROW | {"InstanceType": "c5.large"}),
        {"Change": [{"Table": "odcr_capacity", "Row": ROW}] * 2},
        {
            "Change": [
                {"Table": "odcr_capacity", "Row": ROW | {"InstanceType": f"t{n}"}} for n in range(MAX_CHANGES + 1)
            ]
        },
    ],
    ids=lambda event: json.dumps(event)[:60],
)
def test_an_invalid_request_is_refused_with_what_to_do(event: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        request_of(event)
    assert len(str(refused.value)) < 1_000
    assert str(refused.value).endswith(".")


def test_a_plan_takes_no_other_field() -> None:
    assert request_of({"Plan": True}) == Planning()


def test_a_cell_as_json_loses_nothing() -> None:
    cells = (None, 5, 14.5, "x", Decimal("2.3840"), Decimal(100), Decimal("0.000"), b"ab\0\0")
    assert [json_cell(cell) for cell in cells] == [None, 5, 14.5, "x", "2.384", "100", "0", "ab"]
    assert json_cell(datetime.datetime(2026, 11, 10, 1, 2, 3, tzinfo=datetime.UTC)) == "2026-11-10 01:02:03"
    assert json_cell(datetime.date(2026, 11, 10)) == "2026-11-10"


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert is_same(Decimal("2.5000"), "2.5")
    assert is_same(15, "15.0")
    assert is_same(None, None)
    assert is_same("a", "a")
    assert not is_same(0, None)
    assert not is_same(None, "")
    assert not is_same("a", "A")
    assert not is_same(15, 16)
