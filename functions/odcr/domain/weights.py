"""The weights of members without one in groups whose total counts vCPUs: the vCPUs of their type.

If EC2 does not say how many a type has, nothing is bought in that member. If something is held there, nothing is bought
for the whole group, because nobody knows how much of its total that is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import Refusal, RequestLimitExceeded
from odcr.domain.regions import Findings, is_seen, region_of_row
from odcr.domain.target import Member, Target, Unit, reason_to_reject
from odcr.domain.wording import brief, quoted, with_detail
from odcr.domain.zone import region_of

Vcpus = Mapping[str, Mapping[str, int] | Refusal]
"""For each Region that was asked, the vCPUs of the types that it knows."""


def needing_vcpus(targets: Collection[Target], findings: Findings, home: str) -> dict[str, set[str]]:
    """The types to look up, by Region, for the Regions that answered.

    Args:
        targets: all targets.
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


def with_weights(targets: Collection[Target], vcpus: Vcpus, findings: Findings, home: str) -> list[Target]:
    """The targets with a weight for each member. An unknown one becomes 1, with a fault that says why.

    If nobody can count a group's total, all its members have a fault, and `outcomes_of_unweighed` has its outcome.

    Args:
        targets: all targets.
        vcpus: the answers to `needing_vcpus`.
        findings: what the Regions answered.
        home: the stack's own Region.
    """
    held = _held(findings)
    return [_weighed(target, vcpus, held, home) if _unweighed(target) else target for target in targets]


def outcomes_of_unweighed(targets: Collection[Target], vcpus: Vcpus, findings: Findings, home: str) -> list[Outcome]:
    """The outcomes of groups whose total cannot be counted. What is recorded of them stays as it is.

    Args:
        targets: all targets, before `with_weights`. Those that `is_seen` leaves out have outcomes already.
        vcpus: the answers to `needing_vcpus`.
        findings: what the Regions answered.
        home: the stack's own Region.
    """
    held = _held(findings)
    seen = (target for target in targets if is_seen(target, findings, home))
    obstacles = [(target, _obstacle(target, vcpus, held, home)) for target in seen]
    return [with_record_kept(target, obstacle.status, obstacle.reason) for target, obstacle in obstacles if obstacle]


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Why a member's weight is not known."""

    reason: str
    status: Status


_Held = Collection[tuple[str, str | None, str]]
"""The group, Region and type of everything that is held for a group."""


def _held(findings: Findings) -> _Held:
    reservations = (
        reservation for found in findings.reservations.values() for reservation in found if reservation.key.group
    )
    return {
        (reservation.key.group, region_of(reservation.key.zone), reservation.key.instance_type)
        for reservation in reservations
    }


def _unweighed(target: Target) -> list[Member]:
    if target.unit is not Unit.vcpus:
        return []
    return [member for member in target.members if member.weight is None]


def _weight(member: Member, vcpus: Vcpus, home: str) -> int | _Unknown:
    instance_type, region = member.key.pool.instance_type, region_of_row(member.key, home) or ""
    answer = vcpus.get(region, {})
    if isinstance(answer, Refusal):
        status = Status.THROTTLED if isinstance(answer, RequestLimitExceeded) else Status.FAILED
        what_to_do = (
            f"Give {brief(instance_type)} a Weight if this lasts: {brief(region)} does not say how many vCPUs it has."
        )
        return _Unknown(with_detail(what_to_do, answer.text), status)
    if instance_type in answer:
        return answer[instance_type]
    what_to_do = (
        f"EC2 does not know the type {quoted(instance_type)} in {brief(region)}: "
        "correct InstanceType in odcr_group_member."
    )
    return _Unknown(what_to_do, Status.INVALID)


def _obstacle(target: Target, vcpus: Vcpus, held: _Held, home: str) -> _Unknown | None:
    """Why nobody can count how much of a group's total is held; None if that can be counted."""
    for member in _unweighed(target):
        key = member.key.pool
        seen_as = (key.group, region_of_row(member.key, home), key.instance_type)
        if member.last_reserved or member.last_ids or member.more_ids or seen_as in held:
            weight = _weight(member, vcpus, home)
            if isinstance(weight, _Unknown):
                return weight
    return None


def _weighed(target: Target, vcpus: Vcpus, held: _Held, home: str) -> Target:
    obstacle = _obstacle(target, vcpus, held, home)

    def weighed(member: Member) -> Member:
        if member.weight is None:
            weight = _weight(member, vcpus, home)
            if isinstance(weight, _Unknown):
                member = replace(member, weight=member.last_weight or 1, fault=member.fault or weight.reason)
            else:
                member = replace(member, weight=weight)
        return replace(member, fault=obstacle.reason) if obstacle and not member.fault else member

    return replace(target, members=tuple(map(weighed, target.members)))
