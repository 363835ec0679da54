"""The rows of `odcr_group` and `odcr_group_member` as targets, or as outcomes that say what is wrong with a group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from odcr.domain.amounts import Amount
from odcr.domain.cells import Cells, StrangeCell, quantity, shown, text_of, whole_number
from odcr.domain.member_rows import as_recorded, key_of_member, member_of
from odcr.domain.option_rows import choice_of, options_and_terms
from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.records import NO_RECORD, Record, name_of
from odcr.domain.target import (
    MAX_TARGET,
    Member,
    ReservationOptions,
    Strategy,
    Target,
    TargetKey,
    Terms,
    Unit,
    group_key,
    reason_to_reject,
    units,
)
from odcr.domain.wording import MAX_REASON, quoted

GROUP_COLUMNS = ("TotalTargetCapacity", "Unit", "AllocationStrategy", "Allow_Overshoot")
"""The columns between the name and the options, in the order in which they are read."""

MAX_MEMBERS = 40
MAX_GROUP_NAME = 128
MAX_TOTAL = 10 * MAX_TARGET
"""Units of a group. A larger number is taken for a typo."""

_TOTAL_WANTED = "Set it to the units wanted in all members together."
_NAMELESS = "(no name)"

Pools = Mapping[TargetKey, Record]


@dataclass(frozen=True, slots=True)
class GroupTables:
    """The rows of both tables."""

    groups: Sequence[Cells] = ()
    """Group_Name, `GROUP_COLUMNS`, `OPTION_COLUMNS`."""
    members: Sequence[Cells] = ()
    """Group_Name, InstanceType, AvailabilityZone, `MEMBER_COLUMNS`."""
    doubt: str = ""
    """Why the tables could not be read; empty if they were."""
    are_groups_read: bool = True
    """Whether `odcr_group` could be read."""
    option_doubt: str = ""
    """Why the groups' options could not be read; empty if they were."""


class GroupNames:
    """The names of groups. An exact match comes first, then one that differs in case; blanks around are ignored.

    Args:
        names: as `odcr_group` has them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = {name: None for text in names if (name := text.strip())}
        self._folded: dict[str, list[str]] = {}
        for name in self.names:
            self._folded.setdefault(name.casefold(), []).append(name)

    def of(self, text: str) -> list[str]:
        """The groups that a text may mean."""
        name = text.strip()
        return [name] if name in self.names else self._folded.get(name.casefold(), [])


@dataclass
class _Group:
    """The rows of one group, and its record."""

    name: str
    rows: list[Cells] = field(default_factory=list)
    members: list[Cells] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    """Names in members' rows that may mean this group or another."""
    record: Record = NO_RECORD
    pools: dict[TargetKey, Record] = field(default_factory=dict)

    @property
    def key(self) -> TargetKey:
        return group_key(self.name)

    @property
    def holds(self) -> bool:
        return any(pool.reserved for pool in self.pools.values())

    @property
    def _is_whole(self) -> bool:
        """Whether the records of the pools add up to that of the group, so that none is lost."""
        return self.record.reserved == units((pool.instances or 0, pool.weight) for pool in self.pools.values())

    def as_recorded(self) -> Target:
        """The group as if its rows were deleted: only what is recorded."""
        unit = Unit(self.record.unit) if self.record.unit in Unit.__members__ else Unit.instances
        members = (_removed(key, pool, pool.weight or 1) for key, pool in self._valid_pools())
        return Target(
            self.key,
            0,
            last_status=self.record.status,
            last_reason=self.record.reason,
            last_judgement=self.record.judgement,
            last_use=self.record.use,
            withdrawn=True,
            members=tuple(members),
            unit=unit,
            last_capacity=self.record.target,
        )

    def rejected(self, status: Status, reason: str) -> tuple[Outcome, bool]:
        """The outcome, and whether to record it: it is new, or what the group holds may have changed."""
        outcome = with_record_kept(self.as_recorded(), status, reason)
        is_news = self.holds or (self.record.status, self.record.reason) != (status, reason[:MAX_REASON])
        return replace(outcome, target=self._total()), is_news

    def _total(self) -> Amount | None:
        try:
            return _total(self.rows[0][1]) if self.rows else None
        except StrangeCell:
            return None

    def _valid_pools(self) -> list[tuple[TargetKey, Record]]:
        """The recorded pools, without invalid ones that hold nothing."""
        pools = [
            (key, record) for key, record in self.pools.items() if record.reserved or reason_to_reject(key, 0) is None
        ]
        return sorted(pools, key=lambda pool: (pool[0].instance_type, pool[0].availability_zone))

    def target(self, unknown: Record, option_doubt: str) -> Target:
        """The group as its rows say.

        Raises:
            StrangeCell: if the rows make no sense.
        """
        if reason := _reason_to_reject_name(text_of(self.rows[0][0])):
            raise StrangeCell(reason)
        if option_doubt:
            raise StrangeCell(option_doubt)
        wanted = {_group_row(row) for row in self.rows}
        if len(wanted) > 1:
            raise StrangeCell(f"Delete all but one of its {len(self.rows)} rows in odcr_group: they differ.")
        row = wanted.pop()
        if self.unclear:
            raise StrangeCell(
                f"Write Group_Name in odcr_group_member exactly as odcr_group has it: {quoted(self.unclear[0])} may "
                "mean this group or another."
            )
        record = self.record
        return Target(
            self.key,
            row.total,
            last_status=record.status,
            options=row.options,
            is_fresh=record.is_fresh and record.reserved is not None,
            last_reason=record.comparable_reason,
            last_announced=record.announced,
            was_just_tried=record.was_just_tried,
            terms=row.terms,
            dry_seconds=record.dry_seconds_for(row.total),
            last_judgement=record.judgement,
            last_use=record.use,
            members=self._members(row, unknown),
            strategy=row.strategy,
            allows_overshoot=row.allows_overshoot,
            unit=row.unit,
            last_capacity=record.target if record.unit in ("", row.unit) and self._is_whole else None,
        )

    def _members(self, group: "_GroupRow", unknown: Record) -> tuple[Member, ...]:
        by_key: dict[TargetKey, list[Cells]] = {}
        for row in self.members:
            by_key.setdefault(key_of_member(row, self.name), []).append(row)
        if not by_key:
            raise StrangeCell("Insert its members into odcr_group_member: a group without any buys nothing.")
        if len(by_key) > MAX_MEMBERS:
            raise StrangeCell(
                f"Delete some of its {len(by_key)} members, or make two groups of it: a group has at most "
                f"{MAX_MEMBERS}."
            )
        ranked = [
            member_of(rows, key, self.pools.get(name_of(key), unknown), group.unit, group.total)
            for key, rows in by_key.items()
        ]
        ranked.sort(key=lambda item: (item[0], item[1].key.instance_type, item[1].key.availability_zone))
        names = {name_of(key) for key in by_key}
        # A recorded weight counted instances or vCPUs; in another unit it means nothing.
        is_same_unit = self.record.unit in ("", group.unit)
        usual = 1 if group.unit is Unit.instances else None
        removed = [
            _removed(key, pool, (pool.weight if is_same_unit else None) or usual)
            for key, pool in self._valid_pools()
            if key not in names
        ]
        return (*(member for _, member in ranked), *removed)


@dataclass(frozen=True, slots=True)
class _GroupRow:
    """What a row of odcr_group says."""

    total: Amount
    unit: Unit
    strategy: Strategy
    allows_overshoot: bool
    options: ReservationOptions
    terms: Terms


def groups_of(tables: GroupTables, records: Pools, unknown: Record = NO_RECORD) -> tuple[list[Target], list[Outcome]]:
    """The valid groups as targets, the others as outcomes that say what is wrong.

    Args:
        tables: what people wrote.
        records: the records of demands and pools, by `name_of` their keys.
        unknown: the record of a group or pool that has none.

    Returns:
        The targets, including deleted groups that still have a record; and an outcome for each rejected group whose
        record differs, with what is recorded for the group's pools.
    """
    groups, orphans = _gathered(tables, records, unknown)
    targets: list[Target] = []
    rejected: list[tuple[Outcome, bool]] = []
    for group in groups.values():
        if group.rows and not tables.doubt:
            try:
                targets.append(group.target(unknown, tables.option_doubt))
            except StrangeCell as strange:
                rejected.append(group.rejected(Status.INVALID, str(strange)))
        elif tables.doubt and (group.rows or not tables.are_groups_read):
            rejected.append(group.rejected(Status.FAILED, tables.doubt))
        elif (count := orphans.pop(group.name, 0)) and not group.holds:
            rejected.append(group.rejected(Status.INVALID, _reason_for_orphans(group.name, count)))
        elif (gone := group.as_recorded()).members:
            targets.append(gone)
    for name, count in orphans.items():
        if not tables.doubt:
            rejected.append(_Group(name).rejected(Status.INVALID, _reason_for_orphans(name, count)))
    return targets, [outcome for outcome, is_news in rejected if is_news]


def _gathered(tables: GroupTables, records: Pools, unknown: Record) -> tuple[dict[str, _Group], dict[str, int]]:
    """The groups by name; and the number of members by each name that no group has."""
    groups: dict[str, _Group] = {}
    for row in tables.groups:
        name = _shown_name(text_of(row[0]))
        groups.setdefault(name, _Group(name, record=unknown)).rows.append(row)
    names, orphans = GroupNames(groups), dict[str, int]()
    for row in tables.members:
        text = text_of(row[0])
        match names.of(_shown_name(text)):
            case []:
                orphans[_shown_name(text)] = orphans.get(_shown_name(text), 0) + 1
            case [name]:
                groups[name].members.append(row)
            case several:
                for name in several:
                    groups[name].unclear.append(text)
    for key, record in records.items():
        if key.group:
            group = groups.setdefault(key.group, _Group(key.group))
            if key.is_group:
                group.record = record
            else:
                group.pools[key] = record
    return groups, orphans


def member_keys(tables: GroupTables) -> set[TargetKey]:
    """The keys of all groups and pools in the tables, by `name_of`, including groups that only members mention."""
    groups, orphans = _gathered(tables, {}, NO_RECORD)
    pools = {name_of(key_of_member(row, group.name)) for group in groups.values() for row in group.members}
    return pools | {group_key(name) for name in (*groups, *orphans)}


def _group_row(row: Cells) -> _GroupRow:
    total, unit, strategy, overshoot, *options = row[1:]
    return _GroupRow(
        _total(total),
        Unit(choice_of(unit, "Unit in odcr_group", list(Unit))),
        Strategy(choice_of(strategy, "AllocationStrategy in odcr_group", list(Strategy))),
        _is_set(overshoot),
        *options_and_terms(options, "odcr_group"),
    )


def _total(cell: object) -> Amount:
    total = quantity(cell, "TotalTargetCapacity", _TOTAL_WANTED)
    if total is None:
        raise StrangeCell(f"TotalTargetCapacity is NULL. {_TOTAL_WANTED}")
    if total < 0:
        raise StrangeCell(f"TotalTargetCapacity is {total}; it must be 0 or more. {_TOTAL_WANTED}")
    if total > MAX_TOTAL:
        raise StrangeCell(
            f"TotalTargetCapacity is {total}, above {MAX_TOTAL}, which is taken for a mistake. Correct the row."
        )
    return total


def _is_set(cell: object) -> bool:
    try:
        number = whole_number(cell, "") or 0
    except StrangeCell:
        number = -1
    if number not in (0, 1):
        raise StrangeCell(f"Allow_Overshoot in odcr_group is {shown(cell)}; write 0 or 1.")
    return number == 1


def _reason_to_reject_name(text: str) -> str:
    if not text.strip():
        return "Give the group in odcr_group a name: Group_Name is empty."
    if len(text.strip()) > MAX_GROUP_NAME:
        return (
            f"Give the group a shorter name, in odcr_group and odcr_group_member: at most {MAX_GROUP_NAME} characters."
        )
    return ""


def _reason_for_orphans(name: str, count: int) -> str:
    if name == _NAMELESS:
        return f"Give the {count} row(s) in odcr_group_member without a Group_Name one, or delete them."
    return f"Insert the group into odcr_group, or delete its {count} row(s) in odcr_group_member: nothing is bought."


def _shown_name(text: str) -> str:
    """The group's name; for an invalid one, the name by which `odcr_status` has it."""
    name = text.strip()
    return (name if len(name) <= MAX_GROUP_NAME else f"{name[: MAX_GROUP_NAME - 3]}...") or _NAMELESS


def _removed(key: TargetKey, record: Record, weight: Amount | None) -> Member:
    return replace(as_recorded(key, record), weight=weight, is_removed=True)
