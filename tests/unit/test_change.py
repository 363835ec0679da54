from odcr.domain.change import MAX_SUBJECT, Change, announcements
from odcr.domain.status import Status
from odcr.domain.target import TargetKey

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")


def test_nothing_changed_nothing_said() -> None:
    assert announcements("odcr/us-east-1", []) == []


def test_one_message_tells_all_changes_and_what_to_do() -> None:
    changes = [
        Change(KEY, "SHORT", Status.FULFILLED, 15, 15),
        Change(TargetKey("m5.large", "us-east-1a"), None, Status.INVALID, 0, -1, "Set it to the number wanted."),
    ]
    (message,) = announcements("odcr/us-east-1", changes)
    assert message["Subject"] == "EC2 capacity odcr/us-east-1: 1 FULFILLED, 1 INVALID"
    assert "FULFILLED: r5b.2xlarge in ap-northeast-1c: 15 of 15 held (was SHORT)" in message["Message"]
    assert "INVALID: m5.large in us-east-1a: 0 of -1 held (was new)\n    Set it to the number" in message["Message"]


def test_the_subject_is_as_short_as_sns_wants() -> None:
    (message,) = announcements("a-very-long-stack-name" * 9, [Change(KEY, None, Status.SHORT, 0, 15)])
    assert len(message["Subject"]) == MAX_SUBJECT


def test_a_release_is_told_with_how_many_and_why() -> None:
    change = Change(KEY, "EXCESS", Status.FULFILLED, 10, 10, "Released 5, as the target was lowered to 10.")
    (message,) = announcements("odcr/us-east-1", [change])
    assert "10 of 10 held (was EXCESS)\n    Released 5, as the target was lowered to 10." in message["Message"]
