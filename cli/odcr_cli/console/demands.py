"""The page Demands: how each stands."""

from datetime import datetime, timedelta
from typing import Any

import flask
from flask import Blueprint, current_app, g, request
from markupsafe import Markup

from odcr_cli.console.reading import Read
from odcr_cli.console.shown import key_in_page, mark_of, status_word
from odcr_cli.demands import Demand, read_demands, sums_of
from odcr_cli.series import series_of
from odcr_cli.sparkline import sparkline

page = Blueprint("demands", __name__, url_prefix="/demands")

SORTS = ("attention", "name", "missing", "cost")
SHOWS = ("all", "unmet", "met")
_SPAN = timedelta(hours=24)
_PATIENCE = 0.25
"""Seconds that the page waits for the history; then it comes without lines, and they follow with the next look."""
_URGENCY = {"bad": 0, "odd": 2, "wait": 1, "idle": 3, "good": 4}


@page.get("/")
def show() -> str:
    """All demands."""
    demands = Read(lambda: read_demands(g.source), [])
    sort = request.args.get("sort", SORTS[0])
    rows = sorted(demands.value, key=lambda demand: _rank(demand, sort))
    query, shows = request.args.get("q", "").strip(), request.args.get("show", SHOWS[0])
    lines = Read(lambda: _lines(demands.value, g.source.now()), {}) if demands.value else Read(dict, {})
    return flask.render_template(
        "demands.html",
        demands=rows,
        sums=sums_of(demands.value),
        lines=lines.value,
        troubles=[one.trouble for one in (demands, lines) if one.trouble],
        query=query,
        shows=shows,
        sort=sort,
        text_of=text_of,
        hidden={key_in_page(one) for one in rows if not _matches(one, query.casefold(), shows)},
    )


def text_of(demand: Demand) -> str:
    """What the filter looks at; the page's script looks at the same."""
    pools = " ".join(pool.name for pool in demand.pools)
    text = f"{demand.name} {pools} {demand.status} {status_word(demand.status)} {demand.reason}"
    return " ".join(text.casefold().split())


def _matches(demand: Demand, query: str, shows: str) -> bool:
    if shows in ("met", "unmet") and demand.is_met != (shows == "met"):
        return False
    return all(word in text_of(demand) for word in query.split())


def _rank(demand: Demand, sort: str) -> Any:
    name = (demand.is_group, demand.name)
    if sort == "missing":
        return (-demand.missing, name)
    if sort == "cost":
        return (-(demand.hourly_cost or 0), name)
    if sort == "name":
        return (demand.name, name)
    return (demand.is_met, _URGENCY[mark_of(demand.status).css], name)


def _lines(demands: list[Demand], now: datetime) -> dict[str, Markup]:
    """A line for each demand; none while the history is still being read."""
    start = now - _SPAN
    history = current_app.config["HISTORY"].ready(g.source, start, _PATIENCE)
    if history is None:
        return {}
    # Those of demands that are gone come last.
    of_demands = zip(demands, series_of(history, demands, start, now), strict=False)
    # Numbers only.
    return {key_in_page(one): Markup(sparkline(series, start=start)) for one, series in of_demands}  # noqa: S704
