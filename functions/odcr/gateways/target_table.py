"""Reading the targets."""

from datetime import datetime
from typing import TYPE_CHECKING

from odcr.domain.outcome import MAX_REASON, Outcome
from odcr.domain.status import Status
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey, reason_to_reject

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

FRESH_SECONDS = 60
"""For so long EC2's answers may lag behind what was recorded: twice the half a minute that is allowed for."""

REST_SECONDS = 600
"""For so long EC2 is not asked again for what it says it does not support."""


_COMPARED = (Status.FULFILLED, Status.PENDING, Status.ASTRAY, Status.EXCESS, Status.INVALID)


def read_targets(cursor: "Cursor") -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity`, sorted into targets and rows that make no sense.

    A row that was deleted while something was, or may be, held for it comes as a target of 0 that is withdrawn: what it
    holds must not be forgotten.

    Returns:
        The targets, least recently tried first, and an INVALID outcome for each rejected row whose record differs.
    """
    cursor.execute(
        "SELECT c.InstanceType, c.AvailabilityZone, c.Target_Capacity, c.Current_Capacity, "
        "o.Platform, o.Tenancy, o.Match_Criteria, o.End_Date, "
        "s.Status, s.Reserved, s.Reason, s.Reservation_Ids, s.Duplicate_Ids, "
        "s.Last_Tried > UTC_TIMESTAMP() - INTERVAL %s SECOND, s.Last_Tried > UTC_TIMESTAMP() - INTERVAL %s SECOND "
        "FROM odcr_capacity c "
        # Not the other way round: MariaDB takes no index of a column that is given a collation, and compares each row
        # with each.
        "LEFT JOIN odcr_status s ON s.InstanceType = CONVERT(c.InstanceType USING utf8mb4) COLLATE utf8mb4_bin "
        "AND s.AvailabilityZone = CONVERT(c.AvailabilityZone USING utf8mb4) COLLATE utf8mb4_bin "
        "LEFT JOIN odcr_option o ON o.InstanceType = c.InstanceType AND o.AvailabilityZone = c.AvailabilityZone "
        "ORDER BY s.Last_Tried, c.InstanceType, c.AvailabilityZone",
        (FRESH_SECONDS, REST_SECONDS),
    )
    targets: list[Target] = []
    rejected: list[Outcome] = []
    told_before: list[Outcome] = []
    for row in cursor.fetchall():
        instance_type, zone, capacity, current = row[:4]
        platform, tenancy, match_criteria, end_date = row[4:8]
        status, reserved, noted, ids, twice, is_fresh, is_recent = row[8:]
        key = TargetKey(instance_type, zone)
        known_ids = tuple(one for one in _split(ids) if one not in _split(twice))
        reason = reason_to_reject(key, capacity) or _reason_to_reject_end(end_date)
        if reason is None:
            options = USUAL_OPTIONS
            if platform is not None:
                ends = end_date.isoformat() if end_date else None
                options = ReservationOptions(platform, tenancy, match_criteria, ends)
            known = current or 0 if reserved is None else reserved
            targets.append(
                Target(
                    key,
                    capacity,
                    current or 0,
                    status,
                    options,
                    known,
                    bool(is_fresh),
                    known_ids,
                    # Where a run may find that all is as it was recorded.
                    last_reason=noted if status in _COMPARED else "",
                    is_resting=status == Status.UNSUPPORTED and bool(is_recent),
                )
            )
        else:
            is_news = reserved or (status, noted) != (Status.INVALID, reason[:MAX_REASON])
            outcome = Outcome(key, Status.INVALID, capacity, current or 0, known_ids, reason=reason)
            (rejected if is_news else told_before).append(outcome)
    withdrawn = _withdrawn(cursor)
    # What is held for a row that is gone may be held for one in other letters.
    gone = {target.key.pool for target in withdrawn}
    rejected += [outcome for outcome in told_before if outcome.key.pool in gone]
    return targets + withdrawn, _apart(targets, rejected)


def _apart(targets: list[Target], rejected: list[Outcome]) -> list[Outcome]:
    """The rejected rows that the status table can tell from the others: to it, a blank at the end is none."""
    taken = {target.key for target in targets}
    apart = []
    for outcome in rejected:
        name = TargetKey(outcome.key.instance_type.rstrip(" "), outcome.key.availability_zone.rstrip(" "))
        if name not in taken:
            apart.append(outcome)
            taken.add(name)
    return apart


def _reason_to_reject_end(end_date: object) -> str | None:
    # A server that is not strict stores a day that does not exist as zeros, which come as text.
    if end_date is None or isinstance(end_date, datetime):
        return None
    return (
        f"End_Date in odcr_option is {end_date}, which is no time. Set it as in '2026-11-30 20:00:00' (UTC), or NULL."
    )


def _split(ids: str | None) -> tuple[str, ...]:
    return tuple(ids.split(",")) if ids else ()


def _withdrawn(cursor: "Cursor") -> list[Target]:
    cursor.execute(
        "SELECT s.InstanceType, s.AvailabilityZone, s.Reserved, s.Status, s.Reservation_Ids, s.Reason "
        "FROM odcr_status s LEFT JOIN odcr_capacity c ON c.InstanceType = s.InstanceType COLLATE utf8mb4_bin "
        "AND c.AvailabilityZone = s.AvailabilityZone COLLATE utf8mb4_bin WHERE c.InstanceType IS NULL"
    )
    gone = [(TargetKey(type_, zone), *row) for type_, zone, *row in cursor.fetchall()]
    return [
        Target(
            key, 0, reserved, status, last_reserved=reserved, last_ids=_split(ids), withdrawn=True, last_reason=reason
        )
        for key, reserved, status, ids, reason in gone
        # A row that made no sense held nothing, unless it meant what another row means rightly.
        if reserved or reason_to_reject(key, 0) is None
    ]
