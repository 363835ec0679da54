"""What the tables say that no run can follow."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from odcr_cli.answers import moment, plain
from odcr_cli.checks.line import Level, Line, NotAsked, ask
from odcr_cli.checks.look import Look, moment_in
from odcr_cli.door import Door, Row, folded
from odcr_cli.regions import region_of

_ZONE_ID = re.compile(r"[a-z]+[0-9]{1,2}(?:-[a-z0-9]+)*-(?:az|wlz)[0-9]+")


def check_version(look: Look) -> Iterator[Line]:
    """The tables' version and the functions': docs/explanation/architecture.md, "The database"."""
    name = "version"
    rows = look.rows("odcr_version")
    tables = max((int(row.get("Version") or 0) for row in rows), default=0)
    function = look.source.stack.output("ManageTargetsFunction")
    code = int(look.account.invoke(function, {"Read": "odcr_version"}).get("Version") or 0)
    if tables == code:
        yield Line(name, Level.OK, f"The tables are of version {tables}, as the functions need them.")
    else:
        seen = f"The tables are of version {tables}, and the functions work with {code}."
        advice = (
            "Deploy the newer odcr again." if tables > code else "The next run updates them; if not, see its error."
        )
        yield Line(name, Level.ERROR, seen, advice)


def check_rows(look: Look) -> Iterator[Line]:
    """What the next run would reject, by LoadTargets' own rules."""
    name = "rows"
    try:
        plan = ask("lambda:InvokeFunction", lambda: Door(look.account).targets())
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"The rows were not validated: {error}.", "")
        return
    lines = [_rejected(_name(one), str(one.get("Reason", ""))) for one in plan["Rejected"]]
    lines += _rejected_before(look, plan)
    lines += strays(look)
    yield from lines
    if not plan["Complete"]:
        seen = (
            f"One run takes {len(plan['Targets']):,} of the {len(look.demands):,} demands; only these were validated."
        )
        yield Line(name, Level.WARNING, seen, "Check again: it is another part each time. Or look at `odcr status`.")
    elif not lines:
        yield Line(name, Level.OK, f"All {len(look.demands):,} demands are understood.")


def _rejected(what: str, reason: str) -> Line:
    return Line("rows", Level.ERROR, f"{plain(what)}: {plain(reason)}", "Correct the row.")


def _name(event: Mapping[str, Any]) -> str:
    names = (event.get(key) for key in ("GroupName", "InstanceType", "AvailabilityZone"))
    return " ".join(str(part) for part in names if part)


def _rejected_before(look: Look, plan: Mapping[str, Any]) -> Iterator[Line]:
    """What an earlier run has rejected, and recorded: LoadTargets hands on what is news only."""
    there = {folded(_name(event)) for event in (*plan["Targets"], *plan["Rejected"])}
    # Of a part, it is not known why something is not in it.
    statuses = ("INVALID", "FAILED") if plan["Complete"] else ("INVALID",)
    for demand in look.demands:
        if demand.status in statuses and folded(demand.name) not in there:
            yield _rejected(demand.name, demand.reason)


def strays(look: Look) -> Iterator[Line]:
    """Options, groups and members that belong to nothing: as functions/odcr/domain/row_problems.py finds them."""
    name = "rows"
    zones: dict[str, set[str]] = {}
    for row in look.rows("odcr_capacity"):
        zones.setdefault(_folded(row, "InstanceType"), set()).add(_folded(row, "AvailabilityZone"))
    for row in look.rows("odcr_option"):
        zone, known = _folded(row, "AvailabilityZone"), zones.get(_folded(row, "InstanceType"), set())
        if zone not in known and not any(_may_be_same(zone, other) for other in known):
            key = plain(f"{row.get('InstanceType')} {row.get('AvailabilityZone')}")
            seen = f"odcr_option has {key}, and odcr_capacity has no such row: it has no effect."
            yield Line(name, Level.ERROR, seen, "Correct the type or the zone, or delete the option.")
    groups = {_folded(row, "Group_Name"): row["Group_Name"] for row in look.rows("odcr_group")}
    members = {_folded(row, "Group_Name"): row["Group_Name"] for row in look.rows("odcr_group_member")}
    for group in sorted(members.keys() - groups.keys()):
        seen = (
            f"odcr_group_member has the group {plain(str(members[group]))}, and odcr_group has not: it has no effect."
        )
        yield Line(name, Level.ERROR, seen, "Add the group, or delete its members.")
    for group in sorted(groups.keys() - members.keys()):
        seen = f"The group {plain(str(groups[group]))} has no members."
        yield Line(name, Level.ERROR, seen, "Add the pools that it may take.")


def _folded(row: Row, column: str) -> str:
    """A name in other letter cases, or with blanks around it, is the same."""
    return folded(str(row.get(column)))


def _may_be_same(zone: str, other: str) -> bool:
    """Whether one is a zone's name and the other an id, of the same Region: which is which, only EC2 knows."""
    is_id = [_ZONE_ID.fullmatch(one) is not None for one in (zone, other)]
    regions = {region_of(zone), region_of(other)} - {None}
    return is_id[0] != is_id[1] and len(regions) == 1


def check_dates(look: Look) -> Iterator[Line]:
    """Starts, deadlines and ends that do not fit: docs/how-to/demands.md."""
    name = "dates"
    now, lines = look.source.now(), []
    for demand in look.demands:
        start, deadline, end = (moment_in(demand.options, one) for one in ("Start_At", "Deadline", "End_Date"))
        text = plain(demand.name)
        if deadline and deadline <= now and not demand.is_met and not demand.verdict:
            seen = f"{text}: its deadline {moment(deadline)} has passed."
            lines.append(Line(name, Level.WARNING, seen, "Set a later one, or remove it."))
        if start and deadline and start >= deadline:
            seen = f"{text}: asking starts at {moment(start)}, and the deadline is {moment(deadline)}."
            lines.append(Line(name, Level.ERROR, seen, "Start days before the deadline: capacity takes time."))
        if end and end <= now:
            seen = f"{text}: its reservations were to end at {moment(end)}."
            lines.append(Line(name, Level.ERROR, seen, "Set a later End_Date, or delete the row."))
        elif end and deadline and end <= deadline:
            seen = f"{text}: its reservations end at {moment(end)}, before the deadline {moment(deadline)}."
            lines.append(Line(name, Level.ERROR, seen, "Set an End_Date after what it is held for."))
    yield from lines
    if not lines:
        yield Line(name, Level.OK, "No start, deadline or end is in the way.")
