"""What was held and wanted over time, from `odcr_history`. Values hold until the next one: steps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from odcr_cli.answers import moment_of
from odcr_cli.demands import NEW, Demand
from odcr_cli.door import Row

_HOUR = "hour "
"""So the `Execution` of a row begins that sums up an hour's attempts: docs/reference/tables.md, "odcr_history"."""

Steps = list[tuple[datetime, float]]
"""Each value holds from its moment on."""

Level = tuple[float, float]
"""Held and wanted."""


@dataclass(frozen=True)
class Series:
    """Of one demand, or of all together, in its own unit. Values hold until the next moment, the last until `end`."""

    name: str
    unit: str
    times: tuple[datetime, ...]
    held: tuple[float, ...]
    wanted: tuple[float, ...]
    end: datetime
    is_group: bool = False
    is_there: bool = True
    """Whether somebody wants it still."""
    lacking: tuple[float, ...] | None = None
    """What is missing, of several together: one's excess does not make up for another's shortage."""

    @property
    def missing(self) -> tuple[float, ...]:
        """Never below 0."""
        if self.lacking is not None:
            return self.lacking
        return tuple(max(0.0, wanted - held) for wanted, held in zip(self.wanted, self.held, strict=True))


def series_of(history: Iterable[Row], demands: Iterable[Demand], start: datetime, end: datetime) -> list[Series]:
    """How each demand stood over time, those that are gone last.

    Args:
        history: rows of `odcr_history` from `start` on; earlier ones do no harm.
        demands: as they stand now.
        start: the first moment that is of interest.
        end: the moment that `demands` is of.
    """
    rows: dict[tuple[str, str, str], list[Row]] = {}
    for row in history:
        if not _group(row) or not row["InstanceType"]:
            rows.setdefault(key_of_row(row), []).append(row)
    found = [_of_demand(demand, rows.pop(_key_of(demand), []), start, end) for demand in demands]
    for (group, *_), theirs in rows.items():
        unit = str(theirs[-1].get("Unit") or "instances")
        steps = _ended(stood(theirs, start, end), end)
        found.append(_series(demand_named(theirs[0]), unit, steps, end, is_group=bool(group), is_there=False))
    return found


def total_of(series: Sequence[Series], name: str = "") -> Series:
    """All that count instances, together."""
    counted = [one for one in series if one.unit == "instances"]
    end = max((one.end for one in series), default=datetime.now(UTC))
    columns = [
        sum_of([list(zip(one.times, getattr(one, column), strict=True)) for one in counted])
        for column in ("held", "wanted", "missing")
    ]
    times = tuple(sorted({moment for column in columns for moment, _ in column}))
    held, wanted, missing = (_at(column, times) for column in columns)
    return Series(name, "instances", times, held, wanted, end, lacking=missing)


def is_change(row: Row) -> bool:
    """Whether a row of `odcr_history` is a change, not the sum of an hour's attempts."""
    return not str(row["Execution"]).startswith(_HOUR)


def telling(rows: Iterable[Row]) -> list[Row]:
    """Those rows that say something else of what is held and wanted than the one before them of the same pool."""
    before: dict[tuple[str, str, str], tuple[object, object]] = {}
    found = []
    for row in sorted(rows, key=lambda row: (str(row["Recorded"]), is_change(row))):
        key, says = key_of_row(row), (row["Reserved"], row["Target_Capacity"])
        if before.get(key) != says:
            before[key] = says
            found.append(row)
    return found


def demand_named(row: Row) -> str:
    """The demand that a row of `odcr_history` is of."""
    return _group(row) or f"{row['InstanceType']} {row['AvailabilityZone']}"


def _of_demand(demand: Demand, rows: list[Row], start: datetime, end: datetime) -> Series:
    is_new = demand.status == NEW and not rows
    held, wanted = float(demand.held), float(demand.wanted)
    steps = stood(rows, end if is_new else start, end, held_now=held, wanted_now=wanted)
    return _series(demand.name, demand.unit, steps, end, is_group=demand.is_group, is_there=demand.is_there)


def _ended(steps: list[tuple[datetime, Level]], end: datetime) -> list[tuple[datetime, Level]]:
    """Of what the tables do not know any more: a run that saw it would have left a row within the hour."""
    if not steps or not any(steps[-1][1]):
        return steps
    return [*steps, (min(end, steps[-1][0] + timedelta(minutes=1)), (0.0, 0.0))]


def stood(
    rows: list[Row],
    start: datetime,
    end: datetime,
    *,
    held_now: float | None = None,
    wanted_now: float | None = None,
) -> list[tuple[datetime, Level]]:
    """(held, wanted) from moment to moment, within the two moments. Without rows nothing has changed."""
    ordered = sorted(rows, key=lambda row: (str(row["Recorded"]), is_change(row)))
    found: list[tuple[datetime, Level]] = []
    held, wanted = held_now or 0.0, wanted_now or 0.0
    for index, row in enumerate(ordered):
        after = float(row["Reserved"] or 0)
        wished = row["Target_Capacity"]
        if index == 0:
            # Only its state afterwards is recorded, and what the run added.
            is_new = row["Previous_Status"] is None
            before = after - float(row["Acquired"] or 0) + float(row["Lost"] or 0)
            held = 0.0 if is_new else max(0.0, before)
            # Of a target that was met, what was wanted then is what was held.
            was_met = row["Previous_Status"] in ("FULFILLED", "PENDING")
            wanted = 0.0 if is_new else held if was_met else float(wished or 0)
            if not is_new:
                found.append((start, (held, wanted)))
        held = after
        wanted = wanted if wished is None else float(wished)
        found.append((moment_of(row["Recorded"]), (held, wanted)))
    if not ordered and held_now is not None:
        found.append((start, (held, wanted)))
    if held_now is not None:
        # Somebody may have changed what is wanted since the last run.
        found.append((end, (held_now, wanted if wanted_now is None else wanted_now)))
    return _within(found, start, end)


def _within(steps: list[tuple[datetime, Level]], start: datetime, end: datetime) -> list[tuple[datetime, Level]]:
    """Clipped, and without repetitions; what held before the start holds at the start."""
    at: dict[datetime, Level] = {}
    for moment, value in steps:
        if moment <= end:
            at[max(moment, start)] = value
    kept: list[tuple[datetime, Level]] = []
    for moment, value in at.items():
        if not kept or kept[-1][1] != value:
            kept.append((moment, value))
    return kept


def _series(
    name: str,
    unit: str,
    steps: list[tuple[datetime, Level]],
    end: datetime,
    *,
    is_group: bool = False,
    is_there: bool = True,
) -> Series:
    return Series(
        name,
        unit,
        tuple(moment for moment, _ in steps),
        tuple(held for _, (held, _) in steps),
        tuple(wanted for _, (_, wanted) in steps),
        end,
        is_group,
        is_there,
    )


def sum_of(all_steps: Iterable[Steps]) -> Steps:
    changes: dict[datetime, float] = {}
    for steps in all_steps:
        before = 0.0
        for moment, value in steps:
            changes[moment] = changes.get(moment, 0.0) + value - before
            before = value
    level = 0.0
    found = []
    for moment in sorted(changes):
        level += changes[moment]
        found.append((moment, round(level, 6)))
    return found


def _at(steps: Steps, times: Sequence[datetime]) -> tuple[float, ...]:
    level, index, found = 0.0, 0, []
    for moment in times:
        while index < len(steps) and steps[index][0] <= moment:
            level = steps[index][1]
            index += 1
        found.append(level)
    return tuple(found)


def _group(row: Mapping[str, object]) -> str:
    return str(row.get("Group_Name") or "")


def key_of_row(row: Row) -> tuple[str, str, str]:
    return _group(row), str(row["InstanceType"]), str(row["AvailabilityZone"])


def _key_of(demand: Demand) -> tuple[str, str, str]:
    return (demand.name, "", "") if demand.is_group else ("", demand.pools[0].instance_type, demand.pools[0].zone)
