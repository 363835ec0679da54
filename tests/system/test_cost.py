"""What Step Functions charges for a run, in its executed history; docs/explanation/cost.md reckons with it."""

from bench.costs.records import transitions
from demo.stack import Stack

KEYS = [("r5b.2xlarge", "ap-northeast-1c"), ("m5.large", "ap-northeast-1a")]
MOST_OF_AN_IDLE_RUN = 6
OF_A_BRANCH = 3
"""ReserveBranch, IsTimeForAnotherRound and BranchIsDone, for all targets that are asked for in the same way."""
OF_A_MESSAGE = 3
"""IsNextRun, PublishAnnouncement and ClearAnnouncement; of up to ten events PutEvents in the place of the second."""


def charged(stack: Stack) -> int:
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    return transitions(stack.history(execution))


def test_an_idle_run_takes_six_transitions_and_a_dry_pool_one_more(stack: Stack) -> None:
    stack.run()
    values = ", ".join(f"('{instance_type}', '{zone}', 5, 0)" for instance_type, zone in KEYS)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")
    # A target without a price takes two more in its first run.
    for instance_type, zone in KEYS:
        stack.sql(
            "INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) "
            f"VALUES ('{instance_type}', '{zone.rstrip('abc')}', 1)"
        )
    stack.run()
    # However often a function asks while the run goes on, it is one state for each target.
    assert charged(stack) == MOST_OF_AN_IDLE_RUN + OF_A_BRANCH + len(KEYS)
    for key in KEYS:
        stack.cloud.capacity.set_free(*key, 5)
    # A mail, and an event for each target.
    assert charged(stack) == MOST_OF_AN_IDLE_RUN + OF_A_BRANCH + len(KEYS) + 2 * OF_A_MESSAGE
    assert charged(stack) <= MOST_OF_AN_IDLE_RUN
