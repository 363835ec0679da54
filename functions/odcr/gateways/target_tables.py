"""The tables that people write: reading targets from them, and writing what is held into `odcr_capacity`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymysql

from odcr.domain.cells import text_of
from odcr.domain.group_rows import GROUP_COLUMNS, GroupTables, groups_of
from odcr.domain.member_rows import MEMBER_COLUMNS
from odcr.domain.option_rows import OPTION_COLUMNS
from odcr.domain.outcome import Outcome
from odcr.domain.records import (
    NO_RECORD,
    UNREADABLE_RECORD,
    Record,
    least_recently_tried_first,
    name_of,
    records_of,
)
from odcr.domain.requests import Change
from odcr.domain.row_problems import Written, lonely_options, problems_of
from odcr.domain.rows import targets_of
from odcr.domain.target import Target, TargetKey
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.tolerant_reads import Row, TableUnusable, code_of, lacking, read
from odcr.gateways.tolerant_writes import with_or_without_group
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_KEYS = ("InstanceType", "AvailabilityZone")
_NEEDED_OPTIONS = ("Platform", "Tenancy", "Match_Criteria", "End_Date")
"""Options without which a row cannot be understood. If another column is missing, all rows have its usual value."""
_RECORDED = (
    "Status",
    "Reserved",
    "Reason",
    "Reservation_Ids",
    "Duplicate_Ids",
    "Target_Capacity",
    "Last_Tried",
    "Dry_Since",
    "Announced_Reserved",
    "Announced_Target",
    "In_Use",
    "Unused",
    "Verdict",
    "Judged_Deadline",
    "Given_Up",
    "Group_Name",
    "Weight",
    "Unit",
)
_AGES = {name: f"TIMESTAMPDIFF(SECOND, {name}, UTC_TIMESTAMP())" for name in ("Last_Tried", "Dry_Since")}
_SHOWN = 5
"""Rows that the log names."""
_MAX_FAILURES = 20
"""Rows refused for the same reason after which the rest is not tried."""


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """The key and the Current_Capacity of a row of `odcr_capacity`."""

    cells: Row
    """The key as the table has it."""
    name: TargetKey
    current: object

    @property
    def is_padded(self) -> bool:
        """Whether the column's type pads the key, so that no join finds it."""
        return any(isinstance(cell, bytes) and cell.endswith(b"\0") for cell in self.cells)


def read_targets(cursor: "Cursor") -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity` and the groups, divided into targets and invalid ones.

    The tables are joined here, because the server may not be able to compare columns of different collations.

    A row or group that was deleted while something is, or may be, held for it becomes a withdrawn target of 0, so that
    what it holds is not forgotten.

    Returns:
        The targets, least recently tried first, and an outcome for each rejected row or group whose record differs:
        INVALID, or FAILED if the table with its options cannot be read.

    Raises:
        TableUnusable: if `odcr_capacity` cannot be read at all.
    """
    written = _read_written(cursor)
    if lonely := lonely_options(written.rows, written.options):
        logger.warning("Rows of odcr_option belong to no target", rows=len(lonely), some=list(lonely.items())[:_SHOWN])
    records, unknown = _read_records(cursor)
    targets, rejected = targets_of(
        written.rows,
        written.options,
        records,
        unknown=unknown,
        doubt=written.doubt,
        option_doubt=written.option_doubt,
    )
    groups, rejected_groups = groups_of(written.groups, records, unknown)
    return least_recently_tried_first([*targets, *groups], records), rejected + rejected_groups


def problems_of_rows(cursor: "Cursor", changes: Iterable[Change]) -> list[dict[str, Any]]:
    """What LoadTargets would reject among the rows changed in this transaction: see `row_problems`."""
    return problems_of(changes, _read_written(cursor))


def _read_written(cursor: "Cursor") -> Written:
    rows = read(cursor, "odcr_capacity", (*_KEYS, "Target_Capacity"), ("Current_Capacity",))
    options, doubt, option_doubt = _read_options(cursor)
    return Written(rows, options, doubt, option_doubt, read_groups(cursor))


def read_groups(cursor: "Cursor") -> GroupTables:
    """The tables of groups, as people wrote them."""
    try:
        groups = read(
            cursor, "odcr_group", ("Group_Name", "TotalTargetCapacity"), (*GROUP_COLUMNS[1:], *OPTION_COLUMNS)
        )
    except TableUnusable as error:
        logger.error("odcr_group cannot be read", error=str(error))
        doubt = f"Correct odcr_group: until then nothing is bought for groups. {error}"
        return GroupTables(doubt=doubt, are_groups_read=False)
    try:
        members = read(cursor, "odcr_group_member", ("Group_Name", *_KEYS), MEMBER_COLUMNS)
    except TableUnusable as error:
        logger.error("odcr_group_member cannot be read", error=str(error))
        return GroupTables(groups, doubt=f"Correct odcr_group_member: until then nothing is bought for groups. {error}")
    return GroupTables(groups, members, option_doubt=_option_doubt(cursor, "odcr_group", groups))


def _read_options(cursor: "Cursor") -> tuple[list[Row], str, str]:
    """The rows of `odcr_option`; why all rows' options are unknown; why the options of its own rows are unknown."""
    try:
        options = read(cursor, "odcr_option", _KEYS, OPTION_COLUMNS)
    except TableUnusable as error:
        # Some rows want unusual options, and it is unknown which.
        logger.error("odcr_option cannot be read", error=str(error))
        return (
            [],
            f"Correct odcr_option: until then nothing is bought, because the row's options are unknown. {error}",
            "",
        )
    return options, "", _option_doubt(cursor, "odcr_option", options)


def _option_doubt(cursor: "Cursor", table: str, rows: Sequence[Row]) -> str:
    """Why the options at the end of a table's rows cannot be understood; empty if they can."""
    # The table is only examined if a whole column is NULL.
    columns = zip(OPTION_COLUMNS, zip(*(row[-len(OPTION_COLUMNS) :] for row in rows), strict=True), strict=False)
    absent = [name for name, cells in columns if name in _NEEDED_OPTIONS and all(cell is None for cell in cells)]
    missing = ", ".join(lacking(cursor, table, absent)) if _is_suspicious(absent) else ""
    if not missing:
        return ""
    logger.warning(f"{table} lacks columns", columns=missing)
    return f"{table} has no column {missing}. Add it; until then its rows cannot be understood."


def _is_suspicious(absent: list[str]) -> bool:
    # End_Date usually is NULL in all rows. The others are NOT NULL in the table that odcr creates.
    return bool(absent) and absent != ["End_Date"]


def _read_records(cursor: "Cursor") -> tuple[dict[TargetKey, Record], Record]:
    """The rows of `odcr_status` by key, and the record for a target without a row there."""
    try:
        return records_of(read(cursor, "odcr_status", _KEYS, _RECORDED, _AGES)), NO_RECORD
    except TableUnusable as error:
        # EC2 is the truth: odcr can buy what is missing without this table.
        logger.error("odcr_status cannot be read", error=str(error))
        return {}, UNREADABLE_RECORD


def read_capacity(cursor: "Cursor") -> list[CapacityRow]:
    """The rows of `odcr_capacity`; none if it can no longer be read."""
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
    """Writes Current_Capacity, unless the table refuses it: it may be a view, or the column generated.

    Args:
        cursor: in a transaction that has written `odcr_status`.
        execution: the run whose rows of `odcr_status` count.
        held: instances by a row's name.
        rows: the table's rows.
        not_in_status: names in `held` that could not be written into `odcr_status`.
    """
    # One statement for any number of rows, from the status rows that this run has just written. Unlike an upsert, it
    # never brings back a row that was deleted during the run. MariaDB uses no index of a column with an explicit
    # collation, so odcr_capacity's column gets it. FORCE INDEX, because MySQL may scan a small status table for each
    # row. If that key does not exist, rows are written one by one.
    statement = (
        "UPDATE odcr_capacity c STRAIGHT_JOIN odcr_status s FORCE INDEX (PRIMARY) "
        "ON s.InstanceType = CONVERT(c.InstanceType USING utf8mb4) COLLATE utf8mb4_bin "
        "AND s.AvailabilityZone = CONVERT(c.AvailabilityZone USING utf8mb4) COLLATE utf8mb4_bin "
        "SET c.Current_Capacity = s.Reserved WHERE s.Execution = %s"
    )
    try:
        # A status table without Group_Name contains no groups.
        with_or_without_group(cursor, "odcr_status", f"{statement} AND s.Group_Name = ''", statement, [(execution,)])
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
            if len(failures) >= _MAX_FAILURES and len({code_of(failure) for failure in failures}) == 1:
                break
    if failures:
        logger.warning(
            "Current_Capacity cannot be written; odcr_status has what is held",
            rows=len(failures),
            error=text_of_error(failures[0]),
        )
