"""The consequences of planned changes: what no longer fits, what will be given back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from odcr_cli.door import Row, folded_key, number
from odcr_cli.formatting import format_count, format_moment
from odcr_cli.tables.changes import Edit, Kind, Plan, Tables
from odcr_cli.tables.columns import values_of
from odcr_cli.tables.wishes import Key, key_of

_FIXED = ("Platform", "Tenancy", "Placement_Group")
"""The options that EC2 cannot change on a reservation: docs/how-to/demands.md, "Change your mind"."""


@dataclass(frozen=True)
class _Demand:
    """A target or a group, before and after the changes."""

    name: str
    unit: str
    held: Decimal
    before: Decimal
    after: Decimal
    is_gone: bool
    fixed_before: dict[str, Any]
    fixed_after: dict[str, Any]

    @property
    def excess(self) -> Decimal:
        return max(Decimal(0), self.held - self.after)


def consequences_of(plan: Plan, tables: Tables, *, releases: bool, now: datetime) -> list[str]:
    """What a person should know before the changes are made, one line each.

    Args:
        plan: the planned changes.
        tables: the current rows, with `odcr_status`.
        releases: whether the stack gives back what exceeds a lowered target (`ReleaseOnLoweredTarget`).
        now: the current moment.
    """
    recorded = {folded_key(_status_key(row)): row for row in tables.get("odcr_status", ())}
    consequences: list[str] = []
    for demand in _demands(plan, tables, recorded):
        consequences += _of_what_is_held(demand, releases=releases)
    for edit in plan.edits:
        consequences += _of_times(edit, format_moment(now))
        consequences += _of_members(edit, recorded)
    return consequences


def _of_what_is_held(demand: _Demand, *, releases: bool) -> Iterator[str]:
    held = f"{format_count(demand.held)}{demand.unit}"
    if demand.is_gone:
        if demand.held:
            back = "to give it back, set the target to 0 instead" if releases else "cancel it in EC2"
            yield f"{demand.name}: {held} stay held and keep costing money: {back}."
        return
    changed = [name for name in _FIXED if demand.fixed_before[name] != demand.fixed_after[name]]
    if demand.held and changed:
        what = " and ".join(changed)
        was = ", ".join(str(demand.fixed_before[name] or "none") for name in changed)
        kept = f"{demand.name}: EC2 cannot change {what} of the {held} held ({was})."
        if demand.held >= demand.after:
            yield f"{kept} Nothing is bought until you cancel them in EC2 or undo the change."
        else:
            bought = f"{format_count(demand.after)} are bought beside them"
            yield f"{kept} They stay and keep costing money, but no longer count: {bought}."
        # odcr never gives back what does not fit.
        return
    if demand.excess and demand.after < demand.before:
        excess = f"{format_count(demand.excess)} of {held} held are then above what is wanted"
        if releases:
            yield (
                f"{demand.name}: {excess}. The next run announces it, and the one after it gives back what of them is "
                "unused: set it higher before that to keep them."
            )
        else:
            yield f"{demand.name}: {excess}. They stay and keep costing money until you reduce the reservations in EC2."


def _of_times(edit: Edit, now: str) -> Iterator[str]:
    if edit.kind is Kind.REMOVED:
        return
    for name, then in (
        ("Deadline", "the next run gives the verdict"),
        ("End_Date", "odcr asks for nothing more"),
    ):
        value = edit.after.get(name)
        if value and value != edit.before[name] and str(value) <= now:
            yield f"{edit.name}: {name} {value} UTC is in the past, so {then}."


def _of_members(edit: Edit, recorded: dict[Key, Row]) -> Iterator[str]:
    if edit.table == "odcr_group_member" and edit.kind is Kind.REMOVED:
        held = number(recorded.get(folded_key(edit.key), {}).get("Reserved"))
        if held:
            yield f"{edit.name}: {format_count(held)} held there still count; nothing more is bought."


def _demands(plan: Plan, tables: Tables, recorded: dict[Key, Row]) -> Iterator[_Demand]:
    """The demands that change, each once."""
    edits = {(edit.table, folded_key(edit.key)): edit for edit in plan.edits}
    rows = {
        (table, folded_key(key_of(table, row))): row
        for table in ("odcr_capacity", "odcr_option")
        for row in tables.get(table, ())
    }
    keys = dict.fromkeys(key for table, key in edits if table in ("odcr_capacity", "odcr_option"))
    for key in keys:
        target, option = edits.get(("odcr_capacity", key)), edits.get(("odcr_option", key))
        wanted = _both(target, "odcr_capacity", rows.get(("odcr_capacity", key), {}))
        options = _both(option, "odcr_option", rows.get(("odcr_option", key), {}))
        yield _demand((target or option), ("", *key), "", "Target_Capacity", wanted, options, recorded)  # type: ignore[arg-type]
    for (table, key), edit in edits.items():
        if table == "odcr_group":
            both = edit.before, edit.after
            unit = " vCPUs" if edit.before["Unit"] == "vcpus" else ""
            yield _demand(edit, (*key, "", ""), unit, "TotalTargetCapacity", both, both, recorded)


def _both(edit: Edit | None, table: str, row: Row) -> tuple[Any, Any]:
    """The columns before and after."""
    return (edit.before, edit.after) if edit else (values_of(table, row),) * 2


def _demand(
    edit: Edit, key: Key, unit: str, column: str, wanted: tuple[Any, Any], options: tuple[Any, Any], recorded: Any
) -> _Demand:
    before, after = ({name: values[name] for name in _FIXED} for values in options)
    is_gone = edit.kind is Kind.REMOVED and edit.table != "odcr_option"
    held = number(recorded.get(key, {}).get("Reserved"))
    return _Demand(edit.name, unit, held, number(wanted[0][column]), number(wanted[1][column]), is_gone, before, after)


def _status_key(row: Row) -> Key:
    return tuple(str(row.get(name) or "") for name in ("Group_Name", "InstanceType", "AvailabilityZone"))
