"""Reading the targets."""

from typing import TYPE_CHECKING

from odcr.domain.outcome import Outcome
from odcr.domain.status import Status
from odcr.domain.target import ReservationOptions, Target, TargetKey, reason_to_reject

if TYPE_CHECKING:
    from pymysql.cursors import Cursor


def read_targets(cursor: "Cursor") -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity`, sorted into targets and rows that make no sense.

    A row that was deleted while something is held for it comes as a target of 0 that is withdrawn: what it holds must
    not be forgotten.

    Returns:
        The targets, least recently tried first, and an INVALID outcome for each rejected row.
    """
    cursor.execute(
        "SELECT c.InstanceType, c.AvailabilityZone, c.Target_Capacity, c.Current_Capacity, s.Status, "
        "o.Platform, o.Tenancy, o.Match_Criteria, o.End_Date "
        "FROM odcr_capacity c "
        "LEFT JOIN odcr_status s USING (InstanceType, AvailabilityZone) "
        "LEFT JOIN odcr_option o USING (InstanceType, AvailabilityZone) "
        "ORDER BY s.Last_Tried, c.InstanceType, c.AvailabilityZone"
    )
    targets: list[Target] = []
    rejected: list[Outcome] = []
    for instance_type, zone, capacity, current, status, platform, tenancy, match, end_date in cursor.fetchall():
        key = TargetKey(instance_type, zone)
        reason = reason_to_reject(key, capacity)
        if reason is not None:
            rejected.append(Outcome(key, Status.INVALID, capacity, current or 0, reason=reason))
            continue
        options = ReservationOptions()
        if platform is not None:
            end = end_date.isoformat() if end_date else None
            options = ReservationOptions(platform, tenancy, match, end)
        targets.append(Target(key, capacity, current or 0, status, options))
    return targets + _withdrawn(cursor), rejected


def _withdrawn(cursor: "Cursor") -> list[Target]:
    cursor.execute(
        "SELECT s.InstanceType, s.AvailabilityZone, s.Reserved, s.Status FROM odcr_status s "
        "LEFT JOIN odcr_capacity c USING (InstanceType, AvailabilityZone) "
        "WHERE c.InstanceType IS NULL AND s.Reserved > 0"
    )
    return [
        Target(TargetKey(instance_type, zone), 0, reserved, status, withdrawn=True)
        for instance_type, zone, reserved, status in cursor.fetchall()
    ]
