"""The product's own pace, read from the files that are deployed."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from bench.documents import ROOT
from localcloud.schedule_expressions import Rate, parse


@dataclass(frozen=True)
class Retry:
    """One retrier of the state machine."""

    errors: tuple[str, ...]
    interval: float
    """Seconds before the first repetition."""
    attempts: int
    """How often it repeats at most."""
    backoff: float
    """The factor by which the next wait is longer."""


@dataclass(frozen=True)
class Pace:
    """When the product asks."""

    every: float
    """Seconds from one start of a run to the next."""
    concurrency: int
    """Targets that are worked on at once."""
    run_seconds: float
    """How long after its start a run asks."""
    function_seconds: float
    """How long one attempt may last."""
    retries: tuple[Retry, ...]

    def repeating(self, error: str, interval: float, attempts: int) -> "Pace":
        """The same pace, but one error is repeated otherwise."""
        other = [
            replace(one, interval=interval, attempts=attempts) if error in one.errors else one for one in self.retries
        ]
        return replace(self, retries=tuple(other))


@cache
def default_pace() -> Pace:
    """As the template and the state machine say.

    Raises:
        ValueError: if the schedule is no rate, as its default is.
    """
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    machine = json.loads((ROOT / "statemachine" / "acquire_capacity.asl.json").read_text())
    reserve = machine["States"]["ReserveShortfalls"]["ItemProcessor"]["States"]["ReserveCapacity"]
    parameters = template["Parameters"]
    schedule = parse(parameters["ScheduleExpression"]["Default"])
    if not isinstance(schedule, Rate):
        raise ValueError(f"The default schedule is no rate: {schedule}. Simulate it otherwise.")
    return Pace(
        every=schedule.period / timedelta(seconds=1),
        concurrency=int(parameters["MapConcurrency"]["Default"]),
        run_seconds=float(reserve["Parameters"]["RunSeconds"]),
        function_seconds=float(template["Resources"]["ReserveCapacity"]["Properties"]["Timeout"]),
        retries=tuple(_retry(one) for one in reserve["Retry"]),
    )


def _retry(fields: dict[str, Any]) -> Retry:
    return Retry(
        tuple(fields["ErrorEquals"]),
        float(fields.get("IntervalSeconds", 1)),
        int(fields["MaxAttempts"]),
        float(fields.get("BackoffRate", 2)),
    )
