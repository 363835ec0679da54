"""Tables with any character set and collation."""

from dataclasses import replace
from typing import Any

import pytest

from localcloud.database.mysql import MySQL
from localcloud.database.server import DatabaseServer
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import TargetKey
from odcr.gateways.status_table import record
from odcr.gateways.target_tables import read_targets

from .recording import INSERT, OTHER, SHORT, execute, execute_one, write


@pytest.mark.parametrize(
    ("typo", "right"), [("AP-northeast-1c", "ap-northeast-1c"), ("ap-northeast-1c ", "ap-northeast-1c")]
)
def test_corrected_spelling_removes_the_wrong_one_s_status(transaction: Any, typo: str, right: str) -> None:
    execute(transaction, f"INSERT INTO odcr_capacity VALUES ('m5.large','{typo}',2,0)")
    write(transaction, "run-1", [], [Outcome(TargetKey("m5.large", typo), Status.INVALID, 2, 0)])
    execute(transaction, f"UPDATE odcr_capacity SET AvailabilityZone = '{right}'")
    met = Outcome(TargetKey("m5.large", right), Status.FULFILLED, 2, 2, ("cr-1",))
    assert len(write(transaction, "run-2", [met])) == 1
    assert write(transaction, "run-3", [met]) == []
    assert execute(transaction, "SELECT AvailabilityZone, Status FROM odcr_status") == ((right, "FULFILLED"),)
    execute(transaction, "DELETE FROM odcr_capacity")
    with transaction() as cursor:
        assert [target.key for target in read_targets(cursor)[0]] == [met.key]


def test_rows_that_differ_by_a_trailing_blank_share_a_status(transaction: Any, server: DatabaseServer) -> None:
    with transaction():
        pass
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        # A collation to which trailing blanks matter, as to MySQL 8's default.
        collation = "utf8mb4_0900_ai_ci" if isinstance(server, MySQL) else "utf8mb4_nopad_bin"
        cursor.execute(f"ALTER TABLE odcr_capacity CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}")
    execute(
        transaction,
        "INSERT INTO odcr_capacity VALUES ('m5.large','us-east-1a',2,0), ('m5.large ','us-east-1a',2,0), "
        "('m5','us-east-1a',2,0), ('m5 ','us-east-1a',2,0)",
    )
    with transaction() as cursor:
        targets, rejected = read_targets(cursor)
    assert [target.key for target in targets] == [OTHER]
    assert len(rejected) == 1
    write(transaction, "run-1", [Outcome(OTHER, Status.SHORT, 2, 0, calls=1)], rejected)


@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_bin", "latin1_swedish_ci"])
def test_writing_current_capacity_uses_the_status_table_s_key(
    transaction: Any, server: DatabaseServer, collation: str
) -> None:
    with transaction():
        pass
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        charset = collation.partition("_")[0]
        cursor.execute(f"ALTER TABLE odcr_capacity CONVERT TO CHARACTER SET {charset} COLLATE {collation}")
    keys = [TargetKey(f"m5.{number}xlarge", "us-east-1a") for number in range(200)]
    with transaction() as cursor:
        cursor.executemany(
            "INSERT INTO odcr_capacity VALUES (%s, %s, 1, 0)", [(k.instance_type, k.availability_zone) for k in keys]
        )
        statements: list[Any] = []
        execute = cursor.execute
        cursor.execute = lambda *arguments: statements.append(arguments) or execute(*arguments)
        record(cursor, "run-1", [], [Outcome(key, Status.FULFILLED, 1, 1) for key in keys])
        (update,) = [arguments for arguments in statements if "UPDATE odcr_capacity" in str(arguments[0])]
        execute(f"EXPLAIN FORMAT=TRADITIONAL {update[0]}", update[1])
        names = [column[0] for column in cursor.description]
        plans = {row[names.index("table")]: row[names.index("type")] for row in cursor.fetchall()}
    assert plans["s"] == "eq_ref"
    assert execute_one(transaction, "SELECT SUM(Current_Capacity) FROM odcr_capacity") == 200


def test_reasons_in_any_script_are_recorded(transaction: Any, server: DatabaseServer) -> None:
    with server.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        cursor.execute("ALTER DATABASE odcr_db CHARACTER SET latin1")
    execute(transaction, INSERT)
    write(transaction, "run-1", [replace(SHORT, reason="\N{ROCKET} \u5bb9\u91cf")])
    assert execute_one(transaction, "SELECT Reason FROM odcr_status") == "\N{ROCKET} \u5bb9\u91cf"
