"""ManageTargets on the real servers: long tables are read in parts, while rows come and go."""

from collections.abc import Callable
from typing import Any

import pytest

from odcr.gateways import row_pages

from .conftest import Chief, Transaction
from .door import ZONE, ask

pytestmark = pytest.mark.usefixtures("tables")
HAND_MADE = "InstanceType varchar(99), AvailabilityZone varchar(99), Target_Capacity int"


@pytest.fixture(autouse=True)
def three_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows fit into an answer."""
    monkeypatch.setattr(row_pages, "MAX_ROWS", 3)


def parts(table: str, meanwhile: Callable[[int], None] = lambda _number: None, **options: Any) -> list[dict[str, Any]]:
    """All rows of a table, read part by part; `meanwhile` is called after each."""
    rows, after, number = [], {}, 0
    while True:
        answer = ask(Read=table, **options, **after)
        assert answer["Rows"] or not rows, "a part without rows"
        rows += answer["Rows"]
        if answer["Next"] is None:
            return rows
        after, number = {"After": answer["Next"]}, number + 1
        meanwhile(number)


def types(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["InstanceType"]) for row in rows]


def add(chief: Chief, *names: str) -> None:
    chief(
        "INSERT INTO odcr_capacity (InstanceType, AvailabilityZone, Target_Capacity) VALUES "
        + ", ".join(f"('{name}', '{ZONE}', 1)" for name in names)
    )


def remade(chief: Chief, columns: str) -> None:
    chief("DROP TABLE odcr_capacity", f"CREATE TABLE odcr_capacity ({columns})")


def test_a_long_table_is_read_in_parts(chief: Chief) -> None:
    names = [f"m{n}.large" for n in range(7)]
    add(chief, *names)
    assert types(parts("odcr_capacity")) == names


def test_rows_that_come_and_go_between_parts_neither_hide_nor_repeat_others(chief: Chief) -> None:
    add(chief, *(f"m{n}.large" for n in range(1, 10)))

    def meanwhile(number: int) -> None:
        if number == 1:
            # The first row read, the last row read, and one not read yet.
            chief("DELETE FROM odcr_capacity WHERE InstanceType IN ('m1.large', 'm3.large', 'm5.large')")
        else:
            add(chief, "a1.large", "m0.large", "z1.large")

    assert types(parts("odcr_capacity", meanwhile)) == [f"m{n}.large" for n in (1, 2, 3, 4, 6, 7, 8, 9)] + ["z1.large"]


@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "latin1_swedish_ci"])
def test_names_equal_to_a_collation_are_each_read_once(chief: Chief, collation: str) -> None:
    remade(
        chief,
        f"InstanceType varchar(99) COLLATE {collation}, AvailabilityZone varchar(99) COLLATE {collation}, n int",
    )
    # Equal names come in any order.
    names = ["m5.large", "M5.LARGE", "M5.large", "m5.Large", "m5.l\u00e4rge", "m5.l\u00c4rge", "m5.large ", "m5.largE"]
    chief(*(f"INSERT INTO odcr_capacity VALUES ('{name}', '{ZONE}', 1)" for name in names))

    def meanwhile(number: int) -> None:
        if number == 1:
            chief(f"INSERT INTO odcr_capacity VALUES ('A5.LARGE', '{ZONE}', 1)")

    assert sorted(types(parts("odcr_capacity", meanwhile))) == sorted(names)


def test_identical_rows_are_all_read(chief: Chief) -> None:
    remade(chief, HAND_MADE)
    names = ["m5.large"] * 8 + ["m6.large"]
    add(chief, *names)
    chief(f"INSERT INTO odcr_capacity VALUES (NULL, '{ZONE}', 1), (NULL, NULL, 1), ('', '{ZONE}', 1)")
    assert sorted(types(parts("odcr_capacity"))) == ["", "None", "None", *names]

    def meanwhile(number: int) -> None:
        if number == 1:
            chief("DELETE FROM odcr_capacity WHERE InstanceType IS NULL OR InstanceType = ''")

    assert types(parts("odcr_capacity", meanwhile))[3:] == names


@pytest.mark.parametrize("columns", ["InstanceType binary(20), AvailabilityZone varbinary(20)", "InstanceType text"])
def test_a_table_of_other_types_is_read_in_parts(chief: Chief, columns: str) -> None:
    zone = "" if "AvailabilityZone" in columns else ", AvailabilityZone blob"
    remade(chief, f"{columns}{zone}, Target_Capacity bit(8), Note text")
    add(chief, *(f"m{n}.large" for n in range(7)))
    rows = parts("odcr_capacity")
    assert types(rows) == [f"m{n}.large" for n in range(7)]
    assert [*rows[0]] == ["InstanceType", "AvailabilityZone", "Target_Capacity", "Note"]


def test_numbers_and_times_are_in_natural_order(transaction: Transaction) -> None:
    with transaction() as cursor:
        for number in range(1, 13):
            cursor.execute(
                "INSERT INTO odcr_outbox (Execution, Recorded, Subject, Message) VALUES "
                "('run', '2026-11-10 01:00:00', %s, 'x')",
                (str(number),),
            )
            cursor.execute(
                "INSERT INTO odcr_history (Execution, InstanceType, AvailabilityZone, Recorded, Status, Reserved, "
                "Acquired, Lost, Calls, Reason) VALUES (%s, 'm', 'z', %s, 'SHORT', 1, 0, 0, 1, '')",
                (f"run-{number}", f"2026-11-{13 - number:02} 09:00:00"),
            )
    assert [row["Subject"] for row in parts("odcr_outbox")] == [str(number) for number in range(1, 13)]
    days = [row["Recorded"][8:10] for row in parts("odcr_history")]
    assert days == [f"{day:02}" for day in range(1, 13)]
    later = parts("odcr_history", Since="2026-11-04 09:00:00")
    assert [row["Recorded"][8:10] for row in later] == days[3:]


def test_several_tables_are_read_at_one_moment(chief: Chief) -> None:
    names = [f"m{n}.large" for n in range(4)]
    add(chief, *names)
    tables = ask(Read=["odcr_capacity", "odcr_option"])["Tables"]
    assert list(tables) == ["odcr_capacity", "odcr_option"]
    assert tables["odcr_option"] == {"Rows": [], "Next": None}
    answer = ask(Read="odcr_capacity", After=tables["odcr_capacity"]["Next"])
    assert types(tables["odcr_capacity"]["Rows"] + answer["Rows"]) == names


def test_answer_is_limited_in_bytes_and_a_large_row_comes_alone(monkeypatch: pytest.MonkeyPatch, chief: Chief) -> None:
    names = [f"m{n}.large" for n in range(3)]
    add(chief, *names)
    monkeypatch.setattr(row_pages, "MAX_BYTES", 10)
    answer = ask(Read="odcr_capacity")
    assert types(answer["Rows"]) == names[:1]
    assert types(parts("odcr_capacity")) == names
