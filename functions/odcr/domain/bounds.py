"""How much of a comparison one run can work on and pass on to the next state."""

from dataclasses import replace
from operator import itemgetter

from odcr.domain.comparison import Comparison
from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.release import MAX_RELEASES
from odcr.domain.shortfall import Limit, Pool, Shortfall
from odcr.domain.target import MAX_TARGET, Announcement
from odcr.domain.use import Use
from odcr.domain.wire import ROOM, fitting, in_turns, size_of
from odcr.domain.wording import MAX_REASON

MAX_SHORTFALLS = 500
"""Shortfalls per run, so that its history stays below 25,000 events. The others come first in the next run."""

_LONGEST_IDS = ("cr-0123456789abcdef0",)
_LONGEST_PRICE, _LONGEST_COST = "1234.567890", "1234567.890123"
_LONGEST_REASON = "x" * MAX_REASON

_OUTCOME_ROOM = ROOM // 5
"""Bytes kept for outcomes, however many shortfalls there are. Shortfalls get what these leave."""


def bounded(comparison: Comparison, room: int, *, has_caps: bool) -> Comparison:
    """As much of a comparison as one run can work on and pass on.

    A shortfall takes the room of its largest possible outcome as well, and of its limit and prices under a cap. What is
    left out comes again: shortfalls first in the next run, outcomes in a random choice each time.

    Args:
        comparison: what the run has to do and to record.
        room: bytes of all lists together.
        has_caps: whether there is a cap on the stack or on a demand.
    """
    releases = [shortfall for shortfall in comparison.shortfalls if shortfall.is_release]
    others = [shortfall for shortfall in comparison.shortfalls if not shortfall.is_release]
    first = [*releases[:MAX_RELEASES], *others][:MAX_SHORTFALLS]
    sized = [(shortfall, _item_bytes(_with_longest_limit(shortfall) if has_caps else shortfall)) for shortfall in first]
    most = room - _OUTCOME_ROOM
    outcomes = [*comparison.observed, *(_too_large(shortfall) for shortfall, size in sized if size > most)]
    kept = min(_OUTCOME_ROOM, sum(map(_bytes, (*outcomes, *comparison.rejected))))
    small_enough = ((shortfall, size) for shortfall, size in sized if size <= most)
    taken, room = fitting(small_enough, room - kept, itemgetter(1))
    shortfalls = [shortfall for shortfall, _ in taken]
    room += kept
    observed, room = fitting(in_turns(outcomes, room, _bytes, None), room, _bytes)
    rejected, _ = fitting(in_turns(comparison.rejected, room, _bytes, None), room, _bytes)
    return replace(comparison, shortfalls=shortfalls, observed=observed, rejected=rejected)


def _too_large(shortfall: Shortfall) -> Outcome:
    reason = "Its data take more bytes than a run can carry, so nothing is bought: look at its row in odcr_option."
    outcome = Outcome(shortfall.key, Status.FAILED, shortfall.target, shortfall.reserved, reason=reason, more_ids=1)
    return replace(outcome, is_use_known=False)


def _bytes(outcome: Outcome) -> int:
    return size_of(outcome.to_event())


def _item_bytes(shortfall: Shortfall) -> int:
    """Bytes of a shortfall together with its largest possible outcome."""
    most = int(max(shortfall.target, shortfall.reserved))
    is_group = shortfall.key.is_group
    longest = Outcome(
        shortfall.key,
        Status.QUOTA_EXCEEDED,
        shortfall.target,
        most,
        # A new reservation beside these is small enough for the margin that ROOM leaves, even for 500 shortfalls.
        () if is_group else shortfall.standing_ids or _LONGEST_IDS,
        () if is_group else shortfall.duplicate_ids,
        acquired=-shortfall.reserved if shortfall.is_release else shortfall.target,
        calls=999,
        refusals=999,
        announced=Announcement(shortfall.reserved, shortfall.target) if shortfall.is_release else None,
        reason=_LONGEST_REASON,
        lost=min(shortfall.recorded, shortfall.target) if shortfall.recorded_ids else 0,
        use=Use(most, most),
        pools=tuple(_longest_pool_outcome(pool, most) for pool in shortfall.pools) if is_group else (),
    )
    return size_of({**shortfall.to_event(), "Outcome": to_round(longest)})


def _with_longest_limit(shortfall: Shortfall) -> Shortfall:
    # Each pool of a group may have a reason of its own; a row has one, in its limit.
    remark = _LONGEST_REASON if shortfall.key.is_group else ""
    pools = tuple(
        replace(pool, may_buy=pool.may_buy and not remark, remark=remark, price=_LONGEST_PRICE)
        for pool in shortfall.pools
    )
    return replace(shortfall, pools=pools, limit=Limit(MAX_TARGET, _LONGEST_REASON, _LONGEST_PRICE, _LONGEST_COST))


def _longest_pool_outcome(pool: Pool, most: int) -> Outcome:
    return Outcome(
        pool.key,
        Status.QUOTA_EXCEEDED,
        most,
        most,
        pool.standing_ids or _LONGEST_IDS,
        pool.duplicate_ids,
        acquired=most,
        calls=999,
        refusals=999,
        reason=_LONGEST_REASON,
        lost=pool.recorded,
        use=Use(most, most),
        weight=pool.weight,
    )
