"""What Step Functions charges for a run, by its history; docs/explanation/cost.md counts on it."""

from bench.costs.records import transitions
from deployment.stack import Stack

KEYS = [("r5b.2xlarge", "ap-northeast-1c"), ("m5.large", "ap-northeast-1a")]
IDLE_RUN = 6
"""Transitions of a run that finds nothing to do, at most."""
BRANCH = 3
"""ReserveBranch, IsTimeForAnotherRound and BranchIsDone, once for all targets that are asked for in the same way."""
MESSAGE = 3
"""IsNextRun, PublishAnnouncement and ClearAnnouncement; up to ten events take PutEvents instead of the second."""


def charged(stack: Stack) -> int:
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    return transitions(stack.history(execution))


def test_an_idle_run_takes_six_transitions_and_a_dry_pool_one_more(stack: Stack) -> None:
    stack.run()
    values = ", ".join(f"('{instance_type}', '{zone}', 5, 0)" for instance_type, zone in KEYS)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")
    # A new target without a price would take two more.
    for instance_type, zone in KEYS:
        stack.sql(
            "INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) "
            f"VALUES ('{instance_type}', '{zone.rstrip('abc')}', 1)"
        )
    stack.run()
    # A target is one state, however often the function asks.
    assert charged(stack) == IDLE_RUN + BRANCH + len(KEYS)
    for key in KEYS:
        stack.cloud.capacity.set_free(*key, 5)
    # A mail, and a batch of events.
    assert charged(stack) == IDLE_RUN + BRANCH + len(KEYS) + 2 * MESSAGE
    assert charged(stack) <= IDLE_RUN
