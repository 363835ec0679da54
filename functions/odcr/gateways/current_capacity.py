"""Reporting what is held into `odcr_capacity`, the table that people write."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymysql

from odcr.domain.cell import text_of
from odcr.domain.rows import name_of
from odcr.domain.target import TargetKey
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.table import Row, TableUnusable, code_of, read
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_MAX_FAILURES = 20
"""Rows that may be refused one after another before the rest is not tried any more."""


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """One row's key, and what it says is held."""

    cells: Row
    """The key as the table has it."""
    name: TargetKey
    current: object

    @property
    def is_padded(self) -> bool:
        """Whether the key's type fills it up, so that no statement over two tables finds it."""
        return any(isinstance(cell, bytes) and cell.endswith(b"\0") for cell in self.cells)


def read_capacity(cursor: "Cursor") -> list[CapacityRow]:
    """The rows of `odcr_capacity`; none if it cannot be read any more."""
    try:
        rows = read(cursor, "odcr_capacity", ("InstanceType", "AvailabilityZone"), ("Current_Capacity",))
    except TableUnusable as error:
        logger.error("odcr_capacity cannot be read", error=str(error))
        return []
    return [CapacityRow(row[:2], name_of(TargetKey(text_of(row[0]), text_of(row[1]))), row[2]) for row in rows]


def write_current(
    cursor: "Cursor",
    execution: str,
    held: Mapping[TargetKey, int],
    rows: Sequence[CapacityRow],
    not_in_status: Collection[TargetKey],
) -> None:
    """Writes Current_Capacity, as far as the table lets it be written: a view or a generated column may not.

    Args:
        cursor: in a transaction that has written `odcr_status`.
        execution: whose rows of `odcr_status` count.
        held: instances by a row's name.
        rows: the table's.
        not_in_status: names that are in `held` and could not be written there.
    """
    # From the status rows that this run has just written: one statement, whatever the number of rows. Unlike an upsert
    # it never brings back a row that was deleted while the run went on. MariaDB takes no index of a column that is
    # given a collation, so it is not the status table's.
    try:
        cursor.execute(
            "UPDATE odcr_capacity c JOIN odcr_status s "
            "ON s.InstanceType = CONVERT(c.InstanceType USING utf8mb4) COLLATE utf8mb4_bin "
            "AND s.AvailabilityZone = CONVERT(c.AvailabilityZone USING utf8mb4) COLLATE utf8mb4_bin "
            "SET c.Current_Capacity = s.Reserved WHERE s.Execution = %s",
            (execution,),
        )
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        rest: Iterable[CapacityRow] = rows
    else:
        rest = (row for row in rows if row.is_padded or row.name in not_in_status)
    _write_one_by_one(cursor, [row for row in rest if row.name in held and row.current != held[row.name]], held)


def _write_one_by_one(cursor: "Cursor", rows: Sequence[CapacityRow], held: Mapping[TargetKey, int]) -> None:
    failures: list[Exception] = []
    for row in rows:
        try:
            cursor.execute(
                "UPDATE odcr_capacity SET Current_Capacity = %s WHERE InstanceType = %s AND AvailabilityZone = %s",
                (held[row.name], *row.cells),
            )
        except pymysql.err.MySQLError as error:
            if not is_about_a_table(error):
                raise
            failures.append(error)
            if len(failures) >= _MAX_FAILURES and len({code_of(one) for one in failures}) == 1:
                break
    if failures:
        logger.warning(
            "Current_Capacity cannot be written; odcr_status has what is held",
            rows=len(failures),
            error=text_of_error(failures[0]),
        )
