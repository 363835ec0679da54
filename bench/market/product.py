"""The product in simulated time: what each function of its state machine does, with the product's own decisions."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bench.market.ec2 import DESCRIBE, Request
from bench.market.target import MarketTarget
from bench.market.timing import INVOKE_SECONDS, REQUEST_SECONDS, STEP_SECONDS, SimulatedClock
from odcr.domain.acquisition import acquire
from odcr.domain.comparison import bounded, compare
from odcr.domain.outcome import Outcome
from odcr.domain.pace import RESERVED_SECONDS, Pace, Share
from odcr.domain.refusal import TargetNotMet
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target
from stepper.branch import TaskFailed
from stepper.definition import Function
from stepper.strand import sleep_until

Event = dict[str, Any]


class MarketClock(SimulatedClock):
    """The time of all functions of one play; each sleeps in a strand of its own."""

    def sleep(self, cloud_seconds: float) -> None:
        """Leaves the strand at hand until so many seconds have passed."""
        sleep_until(self.now() + cloud_seconds)

    def wait_until(self, moment: float) -> None:
        """Lets time pass until then."""
        self.set(max(self.now(), moment))


class Product:
    """The functions, and what they find in the table and in EC2.

    Args:
        targets: the rows of the table, each with its market.
        clock: the time.
    """

    def __init__(self, targets: Sequence[MarketTarget], clock: MarketClock) -> None:
        self._targets = {one.key: one for one in targets}
        self._clock = clock
        self._holder = ("", 0.0)
        """Who has the lease, and when it expires."""
        self.requests: list[Request] = []
        """Those that belong to no single target."""
        for target in targets:
            target.ec2.clock = clock

    def task(self, function: Function) -> Callable[[Event], Any]:
        """What a Task state that invokes the function does."""
        work: Callable[[Event, Function], Any] = {
            "LoadTargets": self._load_targets,
            "FindShortfalls": self._find_shortfalls,
            "ReserveCapacity": self._reserve_capacity,
            "RecordResults": self._record_results,
        }.get(function.name, self._nothing)

        def invoked(event: Event) -> Any:
            if function.name == "ReserveCapacity":
                self._clock.sleep(INVOKE_SECONDS)
            return work(event, function)

        return invoked

    def _load_targets(self, event: Event, function: Function) -> Event:
        del function
        self._clock.sleep(STEP_SECONDS)
        holder, expires = self._holder
        if holder not in ("", event["Execution"]) and self._clock.now() < expires:
            return {"Lease": "BUSY", "Holder": holder, "Targets": [], "Rejected": [], "Complete": True}
        self._holder = (event["Execution"], self._clock.now() + event["LeaseSeconds"])
        rows = [one.row(self._clock.now()) for one in sorted(self._targets.values(), key=lambda one: one.tried_at)]
        targets = [row.to_event() for row in rows]
        return {"Lease": "HELD", "Targets": targets, "Rejected": [], "Complete": True}

    def _find_shortfalls(self, event: Event, function: Function) -> Event:
        del function
        self._clock.sleep(STEP_SECONDS)
        regions = dict.fromkeys(one.region for one in self._targets.values())
        self.requests += [(self._clock.now(), region, DESCRIBE) for region in regions]
        self._clock.sleep(REQUEST_SECONDS)
        held = [one for target in self._targets.values() for one in target.ec2.reservations]
        found = bounded(compare([Target.from_event(one) for one in event["Targets"]], [], held))
        return {
            "Shortfalls": [one.to_event() for one in found.shortfalls],
            "Observed": [one.to_event() for one in found.observed],
            "Rejected": [],
        }

    def _reserve_capacity(self, event: Event, function: Function) -> Event:
        clock, started = self._clock, datetime.fromisoformat(event["StartedAt"]).timestamp()
        run_ends = started + event["RunSeconds"]
        ends = min(clock.now() + function.timeout, run_ends)
        share = Share(event["Index"], event["Shortfalls"], event["MaxConcurrency"])
        pace = Pace(share, event["Attempt"], lambda: ends - clock.now(), clock.sleep)
        shortfall = Shortfall.from_event(event["Target"])
        target = self._targets[shortfall.key]
        try:
            outcome = acquire(shortfall, event["Execution"], event["Attempt"], target.ec2, pace)
        except TargetNotMet as error:
            target.attempts.append(error.outcome.calls)
            if run_ends - clock.now() < RESERVED_SECONDS:
                return error.outcome.to_event()
            raise TaskFailed(type(error).__name__, json.dumps({"errorMessage": str(error)})) from None
        target.attempts.append(outcome.calls)
        return outcome.to_event()

    def _record_results(self, event: Event, function: Function) -> Event:
        del function
        self._clock.sleep(STEP_SECONDS)
        if self._holder[0] == event["Execution"]:
            for one in [*event["Outcomes"], *event["Observed"]]:
                outcome = Outcome.from_event(json.loads(one) if isinstance(one, str) else one)
                self._targets[outcome.key].record(outcome, self._clock.now())
            self._holder = ("", 0.0)
        return {"Changes": [], "Announcements": []}

    def _nothing(self, event: Event, function: Function) -> Event:
        raise AssertionError(f"{function.name} has nothing to do in this market, but was given {event!r}")
