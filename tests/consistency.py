"""Whether the tables agree with what EC2 holds, and what is held with what is wanted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from odcr.domain.outcome import Status
from odcr.domain.target import TargetKey, reason_to_reject

Key = tuple[str, str]
"""An instance type and an Availability Zone."""
Sql = Callable[[str], tuple[tuple[Any, ...], ...]]


@dataclass(frozen=True)
class Row:
    """One target, as the tables have it."""

    target: int
    current: int
    status: str | None
    reserved: int
    ids: frozenset[str]


@dataclass(frozen=True)
class Managed:
    """A reservation of the stack that holds capacity."""

    id: str
    key: Key
    count: int
    group: str = ""
    """The name of its group; empty for a row's reservation."""


def rows(sql: Sql) -> dict[Key, Row]:
    """Every row of odcr_capacity with its status."""
    cells = sql(
        "SELECT c.InstanceType, c.AvailabilityZone, c.Target_Capacity, c.Current_Capacity, s.Status, s.Reserved, "
        "s.Reservation_Ids FROM odcr_capacity c LEFT JOIN odcr_status s "
        "ON s.InstanceType = c.InstanceType AND s.AvailabilityZone = c.AvailabilityZone AND s.Group_Name = ''"
    )
    return {
        (instance_type, zone): Row(target, now, status, reserved or 0, frozenset(ids.split(",") if ids else ()))
        for instance_type, zone, target, now, status, reserved, ids in cells
    }


def disagreements(
    sql: Sql,
    managed: Iterable[Managed],
    free: Callable[[Key], int],
    astray: Iterable[Managed] = (),
    lent: Mapping[Key, int] | None = None,
) -> list[str]:
    """The problems found; after a run without faults there are none.

    Args:
        sql: runs a statement.
        managed: the stack's reservations.
        free: gives the free instances of a pool.
        astray: reservations that lost the stack's tag. Where they were recorded, they may be counted.
        lent: instances lent out, by pool, which may be counted as well.
    """
    managed, astray = list(managed), list(astray)
    recorded = {id_ for (ids,) in sql("SELECT Reservation_Ids FROM odcr_status") for id_ in ids.split(",")}
    problems = [
        f"{reservation.id} is held, but no table names it" for reservation in managed if reservation.id not in recorded
    ]
    problems += _disagreements_of_groups(sql, managed, free)
    for key, row in rows(sql).items():
        own = [reservation for reservation in managed if reservation.key == key and not reservation.group]
        counted = [reservation for reservation in astray if reservation.key == key and reservation.id in row.ids]
        in_hand, elsewhere = _instances(own), _instances(counted)
        # What is astray counts only for what is missing of the recorded instances, if that is enough.
        missing = min(elsewhere, max(0, row.reserved - in_hand))
        held = in_hand + (missing if in_hand + missing >= row.target else elsewhere)
        held += max(0, min(row.reserved - held, (lent or {}).get(key, 0)))
        ids = frozenset(reservation.id for reservation in (*own, *counted))
        if (row.current, row.reserved, row.ids) != (held, held, ids):
            problems.append(f"{key}: {row} is recorded, {held} held in {sorted(ids)}")
        if reason_to_reject(TargetKey(*key), row.target) is not None:
            expected = Status.INVALID
        elif in_hand <= row.target <= held:
            # Instances lent out by a held reservation are reported even if they are not counted.
            is_reported = row.status == Status.ASTRAY and key in (lent or {})
            expected = Status.ASTRAY if counted or is_reported else Status.FULFILLED
        else:
            expected = Status.SHORT if held < row.target else Status.EXCESS
        if row.status != expected:
            problems.append(f"{key}: {row.status} is recorded, {held} of {row.target} are held")
        if expected is Status.SHORT and free(key) > 0:
            problems.append(f"{key}: {held} of {row.target} are held, and {free(key)} more are free")
    return problems


def _disagreements_of_groups(sql: Sql, managed: Iterable[Managed], free: Callable[[Key], int]) -> list[str]:
    """The problems of groups, whose pools have weights; what is astray or lent out is not looked at."""
    problems = []
    status = {tuple(row[:3]): row[3:] for row in sql(_STATUS)}
    for name, total in sql("SELECT Group_Name, TotalTargetCapacity FROM odcr_group"):
        own = [reservation for reservation in managed if reservation.group == name]
        weights = {
            (instance_type, zone): int(weight)
            for group, instance_type, zone, weight in sql(
                "SELECT Group_Name, InstanceType, AvailabilityZone, Weight FROM odcr_group_member"
            )
            if group == name
        }
        units = 0
        for key in {*weights, *(reservation.key for reservation in own)}:
            in_pool = [reservation for reservation in own if reservation.key == key]
            held, ids = _instances(in_pool), {reservation.id for reservation in in_pool}
            recorded = status.get((name, *key))
            if recorded is None or (recorded[1], set(filter(None, recorded[2].split(",")))) != (held, ids):
                problems.append(f"{name}, {key}: {recorded} is recorded, {held} held in {sorted(ids)}")
            units += held * int(weights.get(key) or (recorded[3] if recorded else 0) or 1)
        missing = total - units
        fits = [key for key, weight in weights.items() if weight <= missing]
        can_spare = any((weights.get(reservation.key) or 1) <= -missing for reservation in own)
        expected = Status.EXCESS if can_spare else Status.SHORT if fits else Status.FULFILLED
        recorded = status.get((name, "", ""))
        if recorded is None or (recorded[0], recorded[1]) != (expected, units):
            problems.append(f"{name}: {recorded} is recorded, {units} of {total} are held")
        problems += [f"{name}: {missing} missing, and {free(key)} of {key} are free" for key in fits if free(key)]
    return problems


def _instances(reservations: Iterable[Managed]) -> int:
    return sum(reservation.count for reservation in reservations)


_STATUS = (
    "SELECT Group_Name, InstanceType, AvailabilityZone, Status, Reserved, Reservation_Ids, Weight FROM odcr_status"
)
