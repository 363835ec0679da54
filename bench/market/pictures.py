"""The pictures: the same bytes for the same results, and legible on a light and on a dark page."""

from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.benchmark import Results
from bench.market.scenario import GAPS, SIXES
from bench.market.strategy import IDEAL, ODCR, ORIGINAL, ORIGINAL_EACH_MINUTE, STRATEGIES
from bench.pictures import save, style

OURS, IDEALS, OLD, OTHERS = "#2f81f7", "#8b949e", "#d98324", ("#a371f7", "#2da44e", "#d05ca0")


def draw(results: Results, folder: Path) -> None:
    """Draws `catch-scenarios.svg`, `catch-lives.svg` and `catch-many.svg`."""
    with style():
        save(_scenarios(results), folder / "catch-scenarios.svg")
        save(_lives(results), folder / "catch-lives.svg")
        save(_many(results), folder / "catch-many.svg")


def _colour(name: str) -> str:
    if name == ODCR.name:
        return OURS
    if name == IDEAL.name:
        return IDEALS
    if name in (ORIGINAL.name, ORIGINAL_EACH_MINUTE.name):
        return OLD
    others = [one.name for one in STRATEGIES if one.has_our_pace]
    return OTHERS[others.index(name)]


def _scenarios(results: Results) -> Figure:
    """One panel per scenario, one row per strategy; the gaps are the two bars of a row."""
    names = [one.name for one in STRATEGIES]
    wet = [one for one in results["scenarios"] if one["oracle_hours"]]
    scenarios = list(dict.fromkeys(one["scenario"] for one in wet))
    figure, panels = plt.subplots(1, len(scenarios), figsize=(10, 3.6), sharey=True)
    for axes, scenario in zip(panels, scenarios, strict=True):
        for place, gap in enumerate(GAPS):
            (cell,) = [one for one in wet if (one["scenario"], one["gap"]) == (scenario, gap)]
            for row, name in enumerate(names):
                value = cell["strategies"][name]["ratio"]
                height = row + (place - 0.5) * 0.38
                axes.barh(height, value, 0.36, color=_colour(name), alpha=1.0 if place else 0.55)
                axes.text(value + 0.02, height, f"{value:.2f}", va="center", fontsize=7)
        axes.set_title(scenario, fontsize=10)
        axes.set_xlim(0, 1.15)
        axes.set_xticks([0, 0.5, 1])
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    figure.supxlabel(f"instance-hours held, of the oracle's (above: {GAPS[0]} wanted; below: {GAPS[1]})", fontsize=10)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    return figure


def _lives(results: Results) -> Figure:
    """One line per strategy, with its name at the end."""
    cells = [one for one in results["lives"] if one["scenario"] == SIXES.name]
    minutes = [one["life"] / 60 for one in cells]
    figure, axes = plt.subplots(figsize=(8, 4))
    ends: list[tuple[float, str]] = []
    for strategy in reversed(STRATEGIES):
        values = [one["strategies"][strategy.name]["ratio"] for one in cells]
        dashes = "--" if strategy in (ORIGINAL_EACH_MINUTE, IDEAL) else "-"
        width = 2.6 if strategy is ODCR else 1.5
        axes.plot(minutes, values, dashes, color=_colour(strategy.name), linewidth=width, marker="o", markersize=3)
        ends.append((values[0], strategy.name))
    _name_lines(axes, minutes[0], ends)
    axes.set_xscale("log")
    axes.set_xticks(minutes, [f"{one:g}" for one in minutes])
    axes.minorticks_off()
    axes.set_xlim(minutes[0] * 0.2, minutes[-1] * 1.1)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(f"minutes until others take a free instance, on average ({SIXES.name}, {cells[0]['gap']} wanted)")
    axes.set_ylabel("instance-hours held, of the oracle's")
    return figure


def _many(results: Results) -> Figure:
    """One line for each mean life: odcr's, and dashed the ideal asker's."""
    cells = [one for one in results["many"] if one["scenario"] == SIXES.name and one["regions"] == 1]
    numbers = sorted({one["targets"] for one in cells})
    figure, axes = plt.subplots(figsize=(8, 4))
    for life in sorted({one["life"] for one in cells}):
        some = sorted((one for one in cells if one["life"] == life), key=lambda one: int(one["targets"]))
        for name, dashes in ((IDEAL.name, "--"), (ODCR.name, "-")):
            values = [one["strategies"][name]["ratio"] for one in some]
            axes.plot(numbers, values, dashes, color=_colour(name), linewidth=2, marker="o", markersize=3)
            label: dict[str, Any] = {"color": _colour(name), "va": "center", "fontsize": 9, "annotation_clip": False}
            text = f"{name}, {life / 60:g} min"
            height = values[-1] + (0.03 if name == IDEAL.name else -0.03)
            axes.annotate(text, (numbers[-1], height), xytext=(8, 0), textcoords="offset points", **label)
    axes.set_xscale("log")
    axes.set_xticks(numbers, [str(one) for one in numbers])
    axes.minorticks_off()
    axes.set_xlim(numbers[0] * 0.9, numbers[-1] * 4)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(f"targets at once in one Region ({SIXES.name}, {cells[0]['gap']} wanted of each)")
    axes.set_ylabel("instance-hours held, of the oracle's")
    return figure


def _name_lines(axes: Axes, at: float, ends: list[tuple[float, str]]) -> None:
    """Writes each line's name before its beginning, no two on top of each other."""
    below: float | None = None
    for value, name in sorted(ends, key=lambda end: (end[0], end[1] == ODCR.name)):
        height = value if below is None else max(value, below + 0.06)
        below = height
        text: dict[str, Any] = {"color": _colour(name), "ha": "right", "va": "center", "annotation_clip": False}
        axes.annotate(name, (at, height), xytext=(-8, 0), textcoords="offset points", fontsize=9, **text)
