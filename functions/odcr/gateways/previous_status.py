"""`odcr_status` before this run writes it: the earlier state of each target, and of each pool of a group."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from odcr.domain.amounts import Amount
from odcr.domain.cells import number_or, quantity_or, text_of
from odcr.domain.misfits import InstanceLook
from odcr.domain.outcome import Outcome, Recorded, Status
from odcr.domain.target import TargetKey
from odcr.gateways.tolerant_reads import Row, TableUnusable, read, time_or_none
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_MET = (Status.FULFILLED, Status.PENDING, Status.ASTRAY, Status.EXCESS)
"""Statuses of a target that is met, or as close to it as a group's weights allow."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The state of a target, or a pool of a group, after the last run that recorded it."""

    status: str | None = None
    short_since: datetime | None = None
    dry_since: datetime | None = None
    met_since: datetime | None = None
    target: Amount | None = None
    reserved: Amount = -1
    execution: str = ""
    in_use: int | None = None
    unused: int | None = None
    unused_since: datetime | None = None
    misfits: str | None = None
    cells: Row = ()
    """Its key as the table has it: InstanceType, AvailabilityZone, Group_Name."""

    def short_since_after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """Since when the target has been short, after this outcome; None if it is met."""
        return (self.short_since or now) if outcome.is_short and not is_pool(outcome.key) else None

    def met_since_after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """Since when the target has been met, after this outcome; None if it is short."""
        if not outcome.target or is_pool(outcome.key):
            return None
        # A group may count as met although a remainder is missing that no weight fits.
        is_met = outcome.reserved >= outcome.target or (outcome.key.is_group and outcome.status in _MET)
        return (self.met_since or now) if is_met else None

    def recorded(self, outcome: Outcome, now: datetime) -> Recorded:
        """What this outcome adds to the record."""
        gone = outcome.lost + max(0, -outcome.acquired)
        # For a target without a record, only what the run added is a gain.
        gained = outcome.acquired if self.reserved < 0 else outcome.reserved - self.reserved + gone
        return Recorded(outcome, max(0, gained), self.met_since_after(outcome, now))

    def dry_since_after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """Since when requests have been granted nothing, after this outcome; None after a grant or a raised target."""
        is_raised = outcome.target is not None and self.target is not None and outcome.target > self.target
        if not outcome.is_short or outcome.acquired > 0 or is_raised or is_pool(outcome.key):
            return None
        is_dry = outcome.status is Status.SHORT and outcome.was_tried
        return self.dry_since or (now if is_dry else None)

    def use_after(self, outcome: Outcome, now: datetime, look: InstanceLook | None) -> Row:
        """In_Use, Unused, Unused_Since and Misfits after this outcome."""
        if not outcome.is_use_known:
            return self.in_use, self.unused, self.unused_since, self.misfits
        if not outcome.use.unused:
            return outcome.use.in_use, 0, None, None
        misfits = look.sentence(outcome.key, self.misfits) if look else self.misfits
        return outcome.use.in_use, outcome.use.unused, self.unused_since or now, misfits


UNKNOWN = Previous()


def is_pool(key: TargetKey) -> bool:
    """Whether a key is a group's pool, which is not a demand itself."""
    return bool(key.group) and not key.is_group


def read_previous(cursor: "Cursor") -> dict[TargetKey, Previous]:
    """All rows of `odcr_status` by key; nothing if the table cannot be read."""
    others = (
        "Status",
        "Short_Since",
        "Dry_Since",
        "Target_Capacity",
        "Reserved",
        "Execution",
        "Met_Since",
        "In_Use",
        "Unused",
        "Unused_Since",
        "Misfits",
        "Group_Name",
    )
    try:
        rows = read(cursor, "odcr_status", ("InstanceType", "AvailabilityZone"), others)
    except TableUnusable as error:
        logger.error("odcr_status cannot be read", error=str(error))
        return {}
    return {
        TargetKey(text_of(row[0]), text_of(row[1]), group=text_of(row[13])): Previous(
            status=text_of(row[2]) or None,
            short_since=time_or_none(row[3]),
            dry_since=time_or_none(row[4]),
            target=None if row[5] is None else quantity_or(row[5], 0),
            reserved=quantity_or(row[6], -1),
            execution=text_of(row[7]),
            met_since=time_or_none(row[8]),
            in_use=None if row[9] is None else number_or(row[9], 0),
            unused=None if row[10] is None else number_or(row[10], 0),
            unused_since=time_or_none(row[11]),
            misfits=text_of(row[12]) or None,
            cells=(*row[:2], text_of(row[13])),
        )
        for row in rows
    }
