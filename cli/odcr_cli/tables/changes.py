"""From what is there and what is wanted to what has to change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from odcr_cli.door import KEYS, Change, Row, folded_key
from odcr_cli.regions import may_be_same_zone
from odcr_cli.tables.columns import COLUMNS, usual_of, values_of
from odcr_cli.tables.wishes import Key, Problem, Wish, as_ec2_writes, key_of, name_of
from odcr_cli.target_options import options_by_target

Tables = Mapping[str, Sequence[Row]]

_ORDER = ("odcr_option", "odcr_group_member", "odcr_capacity", "odcr_group", "odcr_price")
"""What is removed first stands first; what is added goes the other way."""
_POOLS = ("odcr_capacity", "odcr_option", "odcr_group_member")


class Kind(Enum):
    """What becomes of a row."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Edit:
    """One row that is to change."""

    table: str
    key: Key
    """As it will be; of one that is removed, as it is."""
    old: Row | None
    """As the table has it."""
    before: Mapping[str, Any]
    """Its columns beside the key, comparable; the usual ones if it is not there."""
    after: Mapping[str, Any]
    """As they will be; the usual ones if it is removed."""
    kind: Kind
    values: Mapping[str, Any]
    """What is written of them, as the door takes it."""
    line: int = 0

    @property
    def name(self) -> str:
        """As a person calls the row."""
        return name_of(self.table, self.key)

    @property
    def old_key(self) -> Key:
        """As the table has it now."""
        return self.key if self.old is None else key_of(self.table, self.old)

    @property
    def differing(self) -> list[tuple[str, Any, Any]]:
        """The columns that change, from what to what."""
        names = [column.name for column in COLUMNS[self.table]]
        return [(name, self.before[name], self.after[name]) for name in names if self.before[name] != self.after[name]]

    def to_changes(self) -> list[Change]:
        """As the door takes it. A key that is spelled in another way is another row, so the old one goes first."""
        keys = KEYS[self.table]
        row = dict(zip(keys, self.key, strict=True)) | dict(self.values)
        if self.old is None:
            return [Change(self.table, row, None)]
        was = {name: self.old[name] for name in (*keys, *self.before) if name in self.old}
        if self.kind is Kind.REMOVED:
            return [Change(self.table, None, was)]
        if self.key != self.old_key:
            return [Change(self.table, None, was), Change(self.table, was | row, None)]
        return [Change(self.table, row, was)]


@dataclass(frozen=True)
class Plan:
    """What has to change, and why it cannot."""

    edits: Sequence[Edit] = ()
    problems: Sequence[Problem] = ()

    def to_changes(self) -> list[Change]:
        """All of it, in an order in which nothing stands in the way of anything else."""
        changes = [change for edit in self.edits for change in edit.to_changes()]
        gone = [one for one in changes if one.row is None]
        return [
            *sorted(gone, key=lambda one: _ORDER.index(one.table)),
            *sorted((one for one in changes if one.row is not None), key=lambda one: -_ORDER.index(one.table)),
        ]


def plan_of(wishes: Iterable[Wish], tables: Tables, *, removes_others: bool = False) -> Plan:
    """What has to change so that the tables say what is wanted.

    Args:
        wishes: the rows that are wanted, each once.
        tables: the rows that there are.
        removes_others: whether all other targets and groups are to be gone, with their options and members.
    """
    found = _Finder(tables)
    edits: list[Edit] = []
    problems: list[Problem] = []
    named: dict[str, set[Key]] = {table: set() for table in COLUMNS}
    for wish in found.spelled(wishes):
        old = found.row(wish.table, wish.key)
        key = _spelling(wish, old)
        named[wish.table].add(key if old is None else key_of(wish.table, old))
        edit = _edit(wish, key, old)
        missing = [] if edit is None or edit.kind is not Kind.ADDED else _missing(edit, wish)
        if missing:
            problems.append(
                Problem(f"Say its {' and '.join(missing)}: it is new.", name_of(wish.table, key), wish.line)
            )
        elif edit:
            edits.append(edit)
    if removes_others:
        edits += _others(tables, named)
    return Plan(edits, problems)


class _Finder:
    """Rows by their keys, found in other letter cases and with blanks around as well."""

    def __init__(self, tables: Tables) -> None:
        self._rows = {table: {key_of(table, row): row for row in tables.get(table, ())} for table in COLUMNS}
        self._folded: dict[str, dict[Key, Row]] = {
            table: {folded_key(key): row for key, row in rows.items()} for table, rows in self._rows.items()
        }
        # Also those that name the zone by its id, where the target has its name.
        self._folded["odcr_option"] |= options_by_target(tables.get("odcr_capacity", ()), tables.get("odcr_option", ()))

    def row(self, table: str, key: Key) -> Row | None:
        return self._rows[table].get(key) or self._folded[table].get(folded_key(key))

    def spelled(self, wishes: Iterable[Wish]) -> Iterator[Wish]:
        """With the groups' names as the groups have them, for these are in the tags of what is held."""
        wishes = list(wishes)
        names = {(one.key[0].strip(),) for one in wishes if one.table == "odcr_group"} | self._rows["odcr_group"].keys()
        by_folded = {folded_key(name): name for name in sorted(names)} | {
            folded_key(name): name for name in self._rows["odcr_group"]
        }
        for wish in wishes:
            is_of_group = wish.table in ("odcr_group", "odcr_group_member")
            if is_of_group and wish.key not in self._rows[wish.table] and wish.key[:1] not in self._rows["odcr_group"]:
                spelled = by_folded.get(folded_key(wish.key[:1]), (wish.key[0].strip(),))
                yield Wish(wish.table, (*spelled, *wish.key[1:]), wish.values, wish.line, wish.is_gone)
            else:
                yield wish


def _spelling(wish: Wish, old: Row | None) -> Key:
    """The key as it is to be written: as it is, if that is what was asked for, else as EC2 spells it."""
    # odcr finds options in whatever letters; a target in others is none.
    if old is not None and (wish.is_gone or wish.table == "odcr_option" or key_of(wish.table, old) == wish.key):
        return key_of(wish.table, old)
    if wish.table in _POOLS:
        return (*wish.key[:-2], *(as_ec2_writes(part) for part in wish.key[-2:]))
    if wish.table == "odcr_price":
        return (*(as_ec2_writes(part) for part in wish.key[:2]), *wish.key[2:])
    return wish.key


def _edit(wish: Wish, key: Key, old: Row | None) -> Edit | None:
    usual = usual_of(wish.table)
    before = usual if old is None else values_of(wish.table, old)
    wanted = values_of(wish.table, dict(wish.values))
    after = before | {name: wanted[name] for name in wish.values}
    # A row of options that says nothing is none.
    is_gone = wish.is_gone or (wish.table == "odcr_option" and after == usual)
    if is_gone:
        gone = Edit(wish.table, key, old, before, usual, Kind.REMOVED, {}, wish.line)
        # One that says nothing and stands there already stays.
        return gone if old is not None and (wish.is_gone or before != usual) else None
    if old is None:
        written = {name: value for name, value in wish.values.items() if after[name] != usual[name]}
        return Edit(wish.table, key, None, before, after, Kind.ADDED, written, wish.line)
    written = {name: value for name, value in wish.values.items() if after[name] != before[name]}
    if not written and key == key_of(wish.table, old):
        return None
    return Edit(wish.table, key, old, before, after, Kind.CHANGED, written, wish.line)


def _missing(edit: Edit, wish: Wish) -> list[str]:
    return [column.name for column in COLUMNS[edit.table] if column.is_required and column.name not in wish.values]


def _others(tables: Tables, named: Mapping[str, set[Key]]) -> Iterator[Edit]:
    """The removal of all that nobody named. Options stay with their target, a group with its members."""
    groups = {folded_key(key[:1]) for key in named["odcr_group"] | named["odcr_group_member"]}
    zones: dict[str, set[str]] = {}
    for kind, zone in map(folded_key, named["odcr_capacity"]):
        zones.setdefault(kind, set()).add(zone)

    def is_kept(table: str, key: Key) -> bool:
        if table == "odcr_option":
            kind, zone = folded_key(key)
            there = zones.get(kind, ())
            return key in named[table] or zone in there or any(may_be_same_zone(zone, other) for other in there)
        return folded_key(key) in groups if table == "odcr_group" else key in named[table]

    for table in ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member"):
        for row in tables.get(table, ()):
            key = key_of(table, row)
            if not is_kept(table, key):
                yield Edit(table, key, row, values_of(table, row), usual_of(table), Kind.REMOVED, {})
