"""Groups over several Regions: which are asked, and what becomes of a group when one does not answer."""

from dataclasses import replace
from typing import Any

import pytest

from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import OutcomeUnknown, RequestLimitExceeded
from odcr.domain.regions import (
    Findings,
    groups_to_ask,
    is_seen,
    outcomes_of_unseen,
    regions_by_id,
    regions_to_ask,
    with_unseen_members,
)
from odcr.domain.target import Member, ReservationOptions, Target, TargetKey, group_key
from odcr.gateways.ec2_regions import known_regions, partition_of

HOME, ABROAD, INVENTED, CHINA = "ap-northeast-1", "us-east-1", "ap-northeast-9", "cn-north-1"
SILENT = OutcomeUnknown("NoAnswer", "No answer within 55 seconds.")


def member(zone: str, **fields: Any) -> Member:
    return Member(TargetKey("m5.large", zone, group="web"), 1, **fields)


def group(*members: Member, **fields: Any) -> Target:
    return Target(group_key("web"), 10, members=members, **fields)


def looked(target: Target, findings: Findings) -> tuple[Target, list[Outcome]]:
    """What FindShortfalls makes of a group: the group to compare, or its outcome if it cannot be compared."""
    group_seen = with_unseen_members(target, findings, HOME, known_regions(), partition_of)
    return group_seen, outcomes_of_unseen([group_seen], findings, HOME, known_regions(), partition_of)


def findings(**unseen: Any) -> Findings:
    return Findings({HOME: []}, **unseen)


def test_the_regions_and_zones_of_all_members_are_asked_for() -> None:
    target = group(member(f"{HOME}a"), member("use1-az1", last_reserved=2), member(f"{CHINA}a", is_removed=True))
    assert regions_to_ask([target], [], HOME) == {HOME: 1, ABROAD: 0, CHINA: 1}
    assert regions_by_id([target], [], HOME) == {ABROAD}
    named = replace(target, options=ReservationOptions(resource_group="sale"))
    assert groups_to_ask([target, named], HOME) == {(HOME, "sale"), (ABROAD, "sale"), (CHINA, "sale")}


def test_capacity_of_an_invalid_group_is_looked_up() -> None:
    pools = tuple(Outcome(member(zone).key, Status.FULFILLED, 0, 0) for zone in ("us-west-2a", "use1-az1"))
    rejected = Outcome(group_key("web"), Status.INVALID, None, 0, pools=pools)
    assert set(regions_to_ask([], [rejected], HOME)) == {HOME, ABROAD, "us-west-2"}
    assert regions_by_id([], [rejected], HOME) == {ABROAD}
    assert is_seen(rejected, findings(), HOME)
    assert not is_seen(rejected, findings(silent={ABROAD: SILENT}), HOME)


def test_a_region_in_which_members_have_answered_comes_before_guesses() -> None:
    target = group(
        member("ap-northeast-9a", last_status="INVALID"),
        member("ap-new-1a", last_status="SHORT"),
        member("ap-maybe-1a"),
    )
    assert regions_to_ask([target], [], HOME) == {INVENTED: 2, "ap-new-1": 0, "ap-maybe-1": 1, HOME: 2}


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(SILENT, Status.FAILED), (RequestLimitExceeded("RequestLimitExceeded", "Slow down."), Status.THROTTLED)],
)
@pytest.mark.parametrize("fields", [{}, {"is_removed": True, "last_reserved": 2}, {"fault": "Min", "last_ids": ("x",)}])
def test_a_group_is_not_asked_for_while_a_members_region_is_silent(
    refusal: Any, status: Status, fields: dict[str, Any]
) -> None:
    away = member(f"{ABROAD}a", last_reserved=3, last_ids=("cr-1",))
    target, outcomes = looked(
        group(member(f"{HOME}a"), away, member("us-west-2a", **fields)),
        findings(silent={"us-west-2": refusal}),
    )
    (outcome,) = outcomes
    assert not is_seen(target, findings(silent={"us-west-2": refusal}), HOME)
    assert (outcome.key, outcome.status, outcome.reserved) == (group_key("web"), status, target.recorded)
    assert "us-west-2" in outcome.reason
    assert [pool.reservation_ids for pool in outcome.pools][1] == ("cr-1",)


@pytest.mark.parametrize(
    ("region", "unseen", "words"),
    [
        (INVENTED, {"missing": {INVENTED}}, "Correct the zone: there is no Region 'ap-northeast-9'. Did you mean ap-"),
        (INVENTED, {"postponed": {INVENTED}}, "Check the zone's name: the Region 'ap-northeast-9' is not known here."),
        (INVENTED, {"silent": {INVENTED: SILENT}}, "ap-northeast-9 does not say what is held there"),
        (CHINA, {"silent": {CHINA: SILENT}}, "Give cn-north-1 a stack in an account of its own partition, aws-cn"),
    ],
)
def test_a_group_goes_on_without_a_member_that_cannot_hold_anything(
    region: str, unseen: dict[str, Any], words: str
) -> None:
    target, outcomes = looked(group(member(f"{HOME}a"), member(f"{region}a")), findings(**unseen))
    assert (outcomes, is_seen(target, findings(**unseen), HOME)) == ([], True)
    good, bad = target.members
    assert (good.fault, bad.fault[: len(words)]) == ("", words)
    # But not if something was held there once.
    held = replace(member(f"{region}a"), last_reserved=4)
    target, outcomes = looked(group(member(f"{HOME}a"), held, last_status="SHORT"), findings(**unseen))
    assert not is_seen(target, findings(**unseen), HOME)
    assert [member.fault for member in target.members] == ["", ""]
    assert [outcome.reserved for outcome in outcomes] == ([] if "postponed" in unseen else [4])


def test_a_row_is_left_as_it_is() -> None:
    row = Target(TargetKey("m5.large", f"{INVENTED}a"), 5)
    target, (outcome,) = looked(row, findings(missing={INVENTED}))
    assert (target, outcome.status) == (row, Status.INVALID)
    assert not is_seen(row, findings(missing={INVENTED}), HOME)
    assert is_seen(replace(row, key=TargetKey("m5.large", "Tokyo")), findings(missing={INVENTED}), HOME)
