"""The report: one self-contained HTML page that sums everything up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import jinja2

from odcr_cli.amounts import format_amounts, format_money
from odcr_cli.canvas import DARK, FALLBACKS
from odcr_cli.demand_tables import read_demands_and_prices
from odcr_cli.demands import sums_of
from odcr_cli.formatting import ago, bar, colour_of, format_count, format_moment
from odcr_cli.gains import gains_of
from odcr_cli.idle import costs_of, idle_of
from odcr_cli.plot_set import plots_of
from odcr_cli.reservations import parse_reservations
from odcr_cli.source import Source

_RUNS = 20


def report(source: Source, days: float, show_step: Callable[[str], None]) -> str:
    """The page, as HTML.

    Args:
        source: the account or the recording.
        days: how many days back the plots go.
        show_step: called with each step before it begins.
    """
    show_step("Reading the tables")
    now = source.now()
    start = now - timedelta(days=days)
    demands, prices = read_demands_and_prices(source)
    history = source.rows("odcr_history", since=format_moment(start))
    show_step("Listing the runs")
    runs = source.runs(_RUNS)
    idle = idle_of(demands, prices)
    show_step("Looking at the reservations")
    held = parse_reservations(source.reservations(), source.stack.owner, source.stack.account, now)
    show_step("Drawing")
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals |= {
        "format_count": format_count,
        "format_money": format_money,
        "format_amounts": format_amounts,
        "format_moment": format_moment,
        "bar": bar,
        "colour": colour_of,
    }
    return pages.get_template("report.html").render(
        stack=source.stack,
        now=now,
        days=days,
        demands=demands,
        sums=sums_of(demands),
        idle=idle,
        idle_costs=costs_of(idle),
        plots=plots_of(source, history, start, now),
        runs=runs,
        gains=gains_of(history),
        reservations=sorted(
            held,
            key=lambda reservation: (reservation.pool, reservation.created or datetime.min.replace(tzinfo=now.tzinfo)),
        ),
        since=lambda text: ago(text, now),
        light=FALLBACKS,
        dark=DARK,
    )
