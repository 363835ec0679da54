"""What is held costs at current prices: `odcr_status.Hourly_Cost`, and the state of all targets together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pymysql

from odcr.domain.cells import StrangeCell, amount_of, number_or, quantity_or, text_of
from odcr.domain.costs import Standing, recorded_costs
from odcr.domain.prices import PriceList
from odcr.domain.records import name_of
from odcr.domain.target import TargetKey
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.target_tables import read_targets
from odcr.gateways.tolerant_reads import Row, TableUnusable, read
from odcr.gateways.tolerant_writes import change_by_key
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_TABLE = "odcr_status"
_KEYS = ("InstanceType", "AvailabilityZone")
_OTHERS = (
    "Status",
    "Target_Capacity",
    "Reserved",
    "Short_Since",
    "Platform",
    "Tenancy",
    "Unused",
    "Unused_Since",
    "Group_Name",
    "Weight",
    "Hourly_Cost",
)
_AGES = {name: f"TIMESTAMPDIFF(MINUTE, {name}, UTC_TIMESTAMP())" for name in ("Short_Since", "Unused_Since")}


def update_costs(cursor: "Cursor", prices: PriceList) -> list[Standing]:
    """The recorded state of each target. Updates the recorded cost if a price has changed.

    Args:
        cursor: in the transaction that has written the run's results.
        prices: all known prices.

    Returns:
        All targets, and the pools of groups; nothing if the table cannot be read.
    """
    try:
        rows = read(cursor, _TABLE, _KEYS, _OTHERS, _AGES)
    except TableUnusable as error:
        logger.error("odcr_status cannot be read for costs and metrics", error=str(error))
        return []
    recorded = [_standing(row) for row in rows]
    standings = _with_options(cursor, recorded)
    _write(cursor, _changes(rows, recorded, standings, prices))
    return standings


def _standing(row: Row) -> Standing:
    type_, zone, status, target, reserved, minutes, platform, tenancy, unused, unused_minutes, group, weight, _ = row
    counted = quantity_or(weight, 0)
    return Standing(
        TargetKey(text_of(type_), text_of(zone), group=text_of(group)),
        text_of(status),
        None if target is None else quantity_or(target, 0),
        quantity_or(reserved, 0),
        None if minutes is None else number_or(minutes, 0),
        text_of(platform) or None,
        text_of(tenancy) or None,
        number_or(unused, 0),
        None if unused_minutes is None else number_or(unused_minutes, 0),
        counted or None,
    )


def _with_options(cursor: "Cursor", standings: list[Standing]) -> list[Standing]:
    """The same, with platform and tenancy added where the status was recorded before these columns existed."""
    if all(standing.platform or not (standing.reserved or standing.target) for standing in standings):
        return standings
    try:
        targets, _ = read_targets(cursor)
    except TableUnusable as error:
        logger.error("What some targets cost is unknown", error=str(error))
        return standings
    # If several rows may be the target's, only a run that knows the zones' names can decide.
    unambiguous = [target for target in targets if not (target.elsewhere or target.withdrawn)]
    options = {
        name_of(key): target.options
        for target in unambiguous
        for key in (target.key, *(member.key for member in target.members))
    }

    def completed(standing: Standing) -> Standing:
        known = None if standing.platform else options.get(name_of(standing.key))
        return replace(standing, platform=known.platform, tenancy=known.tenancy) if known else standing

    return [completed(standing) for standing in standings]


def _changes(
    rows: Iterable[Row], recorded: Iterable[Standing], standings: Sequence[Standing], prices: PriceList
) -> list[tuple[Row, Row]]:
    """The values that differ from the table's, each with the key as the table has it."""
    changes: list[tuple[Row, Row]] = []
    costs = recorded_costs(standings, prices)
    for row, before, now in zip(rows, recorded, standings, strict=True):
        if before != now or _amount(row[-1]) != costs[now.key]:
            changes.append(((now.platform, now.tenancy, costs[now.key]), (*row[:2], text_of(row[-3]))))
    return changes


def _amount(cell: object) -> Decimal | None:
    try:
        return amount_of(cell, "Hourly_Cost")
    except StrangeCell:
        return None


def _write(cursor: "Cursor", changes: Sequence[tuple[Row, Row]]) -> None:
    """Writes the changes, unless the table refuses them, as one that people made may."""
    if not changes:
        return
    cursor.execute("SAVEPOINT before_costs")
    try:
        statement = f"UPDATE {_TABLE} SET Platform = %s, Tenancy = %s, Hourly_Cost = %s"  # noqa: S608 - our name
        change_by_key(cursor, _TABLE, statement, changes)
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        cursor.execute("ROLLBACK TO SAVEPOINT before_costs")
        logger.error("Hourly_Cost cannot be written into odcr_status", error=text_of_error(error))
