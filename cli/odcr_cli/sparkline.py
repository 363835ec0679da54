"""A sparkline: held against wanted, as small as a word, and cheap enough for a thousand on a page."""

from collections.abc import Sequence
from datetime import datetime

from odcr_cli.series import Series

WIDTH, HEIGHT = 120, 24
"""The size, in pixels."""


def sparkline(series: Series, start: datetime | None) -> str:
    """An SVG element in the page's colours, hidden from screen readers because the numbers stand beside it.

    Args:
        series: the series to draw.
        start: the moment at the left edge; by default that of the first value.
    """
    head = (
        f'<svg class="sparkline" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" aria-hidden="true" focusable="false">'
    )
    if not series.times:
        return f"{head}</svg>"
    first = min(start or series.times[0], series.times[0])
    seconds = max(1.0, (series.end - first).total_seconds())
    columns = [round((moment - first).total_seconds() / seconds * WIDTH) for moment in series.times]
    top = max(*series.held, *series.wanted, 1) if series.held else 1
    scale = (HEIGHT - 3) / top
    held = _steps(columns, [HEIGHT - 1 - value * scale for value in series.held])
    wanted = _steps(columns, [HEIGHT - 1 - value * scale for value in series.wanted])
    return (
        f'{head}<path d="{held}V{HEIGHT - 1}H{columns[0]}Z" style="fill: var(--held, #2f7ed8); fill-opacity: 0.45"/>'
        f'<path d="{wanted}" style="fill: none; stroke: var(--wanted, #1d2733); stroke-width: 1.2"/></svg>'
    )


def _steps(columns: Sequence[int], heights: Sequence[float]) -> str:
    """A stepped path; of several values in one column the last counts."""
    at = dict(zip(columns, heights, strict=True))
    path = ""
    for column, height in at.items():
        path += f"H{column}V{height:.1f}" if path else f"M{column} {height:.1f}"
    return f"{path}H{WIDTH}"
