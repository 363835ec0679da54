"""Rows of the tables that no run can carry out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from odcr_cli.checks.inputs import CheckInputs, moment_in
from odcr_cli.checks.line import Level, Line, ask_aws
from odcr_cli.door import Door, Row, folded
from odcr_cli.formatting import format_moment, printable
from odcr_cli.regions import region_of

_ZONE_ID = re.compile(r"[a-z]+[0-9]{1,2}(?:-[a-z0-9]+)*-(?:az|wlz)[0-9]+")


def check_version(inputs: CheckInputs) -> Iterator[Line]:
    """Whether the tables' version is the functions': docs/explanation/architecture.md, "The database"."""
    name = "version"
    rows = inputs.rows("odcr_version")
    tables = max((int(row.get("Version") or 0) for row in rows), default=0)
    function = inputs.source.stack.output("ManageTargetsFunction")
    code = int(inputs.account.invoke(function, {"Read": "odcr_version"}).get("Version") or 0)
    if tables == code:
        yield Line(name, Level.OK, f"The tables are of version {tables}, as the functions need them.")
    else:
        seen = f"The tables are of version {tables}, and the functions work with {code}."
        advice = (
            "Deploy the newer odcr again." if tables > code else "The next run updates them; if not, see its error."
        )
        yield Line(name, Level.ERROR, seen, advice)


def check_rows(inputs: CheckInputs) -> Iterator[Line]:
    """What the next run would reject, by LoadTargets' own rules."""
    name = "rows"
    plan = ask_aws("lambda:InvokeFunction", lambda: Door(inputs.account).targets())
    lines = [_rejected(_name(event), str(event.get("Reason", ""))) for event in plan["Rejected"]]
    lines += _rejected_before(inputs, plan)
    lines += strays(inputs)
    yield from lines
    if not plan["Complete"]:
        seen = (
            f"One run takes {len(plan['Targets']):,} of the {len(inputs.demands):,} demands; only these were validated."
        )
        yield Line(name, Level.WARNING, seen, "Check again: it is another part each time. Or look at `odcr status`.")
    elif not lines:
        yield Line(name, Level.OK, f"All {len(inputs.demands):,} demands are understood.")


def _rejected(what: str, reason: str) -> Line:
    return Line("rows", Level.ERROR, f"{printable(what)}: {printable(reason)}", "Correct the row.")


def _name(event: Mapping[str, Any]) -> str:
    names = (event.get(key) for key in ("GroupName", "InstanceType", "AvailabilityZone"))
    return " ".join(str(part) for part in names if part)


def _rejected_before(inputs: CheckInputs, plan: Mapping[str, Any]) -> Iterator[Line]:
    """What an earlier run rejected and recorded: LoadTargets reports a rejection only once."""
    there = {folded(_name(event)) for event in (*plan["Targets"], *plan["Rejected"])}
    # In a partial plan, a FAILED demand may be absent for other reasons.
    statuses = ("INVALID", "FAILED") if plan["Complete"] else ("INVALID",)
    for demand in inputs.demands:
        if demand.status in statuses and folded(demand.name) not in there:
            yield _rejected(demand.name, demand.reason)


def strays(inputs: CheckInputs) -> Iterator[Line]:
    """Options, groups and members without their counterpart, as functions/odcr/domain/row_problems.py finds them."""
    name = "rows"
    zones: dict[str, set[str]] = {}
    for row in inputs.rows("odcr_capacity"):
        zones.setdefault(_folded(row, "InstanceType"), set()).add(_folded(row, "AvailabilityZone"))
    for row in inputs.rows("odcr_option"):
        zone, known = _folded(row, "AvailabilityZone"), zones.get(_folded(row, "InstanceType"), set())
        if zone not in known and not any(_may_be_same_zone(zone, other) for other in known):
            key = printable(f"{row.get('InstanceType')} {row.get('AvailabilityZone')}")
            seen = f"odcr_option has {key}, and odcr_capacity has no such row: it has no effect."
            yield Line(name, Level.ERROR, seen, "Correct the type or the zone, or delete the option.")
    groups = {_folded(row, "Group_Name"): row["Group_Name"] for row in inputs.rows("odcr_group")}
    members = {_folded(row, "Group_Name"): row["Group_Name"] for row in inputs.rows("odcr_group_member")}
    for group in sorted(members.keys() - groups.keys()):
        seen = f"odcr_group_member names the group {printable(str(members[group]))}, which odcr_group lacks: no effect."
        yield Line(name, Level.ERROR, seen, "Add the group, or delete its members.")
    for group in sorted(groups.keys() - members.keys()):
        seen = f"The group {printable(str(groups[group]))} has no members."
        yield Line(name, Level.ERROR, seen, "Add the pools that it may take.")


def _folded(row: Row, column: str) -> str:
    """A name in other letter cases, or with blanks around it, is the same."""
    return folded(str(row.get(column)))


def _may_be_same_zone(zone: str, other: str) -> bool:
    """Whether one may be the other's id. Unlike in `odcr_cli.regions`, a zone in no known Region may be in any."""
    is_id = [_ZONE_ID.fullmatch(name) is not None for name in (zone, other)]
    regions = {region_of(zone), region_of(other)} - {None}
    return is_id[0] != is_id[1] and len(regions) == 1


def check_dates(inputs: CheckInputs) -> Iterator[Line]:
    """Starts, deadlines and end dates that conflict: docs/how-to/demands.md."""
    name = "dates"
    now, lines = inputs.source.now(), []
    for demand in inputs.demands:
        start, deadline, end = (moment_in(demand.options, column) for column in ("Start_At", "Deadline", "End_Date"))
        text = printable(demand.name)
        if deadline and deadline <= now and not demand.is_met and not demand.verdict:
            seen = f"{text}: its deadline {format_moment(deadline)} has passed."
            lines.append(Line(name, Level.WARNING, seen, "Set a later one, or remove it."))
        if start and deadline and start >= deadline:
            seen = f"{text}: asking starts at {format_moment(start)}, and the deadline is {format_moment(deadline)}."
            lines.append(Line(name, Level.ERROR, seen, "Start days before the deadline: capacity takes time."))
        if end and end <= now:
            seen = f"{text}: its reservations were to end at {format_moment(end)}."
            lines.append(Line(name, Level.ERROR, seen, "Set a later End_Date, or delete the row."))
        elif end and deadline and end <= deadline:
            seen = (
                f"{text}: its reservations end at {format_moment(end)}, before the deadline {format_moment(deadline)}."
            )
            lines.append(Line(name, Level.ERROR, seen, "Set an End_Date after what it is held for."))
    yield from lines
    if not lines:
        yield Line(name, Level.OK, "No start, deadline or end date is in the way.")
