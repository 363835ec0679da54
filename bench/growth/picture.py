"""The picture: time by rows, both in powers of ten. The same bytes for the same results."""

from collections.abc import Callable
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter

from bench.benchmark import Results
from bench.growth.results import HELD, SHORT, Measured, Run
from bench.pictures import INK, save, style

LINES: dict[str, tuple[Callable[[Run], float], str, str]] = {
    "the whole run": (lambda run: run.seconds, "#2f81f7", "-"),
    "with empty functions": (lambda run: run.engine_seconds, INK, "--"),
    "CPU of the functions": (lambda run: run.cpu_ms / 1000, "#d98324", "-"),
    "database": (lambda run: run.database_ms / 1000, "#2da44e", "-"),
}
"""Seconds of a run, their colour and dashes, by name."""


def draw(results: Results, folder: Path) -> None:
    """Draws `growth.svg`."""
    measured = Measured.of(results)
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
        for axes, case in zip(panels, (HELD, SHORT), strict=True):
            runs = measured.of_case(case)
            rows = [run.rows for run in runs]
            for name, (seconds, colour, dashes) in LINES.items():
                axes.plot(rows, [seconds(run) for run in runs], dashes, color=colour, label=name, marker="o", ms=3)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(rows, [f"{one:,}" for one in rows])
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_title(f"all {case}", fontsize=10, color=INK)
            axes.set_xlabel("rows")
        panels[0].set_ylabel("seconds")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, frameon=False, loc="upper center", ncols=len(names), bbox_to_anchor=(0.5, 1.06))
        save(figure, folder / "growth.svg")
