"""The plots of a time span, for a standalone file and for the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from odcr_cli import plots
from odcr_cli.canvas import Words
from odcr_cli.demand_tables import read_demands_and_prices
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
"""The most plots of single demands in one set."""


def plots_of(
    source: Source, history: list[Row], start: datetime, end: datetime, parts: Sequence[str] = ()
) -> list[TitledPlot]:
    """Held against wanted, spend and requests, as SVG elements. Shows the demands that were missing most.

    Args:
        source: the account or the recording.
        history: rows of `odcr_history` since the start.
        start, end: the time span.
        parts: parts of the names of demands; empty for all demands.

    Raises:
        Trouble: if there is no such demand.
    """

    def is_named(name: str) -> bool:
        return all(part.casefold() in name.casefold() for part in parts)

    every, prices = read_demands_and_prices(source)
    demands = [demand for demand in every if is_named(demand.name)]
    rows = [row for row in history if is_named(demand_named(row))]
    series = [candidate for candidate in series_of(rows, demands, start, end) if candidate.times]
    if parts and not series:
        raise Trouble(f"There is no demand {' '.join(parts)!r}. `odcr status` lists them.")
    # All plots begin at the first moment known for any demand.
    first = min((drawn.times[0] for drawn in series), default=start)
    drawings = []
    if len(series) != 1:
        title = "All demands, in instances"
        drawings.append(TitledPlot(title, plots.held_and_wanted(total_of(series), Words(title=title), first)))
    for drawn in sorted(series, key=lambda drawn: -max(drawn.missing))[:MAX_DEMANDS]:
        title = _titled(drawn.name, drawn.unit)
        drawings.append(TitledPlot(title, plots.held_and_wanted(drawn, Words(title=title), first)))
    for spent in spend_of(rows, demands, prices, start, end):
        title = f"Cost per hour in {spent.currency}, at current prices"
        drawings.append(TitledPlot(title, plots.spend(spent, Words(title=title), first)))
    title = "Requests to EC2 per hour"
    drawings.append(TitledPlot(title, plots.requests(requests_of(rows, start, end), Words(title=title))))
    return drawings


def plot_sheet(source: Source, history: list[Row], start: datetime, end: datetime, parts: Sequence[str]) -> str:
    """The plots as a standalone SVG file."""
    return plots.standalone(*(plot.svg for plot in plots_of(source, history, start, end, parts)))


def _titled(name: str, unit: str) -> str:
    return name if unit == "instances" else f"{name}, in {unit}"
