"""The pictures in docs/explanation/performance.md: the same bytes for the same results, on a light and a dark page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    """Draws `catch-lives.svg` and `catch-many.svg`."""
    with mpl.rc_context(_STYLE):
        _save(_lives(results["lives"]), folder / "catch-lives.svg")
        _save(_many(results["many"]), folder / "catch-many.svg")


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _lives(cells: list[dict[str, Any]]) -> Figure:
    """One line per strategy, with its name at the end."""
    cells = [one for one in cells if one["scenario"] == SIXES.name]
    minutes = [one["life"] / 60 for one in cells]
    figure, axes = plt.subplots(figsize=(8, 4))
    ends: list[tuple[float, str]] = []
    for strategy in reversed(STRATEGIES):
        values = [one["strategies"][strategy.name]["ratio"] for one in cells]
        dashes = "--" if strategy in (ORIGINAL_EACH_MINUTE, IDEAL) else "-"
        width = 2.6 if strategy is ODCR else 1.5
        axes.plot(minutes, values, dashes, color=_COLOURS[strategy.name], linewidth=width, marker="o", markersize=3)
        ends.append((values[0], strategy.name))
    _name_lines(axes, minutes[0], ends)
    label = f"minutes until others take a free instance, on average ({SIXES.name}, {cells[0]['gap']} wanted)"
    _share_over(axes, minutes, (minutes[0] * 0.2, minutes[-1] * 1.1), label)
    return figure


def _many(cells: list[dict[str, Any]]) -> Figure:
    """One line for each mean life: odcr's, and dashed the ideal asker's."""
    cells = [one for one in cells if one["scenario"] == SIXES.name]
    numbers = sorted({one["targets"] for one in cells})
    figure, axes = plt.subplots(figsize=(8, 4))
    for life in sorted({one["life"] for one in cells}):
        some = sorted((one for one in cells if one["life"] == life), key=lambda one: int(one["targets"]))
        for name, dashes, shift in ((IDEAL.name, "--", 0.03), (ODCR.name, "-", -0.03)):
            values, colour = [one["strategies"][name]["ratio"] for one in some], _COLOURS[name]
            axes.plot(numbers, values, dashes, color=colour, linewidth=2, marker="o", markersize=3)
            _name_line(axes, (numbers[-1], values[-1] + shift), f"{name}, {life / 60:g} min", colour, 8)
    label = f"targets at once in one Region ({SIXES.name}, {cells[0]['gap']} wanted of each)"
    _share_over(axes, numbers, (numbers[0] * 0.9, numbers[-1] * 4), label)
    return figure


def _share_over(axes: Axes, marked: Sequence[float], limits: tuple[float, float], label: str) -> None:
    """The oracle's share, upwards, over something that doubles, with its values marked."""
    axes.set_xscale("log")
    axes.set_xticks(marked, [f"{one:g}" for one in marked])
    axes.minorticks_off()
    axes.set_xlim(*limits)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(label)
    axes.set_ylabel("instance-hours held, of the oracle's")


def _name_lines(axes: Axes, at: float, ends: list[tuple[float, str]]) -> None:
    """Writes each line's name before its beginning, no two on top of each other."""
    height = -1.0
    for value, name in sorted(ends, key=lambda end: (end[0], end[1] == ODCR.name)):
        height = max(value, height + 0.06)
        _name_line(axes, (at, height), name, _COLOURS[name], -8)


def _name_line(axes: Axes, at: tuple[float, float], name: str, colour: str, shift: int) -> None:
    text: dict[str, Any] = {"color": colour, "ha": "left" if shift > 0 else "right", "va": "center", "fontsize": 9}
    axes.annotate(name, at, xytext=(shift, 0), textcoords="offset points", annotation_clip=False, **text)
