"""The plots of a span of time, as a file of its own and as the report shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from odcr_cli import plots
from odcr_cli.canvas import Words
from odcr_cli.demands import read_demands_and_prices
from odcr_cli.door import Row
from odcr_cli.request_counts import requests_of
from odcr_cli.series import demand_named, series_of, total_of
from odcr_cli.source import Source
from odcr_cli.spend import spend_of
from odcr_cli.trouble import Trouble


@dataclass(frozen=True)
class TitledPlot:
    """A plot and its title."""

    title: str
    svg: str


MAX_DEMANDS = 12
"""Plots of single demands in one picture."""


def plots_of(
    source: Source, history: list[Row], start: datetime, end: datetime, parts: Sequence[str] = ()
) -> list[TitledPlot]:
    """Held against wanted, spend and requests, as SVG elements; of the demands those of which most was missing.

    Args:
        source: what is looked at.
        history: rows of `odcr_history` from the start on.
        start, end: the span.
        parts: of the names of demands; empty: all of them.

    Raises:
        Trouble: if there is no such demand.
    """

    def is_named(name: str) -> bool:
        return all(part.casefold() in name.casefold() for part in parts)

    every, prices = read_demands_and_prices(source)
    demands = [one for one in every if is_named(one.name)]
    rows = [row for row in history if is_named(demand_named(row))]
    series = [one for one in series_of(rows, demands, start, end) if one.times]
    if parts and not series:
        raise Trouble(f"There is no demand {' '.join(parts)!r}. `odcr status` lists them.")
    # All of them begin where there is something to be seen in one.
    first = min((one.times[0] for one in series), default=start)
    found = []
    if len(series) != 1:
        title = "All demands, in instances"
        found.append(TitledPlot(title, plots.held_and_wanted(total_of(series), Words(title=title), first)))
    for one in sorted(series, key=lambda one: -max(one.missing))[:MAX_DEMANDS]:
        title = _titled(one.name, one.unit)
        found.append(TitledPlot(title, plots.held_and_wanted(one, Words(title=title), first)))
    for spent in spend_of(rows, demands, prices, start, end):
        title = f"What an hour costs, in {spent.currency} at the prices of now"
        found.append(TitledPlot(title, plots.spend(spent, Words(title=title), first)))
    title = "Requests to EC2, by the hour"
    found.append(TitledPlot(title, plots.requests(requests_of(rows, start, end), Words(title=title))))
    return found


def plot_sheet(source: Source, history: list[Row], start: datetime, end: datetime, parts: Sequence[str] = ()) -> str:
    """The same as a file of its own."""
    return plots.standalone(*(one.svg for one in plots_of(source, history, start, end, parts)))


def _titled(name: str, unit: str) -> str:
    return name if unit == "instances" else f"{name}, in {unit}"
