"""The functions of the state machine in simulated time, with the product's own decisions."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.market.clock import INVOKE_SECONDS, REQUEST_SECONDS, STEP_SECONDS, SimulatedClock
from bench.market.ec2 import DESCRIBE, Request
from bench.market.target import MarketTarget
from odcr.domain.acquisition import Ladder, acquire
from odcr.domain.asking import plan
from odcr.domain.bounds import bounded
from odcr.domain.comparison import compare
from odcr.domain.correction import NO_WISHES
from odcr.domain.outcome import Outcome, to_round
from odcr.domain.pace import RESERVED_SECONDS, Pace, after_one_more, sent_at
from odcr.domain.refusal import Refusal
from odcr.domain.rounds import combined, outcome_so_far, resumed
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target
from odcr.domain.wire import ROOM
from odcr.settings import AskSettings
from stepper.branch import TaskFailed
from stepper.definition import Function
from stepper.strand import sleep_until

Event = dict[str, Any]


class MarketClock(SimulatedClock):
    """The time of all functions; each of them sleeps in a strand of its own."""

    def sleep(self, cloud_seconds: float) -> None:
        """Leaves the current strand until so many seconds have passed."""
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
        ladder: how many instances to ask for.
        settings: how the stack asks.
    """

    def __init__(
        self, targets: Sequence[MarketTarget], clock: MarketClock, ladder: Ladder, settings: AskSettings
    ) -> None:
        self._targets = {one.key: one for one in targets}
        self._clock = clock
        self._ladder, self._settings = ladder, settings
        self._buckets = MarketBuckets(clock)
        self._lease = ("", 0.0)
        """Its holder, and when it expires."""
        self.requests: list[Request] = []
        """Requests for no single target."""
        for target in targets:
            target.ec2.clock = clock

    def task(self, function: Function) -> Callable[[Event], Any]:
        """What a Task state that invokes the function does.

        Raises:
            AssertionError: by the task, if nothing in this market should invoke the function.
        """
        work: Callable[[Event], Any] | None = {
            "LoadTargets": self._load_targets,
            "FindShortfalls": self._find_shortfalls,
            "ReserveCapacity": lambda event: self._reserve_capacity(event, function.timeout),
            "RecordResults": self._record_results,
        }.get(function.name)

        def invoke(event: Event) -> Any:
            if work is None:
                raise AssertionError(f"{function.name} has nothing to do in this market, but was given {event!r}")
            self._clock.sleep(INVOKE_SECONDS)
            return work(event)

        return invoke

    def _load_targets(self, event: Event) -> Event:
        self._clock.sleep(STEP_SECONDS)
        loaded = {"Rejected": [], "Prices": [], "Complete": True, "InstancesDue": False}
        holder, expires = self._lease
        if holder not in ("", event["Execution"]) and self._clock.now() < expires:
            return {"Lease": "BUSY", "Targets": [], **loaded}
        self._lease = (event["Execution"], self._clock.now() + event["LeaseSeconds"])
        in_order = sorted(self._targets.values(), key=lambda one: one.tried_at)
        targets = [one.row(self._clock.now()).to_event() for one in in_order]
        return {"Lease": "HELD", "Targets": targets, **loaded}

    def _find_shortfalls(self, event: Event) -> Event:
        self._clock.sleep(STEP_SECONDS)
        self.requests.append((self._clock.now(), DESCRIBE))
        self._clock.sleep(REQUEST_SECONDS)
        held = [one for target in self._targets.values() for one in target.ec2.reservations]
        targets = [Target.from_event(one) for one in event["Targets"]]
        comparison = compare(
            targets, [], held, is_complete=True, releases=False, now=event["StartedAt"], wishes=NO_WISHES
        )
        kept = bounded(comparison, ROOM, has_caps=False)
        started = datetime.fromisoformat(event["StartedAt"])
        ask_until = started + timedelta(seconds=event["AskSeconds"])
        are_all = len(kept.shortfalls) == len(comparison.shortfalls)
        by_key = {one.key: one for one in targets}
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        planned = plan(
            kept.shortfalls,
            by_key,
            self._settings,
            now,
            ask_until,
            is_alone=True,
            are_all=are_all,
            is_blind=False,
        )
        return {
            "Branches": planned.to_event(started, ask_until),
            "Observed": [one.to_event() for one in kept.observed],
            "Rejected": [],
            "Next": planned.is_pressing,
            "Failures": 0,
            "Left": not are_all or planned.asked < len(kept.shortfalls),
            "Instances": None,
        }

    def _reserve_capacity(self, event: Event, timeout: float) -> Event:
        clock, item = self._clock, event["Target"]
        shortfall, before = Shortfall.from_event(item), outcome_so_far(item)
        if before is not None and before.status.is_met:
            return to_round(before)
        if not event["Attempt"] and clock.now() > _seconds(event["AskUntil"]):
            return to_round(before) if before else {}
        latest = min(_seconds(event["AskUntil"]), clock.now() + timeout - RESERVED_SECONDS)
        pace = Pace(self._buckets, event["AskEvery"], latest, clock.now, clock.sleep)
        occasion = f"{event['Execution']}/{event['EnteredAt']}"
        asked = shortfall if before is None else resumed(shortfall, before)
        ec2 = self._targets[shortfall.key].ec2
        try:
            outcome = acquire(
                asked,
                occasion,
                event["Attempt"],
                ec2,
                pace,
                lambda: False,
                stack_tags={},
                now=event["StartedAt"],
                purse=None,
                ladder=self._ladder,
            )
        except Refusal as error:
            raise TaskFailed(type(error).__name__, json.dumps({"errorMessage": str(error)})) from None
        return to_round(outcome if before is None else combined(before, outcome))

    def _record_results(self, event: Event) -> Event:
        self._clock.sleep(STEP_SECONDS)
        if "Failure" in event:
            return {}
        outcomes = [outcome for branch in event["Branches"] for item in branch if (outcome := outcome_so_far(item))]
        if self._lease[0] == event["Execution"]:
            for outcome in [*outcomes, *(Outcome.from_event(one) for one in event["Observed"])]:
                self._targets[outcome.key].record(outcome, self._clock.now())
            self._lease = ("", 0.0)
        is_short = event["Left"] or any(outcome.is_short for outcome in outcomes)
        return {
            "Changes": [],
            "Announcements": [{"NextRun": True, "Failures": 0}] if event["Next"] and is_short else [],
        }


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
