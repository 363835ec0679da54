"""ManageTargets on the real servers: tables that somebody has made by hand."""

import pytest

from odcr.gateways.tolerant_reads import TableUnusable

from .conftest import Chief
from .door import KEY, ZONE, capacity, change, rows

pytestmark = pytest.mark.usefixtures("tables")


def remade(chief: Chief, columns: str, more: str = "") -> None:
    """Replaces `odcr_capacity` with a table that somebody made."""
    chief("DROP TABLE odcr_capacity", f"CREATE TABLE odcr_capacity ({columns}) {more}")


STRANGE = {
    "as text": "InstanceType varchar(99) PRIMARY KEY, AvailabilityZone varchar(99), Target_Capacity varchar(20), "
    "Current_Capacity text",
    "binary": "InstanceType binary(20), AvailabilityZone varbinary(20), Target_Capacity bit(8)",
    "latin1": "InstanceType varchar(99) CHARACTER SET latin1, AvailabilityZone varchar(99) COLLATE utf8mb4_bin, "
    "Target_Capacity decimal(9,3), Note int NULL",
}


@pytest.mark.parametrize("kind", STRANGE)
def test_hand_made_tables_are_read_and_changed(chief: Chief, kind: str) -> None:
    remade(chief, STRANGE[kind])
    chief(
        "INSERT INTO odcr_capacity (InstanceType, AvailabilityZone, Target_Capacity) "
        f"VALUES ('m5.large', '{ZONE}', 7), ('m5.xlarge', '{ZONE}', 8)"
    )
    (row,) = [row for row in rows("odcr_capacity") if row["InstanceType"] == "m5.large"]
    assert float(row["Target_Capacity"]) == 7
    assert change(capacity("m5.large", 9, Was=row))["Changed"] == 1
    assert change(capacity("m5.large", 9, Was=row))["Conflicts"]
    assert change(capacity("m5.2xlarge", 3, Was=None))["Committed"]
    assert change({"Table": "odcr_capacity", "Row": None, "Was": {**KEY, "InstanceType": "m5.large"}})["Changed"] == 1
    assert "m5.large" not in [row["InstanceType"] for row in rows("odcr_capacity")]
    assert "m5.xlarge" in [row["InstanceType"] for row in rows("odcr_capacity")]


def test_letter_case_counts_even_if_the_table_ignores_it(chief: Chief) -> None:
    remade(chief, "InstanceType varchar(99), AvailabilityZone varchar(99), Target_Capacity int")
    chief(f"INSERT INTO odcr_capacity VALUES ('m5.large', '{ZONE}', 1), ('M5.LARGE', '{ZONE}', 2)")
    assert change({"Table": "odcr_capacity", "Row": None, "Was": {**KEY, "InstanceType": "M5.LARGE"}})["Changed"] == 1
    assert [row["InstanceType"] for row in rows("odcr_capacity")] == ["m5.large"]


def test_view_is_read_and_written_as_far_as_it_allows(chief: Chief) -> None:
    view = "SELECT t AS InstanceType, z AS AvailabilityZone, n AS Target_Capacity FROM wanted"
    chief(
        "CREATE TABLE wanted (t varchar(99), z varchar(99), n int, PRIMARY KEY (t, z))",
        "DROP TABLE odcr_capacity",
        f"CREATE VIEW odcr_capacity AS {view}",
    )
    assert change(capacity())["Committed"]
    assert rows("odcr_capacity")[0]["Target_Capacity"] == 15
    chief("DROP VIEW odcr_capacity", f"CREATE VIEW odcr_capacity AS {view} LIMIT 9")
    (problem,) = change(capacity(target=3))["Problems"]
    assert "The database refuses it: " in problem["Reason"]


def test_table_without_transactions_is_not_changed(chief: Chief) -> None:
    remade(chief, "InstanceType varchar(99), AvailabilityZone varchar(99), Target_Capacity int", "ENGINE=MyISAM")
    with pytest.raises(TableUnusable, match="ALTER TABLE odcr_capacity ENGINE = InnoDB"):
        change(capacity())
    assert rows("odcr_capacity") == []
