"""Finds what is wrong with planned changes before they are made."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

from botocore.loaders import create_loader

from odcr_cli.door import folded_key
from odcr_cli.regions import known_regions, may_be_same_zone, region_of
from odcr_cli.tables.changes import Edit, Kind, Plan, Tables
from odcr_cli.tables.columns import PLATFORM
from odcr_cli.tables.offers import Offers
from odcr_cli.tables.wishes import Key, Problem, key_of, name_of

MOST_CHANGES = 5_000
"""The most changes that ManageTargets takes at once."""


def zones_to_look_up(plan: Plan, tables: Tables) -> list[str]:
    """The zones that the changes need EC2 to offer, and all others of the same Regions."""
    targets = {folded_key(key) for key in _remaining(plan, tables, "odcr_capacity")}
    zones = {edit.key[-1] for edit in plan.edits if _is_new_wish(edit) or _is_by_id(edit, targets)}
    regions = {region_of(zone) for zone in zones}
    return sorted(zones | {key[-1] for key in _pools(plan, tables) if region_of(key[-1]) in regions})


@cache
def platforms() -> frozenset[str]:
    """The platforms of EC2's reservations, from botocore's model."""
    model = create_loader().load_service_model("ec2", "service-2")
    return frozenset(model["shapes"]["CapacityReservationInstancePlatform"]["enum"])


def problems_of(plan: Plan, tables: Tables, offers: Offers) -> list[Problem]:
    """All problems that EC2's offers and the tables reveal, in the order of the file."""
    problems = [*_of_pools(plan, tables, offers), *_of_options(plan, tables, offers), *_of_members(plan, tables)]
    problems += _of_prices(plan)
    if (count := len(plan.to_changes())) > MOST_CHANGES:
        problems.append(
            Problem(f"These are {count} changes, but at most {MOST_CHANGES} can be made at once: split the file.")
        )
    return sorted(problems, key=lambda problem: problem.line)


def _is_new_wish(edit: Edit) -> bool:
    """Whether EC2 will be asked for something new. Lowering a target is always possible."""
    if edit.table == "odcr_group_member":
        return edit.kind is Kind.ADDED or edit.key != edit.old_key
    if edit.table != "odcr_capacity" or edit.kind is Kind.REMOVED:
        return False
    is_more = edit.kind is Kind.ADDED or _is_more(edit.before["Target_Capacity"], edit.after["Target_Capacity"])
    return is_more or edit.key != edit.old_key


def _is_by_id(edit: Edit, targets: set[Key]) -> bool:
    """Whether new options name the zone otherwise than any target does."""
    return edit.table == "odcr_option" and edit.kind is Kind.ADDED and folded_key(edit.key) not in targets


def _is_more(before: object, after: object) -> bool:
    return not isinstance(before, int) or not isinstance(after, int) or after > before


def _pools(plan: Plan, tables: Tables) -> list[Key]:
    """The future keys of targets and members, each with its group or an empty text."""
    pools = [("", *key) for key in _remaining(plan, tables, "odcr_capacity")]
    return pools + _remaining(plan, tables, "odcr_group_member")


def _remaining(plan: Plan, tables: Tables, table: str) -> list[Key]:
    edits = [edit for edit in plan.edits if edit.table == table]
    gone = {edit.old_key for edit in edits if edit.old is not None}
    kept = [key for row in tables.get(table, ()) if (key := key_of(table, row)) not in gone]
    return kept + [edit.key for edit in edits if edit.kind is not Kind.REMOVED]


def _of_pools(plan: Plan, tables: Tables, offers: Offers) -> Iterator[Problem]:
    known: dict[Key, Key] = {}
    new = {_with_group(edit): edit for edit in plan.edits if _is_new_wish(edit)}
    # Existing pools come first, so that the new one gets the problem.
    for key in sorted(_pools(plan, tables), key=lambda pool_: pool_ in new):
        pool = (*folded_key(key[:2]), offers.zone_name(key[2]))
        edit = new.get(key)
        if edit and (fault := offers.fault(key[1], key[2])):
            yield Problem(fault, edit.name, edit.line)
        elif edit and (other := known.get(pool)) and other != key:
            fault = f"{other[2]} is the same zone and already has {other[1]}: change that one."
            yield Problem(fault, edit.name, edit.line)
        known.setdefault(pool, key)


def _with_group(edit: Edit) -> Key:
    return edit.key if edit.table == "odcr_group_member" else ("", *edit.key)


def _of_options(plan: Plan, tables: Tables, offers: Offers) -> Iterator[Problem]:
    targets = {folded_key(key) for key in _remaining(plan, tables, "odcr_capacity")}
    for edit in plan.edits:
        if edit.kind is Kind.REMOVED:
            continue
        if edit.table == "odcr_option" and not any(_is_of(edit.key, target, offers) for target in targets):
            kind, zone = edit.key
            advice = f"Add one: odcr targets set {kind} {zone} COUNT."
            near = [key for key in targets if key[0] == kind.casefold() or key[1] == zone.casefold()]
            if near:
                advice += f" There is {name_of('odcr_option', min(near))}."
            yield Problem(f"There is no target for these options. {advice}", edit.name, edit.line)
        platform = edit.after.get(PLATFORM)
        # Prices are looked up, and reservations made, with the platform.
        if platform is not None and platform != edit.before[PLATFORM] and platform not in platforms():
            yield Problem(_no_platform(platform), edit.name, edit.line)


def _is_of(option: Key, target: Key, offers: Offers) -> bool:
    """Whether options belong to a target, as far as EC2 tells which id is which zone."""
    (kind, zone), (other, place) = folded_key(option), target
    if kind != other or not may_be_same_zone(zone, place):
        return (kind, zone) == target
    return region_of(zone) not in offers.by_region or offers.zone_name(zone) == offers.zone_name(place)


def _no_platform(platform: object) -> str:
    by_folded = {platform.casefold(): platform for platform in platforms()}
    near = get_close_matches(str(platform).casefold(), by_folded, n=2)
    if str(platform).casefold() == "linux":
        near = ["linux/unix"]
    meant = " or ".join(by_folded[name] for name in near)
    advice = f"Did you mean {meant}?" if meant else f"Write one of {', '.join(sorted(platforms()))}."
    return f"EC2 has no platform {platform}. {advice}"


def _of_members(plan: Plan, tables: Tables) -> Iterator[Problem]:
    groups = {folded_key(key) for key in _remaining(plan, tables, "odcr_group")}
    for edit in plan.edits:
        if (
            edit.table == "odcr_group_member"
            and edit.kind is not Kind.REMOVED
            and folded_key(edit.key[:1]) not in groups
        ):
            near = get_close_matches(edit.key[0].casefold(), [key[0] for key in groups], n=1)
            advice = f"Did you mean {near[0]}?" if near else f"Add one: odcr groups set {edit.key[0]} TOTAL."
            if edit.line:
                advice += " In a file, that is a line with Group_Name and TotalTargetCapacity, without a type."
            yield Problem(f"There is no group {edit.key[0]}. {advice}", edit.name, edit.line)


def _of_prices(plan: Plan) -> Iterator[Problem]:
    for edit in plan.edits:
        if edit.table != "odcr_price" or edit.kind is Kind.REMOVED:
            continue
        region = edit.key[1]
        # A Local Zone's group and a Wavelength Zone have prices of their own: docs/how-to/give-prices.md.
        if not any(region == one or region.startswith(f"{one}-") for one in known_regions()):
            near = get_close_matches(region, known_regions(), n=1)
            advice = f"Did you mean {near[0]}?" if near else "Write one such as ap-northeast-1."
            yield Problem(f"There is no Region {region}. {advice}", edit.name, edit.line)
