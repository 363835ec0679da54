"""The rows of `odcr_group_member` as the pools of a group."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from odcr.domain.amounts import Amount
from odcr.domain.cells import Cells, StrangeCell, quantity, shown, text_of, whole_number
from odcr.domain.option_rows import priority_of
from odcr.domain.records import Record
from odcr.domain.rows import MAX_KEY, cut_key
from odcr.domain.target import MAX_TARGET, Member, TargetKey, Unit, reason_to_reject
from odcr.domain.wording import brief, with_detail

MEMBER_COLUMNS = ("Weight", "Priority", "Min_Instances", "Max_Instances")
"""The columns after the key, in the order in which they are read."""

MAX_WEIGHT = Decimal("9999.999")

_TABLE = "odcr_group_member"
_LAST = 2**31
"""The priority of a member whose own is invalid."""


def key_of_member(row: Cells, group: str) -> TargetKey:
    """The key of a member's row, spelled as in the row."""
    return replace(cut_key(row[1], row[2]), group=group)


def member_of(rows: Sequence[Cells], key: TargetKey, record: Record, unit: Unit, total: Amount) -> tuple[int, Member]:
    """A member's priority, and the member itself, with a fault if its row is invalid.

    Args:
        rows: all with the same key: Group_Name, InstanceType, AvailabilityZone, `MEMBER_COLUMNS`.
        key: their key.
        record: what the last run recorded of the pool.
        unit: what the group's total counts.
        total: units that the group wants.

    Raises:
        StrangeCell: if the weight is invalid, and instances are held there that therefore cannot be counted.
    """
    fault = ""
    try:
        weight = _weight(rows, unit)
    except StrangeCell as strange:
        if record.reserved:
            # The advice comes first: the end of a long reason is cut.
            raise StrangeCell(with_detail(str(strange), f"{key.instance_type} in {key.availability_zone}")) from None
        weight, fault = 1, str(strange)
    priority, least, most = _LAST, 0, None
    try:
        _check_key(rows[0], key)
        priority, least, most = _numbers(rows)
        _check_size(weight, most, total)
    except StrangeCell as strange:
        fault = fault or str(strange)
    member = replace(as_recorded(key, record), weight=weight, least=least, most=most, fault=fault)
    return priority, replace(member, last_weight=record.weight) if weight is None else member


def as_recorded(key: TargetKey, record: Record) -> Member:
    """A pool with what the last run recorded of it, and nothing else."""
    reserved = record.instances or 0
    kept = record.target if isinstance(record.target, int) else reserved
    return Member(
        key,
        last_reserved=reserved,
        last_kept=min(kept, reserved),
        last_ids=record.ids,
        more_ids=record.more_ids,
        last_status=record.status,
        last_reason=record.reason,
        last_use=record.use,
        is_resting=record.is_resting,
    )


def _weight(rows: Sequence[Cells], unit: Unit) -> Amount | None:
    weights = {_weight_in(row[3]) for row in rows}
    if len(weights) > 1:
        raise StrangeCell(_differ(rows))
    weight = weights.pop()
    return 1 if weight is None and unit is Unit.instances else weight


def _weight_in(cell: object) -> Amount | None:
    try:
        weight = quantity(cell, "")
    except StrangeCell:
        weight = -1
    if weight is not None and not 0 < weight <= MAX_WEIGHT:
        raise StrangeCell(
            f"Set Weight in {_TABLE} to a number above 0, at most {MAX_WEIGHT} and with at most three digits after the "
            f"point, or to NULL: it is {brief(shown(cell))}."
        )
    return weight


def _numbers(rows: Sequence[Cells]) -> tuple[int, int, int | None]:
    """Priority, Min_Instances and Max_Instances."""
    numbers = {
        (
            priority_of(row[4], f"Priority in {_TABLE}", "member"),
            _count(row[5], "Min_Instances") or 0,
            _count(row[6], "Max_Instances"),
        )
        for row in rows
    }
    if len(numbers) > 1:
        raise StrangeCell(_differ(rows))
    priority, least, most = numbers.pop()
    if most is not None and least > most:
        raise StrangeCell(f"Raise Max_Instances in {_TABLE}, {most}, or lower Min_Instances, {least}: it is above it.")
    return priority, least, most


def _count(cell: object, column: str) -> int | None:
    column, todo = f"{column} in {_TABLE}", "Set it to a number of instances."
    number = whole_number(cell, column, todo)
    if number is not None and not 0 <= number <= MAX_TARGET:
        raise StrangeCell(f"{column} is {shown(cell)}; it must be from 0 to {MAX_TARGET}. {todo}")
    return number


def _check_key(row: Cells, key: TargetKey) -> None:
    for column, cell in zip(("InstanceType", "AvailabilityZone"), row[1:3], strict=True):
        if cell is None or len(text_of(cell)) > MAX_KEY:
            raise StrangeCell(f"Write {column} in {_TABLE} as EC2 does, or delete the row: it is {shown(cell)}.")
    if reason := reason_to_reject(key, 0):
        raise StrangeCell(reason)


def _check_size(weight: Amount | None, most: int | None, total: Amount) -> None:
    count = math.ceil(total / (weight or 1))
    if count > MAX_TARGET and (most is None or most > MAX_TARGET):
        raise StrangeCell(
            f"Correct Weight in {_TABLE}, {weight or 1}, or set Max_Instances: the group's total would be {count} "
            f"instances, above {MAX_TARGET}, which is taken for a mistake."
        )


def _differ(rows: Sequence[Cells]) -> str:
    return f"Delete all but one of its {len(rows)} rows in {_TABLE}: they differ."
