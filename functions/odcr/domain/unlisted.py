"""What is still held for deleted rows, or for no row at all."""

from collections.abc import Mapping, Sequence
from itertools import chain

from odcr.domain.amounts import Amount
from odcr.domain.correction import NO_WISHES
from odcr.domain.outcome import Outcome, Status
from odcr.domain.price_pools import kind_of
from odcr.domain.reasons import named, remarks
from odcr.domain.reservation import Reservation, held, ids_of
from odcr.domain.seen_demand import SeenDemand, may_be_astray
from odcr.domain.seen_pool import SeenPool
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target, TargetKey, Unit, units
from odcr.domain.use import use_of
from odcr.domain.wording import quoted


def of_deleted_row(
    target: Target,
    by_key: dict[TargetKey, list[Reservation]],
    row_by_pool: Mapping[TargetKey, TargetKey],
    uncounted: Mapping[TargetKey, Sequence[Reservation]],
    *,
    releases: bool,
    is_complete: bool,
) -> Outcome | Shortfall:
    """What to do about a deleted row, or else its outcome with what is still held for it.

    Args:
        target: the deleted row and its record.
        by_key: what is held and not counted for a row yet. Takes out what counts for this one.
        row_by_pool: the row that each pool counts for.
        uncounted: by pool, reservations of a kind that never counts.
        releases: whether the stack gives back what is held above a lowered target.
        is_complete: whether the run looks at all rows.
    """
    if target.key.is_group:
        managed = {key: by_key.pop(key) for key in list(by_key) if key.group == target.key.group}
        if not managed and may_be_astray(target, []):
            return _look_up(target)
        weights = {member.key.pool: member.weight for member in target.members}
        managed = {**{key: [] for key in weights}, **managed}
        return _unlisted_group(target.key, managed, weights, releases=releases, unit=target.unit)
    held_there, row = by_key.pop(target.key.pool, []), row_by_pool.get(target.key.pool)
    if held_there:
        return _unlisted(target.key, held_there, releases=releases, is_complete=is_complete)
    if row is None and may_be_astray(target, []):
        return _look_up(target)
    return _ended(target, row, uncounted.get(target.key.pool, []))


def _look_up(target: Target) -> Shortfall:
    """The work of looking up what was held for a deleted row, and may be astray."""
    return SeenDemand(target, [SeenPool(pool, target) for pool in target.pools], NO_WISHES, False, "").shortfall({})


def of_no_row(by_key: Mapping[TargetKey, list[Reservation]], *, releases: bool) -> list[Outcome]:
    """The outcomes of what is held and no row asks for."""
    groups: dict[TargetKey, dict[TargetKey, list[Reservation]]] = {}
    outcomes = []
    for key, managed in by_key.items():
        if key.group:
            groups.setdefault(key.demand, {})[key] = managed
        else:
            outcomes.append(_unlisted(key, managed, releases=releases))
    return outcomes + [_unlisted_group(key, pools, {}, releases=releases) for key, pools in groups.items()]


def _unlisted_group(
    key: TargetKey,
    managed: Mapping[TargetKey, Sequence[Reservation]],
    weights: Mapping[TargetKey, Amount | None],
    *,
    releases: bool,
    unit: Unit = Unit.instances,
) -> Outcome:
    """The outcome of a group without a row."""
    pools = tuple(
        Outcome(
            pool,
            Status.FULFILLED,
            held(reservations),
            held(reservations),
            ids_of(reservations),
            use=use_of(reservations),
            weight=weights.get(pool),
            **kind_of(reservations),
        )
        for pool, reservations in managed.items()
    )
    everything = list(chain.from_iterable(managed.values()))
    if not everything:
        reason = "The group is gone, and nothing is held for it any more."
        return Outcome(key, Status.FULFILLED, 0, 0, reason=reason, pools=pools, unit=unit)
    to_end = "or insert it with a total of 0 to release it" if releases else f"or cancel {named(everything)} in EC2"
    return Outcome(
        key,
        Status.EXCESS,
        0,
        units((int(pool.reserved), pool.weight) for pool in pools),
        reason=f"Held for no row of odcr_group. Insert it to keep it, {to_end}.",
        use=use_of(everything),
        pools=pools,
        unit=unit,
        **kind_of(everything),
    )


def _ended(target: Target, row: TargetKey | None, uncounted: Sequence[Reservation]) -> Outcome:
    """The outcome of a deleted row for which nothing is held any more."""
    if row:
        reason = f"What is held now counts for the row {quoted(f'{row}')}."
    else:
        reason = f"The row is gone, and nothing is held for it any more. {remarks(uncounted, target.options)}".rstrip()
    return Outcome(target.key, Status.FULFILLED, 0, 0, reason=reason)


def _unlisted(key: TargetKey, managed: Sequence[Reservation], *, releases: bool, is_complete: bool = True) -> Outcome:
    """The outcome of reservations in one pool that no row asks for."""
    to_end = "one with a target of 0 to release it" if releases else f"cancel {named(managed)} in EC2"
    reason = f"Held for no row of odcr_capacity. Insert one to keep it, or {to_end}."
    if not is_complete:
        # A row in another spelling may be among those that this run does not look at.
        reason = "Held for no row that is spelled like this. Insert one to keep it, or one with a target of 0."
    return Outcome(
        key,
        Status.EXCESS,
        0,
        held(managed),
        ids_of(managed),
        reason=reason,
        use=use_of(managed),
        **kind_of(managed),
    )
