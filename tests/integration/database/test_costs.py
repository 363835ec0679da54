"""The cost of targets in `odcr_status` on the real servers: it follows the prices, whoever made the tables."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

import record_results
from localcloud.database.server import DatabaseServer
from odcr.domain.costs import Standing
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import TargetKey
from odcr.gateways.lease import take_lease
from odcr.gateways.price_table import read_prices
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record

from .conftest import DATABASE, Transaction

CONTEXT: Any = SimpleNamespace(
    function_name="odcr", memory_limit_in_mb=256, invoked_function_arn="arn", aws_request_id="test"
)
LINUX, WINDOWS = TargetKey("m5.large", "us-east-1a"), TargetKey("m5.xlarge", "us-east-1a")
HELD = Outcome(LINUX, Status.FULFILLED, 10, 10, ("cr-1",))
HELD_BY_WINDOWS = Outcome(WINDOWS, Status.FULFILLED, 2, 2, ("cr-2",), platform="Windows")
STATUS = "SELECT InstanceType, Platform, Tenancy, Hourly_Cost FROM odcr_status ORDER BY InstanceType"
GIVE = "REPLACE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('m5.large', 'us-east-1', %s)"


def sql(transaction: Transaction, *statements: str) -> tuple[Any, ...]:
    with transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchall())


def want(transaction: Transaction) -> None:
    sql(
        transaction,
        "INSERT INTO odcr_capacity VALUES ('m5.large', 'us-east-1a', 10, 0), ('m5.xlarge', 'us-east-1a', 2, 0)",
        "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform) "
        "VALUES ('m5.xlarge', 'us-east-1a', 'Windows')",
    )


def write(transaction: Transaction, *outcomes: Outcome) -> None:
    with transaction() as cursor:
        record(cursor, "run", [], outcomes, prices=read_prices(cursor))


def update(transaction: Transaction) -> list[Standing]:
    with transaction() as cursor:
        return update_costs(cursor, read_prices(cursor))


def test_status_has_the_hourly_cost_or_null_if_the_price_is_unknown(transaction: Transaction) -> None:
    sql(transaction, GIVE % "0.1234567")
    write(transaction, HELD, HELD_BY_WINDOWS)
    expected = (
        ("m5.large", "Linux/UNIX", "default", Decimal("1.2346")),
        ("m5.xlarge", "Windows", "default", None),
    )
    assert sql(transaction, STATUS) == expected
    write(transaction, Outcome(WINDOWS, Status.SHORT, 2, 0, platform="Windows"))
    assert sql(transaction, STATUS)[1] == ("m5.xlarge", "Windows", "default", Decimal(0))


def test_changed_price_alone_changes_the_cost(transaction: Transaction) -> None:
    write(transaction, HELD, HELD_BY_WINDOWS)
    for price, cost in (("0.1", "1"), ("0.25", "2.5"), ("0", "0")):
        sql(transaction, GIVE % price)
        update(transaction)
        assert [row[3] for row in sql(transaction, STATUS)] == [Decimal(cost), None]
    sql(transaction, "DELETE FROM odcr_price")
    update(transaction)
    assert [row[3] for row in sql(transaction, STATUS)] == [None, None]


def test_only_rows_whose_cost_changed_are_written(transaction: Transaction) -> None:
    write(transaction, HELD, HELD_BY_WINDOWS)
    for price, written in (("0.1", 1), ("0.1", 0), ("0.2", 1)):
        sql(transaction, GIVE % price)
        with transaction() as cursor:
            counted = Counting(cursor)
            update_costs(counted, read_prices(counted))
        assert counted.count("SELECT") == 2
        assert counted.count("UPDATE") == written


def test_older_rows_get_their_platform_from_odcr_option(transaction: Transaction) -> None:
    want(transaction)
    sql(
        transaction,
        GIVE % "0.1",
        "INSERT INTO odcr_price (InstanceType, Region, Platform, Hourly_Price) "
        "VALUES ('m5.xlarge', 'us-east-1', 'Windows', 0.5)",
    )
    write(transaction, HELD, HELD_BY_WINDOWS)
    sql(transaction, "UPDATE odcr_status SET Platform = NULL, Tenancy = NULL, Hourly_Cost = NULL")
    update(transaction)
    expected = (
        ("m5.large", "Linux/UNIX", "default", Decimal(1)),
        ("m5.xlarge", "Windows", "default", Decimal(1)),
    )
    assert sql(transaction, STATUS) == expected
    # Without its row, the platform is unknown.
    sql(
        transaction,
        "DELETE FROM odcr_capacity WHERE InstanceType = 'm5.xlarge'",
        "UPDATE odcr_status SET Platform = NULL, Tenancy = NULL",
    )
    update(transaction)
    assert sql(transaction, STATUS) == (expected[0], ("m5.xlarge", None, None, None))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE odcr_status DROP Hourly_Cost",
        "ALTER TABLE odcr_status DROP Hourly_Cost, DROP Platform, DROP Tenancy",
        "ALTER TABLE odcr_status MODIFY Hourly_Cost int NULL",
        "ALTER TABLE odcr_status MODIFY Hourly_Cost varchar(8) NULL, MODIFY Platform binary(64) NULL",
        "ALTER TABLE odcr_status MODIFY Hourly_Cost decimal(3,2) NULL",
        "ALTER TABLE odcr_status MODIFY Short_Since varchar(30) NULL, MODIFY Reserved varchar(9) NOT NULL",
        "ALTER TABLE odcr_status RENAME TO odcr_status_old",
        "ALTER TABLE odcr_price DROP Hourly_Price",
        "ALTER TABLE odcr_price DROP PRIMARY KEY, DROP Region",
        "ALTER TABLE odcr_price MODIFY Hourly_Price varchar(20) NULL",
    ],
)
def test_tables_made_by_hand_fail_no_run(
    transaction: Transaction, server: DatabaseServer, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    for name, value in (("STACK_NAME", "odcr"), ("AWS_REGION", "us-east-1"), ("ACCOUNT_ID", "123456789012")):
        monkeypatch.setenv(name, value)
    want(transaction)
    sql(transaction, GIVE % "12.5")
    with server.admin_connection(database=DATABASE) as chief, chief.cursor() as person:
        person.execute(change)
    with transaction() as cursor:
        assert take_lease(cursor, "run", 60)
    outcomes = [HELD.to_event(), HELD_BY_WINDOWS.to_event()]
    event = {"Branches": [], "Next": False, "Failures": 0, "Observed": outcomes, "Rejected": [], "Left": False}
    result = record_results.handler({"Execution": "run", **event}, CONTEXT)
    repeated = record_results.handler({"Execution": "run", **event}, CONTEXT)
    assert result["Changes"] == repeated["Changes"]
    held = sql(transaction, "SELECT Current_Capacity FROM odcr_capacity ORDER BY InstanceType")
    assert held == ((10,), (2,))


class Counting:
    """A cursor that counts the rows and statements that it sends."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._sent: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def count(self, first: str) -> int:
        """Statements that begin with this word."""
        return sum(statement.startswith(first) for statement in self._sent)

    def execute(self, statement: str, *values: Any) -> Any:
        self._sent.append(statement)
        return self._cursor.execute(statement, *values)

    def executemany(self, statement: str, rows: Any) -> Any:
        self._sent += [statement] * len(rows)
        return self._cursor.executemany(statement, rows)
