"""Finding the zones of rows that give a zone's id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from odcr.domain import blind
from odcr.domain.outcome import Outcome
from odcr.domain.refusal import Refusal
from odcr.domain.reservation import Reservation
from odcr.domain.target import Target, TargetKey
from odcr.domain.zone import is_zone_id, region_of

Zones = Mapping[str, Mapping[str, str] | Refusal]
"""Of each Region whose zones were asked for: their names by their ids."""


@dataclass(frozen=True, slots=True)
class Located:
    """Targets whose zone is known by its name, and those for which that cannot be told."""

    targets: list[Target] = field(default_factory=list)
    unsure: list[Outcome] = field(default_factory=list)
    unread: set[tuple[str, str]] = field(default_factory=set)
    """Types and Regions in which some row may mean any zone: what is held there may be for it."""


def region_of_row(key: TargetKey, home: str) -> str | None:
    """The Region that a row means.

    Args:
        key: the row's key, as it is written.
        home: the stack's own Region, in which an id is looked up that does not tell its Region.
    """
    return region_of(key.zone) or (home if is_zone_id(key.zone) else None)


def regions_by_id(targets: Iterable[Target], rejected: Iterable[Outcome], home: str) -> set[str]:
    """The Regions in which a row gives a zone's id, so that their zones are to be asked for."""
    keys = [target.key for target in targets] + [outcome.key for outcome in rejected]
    keys += [TargetKey(target.key.instance_type, zone) for target in targets for zone, _ in target.elsewhere]
    return {region for key in keys if is_zone_id(key.zone) and (region := region_of_row(key, home))}


def locate(targets: Iterable[Target], zones: Zones, home: str) -> Located:
    """Gives each target by a zone's id the zone's name, and the options that a row of odcr_option has for the pool."""
    located = Located()
    for target in targets:
        region = region_of_row(target.key, home)
        ids = zones.get(region or "", {})
        by_id = is_zone_id(target.key.zone)
        if region is None or not (by_id or target.elsewhere):
            located.targets.append(target)
        elif isinstance(ids, Refusal):
            located.unsure.append(blind.with_unread_zones(target, region, ids))
            located.unread.add((target.key.pool.instance_type, region))
        elif by_id and target.key.zone not in ids and not target.withdrawn:
            located.unsure.append(blind.with_unknown_zone(target, region, ids))
        else:
            key = target.key.in_zone(ids.get(target.key.zone, "")) if by_id else target.key
            meant = (options for zone, options in target.elsewhere if ids.get(zone, zone) == key.zone)
            located.targets.append(replace(target, key=key, options=next(meant, target.options), elsewhere=()))
    return located


def locate_rejected(rejected: Iterable[Outcome], zones: Zones, home: str) -> list[Outcome]:
    """The same for rows that make no sense. Those whose zone cannot be told are left out; their record stays."""
    located = []
    for outcome in rejected:
        ids = zones.get(region_of_row(outcome.key, home) or "", {})
        if not is_zone_id(outcome.key.zone):
            located.append(outcome)
        elif not isinstance(ids, Refusal):
            located.append(replace(outcome, key=outcome.key.in_zone(ids.get(outcome.key.zone, ""))))
    return located


def certain(
    reservations: Iterable[Reservation], targets: Iterable[Target], unread: set[tuple[str, str]]
) -> tuple[list[Reservation], list[Target]]:
    """What can be compared although the zones of some rows cannot be told.

    A reservation for which no other row asks may be held for one of these, and so may that of a row that is gone.
    """
    targets = [one for one in targets if not (one.withdrawn and _is_in(one.key.pool, unread))]
    asked = {target.key.pool for target in targets}
    return [one for one in reservations if one.key in asked or not _is_in(one.key, unread)], targets


def _is_in(pool: TargetKey, unread: set[tuple[str, str]]) -> bool:
    return (pool.instance_type, region_of(pool.zone)) in unread
