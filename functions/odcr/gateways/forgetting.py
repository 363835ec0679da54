"""Which rows of `odcr_status` are deleted: those of what is gone from the tables, and for which nothing is held."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odcr.domain.group_rows import member_keys
from odcr.domain.outcome import Outcome, Status
from odcr.domain.records import name_of
from odcr.domain.target import TargetKey, reason_to_reject
from odcr.gateways.previous_status import Previous
from odcr.gateways.strange_tables import Row, change_by_key
from odcr.gateways.target_tables import read_groups

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_UNSEEN = (Status.FAILED, Status.THROTTLED)
"""After these it is not known what is held."""


def forget(
    cursor: "Cursor",
    execution: str,
    previous: Mapping[TargetKey, Previous],
    outcomes: Mapping[TargetKey, Outcome],
    rows: Collection[TargetKey],
) -> None:
    """Deletes the status of what is gone from `odcr_capacity`, or the groups, and for which nothing is held.

    It stays on the list until two runs have seen that nothing is held: one alone may have been shown less than there
    is. For a key that makes no sense nothing can ever have been held.

    Args:
        cursor: in a transaction that has written `odcr_status`.
        execution: the run.
        previous: how all stood before it.
        outcomes: what the run found, by `name_of` the key, the pools of groups as well.
        rows: the names of the rows of `odcr_capacity`.
    """
    gone: list[Row] = []
    for key, before in previous.items():
        name = name_of(key)
        if key.group or name in rows:
            continue
        outcome = outcomes.get(name)
        reserved = outcome.reserved if outcome else before.reserved
        was_seen_before = outcome is None and before.status == Status.FULFILLED and before.execution != execution
        if reserved == 0 and (was_seen_before or reason_to_reject(name, 0) is not None):
            gone.append(before.cells)
    gone += [
        _cells(name)
        for name, outcome in outcomes.items()
        if not name.group and name not in rows and outcome.reserved == 0 and reason_to_reject(name, 0) is not None
    ]
    run = _Groups(execution, {name_of(key): one for key, one in previous.items() if key.group}, outcomes)
    gone += [_cells(name) for name in run.gone(cursor)]
    change_by_key(cursor, "odcr_status", "DELETE FROM odcr_status", [((), cells) for cells in gone])


def _cells(name: TargetKey) -> Row:
    return name.instance_type, name.availability_zone, name.group


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups and their pools, before and after a run."""

    execution: str
    previous: Mapping[TargetKey, Previous]
    outcomes: Mapping[TargetKey, Outcome]

    def gone(self, cursor: "Cursor") -> list[TargetKey]:
        """The groups and pools that are in no table any more and hold nothing."""
        names = {*self.previous, *(name for name in self.outcomes if name.group)}
        groups = {name for name in names if name.is_group and not self._holds(name)}
        # Of a group of which nothing is to be told no member has gone.
        told = groups | self.outcomes.keys()
        pools = {name for name in names if not name.is_group and {name, name.demand} & told and self._is_empty(name)}
        # Most runs have none, and need not read the tables once more.
        if not (pools or groups):
            return []
        tables = read_groups(cursor)
        if tables.doubt:
            return []
        wanted = member_keys(tables)
        pools -= wanted
        left = {name.demand for name in names - pools if not name.is_group}
        return [*pools, *(name for name in groups - wanted - left if self._is_over(name, names))]

    def _holds(self, name: TargetKey) -> bool:
        outcome = self.outcomes.get(name)
        return (outcome.reserved if outcome else self.previous[name].reserved) != 0

    def _is_empty(self, name: TargetKey) -> bool:
        """Whether two runs have seen that nothing is held in a pool."""
        if self._holds(name):
            return False
        if reason_to_reject(name, 0) is not None:
            return True
        before, group_before = self.previous.get(name), self.previous.get(name.demand)
        if before is None or before.reserved != 0 or before.execution == self.execution:
            return False
        if group_before is None or group_before.status in _UNSEEN:
            return False
        outcome, group = self.outcomes.get(name), self.outcomes.get(name.demand)
        if outcome is not None:
            return outcome.is_use_known
        return group is None or group.status not in _UNSEEN

    def _is_over(self, name: TargetKey, names: Collection[TargetKey]) -> bool:
        """Whether nothing can be held for a group without a row, none of whose pools is left."""
        if all(one.is_group or one.demand != name for one in names):
            return True
        before = self.previous.get(name)
        was_seen = before is not None and before.status == Status.FULFILLED and before.execution != self.execution
        return was_seen and name not in self.outcomes
