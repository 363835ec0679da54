"""ManageTargets on the real servers: several people, and a run, at once."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from odcr.gateways import row_changes
from odcr.gateways.database import DatabaseUnavailable

from .conftest import Transaction
from .door import KEY, capacity, change, option, rows

pytestmark = pytest.mark.usefixtures("tables")


def test_two_people_at_once_lose_no_change() -> None:
    """Each reads the target and raises it by one, and tries again if another was faster."""
    change(capacity(target=0))

    def raise_by_one(_: int) -> None:
        while True:
            (row,) = rows("odcr_capacity")
            if change(capacity(target=row["Target_Capacity"] + 1, Was=row))["Committed"]:
                return

    with ThreadPoolExecutor(3) as people:
        list(people.map(raise_by_one, range(9)))
    assert rows("odcr_capacity")[0]["Target_Capacity"] == 9


def test_changes_of_two_people_in_two_tables_are_valid_together() -> None:
    """One deletes the target while another gives it options, which need the target."""
    for _ in range(3):
        change(capacity())
        with ThreadPoolExecutor(2) as people:
            delete = people.submit(change, {"Table": "odcr_capacity", "Row": None, "Was": KEY})
            insert = people.submit(change, option(**KEY, Platform="Windows"))
            assert delete.result()["Committed"]
            # The options came first, or they were refused because the target was gone.
            assert insert.result()["Committed"] == bool(rows("odcr_option"))
        change({"Table": "odcr_option", "Row": None, "Was": KEY})


def test_recording_run_waits_only_for_the_change(transaction: Transaction) -> None:
    """RecordResults writes odcr_status and then odcr_capacity: the door locks the second and only reads the first."""
    change(capacity())
    with transaction() as run, ThreadPoolExecutor(1) as people:
        run.execute("UPDATE odcr_capacity SET Current_Capacity = 4")
        raised = people.submit(change, capacity(target=20))
        assert wait([raised], timeout=0.3).not_done
        run.connection.commit()
        assert raised.result()["Committed"]
    assert rows("odcr_capacity") == [{**KEY, "Target_Capacity": 20, "Current_Capacity": 4}]


def test_long_lock_is_reported(transaction: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    change(capacity())
    monkeypatch.setattr(row_changes, "_LOCK_SECONDS", 1)
    with transaction() as other:
        other.execute("SELECT * FROM odcr_capacity FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="Lock wait timeout"):
            change(capacity(target=20))
    assert change(capacity(target=20))["Committed"]
