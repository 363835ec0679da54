"""A demand that a run asks for in several rounds: how it goes on, and its outcome over all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from odcr.domain.outcome import Outcome, Status, from_round
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.wire import optional, required


def outcome_so_far(item: Mapping[str, Any]) -> Outcome | None:
    """The outcome of an item of the Map over its rounds so far; None if there was none.

    Args:
        item: a shortfall. Its `Outcome` is what the rounds have left: an outcome, or `{"Before", "Status", "Reason"}`
            if the function ended without one.

    Raises:
        InvalidEvent: if it is neither.
    """
    left = optional(item, "Outcome", dict, {})
    if not left:
        return None
    if "Before" in left:
        before = outcome_so_far({**item, "Outcome": left["Before"]}) or Shortfall.from_event(item).standing_outcome()
        return replace(before, status=Status.FAILED, reason=required(left, "Reason", str))
    return from_round(left, item)


def resumed(shortfall: Shortfall, before: Outcome) -> Shortfall:
    """The shortfall as the round before left it. EC2 may not show yet what that round bought."""
    if before.pools:
        by_key = {pool.key: pool for pool in before.pools}
        pools = tuple(_resumed_pool(pool, by_key.get(pool.key, before)) for pool in shortfall.pools)
    else:
        (pool,) = shortfall.pools
        pools = (_resumed_pool(pool, before),)
    # A later run corrects what the first round could not.
    return replace(
        shortfall,
        pools=pools,
        last_status=str(before.status),
        is_fresh=before.acquired != 0,
        has_other_work=False,
    )


def _resumed_pool(pool: Pool, before: Outcome) -> Pool:
    """A pool as the round before left it."""
    reserved = int(before.reserved)
    return replace(
        pool,
        # The outcome counts what is astray as held; here it does not count.
        reserved=min(reserved, pool.reserved + max(0, int(before.acquired))),
        reservation_ids=before.reservation_ids,
        recorded=reserved,
        recorded_ids=tuple(id_ for id_ in before.reservation_ids if id_ not in before.duplicate_ids),
        duplicate_ids=before.duplicate_ids,
        more_ids=before.more_ids,
        kept=reserved if not pool.key.group else int(before.target or 0),
        last_status=str(before.status) if pool.key.group else None,
        may_buy=pool.may_buy and not (pool.key.group and before.status in (Status.UNSUPPORTED, Status.INVALID)),
    )


def combined(before: Outcome, now: Outcome) -> Outcome:
    """A round's outcome, with what the rounds before it achieved."""
    return replace(
        now,
        acquired=before.acquired + now.acquired,
        calls=before.calls + now.calls,
        refusals=before.refusals + now.refusals,
        lost=before.lost + now.lost,
        pools=tuple(_combined_pool(before.pools, pool) for pool in now.pools),
    )


def _combined_pool(before: Iterable[Outcome], now: Outcome) -> Outcome:
    return next((combined(pool, now) for pool in before if pool.key == now.key), now)
