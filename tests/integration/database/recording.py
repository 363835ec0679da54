"""How the tests of the tables write what runs found."""

from dataclasses import replace
from typing import Any

from odcr.domain.costs import Costs, totals_of
from odcr.domain.messages import Change
from odcr.domain.outcome import Outcome, Status, Totals
from odcr.domain.prices import NO_PRICES
from odcr.domain.target import TargetKey
from odcr.gateways.history import changes_of
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
OTHER = TargetKey("m5.large", "us-east-1a")
SHORT = Outcome(KEY, Status.SHORT, 15, 11, ("cr-1",), acquired=7, calls=5, reason="dry")
FULFILLED = Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), acquired=4, calls=1)
INSERT = "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge','ap-northeast-1c',15,0)"


def execute(transaction: Any, *statements: str) -> tuple[Any, ...]:
    with transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchall())


def execute_one(transaction: Any, statement: str) -> Any:
    ((value,),) = execute(transaction, statement)
    return value


def write(
    transaction: Any, execution: str, attempted: list[Outcome], observed: list[Outcome] | None = None
) -> list[Change]:
    with transaction() as cursor:
        record(cursor, execution, attempted, observed or [])
        # Times have tests of their own.
        return [replace(change, short_since=None, met_since=None) for change in changes_of(cursor, execution)]


def totals(cursor: Any) -> Totals:
    return totals_of(update_costs(cursor, NO_PRICES), costs=Costs())
