"""Held and wanted over time, from `odcr_history`. Each value holds until the next one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from odcr_cli.demands import NEW, Demand
from odcr_cli.door import Row
from odcr_cli.formatting import parse_moment

_HOUR = "hour "
"""How `Execution` begins in a row that sums up an hour's attempts: docs/reference/tables.md, "odcr_history"."""

Steps = list[tuple[datetime, float]]
"""Moments and values; each value holds until the next moment."""

Level = tuple[float, float]
"""Held and wanted."""


@dataclass(frozen=True)
class Series:
    """A demand's values over time in its unit, or the totals. The last value holds until `end`."""

    name: str
    unit: str
    times: tuple[datetime, ...]
    held: tuple[float, ...]
    wanted: tuple[float, ...]
    end: datetime
    is_group: bool = False
    is_there: bool = True
    """Whether the demand is still wanted."""
    lacking: tuple[float, ...] | None = None
    """The missing values of a total: one demand's excess does not make up for another's shortage."""

    @property
    def missing(self) -> tuple[float, ...]:
        """Never below 0."""
        if self.lacking is not None:
            return self.lacking
        return tuple(max(0.0, wanted - held) for wanted, held in zip(self.wanted, self.held, strict=True))


def series_of(history: Iterable[Row], demands: Iterable[Demand], start: datetime, end: datetime) -> list[Series]:
    """The series of each demand, then those of demands that are gone.

    Args:
        history: rows of `odcr_history` since `start`, or earlier.
        demands: the current demands.
        start: the first moment to return.
        end: the moment when `demands` was read.
    """
    rows: dict[tuple[str, str, str], list[Row]] = {}
    for row in history:
        if not _group(row) or not row["InstanceType"]:
            rows.setdefault(history_key(row), []).append(row)
    all_series = [_of_demand(demand, rows.pop(_key_of(demand), []), start, end) for demand in demands]
    for (group, *_), theirs in rows.items():
        unit = str(theirs[-1].get("Unit") or "instances")
        steps = _ended(levels_over_time(theirs, start, end), end)
        all_series.append(_series(demand_named(theirs[0]), unit, steps, end, is_group=bool(group), is_there=False))
    return all_series


def total_of(series: Sequence[Series], name: str = "") -> Series:
    """The total of all series that count instances."""
    counted = [part for part in series if part.unit == "instances"]
    end = max((part.end for part in series), default=datetime.now(UTC))
    columns = [
        sum_of([list(zip(part.times, getattr(part, column), strict=True)) for part in counted])
        for column in ("held", "wanted", "missing")
    ]
    times = tuple(sorted({moment for column in columns for moment, _ in column}))
    held, wanted, missing = (_at(column, times) for column in columns)
    return Series(name, "instances", times, held, wanted, end, lacking=missing)


def is_change(row: Row) -> bool:
    """Whether a row of `odcr_history` is a change, rather than the sum of an hour's attempts."""
    return not str(row["Execution"]).startswith(_HOUR)


def level_changes(rows: Iterable[Row]) -> list[Row]:
    """The rows whose held or wanted differs from the previous row of the same pool."""
    before: dict[tuple[str, str, str], tuple[object, object]] = {}
    changes = []
    for row in sorted(rows, key=lambda row: (str(row["Recorded"]), is_change(row))):
        key, says = history_key(row), (row["Reserved"], row["Target_Capacity"])
        if before.get(key) != says:
            before[key] = says
            changes.append(row)
    return changes


def demand_named(row: Row) -> str:
    """The name of the demand in a row of `odcr_history`."""
    return _group(row) or f"{row['InstanceType']} {row['AvailabilityZone']}"


def _of_demand(demand: Demand, rows: list[Row], start: datetime, end: datetime) -> Series:
    is_new = demand.status == NEW and not rows
    held, wanted = float(demand.held), float(demand.wanted)
    steps = levels_over_time(rows, end if is_new else start, end, held_now=held, wanted_now=wanted)
    return _series(demand.name, demand.unit, steps, end, is_group=demand.is_group, is_there=demand.is_there)


def _ended(steps: list[tuple[datetime, Level]], end: datetime) -> list[tuple[datetime, Level]]:
    """Ends the steps of a demand that is gone: a run that still saw it would have left a row within the hour."""
    if not steps or not any(steps[-1][1]):
        return steps
    return [*steps, (min(end, steps[-1][0] + timedelta(minutes=1)), (0.0, 0.0))]


def levels_over_time(
    rows: list[Row],
    start: datetime,
    end: datetime,
    *,
    held_now: float | None = None,
    wanted_now: float | None = None,
) -> list[tuple[datetime, Level]]:
    """Held and wanted at each change between two moments. Without rows nothing has changed."""
    ordered = sorted(rows, key=lambda row: (str(row["Recorded"]), is_change(row)))
    steps: list[tuple[datetime, Level]] = []
    held, wanted = held_now or 0.0, wanted_now or 0.0
    for index, row in enumerate(ordered):
        after = float(row["Reserved"] or 0)
        wished = row["Target_Capacity"]
        if index == 0:
            # The first row records only the state afterwards and what the run added.
            is_new = row["Previous_Status"] is None
            before = after - float(row["Acquired"] or 0) + float(row["Lost"] or 0)
            held = 0.0 if is_new else max(0.0, before)
            # If the target was met, what was wanted then equals what was held.
            was_met = row["Previous_Status"] in ("FULFILLED", "PENDING")
            wanted = 0.0 if is_new else held if was_met else float(wished or 0)
            if not is_new:
                steps.append((start, (held, wanted)))
        held = after
        wanted = wanted if wished is None else float(wished)
        steps.append((parse_moment(row["Recorded"]), (held, wanted)))
    if not ordered and held_now is not None:
        steps.append((start, (held, wanted)))
    if held_now is not None:
        # Wanted may have changed since the last run.
        steps.append((end, (held_now, wanted if wanted_now is None else wanted_now)))
    return _within(steps, start, end)


def _within(steps: list[tuple[datetime, Level]], start: datetime, end: datetime) -> list[tuple[datetime, Level]]:
    """The steps within two moments, without repetitions; an earlier value applies at the start."""
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
    is_group: bool,
    is_there: bool,
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
    summed = []
    for moment in sorted(changes):
        level += changes[moment]
        summed.append((moment, round(level, 6)))
    return summed


def _at(steps: Steps, times: Sequence[datetime]) -> tuple[float, ...]:
    level, index, values = 0.0, 0, []
    for moment in times:
        while index < len(steps) and steps[index][0] <= moment:
            level = steps[index][1]
            index += 1
        values.append(level)
    return tuple(values)


def _group(row: Mapping[str, object]) -> str:
    return str(row.get("Group_Name") or "")


def history_key(row: Row) -> tuple[str, str, str]:
    return _group(row), str(row["InstanceType"]), str(row["AvailabilityZone"])


def _key_of(demand: Demand) -> tuple[str, str, str]:
    return (demand.name, "", "") if demand.is_group else ("", demand.pools[0].instance_type, demand.pools[0].zone)
