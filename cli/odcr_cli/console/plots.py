"""The page Plots: held and wanted, missing, spend and requests over time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import flask
from flask import Blueprint, current_app, g, request
from markupsafe import Markup

from odcr_cli import plots
from odcr_cli.canvas import Words
from odcr_cli.console.history_cache import HistoryCache, known_since
from odcr_cli.console.read_result import ReadResult
from odcr_cli.console.translation import translate as _
from odcr_cli.demand_tables import read_demands_and_prices
from odcr_cli.demands import Demand
from odcr_cli.door import Row
from odcr_cli.prices import Prices
from odcr_cli.request_counts import Requests, requests_of, together
from odcr_cli.series import Series, demand_named, level_changes, series_of, total_of
from odcr_cli.spend import Spend, spend_of

page = Blueprint("plots", __name__, url_prefix="/plots")

SPANS = {"6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_HOURS_TOGETHER = {"7d": 6, "30d": 24}
_ROWS = 200
_PATIENCE = 1.0
"""Seconds to wait for the history; after that the page shows what is cached, and the rest with the next refresh."""


@dataclass(frozen=True)
class Plot:
    """A plot and its numbers."""

    id: str
    title: str
    drawing: Markup
    columns: list[str]
    rows: list[tuple[datetime, list[str]]]
    """Newest first."""
    more: int


@page.get("/")
def show() -> str:
    """Shows the plots of all demands, or of one."""
    end = g.source.now()
    span = request.args.get("span", "24h")
    start = end - SPANS.get(span, SPANS["24h"])
    tables = ReadResult(lambda: read_demands_and_prices(g.source), ([], Prices([])))
    demands, prices = tables.value
    kept: HistoryCache = current_app.config["HISTORY"]
    ready = ReadResult(lambda: kept.rows_within(g.source, start, _PATIENCE), [])
    is_whole = ready.value is not None
    history: list[Row] = ready.value if ready.value is not None else kept.available_rows(g.source, start)
    start = known_since(history, start if is_whole else kept.available_since(g.source, start))
    changes = level_changes(history)
    series = series_of(changes, demands, start, end)
    name = request.args.get("demand", "")
    chosen = next((candidate for candidate in series if candidate.name == name), None)
    shown_demands, rows = _of(chosen, demands, changes)
    asked = _of(chosen, demands, history)[1]
    shown = chosen or total_of(series, _("All demands that count instances"))
    drawn = [
        _held_and_wanted(shown),
        _missing(shown),
        *(_spend(spend) for spend in spend_of(rows, shown_demands, prices, start, end)),
        _requests(together(requests_of(asked, start, end), _HOURS_TOGETHER.get(span, 1))),
    ]
    return flask.render_template(
        "plots.html",
        plots=drawn,
        names=sorted({candidate.name for candidate in series}),
        chosen=chosen.name if chosen else "",
        spans=list(SPANS),
        span=span if span in SPANS else "24h",
        troubles=[result.trouble for result in (tables, ready) if result.trouble],
        is_whole=is_whole,
    )


def _of(chosen: Series | None, demands: list[Demand], history: list[Row]) -> tuple[list[Demand], list[Row]]:
    """The chosen demand and its rows; all if none is chosen."""
    if chosen is None:
        return demands, history
    name = chosen.name
    return [demand for demand in demands if demand.name == name], [row for row in history if demand_named(row) == name]


def _words(title: str) -> Words:
    return Words(
        title=title,
        held=_("held"),
        wanted=_("wanted"),
        missing=_("missing"),
        per_hour=_("an hour"),
        granted=_("other answers"),
        refused=_("refused"),
        nothing=_("Nothing is recorded for this time."),
        now=_("now"),
    )


def _held_and_wanted(series: Series) -> Plot:
    title = _("Held and wanted")
    rows = [
        (moment, [f"{held:g}", f"{wanted:g}"])
        for moment, held, wanted in zip(series.times, series.held, series.wanted, strict=True)
    ]
    return _plot("held", title, plots.held_and_wanted(series, _words(title)), [_("held"), _("wanted")], rows)


def _missing(series: Series) -> Plot:
    title = _("Missing")
    rows = [(moment, [f"{value:g}"]) for moment, value in zip(series.times, series.missing, strict=True)]
    changed = [*rows[:1], *(after for before, after in pairwise(rows) if before[1] != after[1])]
    return _plot("missing", title, plots.missing(series, _words(title)), [_("missing")], changed)


def _spend(spend: Spend) -> Plot:
    title = _("Cost of an hour, {currency}", currency=spend.currency)
    rows = [(moment, [f"{value:,.2f}"]) for moment, value in zip(spend.times, spend.amounts, strict=True)]
    return _plot(f"spend-{spend.currency}", title, plots.spend(spend, _words(title)), [spend.currency], rows)


def _requests(requests: Requests) -> Plot:
    titles = {1: _("Requests to EC2, each hour"), 6: _("Requests to EC2, every 6 hours")}
    title = titles.get(requests.width // timedelta(hours=1), _("Requests to EC2, each day"))
    counts = zip(requests.hours, requests.calls, requests.refusals, strict=True)
    rows = [(hour, [str(calls), str(refused)]) for hour, calls, refused in counts]
    return _plot("requests", title, plots.requests(requests, _words(title)), [_("requests"), _("refused")], rows)


def _plot(id_: str, title: str, drawing: str, columns: list[str], rows: list[tuple[datetime, list[str]]]) -> Plot:
    newest = rows[::-1]
    # The module `canvas` escapes the texts.
    return Plot(id_, title, Markup(drawing), columns, newest[:_ROWS], max(0, len(newest) - _ROWS))  # noqa: S704
