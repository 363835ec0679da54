"""What the last run recorded of each demand and pool, as `odcr_status` has it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from odcr.domain.amounts import Amount
from odcr.domain.cells import Cells, StrangeCell, moment_of, number_or, quantity_or, text_of
from odcr.domain.outcome import Status
from odcr.domain.target import Announcement, Judgement, Target, TargetKey, Verdict
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import ids_from_text

FRESH_SECONDS = 60
"""For so long EC2's answers may lag behind what was recorded: twice the half a minute that is allowed for."""

REST_SECONDS = 600
"""For so long EC2 is not asked again for what it says it does not support."""

_COMPARED = (
    Status.FULFILLED,
    Status.PENDING,
    Status.ASTRAY,
    Status.EXCESS,
    Status.INVALID,
    Status.WAITING,
    Status.STOPPED,
    Status.CAPPED,
)


@dataclass(frozen=True, slots=True)
class Record:
    """What the last run that wrote about a target recorded."""

    status: str | None = None
    reserved: Amount | None = None
    reason: str = ""
    ids: tuple[str, ...] = ()
    """The reservations, without those that were taken for bought twice."""
    more_ids: int = 0
    """Reservations beside these, which the record does not name."""
    age: int | None = None
    """Seconds since EC2 was last asked for the target; None if it never was."""
    dry_seconds: int | None = None
    """Seconds since its pool began to give nothing; None if it gave something when last asked."""
    announced: Announcement | None = None
    """The release that it was told of."""
    target: Amount | None = None
    """What was wanted then; of a group's pool, how much of it was not bought too much."""
    judgement: Judgement | None = None
    """The verdict that was recorded last."""
    use: Use = NO_USE
    """What was in use and unused."""
    weight: Amount | None = None
    """Of a group's pool: the units that an instance counted for."""
    unit: str = ""
    """Of a group: what its total counted."""

    @property
    def instances(self) -> int | None:
        """What was held, of anything but a group as a whole."""
        return self.reserved if isinstance(self.reserved, int) else None

    def dry_seconds_for(self, capacity: Amount) -> int | None:
        """Seconds that the pool has been dry for what is wanted now; None if more is wanted than was recorded."""
        return None if self.target is not None and capacity > self.target else self.dry_seconds

    @property
    def is_resting(self) -> bool:
        """Whether EC2 has refused it for good a while ago, and is to be left in peace."""
        return self.status == Status.UNSUPPORTED and self.was_just_tried

    @property
    def was_just_tried(self) -> bool:
        """Whether EC2 was asked for anything within the last ten minutes."""
        return self.age is not None and self.age < REST_SECONDS

    @property
    def told(self) -> str:
        """The reason, where a run may find that all is as it was recorded."""
        return self.reason if self.status in _COMPARED else ""

    @property
    def is_fresh(self) -> bool:
        """Whether EC2's answers may lag behind it: it was asked a moment ago, and not only in vain for longer."""
        is_dry = self.dry_seconds is not None and self.dry_seconds >= FRESH_SECONDS
        return self.age is not None and self.age < FRESH_SECONDS and not is_dry


NO_RECORD = Record()
UNREADABLE_RECORD = Record(str(Status.FAILED), more_ids=1)
"""Of a target that may have one: nothing that is held is taken for bought twice, and no client token is sent again."""


def records_of(rows: Iterable[Cells]) -> dict[TargetKey, Record]:
    """The rows of `odcr_status`, by their key.

    Args:
        rows: InstanceType, AvailabilityZone, Status, Reserved, Reason, Reservation_Ids, Duplicate_Ids,
            Target_Capacity, the seconds since Last_Tried and Dry_Since, Announced_Reserved and Announced_Target,
            In_Use, Unused, Verdict, its Deadline and whether it gives up, Group_Name, Weight, Unit.
    """
    return {_name_of_row(row): _record(row[2:]) for row in rows}


def least_recently_tried_first(targets: Iterable[Target], records: Mapping[TargetKey, Record]) -> list[Target]:
    """The targets in the order in which they are asked for, and after them what is gone from the tables."""

    def rank(target: Target) -> tuple[bool, float, str, str, str]:
        if target.withdrawn:
            return True, 0, "", "", ""
        key, age = target.key, records.get(name_of(target.key), NO_RECORD).age
        return False, -float("inf") if age is None else -age, key.instance_type, key.availability_zone, key.group

    return sorted(targets, key=rank)


def name_of(key: TargetKey) -> TargetKey:
    """The key as the status table tells keys apart: a blank at the end is none to it."""
    return TargetKey(key.instance_type.rstrip(" "), key.availability_zone.rstrip(" "), group=key.group.rstrip(" "))


def _name_of_row(row: Cells) -> TargetKey:
    return name_of(TargetKey(text_of(row[0]), text_of(row[1]), group=text_of(row[-3])))


def _record(cells: Cells) -> Record:
    status, reserved, reason, ids, twice, target, age, dry, announced_reserved, announced_target, *others = cells
    in_use, unused, verdict, deadline, gives_up, _, weight, unit = others
    known, more = ids_from_text(text_of(ids))
    given_back, more_twice = ids_from_text(text_of(twice))
    held, wanted, counted = (quantity_or(cell, -1) for cell in (reserved, target, weight))
    if ids is None or (held > 0 and not known):
        # Somebody else wrote this: what is held was recorded once, and is not named any more.
        more += 1
    not_own = set(given_back)
    return Record(
        status=text if (text := text_of(status)) in Status.__members__ else str(Status.FAILED),
        reserved=held if held >= 0 else None,
        reason=text_of(reason)[:1024],
        ids=tuple(one for one in known if one not in not_own),
        more_ids=more + more_twice,
        age=_seconds(age),
        dry_seconds=_seconds(dry),
        target=wanted if wanted >= 0 else None,
        announced=_announced(announced_reserved, announced_target),
        judgement=_judgement(verdict, deadline, gives_up),
        use=Use(number_or(in_use, 0), number_or(unused, 0)),
        weight=counted if counted > 0 else None,
        unit=text_of(unit),
    )


def _judgement(verdict: object, deadline: object, gives_up: object) -> Judgement | None:
    try:
        moment = moment_of(deadline, "")
    except StrangeCell:
        return None
    text = text_of(verdict)
    if moment is None or text not in Verdict.__members__:
        return None
    # Nothing but what odcr writes gives anything up.
    return Judgement(Verdict(text), moment, isinstance(gives_up, int) and gives_up == 1)


def _announced(reserved: object, target: object) -> Announcement | None:
    # Text is nothing that odcr wrote.
    if isinstance(reserved, (int, float, Decimal)) and isinstance(target, (int, float, Decimal)):
        return Announcement(quantity_or(reserved, 0), quantity_or(target, 0))
    return None


def _seconds(age: object) -> int | None:
    # Somebody may have set the time to one that is still to come.
    return max(0, age) if isinstance(age, int) else None
