"""How an attempt ended: its status, its reason, and what is held."""

from itertools import chain

from odcr.domain.amounts import amount
from odcr.domain.attempt import Attempt
from odcr.domain.calendar import Rest
from odcr.domain.outcome import Outcome, Status
from odcr.domain.reasons import astray_remark, reason_for_excess, reason_to_give_up, remark_on_group, remarks
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    OutOfTime,
    OverCap,
    Refusal,
)
from odcr.domain.release import announcement
from odcr.domain.reservation import ids_of
from odcr.domain.shortfall import Limit
from odcr.domain.target import Announcement, Unit
from odcr.domain.use import NO_USE, use_of
from odcr.domain.wire import MAX_IDS
from odcr.domain.wording import counted


def outcome_of(attempt: Attempt, refusal: Refusal | None) -> Outcome:
    """The attempt's outcome, with what is held now.

    Args:
        attempt: an attempt that has ended.
        refusal: why the target is not met; None if it is, or if nothing more can be asked for.
    """
    status = _status(attempt) if refusal is None else refusal.status
    reason = _reason(attempt, "" if refusal is None else _why(refusal, attempt))
    shortfall, is_group = attempt.shortfall, attempt.shortfall.key.is_group
    ids, duplicate_ids = shortfall.standing_ids, shortfall.duplicate_ids
    if attempt.is_seen:
        ids = ids_of((*attempt.reservations, *attempt.astray))
        duplicates = (holding.held_pool.duplicates for holding in attempt.holdings)
        duplicate_ids = ids_of(chain.from_iterable(duplicates)) if attempt.excess else ()
    return Outcome(
        key=shortfall.key,
        status=status,
        target=shortfall.target,
        reserved=attempt.reserved,
        reservation_ids=() if is_group else ids,
        duplicate_ids=() if is_group else duplicate_ids,
        acquired=-attempt.released or amount(max(0, attempt.managed - shortfall.reserved)),
        calls=attempt.calls,
        refusals=attempt.refusals,
        lost=attempt.lost,
        reason=reason,
        announced=_announced(attempt),
        more_ids=0 if attempt.is_seen or is_group else shortfall.more_ids,
        use=use_of((*attempt.reservations, *attempt.astray)) if attempt.is_seen else NO_USE,
        is_use_known=attempt.is_seen,
        pools=_outcomes_of_pools(attempt, is_met=status.is_met) if is_group else (),
        unit=shortfall.unit,
    )


def _outcomes_of_pools(attempt: Attempt, *, is_met: bool) -> tuple[Outcome, ...]:
    surplus_by_pool = attempt.surplus(can_now=False) if attempt.is_seen else {}
    most = MAX_IDS // len(attempt.holdings)
    return tuple(
        holding.outcome(
            surplus_by_pool.get(holding.pool.key.pool, ()),
            most,
            attempt.shortfall.options,
            is_met=is_met,
            may_have_released=attempt.may_have_released,
        )
        for holding in attempt.holdings
    )


def _announced(attempt: Attempt) -> Announcement | None:
    """The rest of a release, for the next run."""
    if not attempt.shortfall.is_release:
        return None
    return announcement(attempt.reservations, attempt.managed, attempt.target)


def _status(attempt: Attempt) -> Status:
    """The status of a demand that is met, or that nothing is asked for."""
    if (rest := _rest(attempt)) and not (attempt.astray or attempt.lenders):
        return rest.status
    if _limit(attempt):
        return Status.CAPPED
    if attempt.own_allocation.is_excess:
        return Status.EXCESS
    if attempt.astray or attempt.lenders:
        return Status.ASTRAY
    if not (attempt.allocation.is_met or attempt.shortfall.rest):
        # Something is missing, but no pool can be asked for it.
        return Status.INVALID if attempt.allocation.is_full else _status_of_pools(attempt)
    return (
        Status.PENDING
        if any(reservation.state == "pending" for reservation in attempt.reservations)
        else Status.FULFILLED
    )


def _status_of_pools(attempt: Attempt) -> Status:
    """The status of a group that is short while no pool with room can be asked."""
    answers = [Status(holding.pool.last_status) for holding in attempt.holdings if holding.pool.last_status]
    answers += [holding.refusal.status for holding in attempt.holdings if holding.refusal]
    return next((status for status in (Status.SHORT, Status.UNSUPPORTED) if status in answers), Status.INVALID)


def _rest(attempt: Attempt) -> Rest | None:
    """Why nothing is asked for, if something is missing or the demand was given up."""
    shortfall = attempt.shortfall
    return shortfall.rest if not attempt.allocation.is_met or shortfall.is_given_up else None


def _limit(attempt: Attempt) -> Limit | None:
    """The cap that keeps the demand short, if it is one."""
    limit, allocation = attempt.shortfall.limit, attempt.allocation
    if limit is None or allocation.is_met or allocation.to_ask_next() is not None:
        return None
    buying = [pool for pool in allocation.pools if pool.may_buy]
    is_reason = any(pool.affordable == 0 for pool in buying) or (not buying and bool(limit.reason))
    return limit if is_reason else None


def _why(refusal: Refusal, attempt: Attempt) -> str:
    """Why the target is not met, for people."""
    missing = _missing(attempt)
    match refusal:
        case InsufficientInstanceCapacity():
            zones = refusal.other_zones
            hint = f" EC2 suggests {zones}, which may be dry as well." if zones else ""
            key = attempt.shortfall.key
            where = f"in {len(attempt.holdings)} pools" if key.is_group else f"{key}"
            return f"EC2 has no more {where}: {missing}. odcr keeps asking.{hint}"
        case OverCap():
            return f"{missing}. {refusal.message}"
        case OutOfTime():
            return f"Time ran out before everything was asked for: {missing}. The next run goes on from here."
        case Changed():
            return f"Somebody else keeps changing the reservations; the next run tries again. ({refusal})"
        case _:
            return refusal.text


def _missing(attempt: Attempt) -> str:
    """How much is missing, for people."""
    target, unit = attempt.shortfall.target, attempt.shortfall.unit
    return f"{amount(target - attempt.reserved)} of {target}{' vCPUs' if unit is Unit.vcpus else ''} missing"


def _reason(attempt: Attempt, why: str) -> str:
    """The reason of the outcome: what became of what was held, why the target is not met, and other remarks.

    Args:
        attempt: the attempt as it ended.
        why: why the target is not met; empty if it is.
    """
    shortfall, reservations, lenders = attempt.shortfall, attempt.reservations, attempt.lenders
    parts = []
    if attempt.released:
        why_released = (
            "its deadline was missed" if shortfall.is_given_up else f"the target was lowered to {attempt.target}"
        )
        parts.append(f"Released {attempt.released}, as {why_released}.")
    if not why and (rest := _rest(attempt)):
        parts.append(rest.reason)
    if not why and (limit := _limit(attempt)):
        parts.append(f"{_missing(attempt)}. {limit.reason}")
    if attempt.own_allocation.is_excess and (shortfall.is_release or not why):
        to_give = reason_to_give_up if shortfall.is_given_up else reason_for_excess
        parts.append(to_give(reservations, attempt.own_allocation, _announced(attempt)))
    if not why:
        parts.append(remark_on_group(shortfall, attempt.allocation))
    if attempt.returned:
        parts.append(f"{counted(attempt.returned, shortfall.unit)} were bought twice and have been given back.")
    if attempt.lost:
        added = amount(max(0, attempt.managed - shortfall.reserved))
        parts.append(f"{attempt.lost} that were held are gone; {added} were bought again.")
    if why:
        parts.append(why)
    if attempt.absorbed:
        is_or_are = "is" if attempt.absorbed == 1 else "are"
        parts.append(f"{attempt.absorbed} of it {is_or_are} in use by instances that were already running.")
    parts.append(astray_remark(shortfall.key, attempt.astray, lenders, sum(lender.lent for lender in lenders)))
    for holding in attempt.holdings:
        unchanged = {**holding.uncorrected, **holding.unchangeable}
        parts += [f"EC2 does not change {id_}: {refusal.text}" for id_, refusal in unchanged.items()]
    observed = () if why else chain.from_iterable(holding.observed for holding in attempt.holdings)
    by_id = {reservation.id: reservation for reservation in (*observed, *reservations)}
    parts.append(remarks(by_id.values(), shortfall.options))
    return " ".join(part for part in parts if part)
