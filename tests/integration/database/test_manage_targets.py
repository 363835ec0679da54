"""ManageTargets, the door to the tables, on the real servers: what people read and change, and what is refused."""

import json
import threading
from typing import Any

import pytest

from localcloud.database.server import DatabaseServer
from odcr.domain.requests import InvalidRequest
from odcr.gateways.database import DatabaseUnavailable
from odcr.gateways.schema import TABLES

from .conftest import DATABASE, Secrets, Transaction
from .door import ask, change, rows

POOL = {"InstanceType": "m5.large", "AvailabilityZone": "eu-west-1a"}
OTHER = {"InstanceType": "c5.large", "AvailabilityZone": "eu-west-1b"}


pytestmark = pytest.mark.usefixtures("tables")


def target(wanted: Any, pool: dict[str, str] = POOL, **fields: Any) -> dict[str, Any]:
    return {"Table": "odcr_capacity", "Row": pool | {"Target_Capacity": wanted}} | fields


def test_every_table_can_be_read() -> None:
    for table in TABLES:
        answer = ask(Read=table)
        assert (answer["Next"], answer["Version"]) == (None, 2)
        assert bool(answer["Rows"]) is (table == "odcr_version")


def test_a_target_is_added_changed_and_removed() -> None:
    assert change(target(2, Was=None)) == {"Committed": True, "Changed": 1, "Problems": [], "Conflicts": []}
    assert rows("odcr_capacity") == [POOL | {"Target_Capacity": 2, "Current_Capacity": 0}]
    assert change(target(3, Was=POOL | {"Target_Capacity": 2}))["Changed"] == 1
    # The same value again is not a change.
    assert change(target(3, Was=POOL | {"Target_Capacity": 3}))["Changed"] == 0
    assert change({"Table": "odcr_capacity", "Row": None, "Was": POOL})["Changed"] == 1
    assert rows("odcr_capacity") == []


def test_omitted_columns_stay() -> None:
    change(target(2), {"Table": "odcr_option", "Row": POOL | {"Priority": 5, "Deadline": "2099-01-01 00:00:00"}})
    change({"Table": "odcr_option", "Row": POOL | {"Tags": '{"Team": "web"}'}})
    (option,) = rows("odcr_option")
    assert (option["Priority"], option["Deadline"], option["Platform"]) == (5, "2099-01-01 00:00:00", "Linux/UNIX")
    assert option["Tags"] == '{"Team": "web"}'


def test_trial_changes_nothing() -> None:
    assert change(target(2), trial=True) == {"Committed": False, "Changed": 1, "Problems": [], "Conflicts": []}
    assert rows("odcr_capacity") == []


def test_all_or_nothing_is_changed_and_every_problem_reported() -> None:
    answer = change(
        target(2),
        target(-1, OTHER),
        {"Table": "odcr_option", "Row": POOL | {"After_Deadline": "later"}},
        {"Table": "odcr_option", "Row": {"InstanceType": "m5.lage", "AvailabilityZone": "eu-west-1a"}},
        {"Table": "odcr_group_member", "Row": POOL | {"Group_Name": "web"}},
        {"Table": "odcr_group", "Row": {"Group_Name": "empty", "TotalTargetCapacity": 5}},
    )
    assert not answer["Committed"]
    assert answer["Changed"] == 0
    reasons = {(problem["Table"], *problem["Key"].values()): problem["Reason"] for problem in answer["Problems"]}
    assert "'stop'" in reasons["odcr_option", "m5.large", "eu-west-1a"]
    assert "m5.large eu-west-1a" in reasons["odcr_option", "m5.lage", "eu-west-1a"]
    assert "There is no group" in reasons["odcr_group_member", "web", "m5.large", "eu-west-1a"]
    assert "members" in reasons["odcr_group", "empty"]
    assert ("odcr_capacity", "c5.large", "eu-west-1b") in reasons
    assert all(rows(table) == [] for table in ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member"))


def test_database_refusal_is_a_problem_in_its_own_words() -> None:
    answer = change(target("many"), {"Table": "odcr_option", "Row": POOL | {"Deadline": "tomorrow"}})
    assert [problem["Table"] for problem in answer["Problems"]] == ["odcr_capacity", "odcr_option"]
    assert all(problem["Reason"].startswith("The database refuses it: ") for problem in answer["Problems"])
    assert rows("odcr_capacity") == []


def test_pool_that_can_never_be_bought_is_a_problem() -> None:
    group = {"Table": "odcr_group", "Row": {"Group_Name": "web", "TotalTargetCapacity": 10}}
    good = {"Table": "odcr_group_member", "Row": POOL | {"Group_Name": "web"}}
    wrong = {"Table": "odcr_group_member", "Row": OTHER | {"Group_Name": "Web", "Weight": "0"}}
    (problem,) = change(group, good, wrong)["Problems"]
    assert problem["Key"] == OTHER | {"Group_Name": "Web"}
    assert "Weight" in problem["Reason"]
    assert rows("odcr_group") == []


def test_group_and_members_are_changed_together() -> None:
    group = {"Table": "odcr_group", "Row": {"Group_Name": "web", "TotalTargetCapacity": "20.5"}}
    members = [{"Table": "odcr_group_member", "Row": pool | {"Group_Name": "web"}} for pool in (POOL, OTHER)]
    assert change(group, *members)["Changed"] == 3
    assert [row["TotalTargetCapacity"] for row in rows("odcr_group")] == ["20.5"]
    assert len(rows("odcr_group_member", Where={"Group_Name": "web"})) == 2
    assert rows("odcr_group_member", Where={"Group_Name": "other"}) == []


def test_somebody_else_s_change_is_a_conflict() -> None:
    change(target(2))
    answer = change(target(9, Was=POOL | {"Target_Capacity": 1}), target(5, OTHER, Was=None))
    (conflict,) = answer["Conflicts"]
    assert conflict["Key"] == POOL
    assert conflict["Is"]["Target_Capacity"] == 2
    assert len(rows("odcr_capacity")) == 1
    assert change(target(9, Was=None))["Conflicts"]
    assert change({"Table": "odcr_capacity", "Row": None, "Was": OTHER})["Conflicts"][0]["Is"] is None


def test_concurrent_changes_of_one_row_are_all_kept() -> None:
    change(target(0))
    wins, lost = [], []

    def add(_: int) -> None:
        for _try in range(40):
            (row,) = rows("odcr_capacity")
            wanted = row["Target_Capacity"]
            try:
                answer = change(target(wanted + 1, Was=POOL | {"Target_Capacity": wanted}))
            except DatabaseUnavailable:
                continue
            if answer["Committed"]:
                wins.append(wanted)
                return
        lost.append(1)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not lost
    assert sorted(wins) == list(range(6))
    assert rows("odcr_capacity")[0]["Target_Capacity"] == 6


def test_a_thousand_rows_are_one_request() -> None:
    pools = [{"InstanceType": f"m{n}.large", "AvailabilityZone": "eu-west-1a"} for n in range(1_000)]
    assert change(*(target(1, pool, Was=None) for pool in pools))["Changed"] == 1_000
    answer = ask(Read="odcr_capacity")
    assert (len(answer["Rows"]), answer["Next"]) == (1_000, None)


def test_history_is_read_since_a_time(transaction: Transaction) -> None:
    with transaction() as cursor:
        for hour in (1, 2):
            cursor.execute(
                "INSERT INTO odcr_history (Execution, InstanceType, AvailabilityZone, Recorded, Status, Reserved, "
                "Acquired, Lost, Calls, Reason) VALUES (%s, 'm', 'z', %s, 'SHORT', 1, 0, 0, 1, '')",
                (f"run-{hour}", f"2026-11-10 0{hour}:00:00"),
            )
    assert [row["Execution"] for row in rows("odcr_history", Since="2026-11-10 01:30:00")] == ["run-2"]


def test_a_plan_is_what_the_next_run_loads_and_writes_nothing() -> None:
    change(target(2))
    answer = ask(Plan=True)
    assert [planned["TargetCapacity"] for planned in answer["Targets"]] == [2]
    assert (answer["Complete"], answer["InstancesDue"]) == (True, False)
    assert rows("odcr_lease") == []


def test_hand_made_table_is_read_and_written_as_it_is(server: DatabaseServer) -> None:
    with server.admin_connection(database=DATABASE) as chief, chief.cursor() as person:
        person.execute("DROP TABLE odcr_capacity")
        person.execute(
            "CREATE TABLE odcr_capacity (instancetype varchar(50), availabilityzone varchar(50), "
            "target_capacity varchar(9), Note text, Current_Capacity int)"
        )
        person.execute("INSERT INTO odcr_capacity VALUES ('m5.large', 'eu-west-1a', '2', 'mine', 0)")
        chief.commit()
    (row,) = rows("odcr_capacity")
    assert row["Note"] == "mine"
    assert change(target(3, Was=POOL | {"Target_Capacity": 2}))["Committed"]
    assert rows("odcr_capacity")[0]["target_capacity"] == "3"


@pytest.mark.parametrize("text", ["'; DROP TABLE odcr_capacity; --", "%s %(x)s", "\\", "\u202e<script>", "\U0001f600"])
def test_hostile_text_is_nothing_but_text(text: str) -> None:
    answer = change(target(2, {"InstanceType": text, "AvailabilityZone": "eu-west-1a"}))
    assert not answer["Committed"]
    change(target(2), {"Table": "odcr_option", "Row": POOL | {"Tags": json.dumps({"note": text})}})
    assert rows("odcr_capacity", Where={"InstanceType": text}) == []


def test_invalid_request_opens_no_connection(prepared: Secrets) -> None:
    reads = prepared.reads
    with pytest.raises(InvalidRequest):
        ask(Read="nothing")
    assert prepared.reads == reads
