"""The picture in docs/explanation/performance.md: the same bytes for the same results, on a light and a dark page."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.market.scenario import SIXES
from bench.market.strategies import IDEAL, ODCR, ORIGINAL, ORIGINAL_EACH_MINUTE, RIVALS, STRATEGIES

INK = "#808890"
"""Between black and white, so that it can be read on either page."""

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "odcr",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
}

_COLOURS = dict(
    zip(
        (one.name for one in (ODCR, IDEAL, ORIGINAL, ORIGINAL_EACH_MINUTE, *RIVALS)),
        ("#2f81f7", "#8b949e", "#d98324", "#d98324", "#a371f7", "#2da44e", "#d05ca0"),
        strict=True,
    )
)


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draws `catch-lives.svg`: each strategy's share by how long a free instance stays."""
    cells = [one for one in results["lives"] if one["scenario"] == SIXES.name]
    minutes = [one["life"] / 60 for one in cells]
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(8, 4))
        ends: list[tuple[float, str]] = []
        for strategy in reversed(STRATEGIES):
            name, values = strategy.name, [one["strategies"][strategy.name]["ratio"] for one in cells]
            dashes = "--" if strategy in (ORIGINAL_EACH_MINUTE, IDEAL) else "-"
            width = 2.6 if strategy is ODCR else 1.5
            axes.plot(minutes, values, dashes, color=_COLOURS[name], linewidth=width, marker="o", markersize=3)
            ends.append((values[0], name))
        _name_lines(axes, minutes[0], ends)
        axes.set_xscale("log")
        axes.set_xticks(minutes, [f"{one:g}" for one in minutes])
        axes.minorticks_off()
        axes.set_xlim(minutes[0] * 0.2, minutes[-1] * 1.1)
        axes.set_ylim(-0.03, 1.03)
        what = f"{SIXES.name}, {cells[0]['gap']} wanted"
        axes.set_xlabel(f"minutes until others take a free instance, on average ({what})")
        axes.set_ylabel("instance-hours held, of the oracle's")
        plain = {"Date": None, "Creator": None}
        figure.savefig(folder / "catch-lives.svg", format="svg", transparent=True, bbox_inches="tight", metadata=plain)
        plt.close(figure)


def _name_lines(axes: Axes, at: float, ends: list[tuple[float, str]]) -> None:
    """Writes each line's name before its beginning, no two on top of each other."""
    height = -1.0
    for value, name in sorted(ends, key=lambda end: (end[0], end[1] == ODCR.name)):
        height = max(value, height + 0.06)
        text: dict[str, Any] = {"color": _COLOURS[name], "ha": "right", "va": "center", "annotation_clip": False}
        axes.annotate(name, (at, height), xytext=(-8, 0), textcoords="offset points", fontsize=9, **text)
