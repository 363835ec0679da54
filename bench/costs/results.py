"""The results as the tables and the picture read them."""

from dataclasses import dataclass

from bench.benchmark import Results
from bench.costs.standing import Standing
from bench.costs.usage import Usage

HELD, DRY, SLOW, MET, BUSY = "held", "dry", "slow", "met", "busy"
MONTHS = (10, 100, 1000)
"""Targets of the stacks whose months are told."""


@dataclass(frozen=True)
class Run:
    """One run that was taken down."""

    case: str
    targets: int
    short: int
    regions: int
    used: Usage


@dataclass(frozen=True)
class Measured:
    """All of it."""

    runs: tuple[Run, ...]
    stacks: dict[str, Standing]
    cold_cpu_ms: dict[str, int]

    @classmethod
    def of(cls, results: Results) -> "Measured":
        """From results.json."""
        return cls(
            tuple(
                Run(run["case"], run["targets"], run["short"], run["regions"], Usage.from_json(run["used"]))
                for run in results["runs"]
            ),
            {name: Standing(**stack) for name, stack in results["stacks"].items()},
            results["cold_cpu_ms"],
        )

    def of_case(self, case: str, regions: int = 1) -> list[Run]:
        """Runs of one case, the smallest first."""
        return sorted(
            (run for run in self.runs if (run.case, run.regions) == (case, regions)),
            key=lambda run: (run.targets, run.short),
        )

    @property
    def busy(self) -> Usage:
        """A run that finds another one under way."""
        (run,) = self.of_case(BUSY)
        return run.used

    @property
    def months(self) -> list[Run]:
        """What every run of a month is like: all held, then one target in ten short, then the same slowed down."""
        return [
            run
            for case in (HELD, DRY, SLOW)
            for run in self.of_case(case)
            if run.targets in MONTHS and run.short * 10 in (0, run.targets)
        ]

    def without_shortage(self, run: Run) -> Run:
        """The run of the same targets, or of the same Regions, in which nothing is short."""
        held = self.of_case(HELD, run.regions)
        return next((one for one in held if one.targets == run.targets), held[0])
