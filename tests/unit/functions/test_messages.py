import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from odcr.domain.costs import Costs
from odcr.domain.messages import MAX_SUBJECT, Change, advice, announcements, quota_of
from odcr.domain.outcome import Status
from odcr.domain.target import Announcement, TargetKey, Unit, group_key

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")


def test_no_change_makes_no_message() -> None:
    assert announcements("odcr/us-east-1", [], {}, Costs()) == []


def test_one_message_has_all_changes_and_what_to_do() -> None:
    changes = [
        Change(KEY, "SHORT", Status.FULFILLED, 15, 15, short_since=datetime(2026, 11, 1, 12, 30)),  # noqa: DTZ001
        Change(TargetKey("m5.large", "us-east-1a"), None, Status.INVALID, 0, -1, "Set it to the number wanted."),
    ]
    (message,) = announcements("odcr/us-east-1", changes, {}, Costs())
    assert message["Subject"] == "EC2 capacity odcr/us-east-1: 1 FULFILLED, 1 INVALID"
    lines = message["Message"].splitlines()
    assert lines[2:] == [
        "FULFILLED: r5b.2xlarge in ap-northeast-1c: 15 of 15 held (was SHORT); "
        "some was missing since 2026-11-01 12:30 UTC",
        "INVALID: m5.large in us-east-1a: 0 of -1 held (was new)",
        "    Set it to the number wanted.",
        "    To do: correct or delete the row in odcr_capacity, or its row in odcr_option.",
    ]


def test_a_shortage_says_how_many_are_missing_and_since_when() -> None:
    since = datetime(2026, 11, 1, 12, 30)  # noqa: DTZ001 - as the database gives it
    (message,) = announcements(
        "odcr/us-east-1", [Change(KEY, "FULFILLED", Status.SHORT, 4, 15, "", since)], {}, Costs()
    )
    line = "SHORT: r5b.2xlarge in ap-northeast-1c: 4 of 15 held (was FULFILLED); missing 11 since 2026-11-01 12:30 UTC"
    assert line in message["Message"]
    (message,) = announcements("odcr/us-east-1", [Change(KEY, None, Status.INVALID, 0, None, "", since)], {}, Costs())
    assert "0 of ? held (was new); missing an unknown number since" in message["Message"]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.FULFILLED, Status.THROTTLED}))
def test_every_status_that_a_person_can_fix_says_how(status: Status) -> None:
    assert advice(KEY, status, None).startswith("To do: ")


def test_a_release_that_is_announced_says_how_to_keep_what_is_held() -> None:
    assert "raise Target_Capacity at once" in advice(KEY, Status.EXCESS, Announcement(15, 10))
    assert "cancel the reservations" in advice(KEY, Status.EXCESS, None)
    change = Change(KEY, "FULFILLED", Status.EXCESS, 15, 10, "15 held, 10 wanted.")
    (message,) = announcements("odcr/us-east-1", [change], {KEY: Announcement(15, 10)}, costs=Costs())
    assert "raise Target_Capacity at once" in message["Message"]


@pytest.mark.parametrize(
    ("instance_type", "quota"),
    [
        ("r5b.2xlarge", "Standard (A, C, D, H, I, M, R, T, Z)"),
        ("trn1.32xlarge", "Trn"),
        ("t3.large", "Standard (A, C, D, H, I, M, R, T, Z)"),
        ("g5.xlarge", "G and VT"),
        ("p5.48xlarge", "P"),
        ("x2iedn.32xlarge", "X"),
        ("inf2.xlarge", "Inf"),
        ("u-6tb1.112xlarge", "High Memory"),
        ("dl1.24xlarge", "DL"),
        ("d3.xlarge", "Standard (A, C, D, H, I, M, R, T, Z)"),
        ("hpc7a.96xlarge", "HPC"),
        ("h1.2xlarge", "Standard (A, C, D, H, I, M, R, T, Z)"),
    ],
)
def test_a_used_up_quota_is_named(instance_type: str, quota: str) -> None:
    assert quota_of(instance_type) == quota
    text = advice(TargetKey(instance_type, "eu-west-1a"), Status.QUOTA_EXCEEDED, None)
    assert text.startswith("To do: in Service Quotas, eu-west-1, ")
    assert f"'Running On-Demand {quota} instances'" in text


def test_the_subject_is_as_short_as_sns_wants() -> None:
    (message,) = announcements("a-very-long-stack-name" * 9, [Change(KEY, None, Status.SHORT, 0, 15)], {}, Costs())
    assert len(message["Subject"]) == MAX_SUBJECT


def test_a_release_says_how_many_and_why() -> None:
    change = Change(KEY, "EXCESS", Status.FULFILLED, 10, 10, "Released 5, as the target was lowered to 10.")
    (message,) = announcements("odcr/us-east-1", [change], {}, Costs())
    assert "10 of 10 held (was EXCESS)\n    Released 5, as the target was lowered to 10." in message["Message"]


WEB = group_key("web")


def test_a_message_on_a_group_has_units_and_what_to_do() -> None:
    since = datetime(2026, 11, 1, 12, 30)  # noqa: DTZ001 - as the database gives it
    change = Change(WEB, "FULFILLED", Status.SHORT, Decimal("14.5"), Decimal("20.25"), "", since)
    (message,) = announcements("odcr", [change], {}, Costs())
    assert (
        "SHORT: group web: 14.5 of 20.25 units held (was FULFILLED); missing 5.75 since 2026-11-01 12:30 UTC\n"
        "    To do: nothing, every run asks again. If time runs out, add another type or zone to odcr_group_member."
    ) in message["Message"]
    (message,) = announcements("odcr", [replace(change, unit=Unit.vcpus, target=None)], {}, Costs())
    assert "SHORT: group web: 14.5 of ? vCPUs held (was FULFILLED); missing an unknown number" in message["Message"]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.FULFILLED, Status.THROTTLED}))
def test_the_advice_on_a_group_is_about_its_own_tables(status: Status) -> None:
    for announced in (None, Announcement(15, 10)):
        text = advice(WEB, status, announced)
        assert text.startswith("To do: ")
        assert "odcr_capacity" not in text
        assert " Target_Capacity" not in text
    assert "raise TotalTargetCapacity" in advice(WEB, Status.EXCESS, None)
    assert "odcr_group_member" in advice(WEB, Status.INVALID, None)


def test_a_used_up_quota_of_a_group_names_no_type() -> None:
    text = advice(WEB, Status.QUOTA_EXCEEDED, None)
    assert text.startswith("To do: in Service Quotas, Amazon EC2, raise the quota")
    assert "Standard" not in text


def test_a_change_of_a_group_has_its_units_as_a_number() -> None:
    change = Change(WEB, None, Status.SHORT, Decimal("14.5"), 20, unit=Unit.vcpus)
    assert json.loads(json.dumps(change.to_event())) == {
        **WEB.to_event(),
        "To": "SHORT",
        "Reserved": 14.5,
        "TargetCapacity": 20,
        "Unit": "vcpus",
    }
