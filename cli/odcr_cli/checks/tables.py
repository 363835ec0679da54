"""What the tables say that no run can follow."""

from collections.abc import Iterator

from odcr_cli.answers import moment, plain
from odcr_cli.checks.line import Level, Line, NotAsked, ask
from odcr_cli.checks.look import Look, moment_in
from odcr_cli.door import Door


def check_version(look: Look) -> Iterator[Line]:
    """The tables' version and the functions': docs/architecture.md, "The tables have a version"."""
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
        rejected = ask("lambda:InvokeFunction", lambda: Door(look.account).targets()).get("Rejected", [])
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"The rows were not validated: {error}.", "")
        return
    for one in rejected:
        names = [one.get(key) for key in ("Group_Name", "GroupName", "InstanceType", "AvailabilityZone")]
        text = plain(" ".join(str(part) for part in names if part))
        yield Line(name, Level.ERROR, f"{text}: {plain(str(one.get('Reason', '')))}", "Correct the row.")
    strays = list(_strays(look))
    yield from strays
    if not rejected and not strays:
        yield Line(name, Level.OK, f"All {len(look.demands)} demands are understood.")


def _strays(look: Look) -> Iterator[Line]:
    name = "rows"
    keys = ("InstanceType", "AvailabilityZone")
    targets = {tuple(str(row.get(key)) for key in keys) for row in look.rows("odcr_capacity")}
    for row in look.rows("odcr_option"):
        key = tuple(str(row.get(one)) for one in keys)
        if key not in targets:
            seen = f"odcr_option has {plain(' '.join(key))}, and odcr_capacity has no such row: it has no effect."
            yield Line(name, Level.ERROR, seen, "Correct the type or the zone, or delete the option.")
    groups = {str(row.get("Group_Name")) for row in look.rows("odcr_group")}
    members = {str(row.get("Group_Name")) for row in look.rows("odcr_group_member")}
    for group in sorted(members - groups):
        seen = f"odcr_group_member has the group {plain(group)}, and odcr_group has not: it has no effect."
        yield Line(name, Level.ERROR, seen, "Add the group, or delete its members.")
    for group in sorted(groups - members):
        yield Line(name, Level.ERROR, f"The group {plain(group)} has no members.", "Add the pools that it may take.")


def check_dates(look: Look) -> Iterator[Line]:
    """Starts, deadlines and ends that do not fit: docs/demands.md."""
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
