"""The results as the tables and the picture read them."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from bench.benchmark import Results

HELD, SHORT = "fulfilled", "short"


@dataclass(frozen=True)
class Run:
    """A run of one case: medians, if it was played more than once."""

    case: str
    rows: int
    short: int
    """Targets that it asked EC2 for."""
    plays: int
    seconds: float
    """From the execution's start to its end, on the wall."""
    engine_seconds: float
    """The same with functions that answer at once."""
    cpu_ms: float
    """Of all functions, on a whole processor of the machine that measured."""
    waits: int
    """Attempts that waited for their turn of EC2's request rate."""
    waited_ms: float
    """How long they waited, all together, in the cloud's time."""
    database_ms: float
    """How long the database worked for the functions."""
    statements: int
    """That it was sent."""
    attempts: int
    """Invocations of ReserveCapacity that looked at EC2."""
    describes: int
    """DescribeCapacityReservations, of all functions."""
    asks: int
    """Requests for capacity."""
    other_calls: int
    """To EC2."""
    reservations: int
    """That the stack held."""

    @property
    def our_seconds(self) -> float:
        """What the engine does not take: the functions, with the database, the fake EC2, and waiting for turns."""
        return max(0.0, self.seconds - self.engine_seconds)

    @property
    def engine_share(self) -> float:
        """Of the wall time."""
        return self.engine_seconds / self.seconds

    @property
    def worked_on(self) -> int:
        """Rows whose work this is: those that it asked EC2 for, or all, if it asked for none."""
        return self.short or self.rows

    @property
    def own_describes(self) -> int:
        """FindShortfalls' calls: those that are left if an attempt looks before it asks, and again after it waited."""
        return self.describes - self.attempts - self.waits

    def to_json(self) -> dict[str, Any]:
        """As in results.json."""
        return asdict(self)


@dataclass(frozen=True)
class Describes:
    """FindShortfalls' calls in a run that asks for nothing."""

    reservations: int
    calls: int

    @property
    def expected(self) -> int:
        """One for each thousand, and at least one."""
        return max(1, math.ceil(self.reservations / 1000))


@dataclass(frozen=True)
class Measured:
    """All of it."""

    runs: tuple[Run, ...]
    describes: tuple[Describes, ...]

    @classmethod
    def of(cls, results: Results) -> "Measured":
        """From results.json."""
        return cls(
            tuple(Run(**run) for run in results["runs"]),
            tuple(Describes(**one) for one in results["describes"]),
        )

    def of_case(self, case: str) -> list[Run]:
        """Runs of one case, the smallest first."""
        return sorted((run for run in self.runs if run.case == case), key=lambda run: run.rows)

    def run(self, case: str, rows: int) -> Run:
        """The one run of a case with so many rows."""
        (run,) = [run for run in self.of_case(case) if run.rows == rows]
        return run

    @property
    def all_describes(self) -> list[Describes]:
        """Those of the runs, too."""
        own = [Describes(run.reservations, run.own_describes) for run in self.runs]
        return [*own, *self.describes]
