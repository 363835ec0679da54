"""The page Demands: status, held and wanted of each."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import flask
from flask import Blueprint, Response, current_app, g, request
from markupsafe import Markup

from odcr_cli.console.history_cache import known_since
from odcr_cli.console.page_text import key_in_page, mark_of, status_word
from odcr_cli.console.read_result import ReadResult
from odcr_cli.demand_tables import read_demands
from odcr_cli.demands import Demand, sums_of
from odcr_cli.door import Row
from odcr_cli.series import history_key, series_of
from odcr_cli.sparkline import sparkline

page = Blueprint("demands", __name__, url_prefix="/demands")

SORTS = ("attention", "name", "missing", "cost")
SHOWS = ("all", "unmet", "met")
_SPAN = timedelta(hours=24)
_PATIENCE = 0.25
"""Seconds to wait for the history; after that the sparklines come with the next refresh."""
_PIECES = 1_000
"""Template pieces sent together: some thirty kilobytes."""
_URGENCY = {"bad": 0, "odd": 2, "wait": 1, "idle": 3, "good": 4}


@page.get("/")
def show() -> Response:
    """Shows all demands."""
    now = g.source.now()
    demands = ReadResult(lambda: read_demands(g.source), [])
    history = ReadResult(lambda: current_app.config["HISTORY"].rows_within(g.source, now - _SPAN, _PATIENCE), None)
    sort = request.args.get("sort", SORTS[0])
    rows = sorted(demands.value, key=lambda demand: _rank(demand, sort))
    query, shows = request.args.get("q", "").strip(), request.args.get("show", SHOWS[0])
    return streamed(
        "demands.html",
        demands=rows,
        sums=sums_of(demands.value),
        line_of=_lines(history.value, now),
        troubles=[result.trouble for result in (demands, history) if result.trouble],
        query=query,
        shows=shows,
        sort=sort,
        text_of=text_of,
        hidden={key_in_page(row) for row in rows if not _matches(row, query.casefold(), shows)},
    )


def streamed(template: str, **values: Any) -> Response:
    """Streams a long page, so that its beginning shows while the rest is still being rendered."""
    flask.get_flashed_messages()  # once streaming, the cookies can no longer change
    pieces = flask.stream_template(template, **values)

    def parts() -> Iterator[str]:
        while part := "".join(islice(pieces, _PIECES)):
            yield part

    return Response(parts(), mimetype="text/html")


def text_of(demand: Demand) -> str:
    """The text that the filter searches, here and in the page's script."""
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
        return (_dearness(demand), name)
    if sort == "name":
        return (demand.name, name)
    return (demand.is_met, _URGENCY[mark_of(demand.status).css], name)


def _dearness(demand: Demand) -> tuple[bool, list[tuple[str, Decimal]]]:
    """A sort key: dearest first within each currency, then free and unknown."""
    costs = [(currency, -cost) for currency, cost in demand.costs.items() if cost]
    return not costs, costs


def _lines(history: list[Row] | None, now: datetime) -> Callable[[Demand], Markup]:
    """Draws a demand's sparkline; an empty text while the history is still being read."""
    by_demand: dict[tuple[str, str, str], list[Row]] = {}
    for row in history or []:
        by_demand.setdefault(history_key(row), []).append(row)
    start = known_since(history or [], now - _SPAN)

    def line_of(demand: Demand) -> Markup:
        if history is None:
            return Markup()
        pool = demand.pools[0] if not demand.is_group else None
        key = ("", pool.instance_type, pool.zone) if pool else (demand.name, "", "")
        (series, *_gone) = series_of(by_demand.get(key, []), [demand], start, now)
        return Markup(sparkline(series, start=start))  # noqa: S704 - numbers only

    return line_of
