"""The paper that plots are drawn on: matplotlib's, turned into an SVG element that follows the page's theme."""

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
"""The page's CSS variables, without `--`, and the colours that stand for them until the drawing is done."""

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
"""What is used where the page does not say, and in files of their own: in the light."""

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
"""The same in the dark."""

_SIZE = (7.0, 2.7)
"""Inches, of 72 units each in the SVG."""
_NUMBERS = count()
_ONE_AT_A_TIME = threading.Lock()
"""matplotlib's settings are the process's, and the page's requests come in threads."""
_dates = cast("Any", dates)


@dataclass(frozen=True)
class Words:
    """What a plot says, in the reader's language."""

    title: str = ""
    description: str = ""
    """For those who cannot see it; empty: made from the last values."""
    held: str = "held"
    wanted: str = "wanted"
    missing: str = "missing"
    per_hour: str = "an hour"
    granted: str = "answered otherwise"
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
        draw: draws on matplotlib's axes; None if there is nothing to show.
        legend: of each colour its name in `COLOURS`, what it means, and how it looks: `area`, `pale` or `dashes`.
        words: what is said beside it.
        start, end: the moments at both ends.
    """
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "odcr", "font.size": 10, "font.family": "sans-serif"}
    # The letters are the browser's: which of them matplotlib's own font has does not matter.
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
    # Numbers only, which every language reads alike.
    formats = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
    days = ["%Y", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M"]
    formatter = _dates.ConciseDateFormatter(locator, formats=formats, zero_formats=days, offset_formats=[""] * 6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)


def _write_legend(figure: Figure, legend: Sequence[tuple[str, str, str]]) -> None:
    """What the colours mean, above the plot. Widths are guessed: the letters are the browser's."""
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
    """An element for a page: no header, no style for the whole page, no id that is also another plot's."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    used = set(_USED.findall(svg))
    svg = _DECLARED.sub(lambda found: found[0] if found[1] in used else "", svg)
    number = next(_NUMBERS)
    svg = _ID.sub(lambda found: f"{found[1]}plot{number}-{found[2]}", svg)
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
