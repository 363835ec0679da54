"""One item of the state machine's Map: the attempts at one target in one run."""

from collections import Counter
from dataclasses import dataclass

from bench.market.product import Pace
from bench.market.target import MarketTarget
from bench.market.timing import INVOKE_SECONDS
from odcr.domain import acquisition
from odcr.domain.outcome import Outcome
from odcr.domain.pace import RESERVED_SECONDS, Share
from odcr.domain.pace import Pace as Turns
from odcr.domain.refusal import TargetNotMet
from odcr.domain.shortfall import Shortfall


@dataclass(frozen=True)
class Run:
    """The execution that an item is part of."""

    name: str
    started: float
    """Seconds after the simulation's start."""
    pace: Pace


def work(target: MarketTarget, shortfall: Shortfall, share: Share, run: Run) -> Outcome:
    """What ReserveCapacity and its Retry make of a shortfall; the target's clock goes on by what it takes."""
    clock, run_ends = target.clock, run.started + run.pace.run_seconds
    repeated: Counter[tuple[str, ...]] = Counter()
    while True:
        attempt = repeated.total()
        clock.sleep(INVOKE_SECONDS)
        function_ends = clock.now() + run.pace.function_seconds
        ends = min(function_ends, run_ends)
        turns = Turns(share, attempt, lambda ends=ends: ends - clock.now(), clock.sleep)  # type: ignore[misc]
        try:
            outcome = acquisition.acquire(shortfall, run.name, attempt, target.ec2, turns)
            target.attempts.append(outcome.calls)
            return outcome
        except TargetNotMet as error:
            target.attempts.append(error.outcome.calls)
            wait = _wait(error, repeated, run.pace)
            # As the handler does: an error would be repeated, and the run has to end.
            if wait is None or run_ends - clock.now() < RESERVED_SECONDS:
                return error.outcome
            clock.sleep(wait)


def _wait(error: TargetNotMet, repeated: Counter[tuple[str, ...]], pace: Pace) -> float | None:
    """Seconds until the state machine repeats the item, or None if it does not; counts the repetition."""
    retry = next((one for one in pace.retries if {type(error).__name__, "States.ALL"} & {*one.errors}), None)
    if retry is None or repeated[retry.errors] >= retry.attempts:
        return None
    wait = retry.interval * retry.backoff ** repeated[retry.errors]
    repeated[retry.errors] += 1
    return wait
