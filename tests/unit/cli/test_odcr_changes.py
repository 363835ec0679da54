"""Plans changes for random tables and wishes."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from odcr_cli.door import KEYS, Row
from odcr_cli.tables.changes import plan_of
from odcr_cli.tables.columns import COLUMNS, values_of
from odcr_cli.tables.wishes import Wish, as_ec2_writes, key_of
from tests.unit.cli.fake_door import FakeDoor

TYPES, ZONES, NAMES = ("m5.large", "c5.large"), ("us-east-1a", "us-east-1b"), ("shop", "web")
SAID: dict[str, Sequence[Any]] = {
    "Target_Capacity": (0, 1, 15),
    "TotalTargetCapacity": ("0", "64.5"),
    "Priority": (0, 1, -1),
    "Deadline": (None, "2099-01-01 00:00:00"),
    "Platform": ("Linux/UNIX", "Windows"),
    "Weight": (None, "0.5", "8"),
    "Unit": ("instances", "vcpus"),
}


def spelled(text: str, chance: random.Random) -> str:
    return chance.choice((text, text, text, text.upper(), f" {text}"))


def some_key(table: str, chance: random.Random) -> tuple[str, ...]:
    pool = (spelled(chance.choice(TYPES), chance), spelled(chance.choice(ZONES), chance))
    group = (spelled(chance.choice(NAMES), chance),)
    return {"odcr_group": group, "odcr_group_member": group + pool}.get(table, pool)


def some_values(table: str, chance: random.Random, *, is_new: bool) -> dict[str, Any]:
    columns = [column for column in COLUMNS[table] if column.name in SAID]
    return {
        column.name: chance.choice(SAID[column.name])
        for column in columns
        if (is_new and column.is_required) or chance.random() < 0.5
    }


def some(chance: random.Random, table: str, count: int) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """Random rows with distinct keys."""
    by_key: dict[tuple[str, ...], Any] = {}
    for _ in range(count):
        key = some_key(table, chance)
        by_key[tuple(part.strip().lower() for part in key)] = (key, some_values(table, chance, is_new=True))
    return list(by_key.values())


@pytest.mark.parametrize("seed", range(300))
def test_the_plan_makes_the_tables_match_the_wishes(seed: int) -> None:
    chance = random.Random(seed)
    tables = ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member")
    door = FakeDoor(
        {table: [_row(table, *entry) for entry in some(chance, table, chance.randrange(4))] for table in tables}
    )
    wishes = [
        Wish(table, key, values, is_gone=chance.random() < 0.2)
        for table in tables
        for key, values in some(chance, table, chance.randrange(4))
    ]
    # To want pools of a group that is to be gone is what the door refuses.
    gone = {wish.key[0].strip().lower() for wish in wishes if wish.table == "odcr_group" and wish.is_gone}
    wishes = [
        candidate
        for candidate in wishes
        if candidate.table != "odcr_group_member" or candidate.key[0].strip().lower() not in gone
    ]
    removes_others = chance.random() < 0.3
    before = {table: len(rows) for table, rows in door.tables.items()}
    plan = plan_of(wishes, door.tables, removes_others=removes_others)
    assert not plan.problems
    changes = plan.to_changes()
    assert len({(change.table, tuple((change.row or change.was or {}).values())) for change in changes}) == len(changes)
    if changes:
        answer = door.change(changes)
        assert (answer.conflicts, answer.problems) == ([], [])
    assert plan_of(wishes, door.tables, removes_others=removes_others).edits == []
    for wish in wishes:
        matching = [row for row in door.tables[wish.table] if _folded(key_of(wish.table, row)) == _folded(wish.key)]
        values = values_of(wish.table, dict(wish.values))
        if matching and not wish.is_gone:
            now = values_of(wish.table, matching[0])
            assert all(now[name] == values[name] for name in wish.values)
        else:
            # Options that say nothing are none.
            assert not matching
            assert wish.is_gone or wish.table == "odcr_option"
    if not removes_others and not any(wish.is_gone for wish in wishes):
        assert all(len(door.tables[table]) >= before[table] for table in tables if table != "odcr_option")


def _row(table: str, key: tuple[str, ...], values: dict[str, Any]) -> Row:
    return dict(zip(KEYS[table], key, strict=True)) | values


def _folded(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(as_ec2_writes(part) for part in key)
