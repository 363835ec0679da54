"""The product in simulated time: what each function of its state machine does, with the product's own decisions."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.market.ec2 import DESCRIBE, Request
from bench.market.target import MarketTarget
from bench.market.timing import INVOKE_SECONDS, REQUEST_SECONDS, STEP_SECONDS, SimulatedClock
from odcr.domain.acquisition import Ladder, acquire
from odcr.domain.asking import in_all, outcome_so_far, plan, resumed
from odcr.domain.comparison import bounded, compare
from odcr.domain.outcome import Outcome, to_round
from odcr.domain.pace import RESERVED_SECONDS, Pace, after_one_more, sent_at
from odcr.domain.refusal import Refusal
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target
from odcr.settings import AskSettings
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


class MarketBuckets:
    """The buckets that all attempts share, in memory."""

    def __init__(self, clock: MarketClock) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, bucket: str, kept: int, latest: float) -> float | None:
        """Takes a request out of a bucket, as DynamoDB does in one step."""
        full_at = after_one_more(self._full_at.get(bucket, 0.0), self._clock.now())
        if sent_at(full_at, kept) > latest:
            return None
        self._full_at[bucket] = full_at
        return sent_at(full_at, kept)


class Product:
    """The functions, and what they find in the table and in EC2.

    Args:
        targets: the rows of the table, each with its market.
        clock: the time.
        ladder: how many to ask for.
        settings: how the stack asks.
    """

    def __init__(
        self, targets: Sequence[MarketTarget], clock: MarketClock, ladder: Ladder, settings: AskSettings
    ) -> None:
        self._targets = {one.key: one for one in targets}
        self._clock = clock
        self._ladder, self._settings = ladder, settings
        self._buckets = MarketBuckets(clock)
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
            self._clock.sleep(INVOKE_SECONDS)
            return work(event, function)

        return invoked

    def _load_targets(self, event: Event, function: Function) -> Event:
        del function
        self._clock.sleep(STEP_SECONDS)
        holder, expires = self._holder
        if holder not in ("", event["Execution"]) and self._clock.now() < expires:
            return {
                "Lease": "BUSY",
                "Targets": [],
                "Rejected": [],
                "Prices": [],
                "Complete": True,
                "InstancesDue": False,
            }
        self._holder = (event["Execution"], self._clock.now() + event["LeaseSeconds"])
        in_order = sorted(self._targets.values(), key=lambda one: one.tried_at)
        rows = [one.row(self._clock.now()) for one in in_order]
        targets = [row.to_event() for row in rows]
        passed_on = {"Targets": targets, "Rejected": [], "Prices": [], "Complete": True}
        return {"Lease": "HELD", **passed_on, "InstancesDue": False}

    def _find_shortfalls(self, event: Event, function: Function) -> Event:
        del function
        self._clock.sleep(STEP_SECONDS)
        regions = dict.fromkeys(one.region for one in self._targets.values())
        self.requests += [(self._clock.now(), region, DESCRIBE) for region in regions]
        self._clock.sleep(REQUEST_SECONDS)
        held = [one for target in self._targets.values() for one in target.ec2.reservations]
        targets = [Target.from_event(one) for one in event["Targets"]]
        found = compare(targets, [], held)
        passed = bounded(found)
        started = datetime.fromisoformat(event["StartedAt"])
        ask_until = started + timedelta(seconds=event["AskSeconds"])
        are_all = len(passed.shortfalls) == len(found.shortfalls)
        by_key = {one.key: one for one in targets}
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        planned = plan(passed.shortfalls, by_key, self._settings, now, ask_until, is_alone=True, are_all=are_all)
        return {
            "Branches": planned.to_event(started, ask_until),
            "Observed": [one.to_event() for one in passed.observed],
            "Rejected": [],
            "Next": planned.is_pressing,
            "Failures": 0,
            "Left": not are_all or planned.asked < len(passed.shortfalls),
            "Instances": None,
        }

    def _reserve_capacity(self, event: Event, function: Function) -> Event:
        clock, item = self._clock, event["Target"]
        shortfall, before = Shortfall.from_event(item), outcome_so_far(item)
        if before is not None and before.status.is_met:
            return to_round(before)
        if not event["Attempt"] and clock.now() > _seconds(event["AskUntil"]):
            return to_round(before) if before else {}
        target = self._targets[shortfall.key]
        latest = min(_seconds(event["AskUntil"]), clock.now() + function.timeout - RESERVED_SECONDS)
        pace = Pace(self._buckets, event["AskEvery"], latest, clock.now, clock.sleep)
        occasion = f"{event['Execution']}/{event['EnteredAt']}"
        asked = shortfall if before is None else resumed(shortfall, before)
        try:
            outcome = acquire(asked, occasion, event["Attempt"], target.ec2, pace, ladder=self._ladder)
        except Refusal as error:
            target.attempts.append(error.outcome.calls)
            if before is not None:
                error.outcome = in_all(before, error.outcome)
            raise TaskFailed(type(error).__name__, json.dumps({"errorMessage": str(error)})) from None
        target.attempts.append(outcome.calls)
        return to_round(outcome if before is None else in_all(before, outcome))

    def _record_results(self, event: Event, function: Function) -> Event:
        del function
        self._clock.sleep(STEP_SECONDS)
        if "Failure" in event:
            return {}
        outcomes = [outcome for branch in event["Branches"] for item in branch if (outcome := outcome_so_far(item))]
        if self._holder[0] == event["Execution"]:
            for outcome in [*outcomes, *(Outcome.from_event(one) for one in event["Observed"])]:
                self._targets[outcome.key].record(outcome, self._clock.now())
            self._holder = ("", 0.0)
        is_short = event["Left"] or any(outcome.is_short for outcome in outcomes)
        return {
            "Changes": [],
            "Announcements": [{"NextRun": True, "Failures": 0}] if event["Next"] and is_short else [],
        }

    def _nothing(self, event: Event, function: Function) -> Event:
        raise AssertionError(f"{function.name} has nothing to do in this market, but was given {event!r}")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
