"""The schedule and the state machine in simulated time, both as they are deployed."""

import random
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from bench.documents import ROOT
from bench.market.clock import INVOKE_SECONDS
from bench.market.ec2 import Request
from bench.market.product import MarketClock, Product
from bench.market.scenario import END_SECONDS
from bench.market.target import MarketTarget
from localcloud.schedule.expressions import parse
from odcr.domain.acquisition import Ladder
from odcr.domain.ladder import ask_ladder
from odcr.settings import AskSettings
from stepper.definition import Template
from stepper.execution import Execution, StateMachine, Status

START_EXECUTION = "arn:aws:states:::states:startExecution"


def play(targets: Sequence[MarketTarget], ladder: Ladder = ask_ladder) -> list[Request]:
    """Plays from the schedule's first start until the end.

    Returns:
        FindShortfalls' requests; those of the attempts are with the targets.
    """
    clock = MarketClock()
    product, template = Product(targets, clock, ladder, ask_settings()), _template()
    running: list[Execution] = []

    def start() -> None:
        running.append(machine.start(f"run-{len(machine.executions)}"))

    def start_next(_payload: Any) -> None:
        clock.sleep(INVOKE_SECONDS)
        start()

    chance = random.Random("jitter")  # noqa: S311 - to be repeatable
    machine = StateMachine(
        template.definition(),
        template.machine_arn,
        {one.arn: product.task(one) for one in template.functions()} | {START_EXECUTION: start_next},
        clock,
        jitter=lambda seconds: chance.uniform(0, seconds),
        carry=lambda value: value,
    )
    scheduled = 0.0
    while True:
        execution = min(running, key=lambda one: one.due, default=None)
        due = scheduled if execution is None else min(scheduled, execution.due)
        if due >= END_SECONDS:
            return product.requests
        clock.wait_until(due)
        if due == scheduled:
            start()
            scheduled += every_seconds()
        elif execution is not None:
            execution.advance()
            if execution.is_over and execution.status is not Status.SUCCEEDED:
                raise AssertionError(f"A run failed: {execution.failure}")
            running = [one for one in running if not one.is_over]


@cache
def every_seconds() -> float:
    """Seconds from one start of the schedule to the next, by the template's default.

    Raises:
        ValueError: the schedule is not a rate.
    """
    period = parse(_defaults()["ScheduleExpression"])
    if not isinstance(period, timedelta):
        raise ValueError(f"The simulation knows only rates, not the template's default {period}; extend it")
    return period / timedelta(seconds=1)


@cache
def ask_settings() -> AskSettings:
    """How the product asks, by the template's defaults."""
    return AskSettings(*(_defaults()[name] for name in ("AskEverySeconds", "SlowAfterHours", "MapConcurrency")))


@cache
def _defaults() -> dict[str, Any]:
    parameters = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
    return {name: one.get("Default") for name, one in parameters.items()}


@cache
def _template() -> Template:
    return Template(ROOT / "template.yaml")
