"""`odcr_history`: a row for each change, and one an hour for all attempts at a target that changed nothing.

So 100 targets that are short for a month leave about 72,000 rows, instead of one for each attempt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pymysql

from odcr.domain.cells import quantity_or, text_of
from odcr.domain.messages import Change
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import TargetKey, Unit, Verdict
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.tolerant_reads import Row, time_or_none
from odcr.gateways.tolerant_writes import Insert, with_or_without_group, write
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

MAX_DELETED: Final = 1_000
"""Old rows that one run deletes. A run usually writes fewer, so the table does not keep growing."""

_CHANGES = Insert(
    "odcr_history",
    dict.fromkeys(
        (
            "Execution",
            "InstanceType",
            "AvailabilityZone",
            "Group_Name",
            "Recorded",
            "Previous_Status",
            "Status",
            "Short_Since",
            "Target_Capacity",
            "Reserved",
            "Weight",
            "Unit",
            "Acquired",
            "Lost",
            "Attempts",
            "Calls",
            "Refusals",
            "Verdict",
            "Judged_Deadline",
            "Met_Since",
            "Reason",
        )
    ),
)
_KEY = {"Execution", "InstanceType", "AvailabilityZone", "Group_Name"}
_SUMMED = {"Attempts", "Calls", "Refusals"}
_SUMS = Insert(
    "odcr_history",
    {
        name: None if name in _KEY else f"{name} + VALUES({name})" if name in _SUMMED else f"VALUES({name})"
        for name in _CHANGES.columns
    },
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A run's outcome for one target or pool, and the state before it."""

    outcome: Outcome
    previous_status: str | None
    """None for a target that was not recorded before."""
    short_since: datetime | None
    """Since when the target has been short, or was until now."""
    met_since: datetime | None = None
    """Since when the target has been met."""

    @property
    def is_change(self) -> bool:
        """Whether it gets its own row, and people hear about it."""
        outcome = self.outcome
        if outcome.key.demand != outcome.key:
            # For a group's pool, only a change in what is held counts.
            return bool(outcome.acquired or outcome.lost)
        # Dry demands under one cap take turns. Which of them may ask at the moment is not news.
        is_turn = {self.previous_status, outcome.status} == {Status.SHORT, Status.CAPPED}
        is_news = self.previous_status != outcome.status and not is_turn
        return bool(outcome.acquired or outcome.lost or outcome.judgement) or is_news


def write_history(cursor: "Cursor", execution: str, now: datetime, entries: Iterable[Entry]) -> None:
    """Writes a row for each change, and adds the attempts that changed nothing to this hour's rows.

    Args:
        cursor: in the transaction that records the run. A run must be recorded only once, because sums are added.
        execution: the run.
        now: in UTC.
        entries: all targets that the run knows of, and the groups' pools.
    """
    changes, sums = [], []
    # An execution's name has no blanks, so this cannot be one:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    hour = f"hour {now:%Y-%m-%d %H}:00"
    for entry in entries:
        if entry.is_change:
            changes.append(_row(execution, now, entry, entry.previous_status))
        elif entry.outcome.was_tried:
            sums.append(_row(hour, now, entry, entry.outcome.status))
    write(cursor, _CHANGES, changes)
    write(cursor, _SUMS, sums)


def _row(execution: str, now: datetime, entry: Entry, previous_status: str | None) -> Row:
    outcome = entry.outcome
    return (
        execution,
        outcome.key.instance_type,
        outcome.key.availability_zone,
        outcome.key.group,
        now,
        previous_status,
        str(outcome.status),
        entry.short_since,
        outcome.target,
        outcome.reserved,
        outcome.weight,
        str(outcome.unit) if outcome.key.is_group else None,
        outcome.acquired,
        outcome.lost,
        int(outcome.was_tried),
        outcome.calls,
        outcome.refusals,
        outcome.judgement and str(outcome.judgement.verdict),
        outcome.judgement and datetime.fromisoformat(outcome.judgement.deadline),
        entry.met_since,
        outcome.reason[:1024],
    )


def changes_of(cursor: "Cursor", execution: str) -> list[Change]:
    """The recorded changes of an execution: statuses, verdicts, and what was released, or lost and replaced.

    For a group, these are the group's changes, not its pools'.
    """
    columns = (
        "Previous_Status, Status, Reserved, Target_Capacity, Reason, Short_Since, Verdict, Judged_Deadline, Met_Since"
    )
    where = (
        "FROM odcr_history WHERE Execution = %s AND (Previous_Status IS NULL OR Previous_Status <> Status "
        "OR Acquired < 0 OR Lost > 0 OR Verdict IS NOT NULL)"
    )
    order = "ORDER BY InstanceType, AvailabilityZone"
    try:
        with_or_without_group(
            cursor,
            "odcr_history",
            f"SELECT InstanceType, AvailabilityZone, Group_Name, Unit, {columns} {where} "
            f"AND (Group_Name = '' OR InstanceType = '') {order}, Group_Name",
            f"SELECT InstanceType, AvailabilityZone, '', NULL, {columns} {where} {order}",
            [(execution,)],
        )
        rows: Sequence[Row] = cursor.fetchall()
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        logger.error("odcr_history cannot be read, so changes are not announced", error=text_of_error(error))
        return []
    return [_change(row) for row in rows if text_of(row[5]) in Status.__members__]


def _change(row: Row) -> Change:
    type_, zone, group, unit, before, after, reserved, target, reason, short_since, verdict, deadline, met_since = row
    return Change(
        TargetKey(text_of(type_), text_of(zone), group=text_of(group)),
        None if before is None else text_of(before),
        Status(text_of(after)),
        quantity_or(reserved, 0),
        None if target is None else quantity_or(target, 0),
        text_of(reason),
        time_or_none(short_since),
        Verdict(text_of(verdict)) if text_of(verdict) in Verdict.__members__ else None,
        time_or_none(deadline),
        time_or_none(met_since),
        Unit(text_of(unit)) if text_of(unit) in Unit.__members__ else Unit.instances,
    )


def delete_old_history(cursor: "Cursor", days: int) -> None:
    """Deletes rows that are older than this many days, the oldest first, at most `MAX_DELETED`."""
    try:
        cursor.execute(
            "DELETE FROM odcr_history WHERE Recorded < UTC_TIMESTAMP() - INTERVAL %s DAY ORDER BY Recorded LIMIT %s",
            (days, MAX_DELETED),
        )
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        logger.error("Old rows of odcr_history cannot be deleted", error=text_of_error(error))
