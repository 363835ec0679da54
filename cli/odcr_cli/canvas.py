"""Draws a plot with matplotlib and turns it into an SVG element that follows the page's theme."""

import re
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from itertools import count
from typing import Any, cast
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib import dates
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

COLOURS = {
    "ink": "#010101",
    "muted": "#020202",
    "grid": "#030303",
    "held": "#040404",
    "wanted": "#050505",
    "missing": "#060606",
    "spend": "#070707",
    "requests": "#080808",
    "refusals": "#090909",
}
"""The page's CSS variables, without `--`, and the placeholder colours that matplotlib draws them in."""

FALLBACKS = {
    "ink": "#1d2733",
    "muted": "#5c6773",
    "grid": "#d9dee4",
    "held": "#2f7ed8",
    "wanted": "#1d2733",
    "missing": "#d9534f",
    "spend": "#7a5bc0",
    "requests": "#2f7ed8",
    "refusals": "#e0902f",
    "good": "#2e8b57",
    "ground": "#ffffff",
}
"""The light theme's colours, for standalone files and pages that do not set the variables."""

DARK = {
    "ink": "#e6e9ee",
    "muted": "#9aa5b1",
    "grid": "#38414c",
    "held": "#5aa2f0",
    "wanted": "#e6e9ee",
    "missing": "#ef7f7b",
    "spend": "#a78be0",
    "requests": "#5aa2f0",
    "refusals": "#f0aa5c",
    "good": "#5fc08a",
    "ground": "#14181d",
}
"""The dark theme's colours."""

_SIZE = (7.0, 2.7)
"""Inches, of 72 units each in the SVG."""
_NUMBERS = count()
_ONE_AT_A_TIME = threading.Lock()
"""Threads must take turns: matplotlib's settings belong to the process."""
_dates = cast("Any", dates)


@dataclass(frozen=True)
class Words:
    """The texts of a plot, in the reader's language."""

    title: str = ""
    description: str = ""
    """For screen readers; if empty, derived from the last values."""
    held: str = "held"
    wanted: str = "wanted"
    missing: str = "missing"
    per_hour: str = "an hour"
    granted: str = "other answers"
    refused: str = "refused"
    nothing: str = "Nothing is recorded for this time."
    now: str = "now"


def plot(
    draw: Callable[[Any], None] | None,
    legend: Sequence[tuple[str, str, str]],
    words: Words,
    start: datetime,
    end: datetime,
) -> str:
    """An SVG element for a page.

    Args:
        draw: draws on matplotlib's axes; None if there are no values.
        legend: for each colour its name in `COLOURS`, its meaning, and its shape: `area`, `pale` or `dashes`.
        words: the plot's texts.
        start, end: the moments at the left and right edge.
    """
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "odcr", "font.size": 10, "font.family": "sans-serif"}
    # The browser sets the text, so glyphs that matplotlib's font lacks do not matter.
    with _ONE_AT_A_TIME, mpl.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(figsize=_SIZE)
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.075, 0.125, 0.91, 0.73))
        _dress(axes)
        if draw is None:
            axes.set_axis_off()
            figure.text(0.5, 0.45, words.nothing, color=COLOURS["muted"], ha="center", fontsize=11)
        else:
            draw(axes)
            _dress_times(axes, start, end)
            _write_legend(figure, legend)
            figure.text(0.985, 0.94, "UTC", color=COLOURS["muted"], ha="right", va="center_baseline", fontsize=9)
        written = StringIO()
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _tidied(written.getvalue(), words)


def _dress(axes: Any) -> None:
    axes.patch.set_visible(False)
    axes.figure.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["grid"])
    axes.tick_params(colors=COLOURS["muted"], length=0, pad=5)
    axes.tick_params(axis="x", length=3, color=COLOURS["grid"])
    axes.grid(axis="y", color=COLOURS["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))


def _dress_times(axes: Any, start: datetime, end: datetime) -> None:
    axes.set_xlim(_dates.date2num(start), _dates.date2num(max(end, start + timedelta(minutes=1))))
    axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1], 1) * 1.04)
    axes.yaxis.set_major_formatter(lambda value, _position: f"{value:,.6g}")
    locator = _dates.AutoDateLocator(minticks=4, maxticks=9)
    # Numbers only, so that they suit every language.
    formats = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
    days = ["%Y", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M"]
    formatter = _dates.ConciseDateFormatter(locator, formats=formats, zero_formats=days, offset_formats=[""] * 6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)


def _write_legend(figure: Figure, legend: Sequence[tuple[str, str, str]]) -> None:
    """Writes the legend above the plot. Text widths are estimates: the browser chooses the font."""
    unit = 1 / (_SIZE[0] * 72)
    left, height = 0.078, 0.94
    for colour, text, shape in legend:
        if shape == "dashes":
            line = Line2D([left, left + 20 * unit], [height] * 2, color=COLOURS[colour], linewidth=1.6, linestyle="--")
            figure.add_artist(line)
            left += 25 * unit
        else:
            alpha = 0.3 if shape == "pale" else 0.75
            look: dict[str, Any] = {"color": COLOURS[colour], "alpha": alpha, "linewidth": 0}
            figure.add_artist(Rectangle((left, height - 0.025), 10 * unit, 0.05, **look))
            left += 15 * unit
        figure.text(left, height, text, color=COLOURS["ink"], va="center_baseline", fontsize=10.5)
        left += (sum(11 if ord(letter) > 0x2E80 else 6.1 for letter in text) + 18) * unit


_ID = re.compile(r'(\sid="|url\(#|xlink:href="#)([^")]+)')
_USED = re.compile(r'(?:url\(#|xlink:href="#)([^")]+)')
_DECLARED = re.compile(r'\sid="([^"]+)"')


def _tidied(svg: str, words: Words) -> str:
    """The `<svg>` element alone: without XML header and global styles, and with ids unique on the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    used = set(_USED.findall(svg))
    svg = _DECLARED.sub(lambda match: match[0] if match[1] in used else "", svg)
    number = next(_NUMBERS)
    svg = _ID.sub(lambda match: f"{match[1]}plot{number}-{match[2]}", svg)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: inherit", svg)
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name}, {FALLBACKS[name]})")
    width, height = (round(inches * 72) for inches in _SIZE)
    head = (
        f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="plot{number}-title plot{number}-desc" '
        f'style="stroke-linejoin: round; stroke-linecap: butt">'
        f'<title id="plot{number}-title">{escape(words.title)}</title>'
        f'<desc id="plot{number}-desc">{escape(words.description or words.nothing)}</desc>'
    )
    return re.sub(r"<svg[^>]*>", lambda _found: head, svg, count=1).strip()
