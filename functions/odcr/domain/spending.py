"""How the room under the stack's cap is shared out to the demands of a run.

The lowest Priority comes first. A row gets whole instances; a group gets money, because its pools differ in price.
Each demand knows how much it may hold in all, so together they stay below the cap, whatever dies or is repeated. Runs
side by side count their purchases in one ledger, through their `Purse`.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from odcr.domain.amounts import amount
from odcr.domain.budget import Budget, Spent
from odcr.domain.comparison import Comparison
from odcr.domain.demand_share import Caps, share_of_demand
from odcr.domain.outcome import Outcome, Status
from odcr.domain.records import is_recorded
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target, TargetKey

MICRO = 1_000_000
"""The ledger counts in millionths of a currency unit, rounded so that no cap is exceeded."""

_LEFT_UNUSED = frozenset(
    {
        Status.SHORT,
        Status.QUOTA_EXCEEDED,
        Status.UNSUPPORTED,
        Status.THROTTLED,
        Status.INVALID,
        Status.FAILED,
    }
)
"""A demand with one of these did not use its room the last time."""


def shared_out(
    comparison: Comparison, targets: Mapping[TargetKey, Target], budget: Budget, before: Spent, *, why_closed: str
) -> Comparison:
    """The comparison with a limit on each shortfall. Shortfalls that may buy nothing become observed outcomes.

    The lowest Priority comes first. A demand that did not use its room the last time comes after all others.

    Args:
        comparison: the work of one run.
        targets: the targets by key.
        budget: the stack's cap and the prices.
        before: what is already spent.
        why_closed: why this run may spend nothing under the stack's cap; empty if it may.
    """
    # Negative after prices have risen. Then not even lost capacity is bought again.
    room = None if budget.cap is None else budget.cap - before.amount
    shared: dict[TargetKey, Shortfall | Outcome] = {}
    for shortfall in sorted(comparison.shortfalls, key=lambda shortfall: _rank(targets[shortfall.key])):
        share = share_of_demand(shortfall, targets[shortfall.key], Caps(budget, before, room, why_closed))
        if room is not None:
            room -= share.cost
        if shortfall.has_other_work or not share.is_capped:
            shared[shortfall.key] = share.shortfall
        else:
            shared[shortfall.key] = _capped(share.shortfall, comparison.standings[shortfall.key])
    results = [shared[shortfall.key] for shortfall in comparison.shortfalls]
    capped = [result for result in results if isinstance(result, Outcome)]
    news = [outcome for outcome in capped if outcome.judgement or not is_recorded(targets[outcome.key], outcome)]
    return replace(
        comparison,
        shortfalls=[shortfall for shortfall in results if isinstance(shortfall, Shortfall)],
        observed=[*comparison.observed, *news],
    )


def _rank(target: Target) -> tuple[bool, int]:
    return target.last_status in _LEFT_UNUSED, target.terms.priority


def _capped(shortfall: Shortfall, standing: Outcome) -> Outcome:
    """The outcome of a demand that is not asked for because of a cap."""
    missing, reason = amount(shortfall.target - shortfall.reserved), shortfall.limit.reason if shortfall.limit else ""
    outcome = replace(standing, status=Status.CAPPED, reason=f"{missing} of {shortfall.target} missing. {reason}")
    if shortfall.key.is_group:
        remarks = {pool.key: pool.remark for pool in shortfall.pools if pool.remark}
        pools = tuple(replace(pool, reason=remarks.get(pool.key, pool.reason)) for pool in standing.pools)
        return replace(outcome, pools=pools)
    return replace(
        outcome,
        reservation_ids=shortfall.reservation_ids,
        duplicate_ids=shortfall.duplicate_ids,
        more_ids=shortfall.more_ids,
    )


def micro_up(cost: Decimal) -> int:
    """A cost in millionths, rounded up."""
    return int((cost * MICRO).to_integral_value(ROUND_CEILING))


def micro_down(cost: Decimal) -> int:
    """A cost in millionths, rounded down."""
    return int((cost * MICRO).to_integral_value(ROUND_FLOOR))
