"""Compares the tables with the wished rows and plans the changes."""

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
"""The order in which rows are removed; rows are added in the reverse order."""
_POOLS = ("odcr_capacity", "odcr_option", "odcr_group_member")


class Kind(Enum):
    """What happens to a row."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Edit:
    """A row that has to change."""

    table: str
    key: Key
    """The key as it will be; for a removed row, as it is."""
    old: Row | None
    """The row as the table has it; None if there is none."""
    before: Mapping[str, Any]
    """The current columns beside the key, normalized; defaults if there is no row."""
    after: Mapping[str, Any]
    """The columns as they will be; the defaults if the row is removed."""
    kind: Kind
    values: Mapping[str, Any]
    """The columns to write, as ManageTargets takes them."""
    line: int = 0

    @property
    def name(self) -> str:
        """The row's name for people."""
        return name_of(self.table, self.key)

    @property
    def old_key(self) -> Key:
        """The key as the table has it now."""
        return self.key if self.old is None else key_of(self.table, self.old)

    @property
    def differing(self) -> list[tuple[str, Any, Any]]:
        """The columns that change, each with its old and new value."""
        names = [column.name for column in COLUMNS[self.table]]
        return [(name, self.before[name], self.after[name]) for name in names if self.before[name] != self.after[name]]

    def to_changes(self) -> list[Change]:
        """The changes for ManageTargets. A key with another spelling is another row: the old one goes first."""
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
    """The rows that have to change, and the problems with them."""

    edits: Sequence[Edit] = ()
    problems: Sequence[Problem] = ()

    def to_changes(self) -> list[Change]:
        """All changes, in an order in which none depends on a later one."""
        changes = [change for edit in self.edits for change in edit.to_changes()]
        gone = [change for change in changes if change.row is None]
        return [
            *sorted(gone, key=lambda change: _ORDER.index(change.table)),
            *sorted(
                (change for change in changes if change.row is not None), key=lambda change: -_ORDER.index(change.table)
            ),
        ]


def plan_of(wishes: Iterable[Wish], tables: Tables, *, removes_others: bool) -> Plan:
    """Plans the changes that make the tables say what is wished.

    Args:
        wishes: the wished rows, each once.
        tables: the current rows.
        removes_others: whether to remove all other targets and groups, with their options and members.
    """
    finder = _Finder(tables)
    edits: list[Edit] = []
    problems: list[Problem] = []
    named: dict[str, set[Key]] = {table: set() for table in COLUMNS}
    for wish in finder.spelled(wishes):
        old = finder.row(wish.table, wish.key)
        key = _spelling(wish, old)
        named[wish.table].add(key if old is None else key_of(wish.table, old))
        edit = _edit(wish, key, old)
        missing = [] if edit is None or edit.kind is not Kind.ADDED else _missing(edit, wish)
        if missing:
            problems.append(
                Problem(f"It is new, so give its {' and '.join(missing)}.", name_of(wish.table, key), wish.line)
            )
        elif edit:
            edits.append(edit)
    if removes_others:
        edits += _others(tables, named)
    return Plan(edits, problems)


class _Finder:
    """Finds rows by key, ignoring case and surrounding blanks."""

    def __init__(self, tables: Tables) -> None:
        self._rows = {table: {key_of(table, row): row for row in tables.get(table, ())} for table in COLUMNS}
        self._folded: dict[str, dict[Key, Row]] = {
            table: {folded_key(key): row for key, row in rows.items()} for table, rows in self._rows.items()
        }
        # Options also match when they name the zone by its id and the target by its name, or the other way round.
        self._folded["odcr_option"] |= options_by_target(tables.get("odcr_capacity", ()), tables.get("odcr_option", ()))

    def row(self, table: str, key: Key) -> Row | None:
        return self._rows[table].get(key) or self._folded[table].get(folded_key(key))

    def spelled(self, wishes: Iterable[Wish]) -> Iterator[Wish]:
        """The wishes with group names spelled as in `odcr_group`, because reservations are tagged with them."""
        wishes = list(wishes)
        names = {(wish.key[0].strip(),) for wish in wishes if wish.table == "odcr_group"} | self._rows[
            "odcr_group"
        ].keys()
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
    """The key to write: as it is in the table if the wish means the same, else as EC2 spells it."""
    # odcr finds options in any letter case, but targets only as EC2 spells them.
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
    # A row of options with only defaults is removed.
    is_gone = wish.is_gone or (wish.table == "odcr_option" and after == usual)
    if is_gone:
        gone = Edit(wish.table, key, old, before, usual, Kind.REMOVED, {}, wish.line)
        # If the table already has such a row, it stays.
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
    """The removal of all rows that no wish named. Options stay with their target, a group with its members."""
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
