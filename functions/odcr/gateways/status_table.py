"""`odcr_status`: the state of each target, as the last run that looked at it recorded it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pymysql

from odcr.domain.amounts import Amount
from odcr.domain.costs import recorded_cost_of
from odcr.domain.misfits import InstanceLook
from odcr.domain.outcome import Outcome, Recorded, Status
from odcr.domain.prices import NO_PRICES, PriceList
from odcr.domain.records import name_of
from odcr.domain.target import TargetKey, units
from odcr.domain.wire import ids_to_text
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.history import Entry, write_history
from odcr.gateways.previous_status import UNKNOWN, Previous, read_previous
from odcr.gateways.status_cleanup import delete_obsolete_rows
from odcr.gateways.target_tables import read_capacity, write_current
from odcr.gateways.tolerant_reads import Row
from odcr.gateways.tolerant_writes import Insert, change_by_key, write
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

# MySQL assigns from left to right: Since comes before Status, because it compares with the old status. The key is
# written again, because to MySQL a key with a trailing blank is the same.
_STATUS = Insert(
    "odcr_status",
    {
        "InstanceType": "VALUES(InstanceType)",
        "AvailabilityZone": "VALUES(AvailabilityZone)",
        "Group_Name": "VALUES(Group_Name)",
        "Since": "IF(Status = VALUES(Status), Since, VALUES(Since))",
        "Status": "VALUES(Status)",
        "Short_Since": "VALUES(Short_Since)",
        "Dry_Since": "VALUES(Dry_Since)",
        "Target_Capacity": "VALUES(Target_Capacity)",
        "Reserved": "VALUES(Reserved)",
        "Weight": "VALUES(Weight)",
        "Unit": "VALUES(Unit)",
        "Reason": "VALUES(Reason)",
        "Reservation_Ids": "VALUES(Reservation_Ids)",
        "Duplicate_Ids": "VALUES(Duplicate_Ids)",
        "Announced_Reserved": "VALUES(Announced_Reserved)",
        "Announced_Target": "VALUES(Announced_Target)",
        "Last_Tried": "COALESCE(VALUES(Last_Tried), Last_Tried)",
        "Met_Since": "VALUES(Met_Since)",
        "Verdict": "COALESCE(VALUES(Verdict), Verdict)",
        "Judged_Deadline": "COALESCE(VALUES(Judged_Deadline), Judged_Deadline)",
        "Given_Up": "COALESCE(VALUES(Given_Up), Given_Up)",
        "In_Use": "VALUES(In_Use)",
        "Unused": "VALUES(Unused)",
        "Unused_Since": "VALUES(Unused_Since)",
        "Misfits": "VALUES(Misfits)",
        "Platform": "VALUES(Platform)",
        "Tenancy": "VALUES(Tenancy)",
        "Hourly_Cost": "VALUES(Hourly_Cost)",
        "Execution": "VALUES(Execution)",
    },
)


def record(
    cursor: "Cursor",
    execution: str,
    attempted: Sequence[Outcome],
    seen: Sequence[Outcome],
    look: InstanceLook | None = None,
    prices: PriceList = NO_PRICES,
) -> list[Recorded]:
    """Writes what is held into `odcr_capacity`, each target's status, and the history.

    Args:
        cursor: in the transaction that also releases the lease.
        execution: the run.
        attempted: outcomes of the run's shortfalls; a group's includes its pools'.
        seen: outcomes of the targets that needed no asking, likewise.
        look: the run's look at the account's instances; None if it took none.
        prices: what instances cost.

    Returns:
        What was recorded for each target.
    """
    # PyMySQL sends many rows in one statement only if all values are parameters.
    cursor.execute("SELECT UTC_TIMESTAMP()")
    ((now,),) = cursor.fetchall()
    previous = read_previous(cursor)
    demands = [*attempted, *seen]
    outcomes = [row for demand in demands for row in demand.rows]
    unwritten = _write_status(cursor, execution, now, outcomes, previous, look, prices)
    if look:
        _write_misfits(cursor, {o.key for o in outcomes}, previous, look)
    rows = read_capacity(cursor)
    # What a group holds counts for no row.
    held = {name_of(o.key): int(o.reserved) for o in demands if not o.key.group}
    write_current(cursor, execution, held, rows, unwritten)
    write_history(cursor, execution, now, [_entry(o, previous.get(o.key, UNKNOWN), now) for o in outcomes])
    by_name = {name_of(o.key): o for o in outcomes}
    delete_obsolete_rows(cursor, execution, previous, by_name, {row.name for row in rows})
    return [_recorded(o, previous, now) for o in demands]


def _recorded(outcome: Outcome, previous: Mapping[TargetKey, Previous], now: datetime) -> Recorded:
    """What an outcome adds to the record. A group's gain is the sum of its pools': a changed weight is not a gain."""
    recorded = previous.get(outcome.key, UNKNOWN).recorded(outcome, now)
    if not outcome.pools:
        return recorded
    gained = ((previous.get(pool.key, UNKNOWN).recorded(pool, now).gained, pool.weight) for pool in outcome.pools)
    return replace(recorded, gained=units((int(count), weight) for count, weight in gained))


def _write_status(
    cursor: "Cursor",
    execution: str,
    now: datetime,
    outcomes: Iterable[Outcome],
    previous: Mapping[TargetKey, Previous],
    look: InstanceLook | None,
    prices: PriceList,
) -> set[TargetKey]:
    """Writes a row for each outcome; returns the names of those that the database refused."""
    rows: list[Row] = [
        (
            o.key.instance_type,
            o.key.availability_zone,
            o.key.group,
            now,
            str(o.status),
            before.short_since_after(o, now),
            before.dry_since_after(o, now),
            o.target,
            o.reserved,
            o.weight,
            str(o.unit) if o.key.is_group else None,
            o.reason[:1024],
            ids_to_text(o.reservation_ids, o.more_ids),
            ids_to_text(o.duplicate_ids),
            o.announced and o.announced.reserved,
            o.announced and o.announced.target,
            now if o.was_tried else None,
            before.met_since_after(o, now),
            o.judgement and str(o.judgement.verdict),
            o.judgement and datetime.fromisoformat(o.judgement.deadline),
            o.judgement and int(o.judgement.gives_up),
            *before.use_after(o, now, look),
            o.platform[:64],
            o.tenancy[:16],
            recorded_cost_of(o, prices),
            execution,
        )
        for o, before in ((o, previous.get(o.key, UNKNOWN)) for o in outcomes)
    ]
    refused = write(cursor, _STATUS, rows, _in_short)
    return {name_of(TargetKey(str(row[0]), str(row[1]), group=str(row[2]))) for row in refused}


def _in_short(row: Row, error: str) -> Row:
    """The row for a target whose status the database refuses. The next run tries again."""
    cells = dict(zip(_STATUS.columns, row, strict=True))
    cells |= {
        "Status": str(Status.FAILED),
        "Target_Capacity": _clipped(cells["Target_Capacity"]),
        "Reserved": _clipped(cells["Reserved"]),
        "Reason": _plain(f"This result could not be recorded in full: {error}. Correct odcr_status."),
        "Reservation_Ids": "1 more",
        "Duplicate_Ids": "",
        "Announced_Reserved": None,
        "Announced_Target": None,
        "In_Use": None,
        "Unused": None,
        "Misfits": None,
        "Platform": None,
        "Tenancy": None,
        "Hourly_Cost": None,
    }
    return tuple(cells.values())


def _write_misfits(
    cursor: "Cursor", written: Collection[TargetKey], previous: Mapping[TargetKey, Previous], look: InstanceLook
) -> None:
    """Writes what a look at instances showed about targets that have no outcome in this run."""
    sentences = {key: look.sentence(key, one.misfits) for key, one in previous.items() if key not in written}
    changed: list[tuple[Row, Row]] = [
        ((text,), previous[key].cells) for key, text in sentences.items() if text != previous[key].misfits
    ]
    try:
        change_by_key(cursor, "odcr_status", "UPDATE odcr_status SET Misfits = %s", changed)
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        logger.error("Misfits cannot be written into odcr_status", error=text_of_error(error))


def _clipped(number: object) -> Amount | None:
    return min(max(number, 0), 2**31 - 1) if isinstance(number, (int, Decimal)) else None


def _plain(text: str) -> str:
    return text[:250].encode("ascii", "replace").decode()


def _entry(outcome: Outcome, before: Previous, now: datetime) -> Entry:
    # Also recorded when the target is met, so that history shows how long it was short.
    return Entry(
        outcome,
        before.status,
        before.short_since or before.short_since_after(outcome, now),
        before.met_since_after(outcome, now),
    )
