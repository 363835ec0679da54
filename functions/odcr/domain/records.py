"""What the last run recorded of each demand and pool, as `odcr_status` has it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from odcr.domain.amounts import Amount
from odcr.domain.cells import Cells, StrangeCell, moment_of, number_or, quantity_or, text_of
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import Announcement, Judgement, Member, Target, TargetKey, Verdict
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import ids_from_text
from odcr.domain.wording import MAX_REASON

FRESH_SECONDS = 60
"""How long EC2's answers may lag behind a record, twice the half minute that is usual."""

REST_SECONDS = 600
"""How long to leave a pool alone after EC2 has said that it does not offer it."""

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
    """What the last run recorded of a demand or a pool."""

    status: str | None = None
    reserved: Amount | None = None
    reason: str = ""
    ids: tuple[str, ...] = ()
    """The reservations, without duplicates."""
    more_ids: int = 0
    """Further reservations, which the record does not name."""
    age: int | None = None
    """Seconds since EC2 was last asked for the target; None if it never was."""
    dry_seconds: int | None = None
    """Seconds since the pool ran dry; None if it gave something when last asked."""
    announced: Announcement | None = None
    target: Amount | None = None
    """Units wanted; for a group's pool, instances held there without a surplus."""
    judgement: Judgement | None = None
    use: Use = NO_USE
    weight: Amount | None = None
    """Units per instance of a group's pool."""
    unit: str = ""
    """What a group's total counted."""

    @property
    def instances(self) -> int | None:
        """Instances held, of a row or a group's pool; None if nothing was recorded."""
        return self.reserved if isinstance(self.reserved, int) else None

    def dry_seconds_for(self, capacity: Amount) -> int | None:
        """`dry_seconds`, but None if more is wanted now than when it was recorded."""
        return None if self.target is not None and capacity > self.target else self.dry_seconds

    @property
    def is_resting(self) -> bool:
        """Whether to leave it alone: EC2 has just said that it does not offer it."""
        return self.status == Status.UNSUPPORTED and self.was_just_tried

    @property
    def was_just_tried(self) -> bool:
        """Whether EC2 was asked within the last ten minutes."""
        return self.age is not None and self.age < REST_SECONDS

    @property
    def comparable_reason(self) -> str:
        """The reason, if a run that finds nothing changed comes to the same one; else empty."""
        return self.reason if self.status in _COMPARED else ""

    @property
    def is_fresh(self) -> bool:
        """Whether EC2's answers may lag behind it: EC2 was asked a moment ago, and may have given something."""
        is_dry = self.dry_seconds is not None and self.dry_seconds >= FRESH_SECONDS
        return self.age is not None and self.age < FRESH_SECONDS and not is_dry


NO_RECORD = Record()
UNREADABLE_RECORD = Record(str(Status.FAILED), more_ids=1)
"""For a target whose record cannot be read. No reservation counts as a duplicate, and no client token is sent again."""


def records_of(rows: Iterable[Cells]) -> dict[TargetKey, Record]:
    """The rows of `odcr_status`, by their key.

    Args:
        rows: InstanceType, AvailabilityZone, Status, Reserved, Reason, Reservation_Ids, Duplicate_Ids,
            Target_Capacity, the seconds since Last_Tried and Dry_Since, Announced_Reserved and Announced_Target,
            In_Use, Unused, Verdict, its Deadline and whether it gives up, Group_Name, Weight, Unit.
    """
    return {_name_of_row(row): _record(row[2:]) for row in rows}


def least_recently_tried_first(targets: Iterable[Target], records: Mapping[TargetKey, Record]) -> list[Target]:
    """The targets in the order in which to ask for them, deleted ones last."""

    def rank(target: Target) -> tuple[bool, float, str, str, str]:
        if target.withdrawn:
            return True, 0, "", "", ""
        key, age = target.key, records.get(name_of(target.key), NO_RECORD).age
        return False, -float("inf") if age is None else -age, key.instance_type, key.availability_zone, key.group

    return sorted(targets, key=rank)


def name_of(key: TargetKey) -> TargetKey:
    """The key as `odcr_status` compares it, which ignores blanks at the end."""
    return TargetKey(key.instance_type.rstrip(" "), key.availability_zone.rstrip(" "), group=key.group.rstrip(" "))


def _name_of_row(row: Cells) -> TargetKey:
    return name_of(TargetKey(text_of(row[0]), text_of(row[1]), group=text_of(row[-3])))


def _record(cells: Cells) -> Record:
    status, reserved, reason, ids, duplicates, target, age, dry, announced_reserved, announced_target, *others = cells
    in_use, unused, verdict, deadline, gives_up, _, weight, unit = others
    known_ids, more = ids_from_text(text_of(ids))
    duplicate_ids, more_duplicates = ids_from_text(text_of(duplicates))
    held, wanted, units = (quantity_or(cell, -1) for cell in (reserved, target, weight))
    if ids is None or (held > 0 and not known_ids):
        # Somebody else overwrote the ids, so there may be reservations that are no longer named.
        more += 1
    return Record(
        status=text if (text := text_of(status)) in Status.__members__ else str(Status.FAILED),
        reserved=held if held >= 0 else None,
        reason=text_of(reason)[:1024],
        ids=tuple(id_ for id_ in known_ids if id_ not in duplicate_ids),
        more_ids=more + more_duplicates,
        age=_seconds(age),
        dry_seconds=_seconds(dry),
        target=wanted if wanted >= 0 else None,
        announced=_announced(announced_reserved, announced_target),
        judgement=_judgement(verdict, deadline, gives_up),
        use=Use(number_or(in_use, 0), number_or(unused, 0)),
        weight=units if units > 0 else None,
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
    # Only a 1 that odcr wrote gives anything up.
    return Judgement(Verdict(text), moment, isinstance(gives_up, int) and gives_up == 1)


def _announced(reserved: object, target: object) -> Announcement | None:
    # odcr writes numbers; text was written by somebody else.
    if isinstance(reserved, (int, float, Decimal)) and isinstance(target, (int, float, Decimal)):
        return Announcement(quantity_or(reserved, 0), quantity_or(target, 0))
    return None


def _seconds(age: object) -> int | None:
    # Somebody may have set the time to one in the future.
    return max(0, age) if isinstance(age, int) else None


def is_recorded(target: Target, outcome: Outcome) -> bool:
    """Whether the record says the same as an outcome."""
    if target.key.is_group:
        return _is_group_recorded(target, outcome)
    recorded = (target.last_status, target.current, target.last_reason, target.last_use)
    seen = (outcome.status, outcome.reserved, outcome.reason[:MAX_REASON], outcome.use)
    return recorded == seen and not target.more_ids and set(target.last_ids) == set(outcome.reservation_ids)


def _is_group_recorded(target: Target, outcome: Outcome) -> bool:
    if any(member.is_removed and not (member.last_reserved or member.last_ids) for member in target.members):
        # Recording it once more deletes the empty pool's row.
        return False
    recorded = (target.last_status, target.last_reason, target.last_capacity, len(target.members))
    seen = (outcome.status, outcome.reason[:MAX_REASON], outcome.target, len(outcome.pools))
    return recorded == seen and all(map(_is_pool_recorded, target.members, outcome.pools))


def _is_pool_recorded(member: Member, pool: Outcome) -> bool:
    recorded = (member.last_status, member.last_reserved, member.last_kept, member.last_use, member.last_reason)
    seen = (pool.status, pool.reserved, pool.target, pool.use, pool.reason[:MAX_REASON])
    return recorded == seen and not member.more_ids and set(member.last_ids) == set(pool.reservation_ids)
