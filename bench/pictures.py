"""All pictures: the same bytes for the same results, legible on a light and on a dark page."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from bench.costs import bill
from bench.market.scenario import GAPS, SIXES
from bench.market.strategies import IDEAL, ODCR, ORIGINAL, ORIGINAL_EACH_MINUTE, RIVALS, STRATEGIES
from bench.runs.growth import HELD, SHORT, Run
from bench.tables import bills
from bench.tables.catch import wet
from bench.tables.growth import of_case

INK = "#808890"
"""Between black and white, so that it can be read on either page."""
BLUE, ORANGE, GREEN, PURPLE, PINK = "#2f81f7", "#d98324", "#2da44e", "#a371f7", "#d05ca0"

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

_STRATEGIES = {ODCR.name: BLUE, IDEAL.name: "#8b949e", ORIGINAL.name: ORANGE, ORIGINAL_EACH_MINUTE.name: ORANGE} | dict(
    zip((one.name for one in RIVALS), (PURPLE, GREEN, PINK), strict=True)
)

_RUN_LINES: dict[str, tuple[Callable[[Run], float], str]] = {
    "the whole run": (lambda run: run["seconds"], BLUE),
    "CPU of the functions": (lambda run: run["cpu_ms"] / 1000, ORANGE),
    "database": (lambda run: run["database_ms"] / 1000, GREEN),
}
"""Seconds of a run, and their colour."""

_BILL_BARS = {
    "Aurora": ((bill.AURORA,), BLUE),
    "network": ((bill.NETWORK,), PURPLE),
    "Step Functions": ((bill.STEP_FUNCTIONS,), ORANGE),
    "Lambda": ((bill.LAMBDA,), GREEN),
    "logs": ((bill.LOGS,), PINK),
    "the rest": ((bill.METRICS, bill.ALARMS, bill.SECRETS, bill.DASHBOARD, bill.OTHER), INK),
}
"""Items that are drawn as one, and their colour."""


def draw_catch(results: dict[str, Any], folder: Path) -> None:
    """Draws `catch-scenarios.svg`, `catch-lives.svg` and `catch-many.svg`."""
    with mpl.rc_context(_STYLE):
        _save(_scenarios(results["scenarios"]), folder / "catch-scenarios.svg")
        _save(_lives(results["lives"]), folder / "catch-lives.svg")
        _save(_many(results["many"]), folder / "catch-many.svg")


def draw_growth(results: dict[str, Any], folder: Path) -> None:
    """Draws `growth.svg`: time by rows, both in powers of ten."""
    with mpl.rc_context(_STYLE):
        figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
        for axes, case in zip(panels, (HELD, SHORT), strict=True):
            runs = of_case(results["runs"], case)
            rows = [run["rows"] for run in runs]
            for name, (seconds, colour) in _RUN_LINES.items():
                axes.plot(rows, [seconds(run) for run in runs], color=colour, label=name, marker="o", ms=3)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(rows, [f"{one:,}" for one in rows])
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_title(f"all {case}", fontsize=10, color=INK)
            axes.set_xlabel("rows")
        panels[0].set_ylabel("seconds")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, frameon=False, loc="upper center", ncols=len(names), bbox_to_anchor=(0.5, 1.06))
        _save(figure, folder / "growth.svg")


def draw_costs(results: dict[str, Any], folder: Path) -> None:
    """Draws `costs-month.svg`: what a month costs, by item."""
    months = {bills.label(run): bills.month(results, run) for run in bills.shown(results)}
    with mpl.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(8, 3.2))
        ends = [0.0] * len(months)
        for name, (items, colour) in _BILL_BARS.items():
            widths = [sum(one[item] for item in items) for one in months.values()]
            axes.barh(list(months), widths, left=ends, color=colour, label=name, height=0.6)
            ends = [end + width for end, width in zip(ends, widths, strict=True)]
        for row, one in enumerate(months.values()):
            axes.text(ends[row], row, f" {bill.total(one):,.0f}", va="center")
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("US dollars a month, instances not included")
        axes.legend(frameon=False, loc="upper right")
        _save(figure, folder / "costs-month.svg")


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _scenarios(cells: list[dict[str, Any]]) -> Figure:
    """One panel per scenario, one row per strategy; the gaps are the two bars of a row."""
    names = [one.name for one in STRATEGIES]
    cells = wet(cells)
    scenarios = list(dict.fromkeys(one["scenario"] for one in cells))
    figure, panels = plt.subplots(1, len(scenarios), figsize=(10, 3.6), sharey=True)
    for axes, scenario in zip(panels, scenarios, strict=True):
        for place, gap in enumerate(GAPS):
            (cell,) = [one for one in cells if (one["scenario"], one["gap"]) == (scenario, gap)]
            for row, name in enumerate(names):
                value = cell["strategies"][name]["ratio"]
                height = row + (place - 0.5) * 0.38
                axes.barh(height, value, 0.36, color=_STRATEGIES[name], alpha=1.0 if place else 0.55)
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
        axes.plot(minutes, values, dashes, color=_STRATEGIES[strategy.name], linewidth=width, marker="o", markersize=3)
        ends.append((values[0], strategy.name))
    _name_lines(axes, minutes[0], ends)
    said = f"minutes until others take a free instance, on average ({SIXES.name}, {cells[0]['gap']} wanted)"
    _share_over(axes, minutes, (minutes[0] * 0.2, minutes[-1] * 1.1), said)
    return figure


def _many(cells: list[dict[str, Any]]) -> Figure:
    """One line for each mean life: odcr's, and dashed the ideal asker's."""
    cells = [one for one in cells if one["scenario"] == SIXES.name]
    numbers = sorted({one["targets"] for one in cells})
    figure, axes = plt.subplots(figsize=(8, 4))
    for life in sorted({one["life"] for one in cells}):
        some = sorted((one for one in cells if one["life"] == life), key=lambda one: int(one["targets"]))
        for name, dashes in ((IDEAL.name, "--"), (ODCR.name, "-")):
            values = [one["strategies"][name]["ratio"] for one in some]
            axes.plot(numbers, values, dashes, color=_STRATEGIES[name], linewidth=2, marker="o", markersize=3)
            label: dict[str, Any] = {
                "color": _STRATEGIES[name],
                "va": "center",
                "fontsize": 9,
                "annotation_clip": False,
            }
            text = f"{name}, {life / 60:g} min"
            height = values[-1] + (0.03 if name == IDEAL.name else -0.03)
            axes.annotate(text, (numbers[-1], height), xytext=(8, 0), textcoords="offset points", **label)
    said = f"targets at once in one Region ({SIXES.name}, {cells[0]['gap']} wanted of each)"
    _share_over(axes, numbers, (numbers[0] * 0.9, numbers[-1] * 4), said)
    return figure


def _share_over(axes: Axes, marked: Sequence[float], limits: tuple[float, float], said: str) -> None:
    """The oracle's share, upwards, over something that doubles, with its values marked."""
    axes.set_xscale("log")
    axes.set_xticks(marked, [f"{one:g}" for one in marked])
    axes.minorticks_off()
    axes.set_xlim(*limits)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(said)
    axes.set_ylabel("instance-hours held, of the oracle's")


def _name_lines(axes: Axes, at: float, ends: list[tuple[float, str]]) -> None:
    """Writes each line's name before its beginning, no two on top of each other."""
    below: float | None = None
    for value, name in sorted(ends, key=lambda end: (end[0], end[1] == ODCR.name)):
        height = value if below is None else max(value, below + 0.06)
        below = height
        text: dict[str, Any] = {"color": _STRATEGIES[name], "ha": "right", "va": "center", "annotation_clip": False}
        axes.annotate(name, (at, height), xytext=(-8, 0), textcoords="offset points", fontsize=9, **text)
