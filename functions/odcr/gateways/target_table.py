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


def read_targets(cursor: "Cursor") -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity`, sorted into targets and rows that make no sense.

    A row that was deleted while something is held for it comes as a target of 0 that is withdrawn: what it holds must
    not be forgotten.

    Returns:
        The targets, least recently tried first, and an INVALID outcome for each rejected row whose record differs.
    """
    cursor.execute(
        "SELECT c.InstanceType, c.AvailabilityZone, c.Target_Capacity, c.Current_Capacity, s.Status, s.Reserved, "
        "s.Reservation_Ids, s.Reason, s.Last_Tried > UTC_TIMESTAMP() - INTERVAL %s SECOND, "
        "o.Platform, o.Tenancy, o.Match_Criteria, o.End_Date "
        "FROM odcr_capacity c "
        "LEFT JOIN odcr_status s USING (InstanceType, AvailabilityZone) "
        "LEFT JOIN odcr_option o USING (InstanceType, AvailabilityZone) "
        "ORDER BY s.Last_Tried, c.InstanceType, c.AvailabilityZone",
        (FRESH_SECONDS,),
    )
    targets: list[Target] = []
    rejected: list[Outcome] = []
    for instance_type, zone, capacity, current, status, reserved, ids, noted, is_fresh, *option in cursor.fetchall():
        key = TargetKey(instance_type, zone)
        reason = reason_to_reject(key, capacity)
        if reason is None:
            known = reserved if is_fresh else 0
            targets.append(Target(key, capacity, current or 0, status, _options(*option), known, _split(ids)))
        elif reserved or (status, noted) != (Status.INVALID, reason[:MAX_REASON]):
            rejected.append(Outcome(key, Status.INVALID, capacity, current or 0, reason=reason))
    return targets + _withdrawn(cursor), rejected


def _split(ids: str | None) -> tuple[str, ...]:
    return tuple(ids.split(",")) if ids else ()


def _options(
    platform: str | None, tenancy: str | None, match_criteria: str | None, end_date: datetime | None
) -> ReservationOptions:
    if platform is None or tenancy is None or match_criteria is None:
        return USUAL_OPTIONS
    return ReservationOptions(platform, tenancy, match_criteria, end_date.isoformat() if end_date else None)


def _withdrawn(cursor: "Cursor") -> list[Target]:
    cursor.execute(
        "SELECT s.InstanceType, s.AvailabilityZone, s.Reserved, s.Status, s.Reservation_Ids FROM odcr_status s "
        "LEFT JOIN odcr_capacity c USING (InstanceType, AvailabilityZone) "
        "WHERE c.InstanceType IS NULL AND s.Reserved > 0"
    )
    return [
        Target(TargetKey(instance_type, zone), 0, reserved, status, last_ids=_split(ids), withdrawn=True)
        for instance_type, zone, reserved, status, ids in cursor.fetchall()
    ]
