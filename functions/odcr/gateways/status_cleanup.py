"""Deleting rows of `odcr_status` whose target is gone from the tables and holds nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odcr.domain.group_rows import member_keys
from odcr.domain.outcome import Outcome, Status
from odcr.domain.records import name_of
from odcr.domain.target import TargetKey, reason_to_reject
from odcr.gateways.previous_status import Previous
from odcr.gateways.target_tables import read_groups
from odcr.gateways.tolerant_reads import Row
from odcr.gateways.tolerant_writes import change_by_key

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_UNSEEN = (Status.FAILED, Status.THROTTLED)
"""Statuses that leave open what is held."""


def delete_obsolete_rows(
    cursor: "Cursor",
    execution: str,
    previous: Mapping[TargetKey, Previous],
    outcomes: Mapping[TargetKey, Outcome],
    rows: Collection[TargetKey],
) -> None:
    """Deletes the status of targets that are gone from `odcr_capacity` or the groups, and hold nothing.

    A row stays until two runs have seen that nothing is held, because EC2 may show too little once. A row with an
    invalid key goes at once, because nothing can ever have been held for it.

    Args:
        cursor: in a transaction that has written `odcr_status`.
        execution: the run.
        previous: the status of all targets before the run.
        outcomes: the run's outcomes, including those of groups' pools, by `name_of` the key.
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
    groups = _Groups(execution, {name_of(key): status for key, status in previous.items() if key.group}, outcomes)
    gone += [_cells(name) for name in groups.gone(cursor)]
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
        """The groups and pools that are no longer in any table and hold nothing."""
        names = {*self.previous, *(name for name in self.outcomes if name.group)}
        groups = {name for name in names if name.is_group and not self._holds(name)}
        # A group without an outcome that still holds something cannot have lost a member.
        reported = groups | self.outcomes.keys()
        pools = {
            name for name in names if not name.is_group and {name, name.demand} & reported and self._is_empty(name)
        }
        # In most runs there is nothing to delete, so they need not read the tables again.
        if not (pools or groups):
            return []
        tables = read_groups(cursor)
        if tables.doubt:
            return []
        wanted = member_keys(tables)
        pools -= wanted
        with_pools = {name.demand for name in names - pools if not name.is_group}
        return [*pools, *(name for name in groups - wanted - with_pools if self._is_over(name, names))]

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
        """Whether nothing can be held for a group that has neither a row nor a pool left."""
        if all(other.is_group or other.demand != name for other in names):
            return True
        before = self.previous.get(name)
        was_seen = before is not None and before.status == Status.FULFILLED and before.execution != self.execution
        return was_seen and name not in self.outcomes
