"""What an instance counts for in a group whose total is in vCPUs."""

from dataclasses import replace
from typing import Any

import pytest

from odcr.domain.outcome import Status
from odcr.domain.refusal import OutcomeUnknown, Refusal, RequestLimitExceeded
from odcr.domain.regions import Findings
from odcr.domain.reservation import Reservation
from odcr.domain.target import Member, Target, TargetKey, Unit, group_key
from odcr.domain.weights import needing_vcpus, outcomes_of_unweighed, with_weights
from odcr.domain.wording import MAX_REASON

HOME, ABROAD = "ap-northeast-1", "us-east-1"
SEEN = Findings({HOME: [], ABROAD: []})
REFUSED = RequestLimitExceeded("RequestLimitExceeded", "Request limit exceeded.")


def member(kind: str, zone: str = f"{HOME}a", weight: int | None = None, **fields: Any) -> Member:
    return Member(TargetKey(kind, zone, group="web"), weight, **fields)


def group(*members: Member) -> Target:
    return Target(group_key("web"), 64, members=members, unit=Unit.vcpus)


def held(kind: str, zone: str = f"{HOME}a", name: str = "web") -> Findings:
    return Findings({HOME: [Reservation("cr-1", TargetKey(kind, zone, group=name), 2, "active")], ABROAD: []})


def weighed(target: Target, vcpus: dict[str, Any], findings: Findings = SEEN) -> tuple[list[Any], list[str], int]:
    """The weights, the faults, and how many outcomes there are."""
    (weighted,) = with_weights([target], vcpus, findings, HOME)
    outcomes = outcomes_of_unweighed([target], vcpus, findings, HOME)
    return [member.weight for member in weighted.members], [member.fault for member in weighted.members], len(outcomes)


def test_only_members_without_a_weight_in_vcpu_groups_are_looked_up() -> None:
    vcpus = group(
        member("m5.large"),
        member("m5.xlarge", weight=4),
        member(" M5.2xlarge", "use1-az1"),
        member("nonsense"),
        member("m5.large", "us-west-2a"),
        member("m5.large", "Tokyo"),
    )
    instances = Target(group_key("db"), 4, members=(member("c5.large"),))
    row = Target(TargetKey("r5.large", f"{HOME}a"), 4)
    assert needing_vcpus([vcpus, instances, row], SEEN, HOME) == {HOME: {"m5.large"}, ABROAD: {"m5.2xlarge"}}
    assert with_weights([instances, row], {}, SEEN, HOME) == [instances, row]


def test_each_member_has_the_weight_that_its_own_region_says() -> None:
    target = group(member("m5.large"), member("m5.xlarge", weight=1), member("m5.2xlarge", "use1-az1"))
    vcpus = {HOME: {"m5.large": 2, "m5.xlarge": 4}, ABROAD: {"m5.2xlarge": 8}}
    assert weighed(target, vcpus) == ([2, 1, 8], ["", "", ""], 0)


def test_an_unknown_type_is_reported_and_the_others_go_on() -> None:
    target = group(member("m5.large"), member("m5.huge"))
    weights, faults, outcomes = weighed(target, {HOME: {"m5.large": 2}})
    assert (weights, outcomes) == ([2, 1], 0)
    assert faults == [
        "",
        "EC2 does not know the type 'm5.huge' in ap-northeast-1: correct InstanceType in odcr_group_member.",
    ]


@pytest.mark.parametrize("refusal", [REFUSED, OutcomeUnknown("NoAnswer", "x" * 500)])
def test_a_refused_look_up_stops_only_its_own_members(refusal: Refusal) -> None:
    target = group(member("m5.large"), member("m5.xlarge", "us-east-1a"))
    weights, faults, outcomes = weighed(target, {HOME: {"m5.large": 2}, ABROAD: refusal})
    assert (weights, faults[0], outcomes) == ([2, 1], "", 0)
    assert faults[1].startswith(
        "Give m5.xlarge a Weight if this lasts: us-east-1 does not say how many vCPUs it has. ("
    )
    assert len(faults[1]) <= MAX_REASON


@pytest.mark.parametrize(
    ("fields", "findings"),
    [
        ({"last_reserved": 2}, SEEN),
        ({"last_ids": ("cr-1",)}, SEEN),
        # An attempt bought it and died.
        ({}, held("m5.large")),
    ],
)
def test_a_group_that_cannot_be_counted_buys_nothing_and_keeps_its_record(
    fields: dict[str, Any], findings: Findings
) -> None:
    target = group(member("c5.large", "us-east-1a"), member("m5.large", **fields), member("r5.large", weight=2))
    vcpus = {HOME: REFUSED, ABROAD: {"c5.large": 2}}
    weights, faults, _ = weighed(target, vcpus, findings)
    assert weights == [2, 1, 2]
    assert all("ap-northeast-1 does not say how many vCPUs it has" in fault for fault in faults)
    (outcome,) = outcomes_of_unweighed([target], vcpus, findings, HOME)
    assert (outcome.key, outcome.status, outcome.reason) == (target.key, Status.THROTTLED, faults[1])
    assert [pool.reserved for pool in outcome.pools] == [member.last_reserved for member in target.members]


@pytest.mark.parametrize(
    "findings",
    [held("m5.large", "us-east-1a"), held("m5.large", name="db"), held("m5.xlarge"), held("m5.large", name="")],
)
def test_capacity_held_elsewhere_or_for_others_stops_no_group(findings: Findings) -> None:
    _, faults, outcomes = weighed(group(member("m5.large"), member("c5.large", weight=2)), {HOME: REFUSED}, findings)
    assert (faults[1], outcomes) == ("", 0)


def test_a_rows_own_fault_comes_first_and_its_weight_is_still_known() -> None:
    target = group(
        member("m5.large", fault="Min_Instances is above Max_Instances.", last_reserved=3), member("c5.large")
    )
    weights, faults, outcomes = weighed(target, {HOME: {"m5.large": 2, "c5.large": 2}})
    assert (weights, faults, outcomes) == ([2, 2], ["Min_Instances is above Max_Instances.", ""], 0)
    assert weighed(target, {HOME: REFUSED})[1][0] == "Min_Instances is above Max_Instances."


def test_a_group_that_was_not_seen_has_one_outcome_only() -> None:
    target = group(member("m5.large", last_reserved=2))
    findings = replace(SEEN, reservations={}, silent={HOME: REFUSED})
    assert needing_vcpus([target], findings, HOME) == {}
    assert outcomes_of_unweighed([target], {}, findings, HOME) == []
