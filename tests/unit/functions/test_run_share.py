import json
from dataclasses import replace

from odcr.domain.outcome import Outcome, Status
from odcr.domain.run_share import share_of_run
from odcr.domain.target import Target, TargetKey
from odcr.domain.use import Use
from odcr.domain.wire import MAX_STATE_BYTES


def targets(count: int, status: str = "FULFILLED") -> list[Target]:
    return [
        Target(
            TargetKey(f"r5b.{number}xlarge", "ap-northeast-1c"),
            15,
            15,
            status,
            last_ids=("cr-0123456789abcdef0",),
            last_use=Use(7, 8),
        )
        for number in range(count)
    ]


def test_a_thousand_targets_are_passed_on_in_their_order() -> None:
    share = share_of_run(targets(1000), [], "run-1", [])
    assert share.targets == targets(1000)
    assert share.is_complete


def test_too_many_targets_are_cut_to_the_limit_with_waiting_ones_first() -> None:
    short = [Target(TargetKey(f"m5.{number}xlarge", "us-east-1a"), 15, 0, "SHORT") for number in range(300)]
    rejected = [Outcome(TargetKey("?" * 255, "é" * 255), Status.INVALID, 1, 0, reason="x" * 200)] * 500
    share = share_of_run([*targets(3000), *short], rejected, "run-1", [])
    event = {
        "Targets": [target.to_event() for target in share.targets],
        "Rejected": [outcome.to_event() for outcome in share.rejected],
    }
    assert 200_000 < len(json.dumps(event, ensure_ascii=False).encode()) < MAX_STATE_BYTES * 0.95
    assert share.targets[-300:] == short
    assert share.rejected
    assert not share.is_complete


def test_each_target_is_in_some_share_again_and_again() -> None:
    everyone = targets(1500)
    runs, looked_at = 0, set()
    while len(looked_at) < 1500 and runs < 40:
        looked_at |= {target.key for target in share_of_run(everyone, [], f"run-{runs}", []).targets}
        runs += 1
    assert len(looked_at) == 1500


def test_a_repeated_step_has_the_same_share() -> None:
    share = share_of_run(targets(1500), [], "run-1", [])
    assert share == share_of_run(targets(1500), [], "run-1", [])
    assert share != share_of_run(targets(1500), [], "run-2", [])


def test_targets_that_asking_cannot_help_come_after_waiting_ones() -> None:
    settled = [replace(target, last_status="EXCESS") for target in targets(1500)]
    short = [Target(TargetKey(f"m5.{number}xlarge", "us-east-1a"), 15, 0, "SHORT") for number in range(100)]
    raised = Target(TargetKey("m6i.large", "us-east-1a"), 20, 15, "FULFILLED")
    share = share_of_run([*settled, *short, raised], [], "run-1", [])
    assert share.targets[-101:] == [*short, raised]
