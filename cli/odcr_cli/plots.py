"""Plots as SVG elements in the page's colours: held against wanted, missing, spend, requests.

`<title>` and `<desc>` describe them, in the reader's language. `start` is the moment at the left edge, by default that
of the first value.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from matplotlib.ticker import MaxNLocator

from odcr_cli.canvas import COLOURS, DARK, FALLBACKS, Words, plot
from odcr_cli.request_counts import Requests
from odcr_cli.series import Series
from odcr_cli.spend import Spend

_VIEW_BOX = re.compile(r'viewBox="0 0 (\d+) (\d+)"')
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>")


def held_and_wanted(series: Series, words: Words, start: datetime | None = None) -> str:
    """Held against wanted, with the gap between them in its own colour."""

    def draw(axes: Any) -> None:
        times, held, wanted = _drawn(series)
        lowest = [min(pair) for pair in zip(held, wanted, strict=True)]
        axes.fill_between(times, held, step="post", color=COLOURS["held"], alpha=0.55, linewidth=0)
        axes.fill_between(times, lowest, wanted, step="post", color=COLOURS["missing"], alpha=0.22, linewidth=0)
        axes.step(times, held, where="post", color=COLOURS["held"], linewidth=1.6)
        axes.step(times, wanted, where="post", color=COLOURS["wanted"], linewidth=1.4, linestyle=(0, (5, 2.5)))

    legend = [("held", words.held, "area"), ("wanted", words.wanted, "dashes"), ("missing", words.missing, "pale")]
    if not series.times:
        return plot(None, legend, words, series.end, series.end)
    description = f"{words.now}: {words.held} {series.held[-1]:g}, {words.wanted} {series.wanted[-1]:g}"
    return plot(draw, legend, _described(words, description), start or series.times[0], series.end)


def missing(series: Series, words: Words) -> str:
    """Missing over time."""

    def draw(axes: Any) -> None:
        times = [*series.times, series.end]
        values = [*series.missing, series.missing[-1]]
        _area(axes, times, values, "missing")

    legend = [("missing", words.missing, "area")]
    if not series.times:
        return plot(None, legend, words, series.end, series.end)
    description = f"{words.now}: {words.missing} {series.missing[-1]:g}"
    return plot(draw, legend, _described(words, description), series.times[0], series.end)


def spend(spent: Spend, words: Words, start: datetime | None = None) -> str:
    """The hourly cost of all that was held."""

    def draw(axes: Any) -> None:
        _area(axes, [*spent.times, spent.end], [*spent.amounts, spent.amounts[-1]], "spend")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4))

    legend = [("spend", f"{spent.currency} {words.per_hour}", "area")]
    if not spent.times:
        return plot(None, legend, words, spent.end, spent.end)
    description = f"{words.now}: {spent.amounts[-1]:,.2f} {spent.currency} {words.per_hour}"
    return plot(draw, legend, _described(words, description), start or spent.times[0], spent.end)


def requests(asked: Requests, words: Words) -> str:
    """Requests per hour, or per several hours, divided into refused and others."""
    width = asked.width

    def draw(axes: Any) -> None:
        others = [calls - refused for calls, refused in zip(asked.calls, asked.refusals, strict=True)]
        look: dict[str, Any] = {"width": 0.85 * (width / timedelta(days=1)), "align": "edge", "linewidth": 0}
        axes.bar(asked.hours, asked.refusals, color=COLOURS["refusals"], **look)
        axes.bar(asked.hours, others, bottom=asked.refusals, color=COLOURS["requests"], **look)

    legend = [("refusals", words.refused, "area"), ("requests", words.granted, "area")]
    if not asked.hours:
        return plot(None, legend, words, asked.start, asked.end)
    description = f"{words.refused} {sum(asked.refusals)}, {words.granted} {sum(asked.calls) - sum(asked.refusals)}"
    first = min(asked.start, asked.hours[0]) if asked.hours[0] - asked.start < timedelta(days=2) else asked.hours[0]
    return plot(draw, legend, _described(words, description), first, max(asked.end, asked.hours[-1] + width))


def _area(axes: Any, times: Sequence[datetime], values: Sequence[float], colour: str) -> None:
    axes.fill_between(times, values, step="post", color=COLOURS[colour], alpha=0.35, linewidth=0)
    axes.step(times, values, where="post", color=COLOURS[colour], linewidth=1.6)


def _drawn(series: Series) -> tuple[list[datetime], list[float], list[float]]:
    return (
        [*series.times, series.end],
        [*series.held, series.held[-1]],
        [*series.wanted, series.wanted[-1]],
    )


def _described(words: Words, description: str) -> Words:
    return words if words.description else replace(words, description=description)


def standalone(*plots: str) -> str:
    """An SVG file with the plots below one another, in the reader's light or dark theme."""
    boxes = [_VIEW_BOX.search(drawing) for drawing in plots]
    sizes = [(int(box[1]), int(box[2])) if box else (576, 200) for box in boxes]
    width, gap, top = max(size[0] for size in sizes) + 24, 34, 12
    parts = []
    for drawing, (wide, high) in zip(plots, sizes, strict=True):
        title = _TITLE.search(drawing)
        if title and title[1]:
            top += gap
            parts.append(f'<text x="24" y="{top - 10}" style="font-size: 14px; fill: var(--ink)">{title[1]}</text>')
        parts.append(drawing.replace("<svg ", f'<svg x="12" y="{top}" width="{wide}" height="{high}" ', 1))
        top += high
    variables = "; ".join(f"--{name}: {colour}" for name, colour in FALLBACKS.items())
    dark = "; ".join(f"--{name}: {colour}" for name, colour in DARK.items())
    style = (
        f":root {{ color-scheme: light dark; font-family: system-ui, sans-serif; {variables} }} "
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + 12}" width="{width}" '
        f'height="{top + 12}">\n<style>{style}</style>\n'
        f'<rect width="100%" height="100%" style="fill: var(--ground)"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
