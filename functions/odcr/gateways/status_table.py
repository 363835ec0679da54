"""`odcr_status`: how each target stands, as the last run that looked at it recorded it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pymysql

from odcr.domain.cells import number_or, text_of
from odcr.domain.costs import pool_of, recorded_cost
from odcr.domain.misfits import InstanceLook
from odcr.domain.outcome import Outcome, Recorded, Status
from odcr.domain.prices import NO_PRICES, PriceList
from odcr.domain.rows import name_of
from odcr.domain.target import TargetKey, reason_to_reject
from odcr.domain.wire import ids_to_text
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.history import Entry, write_history
from odcr.gateways.strange_tables import Insert, Row, TableUnusable, read, time_or_none, write
from odcr.gateways.target_tables import read_capacity, write_current
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

# Since is set before Status: MySQL assigns from left to right, and it compares with the old status. The key is written
# anew, for to MySQL a key with a blank behind it is the same.
_STATUS = Insert(
    "odcr_status",
    {
        "InstanceType": "VALUES(InstanceType)",
        "AvailabilityZone": "VALUES(AvailabilityZone)",
        "Since": "IF(Status = VALUES(Status), Since, VALUES(Since))",
        "Status": "VALUES(Status)",
        "Short_Since": "VALUES(Short_Since)",
        "Dry_Since": "VALUES(Dry_Since)",
        "Target_Capacity": "VALUES(Target_Capacity)",
        "Reserved": "VALUES(Reserved)",
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


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a target stood after the last run that wrote about it."""

    status: str | None = None
    short_since: datetime | None = None
    dry_since: datetime | None = None
    met_since: datetime | None = None
    target: int | None = None
    reserved: int = -1
    execution: str = ""
    in_use: int | None = None
    unused: int | None = None
    unused_since: datetime | None = None
    misfits: str | None = None
    cells: Row = ()
    """Its key as the table has it."""

    def short_since_after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """Since when the target has not been met, after this outcome."""
        return (self.short_since or now) if outcome.is_short else None

    def met_since_after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """Since when all that is wanted is held, after this outcome."""
        return (self.met_since or now) if outcome.target and outcome.reserved >= outcome.target else None

    def recorded(self, outcome: Outcome, now: datetime) -> Recorded:
        """What this outcome adds to the record."""
        gone = outcome.lost + max(0, -outcome.acquired)
        # Of a target that was not recorded before only what the run added is new.
        gained = outcome.acquired if self.reserved < 0 else outcome.reserved - self.reserved + gone
        return Recorded(outcome, max(0, gained), self.met_since_after(outcome, now))

    def dry_since_after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """Since when a pool that was asked has given nothing, after this outcome; None at the first grant."""
        is_raised = outcome.target is not None and self.target is not None and outcome.target > self.target
        if not outcome.is_short or outcome.acquired > 0 or is_raised:
            return None
        is_dry = outcome.status is Status.SHORT and outcome.was_tried
        return self.dry_since or (now if is_dry else None)

    def use_after(self, outcome: Outcome, now: datetime, look: InstanceLook | None) -> Row:
        """What is in use, what is unused and since when, and which instances cannot use it, after this outcome."""
        if not outcome.is_use_known:
            return self.in_use, self.unused, self.unused_since, self.misfits
        if not outcome.use.unused:
            return outcome.use.in_use, 0, None, None
        misfits = look.sentence(outcome.key, self.misfits) if look else self.misfits
        return outcome.use.in_use, outcome.use.unused, self.unused_since or now, misfits


_UNKNOWN = _Standing()


def record(
    cursor: "Cursor",
    execution: str,
    attempted: Sequence[Outcome],
    seen: Sequence[Outcome],
    look: InstanceLook | None = None,
    prices: PriceList = NO_PRICES,
) -> list[Recorded]:
    """Writes the truth into `odcr_capacity`, each target's status, and the history.

    Args:
        cursor: in the transaction that also releases the lease.
        execution: the run.
        attempted: outcomes of the run's shortfalls.
        seen: outcomes of the targets that needed no asking.
        look: what the run has seen of the account's instances; None if it has not looked at them.
        prices: what instances cost.

    Returns:
        What was recorded.
    """
    # PyMySQL sends many rows in one statement only if their values are nothing but parameters.
    cursor.execute("SELECT UTC_TIMESTAMP()")
    ((now,),) = cursor.fetchall()
    previous = _standings(cursor)
    outcomes = [*attempted, *seen]
    unwritten = _write_status(cursor, execution, now, outcomes, previous, look, prices)
    if look:
        _write_misfits(cursor, {o.key for o in outcomes}, previous, look)
    rows = read_capacity(cursor)
    write_current(cursor, execution, {name_of(o.key): o.reserved for o in outcomes}, rows, unwritten)
    write_history(cursor, execution, now, [_entry(o, previous.get(o.key, _UNKNOWN), now) for o in outcomes])
    _forget(cursor, execution, previous, {name_of(o.key): o for o in outcomes}, {row.name for row in rows})
    return [previous.get(o.key, _UNKNOWN).recorded(o, now) for o in outcomes]


def _write_status(
    cursor: "Cursor",
    execution: str,
    now: datetime,
    outcomes: Iterable[Outcome],
    previous: Mapping[TargetKey, _Standing],
    look: InstanceLook | None,
    prices: PriceList,
) -> set[TargetKey]:
    """Writes a row for each outcome; the names of those that the database did not take."""
    rows: list[Row] = [
        (
            o.key.instance_type,
            o.key.availability_zone,
            now,
            str(o.status),
            before.short_since_after(o, now),
            before.dry_since_after(o, now),
            o.target,
            o.reserved,
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
            recorded_cost(o.reserved, pool_of(o.key, o.platform, o.tenancy), prices),
            execution,
        )
        for o, before in ((o, previous.get(o.key, _UNKNOWN)) for o in outcomes)
    ]
    refused = write(cursor, _STATUS, rows, _in_short)
    return {name_of(TargetKey(str(row[0]), str(row[1]))) for row in refused}


def _in_short(row: Row, error: str) -> Row:
    """What is recorded of a target whose status the database refuses: whatever it was, the next run tries again."""
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
    cursor: "Cursor", written: Collection[TargetKey], previous: Mapping[TargetKey, _Standing], look: InstanceLook
) -> None:
    """Writes what a look has shown of the targets for which nothing else is to be written."""
    sentences = {key: look.sentence(key, one.misfits) for key, one in previous.items() if key not in written}
    changed = [(text, *previous[key].cells) for key, text in sentences.items() if text != previous[key].misfits]
    try:
        cursor.executemany(
            "UPDATE odcr_status SET Misfits = %s WHERE InstanceType = %s AND AvailabilityZone = %s", changed
        )
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        logger.error("odcr_status takes no Misfits", error=text_of_error(error))


def _clipped(number: object) -> int | None:
    return min(max(number, 0), 2**31 - 1) if isinstance(number, int) else None


def _plain(text: str) -> str:
    return text[:250].encode("ascii", "replace").decode()


def _entry(outcome: Outcome, before: _Standing, now: datetime) -> Entry:
    # Short_Since is also recorded when the target is met, so that history shows how long it was short.
    return Entry(
        outcome,
        before.status,
        before.short_since or before.short_since_after(outcome, now),
        before.met_since_after(outcome, now),
    )


def _standings(cursor: "Cursor") -> dict[TargetKey, _Standing]:
    others = (
        "Status",
        "Short_Since",
        "Dry_Since",
        "Target_Capacity",
        "Reserved",
        "Execution",
        "Met_Since",
        "In_Use",
        "Unused",
        "Unused_Since",
        "Misfits",
    )
    try:
        rows = read(cursor, "odcr_status", ("InstanceType", "AvailabilityZone"), others)
    except TableUnusable as error:
        logger.error("odcr_status cannot be read", error=str(error))
        return {}
    return {
        TargetKey(text_of(row[0]), text_of(row[1])): _Standing(
            status=text_of(row[2]) or None,
            short_since=time_or_none(row[3]),
            dry_since=time_or_none(row[4]),
            target=None if row[5] is None else number_or(row[5], 0),
            reserved=number_or(row[6], -1),
            execution=text_of(row[7]),
            met_since=time_or_none(row[8]),
            in_use=None if row[9] is None else number_or(row[9], 0),
            unused=None if row[10] is None else number_or(row[10], 0),
            unused_since=time_or_none(row[11]),
            misfits=text_of(row[12]) or None,
            cells=row[:2],
        )
        for row in rows
    }


def _forget(
    cursor: "Cursor",
    execution: str,
    previous: Mapping[TargetKey, _Standing],
    outcomes: Mapping[TargetKey, Outcome],
    rows: Collection[TargetKey],
) -> None:
    """Deletes the status of what is gone from `odcr_capacity` and for which nothing is held.

    A target stays on the list until two runs have seen that nothing is held: one alone may have been shown less than
    there is. For a key that makes no sense nothing can ever have been held.
    """
    gone: list[Row] = []
    for key, standing in previous.items():
        name = name_of(key)
        if name in rows:
            continue
        outcome = outcomes.get(name)
        reserved = outcome.reserved if outcome else standing.reserved
        was_seen_before = outcome is None and standing.status == Status.FULFILLED and standing.execution != execution
        if reserved == 0 and (was_seen_before or reason_to_reject(name, 0) is not None):
            gone.append(standing.cells)
    gone += [
        (name.instance_type, name.availability_zone)
        for name, outcome in outcomes.items()
        if name not in rows and outcome.reserved == 0 and reason_to_reject(name, 0) is not None
    ]
    cursor.executemany("DELETE FROM odcr_status WHERE InstanceType = %s AND AvailabilityZone = %s", gone)
