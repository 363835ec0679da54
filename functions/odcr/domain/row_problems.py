"""The changes by people that the next run would reject, or that would have no effect."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from odcr.domain.cells import Cells, text_of
from odcr.domain.group_rows import GroupNames, GroupTables, groups_of
from odcr.domain.option_rows import may_be_same_zone
from odcr.domain.outcome import Outcome
from odcr.domain.requests import Change
from odcr.domain.rows import targets_of
from odcr.domain.wording import quoted

_POOL_TABLES = ("odcr_capacity", "odcr_option")


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of all tables that people write into."""

    rows: Sequence[Cells]
    """InstanceType, AvailabilityZone, Target_Capacity, Current_Capacity."""
    options: Sequence[Cells]
    """InstanceType, AvailabilityZone, `OPTION_COLUMNS`."""
    doubt: str
    """Why `odcr_option` could not be read at all; empty if it could."""
    option_doubt: str
    """Why its rows could not be read in full; empty if they could."""
    groups: GroupTables


def problems_of(changes: Iterable[Change], written: Written) -> list[dict[str, Any]]:
    """The changes that the next run would reject, or that would have no effect.

    Args:
        changes: what was changed.
        written: the tables after the changes.

    Returns:
        `{"Table", "Key", "Reason"}` for each.
    """
    rejected = targets_of(written.rows, written.options, {}, doubt=written.doubt, option_doubt=written.option_doubt)[1]
    groups, rejected_groups = groups_of(written.groups, {})
    rejected = [*rejected, *rejected_groups]
    # The group itself is valid, but buys nothing in these members.
    faults = {
        (group.key.group.strip().casefold(), *_folded(pool.key.instance_type, pool.key.availability_zone)): pool.fault
        for group in groups
        for pool in group.members
        if pool.fault
    }
    of_pools = {
        _folded(outcome.key.instance_type, outcome.key.availability_zone): outcome
        for outcome in rejected
        if not outcome.key.group
    }
    of_groups = {outcome.key.group.strip().casefold(): outcome for outcome in rejected if outcome.key.group}
    lonely = lonely_options(written.rows, written.options)
    names = GroupNames(text_of(row[0]) for row in written.groups.groups)
    problems = []
    for change in changes:
        if change.row is None or only_lowers(change):
            continue
        reason = ""
        if change.table in _POOL_TABLES:
            reason = _reason(of_pools.get(_folded(*change.key)))
            if not reason and change.table == "odcr_option":
                reason = lonely.get((change.key[0], change.key[1]), "")
        elif change.table == "odcr_group_member" and not names.of(change.key[0]):
            reason = f"There is no group {quoted(change.key[0])} in odcr_group. Add it, or correct the name."
        elif change.table in ("odcr_group", "odcr_group_member"):
            reason = _reason(of_groups.get(change.key[0].strip().casefold()))
            if not reason and change.table == "odcr_group_member":
                reason = faults.get((change.key[0].strip().casefold(), *_folded(*change.key[1:])), "")
        if reason:
            problems.append({"Table": change.table, "Key": change.key_cells, "Reason": reason})
    return problems


def only_lowers(change: Change) -> bool:
    """Whether a change does nothing but lower a target.

    It is harmless whatever else is wrong with the row, and may be what ends a bill.
    """
    column = {"odcr_capacity": "Target_Capacity", "odcr_group": "TotalTargetCapacity"}.get(change.table)
    if column is None or change.row is None or change.was is None:
        return False
    if change.row.keys() - change.key_cells.keys() != {column} or column not in change.was:
        return False
    try:
        now, before = Decimal(str(change.row[column])), Decimal(str(change.was[column]))
        return 0 <= now < before
    except InvalidOperation:
        return False


def lonely_options(rows: Iterable[Cells], options: Iterable[Cells]) -> dict[tuple[str, str], str]:
    """What to do about each row of `odcr_option` that belongs to no target, by its type and zone as written.

    Args:
        rows: of `odcr_capacity`, with the type and the zone first.
        options: of `odcr_option`, likewise.
    """
    pools = [(text_of(row[0]), text_of(row[1])) for row in rows]
    zones: dict[str, set[str]] = {}
    for type_, zone in (_folded(*pool) for pool in pools):
        zones.setdefault(type_, set()).add(zone)
    reasons = {}
    for row in options:
        key = text_of(row[0]), text_of(row[1])
        type_, zone = _folded(*key)
        known = zones.get(type_, set())
        if zone in known or any(may_be_same_zone(zone, other) for other in known):
            continue
        near = difflib.get_close_matches(" ".join(key), [" ".join(other) for other in pools], n=1)
        nearest = f" The nearest is {quoted(near[0])}." if near else ""
        reasons[key] = (
            f"No row of odcr_capacity has this type and zone, so it has no effect.{nearest} Correct it, or delete it."
        )
    return reasons


def _reason(outcome: Outcome | None) -> str:
    return "" if outcome is None else outcome.reason


def _folded(type_: str, zone: str) -> tuple[str, str]:
    return type_.strip().casefold(), zone.strip().casefold()
