"""The tables that people write: reading the targets, and reporting what is held into `odcr_capacity`."""

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
from odcr.gateways.strange_tables import Row, TableUnusable, code_of, lacking, read, with_or_without_group
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_KEYS = ("InstanceType", "AvailabilityZone")
_NEEDED_OPTIONS = ("Platform", "Tenancy", "Match_Criteria", "End_Date")
"""Options without which a row cannot be understood. Without one of the others, all rows have the usual one."""
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


def read_targets(cursor: "Cursor") -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity` and the groups, sorted into targets and what makes no sense.

    The tables are put together here, not by the server: to it, columns of two collations may not be comparable.

    A row, or a group, that was deleted while something was, or may be, held for it comes as a target of 0 that is
    withdrawn: what it holds must not be forgotten.

    Returns:
        The targets, least recently tried first, and an outcome for each rejected row or group whose record differs:
        INVALID, or FAILED where the table beside it cannot be read.

    Raises:
        TableUnusable: if `odcr_capacity` cannot be read at all.
    """
    written = _read_written(cursor)
    if lonely := lonely_options(written.rows, written.options):
        logger.warning("Rows of odcr_option are no target's", rows=len(lonely), some=list(lonely.items())[:_SHOWN])
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
    """What LoadTargets would reject of rows that were changed in this transaction: see `row_problems`."""
    return problems_of(changes, _read_written(cursor))


def _read_written(cursor: "Cursor") -> Written:
    rows = read(cursor, "odcr_capacity", (*_KEYS, "Target_Capacity"), ("Current_Capacity",))
    options, doubt, option_doubt = _read_options(cursor)
    return Written(rows, options, doubt, option_doubt, read_groups(cursor))


def read_groups(cursor: "Cursor") -> GroupTables:
    """What people wrote about groups."""
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
    """The rows of `odcr_option`; why no row's options are known; why those of its rows are not."""
    try:
        options = read(cursor, "odcr_option", _KEYS, OPTION_COLUMNS)
    except TableUnusable as error:
        # Whoever has this table wants something else than the usual for some rows, and nobody knows for which.
        logger.error("odcr_option cannot be read", error=str(error))
        return (
            [],
            f"Correct odcr_option: until then nothing is bought, for the row's options are not known. {error}",
            "",
        )
    return options, "", _option_doubt(cursor, "odcr_option", options)


def _option_doubt(cursor: "Cursor", table: str, rows: Sequence[Row]) -> str:
    """Why the options that end a table's rows cannot be understood; empty if they can."""
    # Only NULL in a whole column leads to another question.
    columns = zip(OPTION_COLUMNS, zip(*(row[-len(OPTION_COLUMNS) :] for row in rows), strict=True), strict=False)
    absent = [name for name, cells in columns if name in _NEEDED_OPTIONS and all(cell is None for cell in cells)]
    gaps = lacking(cursor, table, absent) if _is_suspicious(absent) else []
    if not gaps:
        return ""
    lacked = ", ".join(gaps)
    logger.warning(f"{table} lacks columns", columns=lacked)
    return f"{table} has no column {lacked}. Add it; until then its rows cannot be understood."


def _is_suspicious(absent: list[str]) -> bool:
    # End_Date usually is NULL everywhere; the others have no NULL in the table that odcr makes.
    return bool(absent) and absent != ["End_Date"]


def _read_records(cursor: "Cursor") -> tuple[dict[TargetKey, Record], Record]:
    """The rows of `odcr_status` by their keys, and the record of a row that has none there."""
    try:
        return records_of(read(cursor, "odcr_status", _KEYS, _RECORDED, _AGES)), NO_RECORD
    except TableUnusable as error:
        # EC2 is the truth: what is missing can be bought without it.
        logger.error("odcr_status cannot be read", error=str(error))
        return {}, UNREADABLE_RECORD


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
    # given a collation, so it is not the status table's. MySQL, left to itself, may look at all of a small status table
    # for each row: one without such a key is written row by row.
    statement = (
        "UPDATE odcr_capacity c STRAIGHT_JOIN odcr_status s FORCE INDEX (PRIMARY) "
        "ON s.InstanceType = CONVERT(c.InstanceType USING utf8mb4) COLLATE utf8mb4_bin "
        "AND s.AvailabilityZone = CONVERT(c.AvailabilityZone USING utf8mb4) COLLATE utf8mb4_bin "
        "SET c.Current_Capacity = s.Reserved WHERE s.Execution = %s"
    )
    try:
        # Where the status table does not tell groups apart, it has none.
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
            if len(failures) >= _MAX_FAILURES and len({code_of(one) for one in failures}) == 1:
                break
    if failures:
        logger.warning(
            "Current_Capacity cannot be written; odcr_status has what is held",
            rows=len(failures),
            error=text_of_error(failures[0]),
        )
