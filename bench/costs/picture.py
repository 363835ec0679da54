"""The picture: what a month costs, by item. The same bytes for the same results."""

from pathlib import Path

from matplotlib import pyplot as plt

from bench.benchmark import Results
from bench.costs.bill import (
    ALARMS,
    AURORA,
    DASHBOARD,
    LAMBDA,
    LOGS,
    METRICS,
    NETWORK,
    OTHER,
    SECRETS,
    STEP_FUNCTIONS,
    bill,
    total,
)
from bench.costs.results import Measured
from bench.costs.standing import DEFAULT
from bench.costs.tables import told
from bench.pictures import INK, save, style

GROUPS = {
    "Aurora": ((AURORA,), "#2f81f7"),
    "network": ((NETWORK,), "#a371f7"),
    "Step Functions": ((STEP_FUNCTIONS,), "#d98324"),
    "Lambda": ((LAMBDA,), "#2da44e"),
    "logs": ((LOGS,), "#d05ca0"),
    "the rest": ((METRICS, ALARMS, SECRETS, DASHBOARD, OTHER), INK),
}
"""Items that are drawn as one, and their colour."""


def draw(results: Results, folder: Path) -> None:
    """Draws `costs-month.svg`."""
    measured = Measured.of(results)
    bills = {told(run): bill(measured.stacks[DEFAULT], run.used, measured.busy) for run in measured.months}
    with style():
        figure, axes = plt.subplots(figsize=(8, 3.2))
        ends = [0.0] * len(bills)
        for name, (items, colour) in GROUPS.items():
            widths = [sum(one[item] for item in items) for one in bills.values()]
            axes.barh(list(bills), widths, left=ends, color=colour, label=name, height=0.6)
            ends = [end + width for end, width in zip(ends, widths, strict=True)]
        for row, one in enumerate(bills.values()):
            axes.text(ends[row], row, f" {total(one):,.0f}", va="center")
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("US dollars a month, instances not included")
        axes.legend(frameon=False, loc="upper right")
        save(figure, folder / "costs-month.svg")
