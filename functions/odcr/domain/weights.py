"""What an instance counts for in a group whose total is in vCPUs, where its member says nothing else.

The vCPUs are EC2's to say, and it is asked in each run. Where it does not say them nothing is bought, and while something
may be held there, nothing for the whole group: how much of its total is held is not known.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import Refusal, RequestLimitExceeded
from odcr.domain.regions import Findings, region_of_row
from odcr.domain.target import Member, Target, Unit, reason_to_reject
from odcr.domain.wording import brief, quoted, with_detail

Vcpus = Mapping[str, Mapping[str, int] | Refusal]
"""Of each Region that was asked: the vCPUs of its types, without those that it does not have."""


def needing_vcpus(targets: Collection[Target], findings: Findings, home: str) -> dict[str, set[str]]:
    """The types whose vCPUs are to be looked up, by Region; only Regions that answered.

    Args:
        targets: all.
        findings: what the Regions answered.
        home: the stack's own Region.
    """
    needed: dict[str, set[str]] = {}
    for target in targets:
        for member in _unweighed(target):
            region = region_of_row(member.key, home)
            if region in findings.reservations and not reason_to_reject(member.key.pool, 0):
                needed.setdefault(region, set()).add(member.key.pool.instance_type)
    return needed


def with_weights(targets: Collection[Target], found: Vcpus, findings: Findings, home: str) -> list[Target]:
    """The targets, in which each member has a weight: where it is not known 1, and a fault that says why.

    Of a group whose total cannot be counted all members have a fault; `outcomes_of_unweighed` are of the same groups.

    Args:
        targets: all.
        found: the answers for what `needing_vcpus` said.
        findings: what the Regions answered.
        home: the stack's own Region.
    """
    return [_weighed(target, found, findings, home) if _unweighed(target) else target for target in targets]


def outcomes_of_unweighed(targets: Collection[Target], found: Vcpus, findings: Findings, home: str) -> list[Outcome]:
    """The outcomes of groups whose total cannot be counted; what is recorded of them stays as it is.

    Args: as `with_weights` has them, and the targets as they were before it.
    """
    outcomes = []
    for target in targets:
        if obstacle := _obstacle(target, found, findings, home):
            outcomes.append(with_record_kept(target, obstacle.status, obstacle.reason))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Why a member's weight is not known."""

    reason: str
    status: Status


def _unweighed(target: Target) -> list[Member]:
    if target.unit is not Unit.vcpus:
        return []
    return [member for member in target.members if member.weight is None]


def _weight(member: Member, found: Vcpus, home: str) -> int | _Unknown:
    type_, region = member.key.pool.instance_type, region_of_row(member.key, home) or ""
    answer = found.get(region, {})
    if isinstance(answer, Refusal):
        status = Status.THROTTLED if isinstance(answer, RequestLimitExceeded) else Status.FAILED
        what_to_do = f"Give Weight in odcr_group_member if this lasts: EC2 does not say how many vCPUs {brief(type_)} has."
        return _Unknown(with_detail(what_to_do, answer.text), status)
    if type_ in answer:
        return answer[type_]
    reason = f"Correct InstanceType in odcr_group_member: EC2 does not know the type {quoted(type_)} in {brief(region)}."
    return _Unknown(reason, Status.INVALID)


def _obstacle(target: Target, found: Vcpus, findings: Findings, home: str) -> _Unknown | None:
    """Why it cannot be counted how much of a group's total is held; None if it can."""
    held = {
        (one.key.group, one.key.instance_type) for region in findings.reservations.values() for one in region if one.count
    }
    for member in _unweighed(target):
        if member.last_reserved or (target.key.group, member.key.pool.instance_type) in held:
            weight = _weight(member, found, home)
            if isinstance(weight, _Unknown):
                return weight
    return None


def _weighed(target: Target, found: Vcpus, findings: Findings, home: str) -> Target:
    obstacle = _obstacle(target, found, findings, home)

    def weighed(member: Member) -> Member:
        if member.weight is None:
            weight = _weight(member, found, home)
            if isinstance(weight, _Unknown):
                member = replace(member, weight=1, fault=member.fault or weight.reason)
            else:
                member = replace(member, weight=weight)
        if obstacle and not member.fault:
            member = replace(member, fault=f"Nothing is bought for the group: {obstacle.reason}")
        return member

    return replace(target, members=tuple(map(weighed, target.members)))
