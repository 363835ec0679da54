"""What the tables say, row by row, as targets and as rows that make no sense."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from odcr.domain.cells import Cells, StrangeCell, moment_of, number_or, shown, text_of, whole_number
from odcr.domain.option_rows import OptionRows
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import (
    MAX_TARGET,
    Announcement,
    Judgement,
    Target,
    TargetKey,
    Verdict,
    reason_to_reject,
)
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import ids_from_text
from odcr.domain.wording import MAX_REASON

FRESH_SECONDS = 60
"""For so long EC2's answers may lag behind what was recorded: twice the half a minute that is allowed for."""

REST_SECONDS = 600
"""For so long EC2 is not asked again for what it says it does not support."""

MAX_KEY = 255
"""Characters of a key's column in the tables that odcr writes; EC2's names are much shorter."""

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
_TOO_LONG_TO_SHOW = 10**20
_MAX_INT = 2**31 - 1
_NUMBER_WANTED = "Set it to the number of instances wanted."


@dataclass(frozen=True, slots=True)
class Record:
    """What the last run that wrote about a target recorded."""

    status: str | None = None
    reserved: int | None = None
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
    target: int | None = None
    """Instances that were wanted then."""
    judgement: Judgement | None = None
    """The verdict that was recorded last."""
    use: Use = NO_USE
    """What was in use and unused."""

    def dry_seconds_for(self, capacity: int) -> int | None:
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
            In_Use, Unused, Verdict and its Deadline.
    """
    return {name_of(TargetKey(text_of(row[0]), text_of(row[1]))): _record(row[2:]) for row in rows}


def targets_of(
    rows: Iterable[Cells],
    options: Iterable[Cells],
    records: Mapping[TargetKey, Record],
    *,
    unknown: Record = NO_RECORD,
    doubt: str = "",
    option_doubt: str = "",
) -> tuple[list[Target], list[Outcome]]:
    """The rows of `odcr_capacity`, sorted into targets and rows that make no sense.

    Args:
        rows: InstanceType, AvailabilityZone, Target_Capacity, Current_Capacity.
        options: of `odcr_option`: InstanceType, AvailabilityZone, and `OPTION_COLUMNS`.
        records: by `name_of` the key.
        unknown: the record of a row that has none.
        doubt: why no row's options are known; empty if they are.
        option_doubt: why no row of `odcr_option` can be read in full; empty if they can.

    Returns:
        The targets, each key once, least recently tried first, then what is gone from the table; and an outcome for
        each rejected row whose record differs.
    """
    by_key: dict[TargetKey, list[Cells]] = {}
    for row in rows:
        by_key.setdefault(_key(row[0], row[1]), []).append(row)
    wishes = OptionRows(options, option_doubt)
    found: list[tuple[float, Target]] = []
    rejected: list[Outcome] = []
    told_before: list[Outcome] = []
    for key, same in by_key.items():
        record = records.get(name_of(key), unknown)
        current = number_or(same[0][3], record.reserved or 0)
        try:
            capacity = _capacity(key, same)
            wish, elsewhere = wishes.of(key), wishes.elsewhere(key)
        except StrangeCell as strange:
            outcome, is_news = _rejected(key, same[0], current, record, Status.INVALID, str(strange))
            (rejected if is_news else told_before).append(outcome)
            continue
        if doubt:
            outcome, is_news = _rejected(key, same[0], current, record, Status.FAILED, doubt)
            (rejected if is_news else told_before).append(outcome)
            continue
        reserved = current if record.reserved is None else record.reserved
        found.append(
            (
                -float("inf") if record.age is None else -record.age,
                Target(
                    key,
                    capacity,
                    current,
                    record.status,
                    wish.options,
                    reserved,
                    record.is_fresh and record.reserved is not None,
                    record.ids,
                    last_reason=record.told,
                    last_announced=record.announced,
                    is_resting=record.is_resting,
                    was_just_tried=record.was_just_tried,
                    more_ids=record.more_ids,
                    elsewhere=elsewhere,
                    terms=wish.terms,
                    dry_seconds=record.dry_seconds_for(capacity),
                    last_judgement=record.judgement,
                    last_use=record.use,
                ),
            )
        )
    found.sort(key=lambda one: (one[0], one[1].key.instance_type, one[1].key.availability_zone))
    targets = [target for _, target in found]
    withdrawn = _withdrawn(by_key, records)
    # What is held for a row that is gone may be held for one in other letters.
    gone = {target.key.pool for target in withdrawn}
    rejected += [outcome for outcome in told_before if outcome.key.pool in gone]
    return targets + withdrawn, _apart(targets, rejected)


def name_of(key: TargetKey) -> TargetKey:
    """The key as the status table tells keys apart: a blank at the end is none to it."""
    return TargetKey(key.instance_type.rstrip(" "), key.availability_zone.rstrip(" "))


def _record(cells: Cells) -> Record:
    status, reserved, reason, ids, twice, target, age, dry, announced_reserved, announced_target, *others = cells
    in_use, unused, *judged = others
    known, more = ids_from_text(text_of(ids))
    given_back, more_twice = ids_from_text(text_of(twice))
    held, wanted = number_or(reserved, -1), number_or(target, -1)
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
        judgement=_judgement(*judged),
        use=Use(number_or(in_use, 0), number_or(unused, 0)),
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
    if isinstance(reserved, int) and isinstance(target, int):
        return Announcement(reserved, target)
    return None


def _seconds(age: object) -> int | None:
    # Somebody may have set the time to one that is still to come.
    return max(0, age) if isinstance(age, int) else None


def _key(type_: object, zone: object) -> TargetKey:
    return TargetKey(*(text if len(text := text_of(cell)) <= MAX_KEY else _cut(text) for cell in (type_, zone)))


def _cut(text: str) -> str:
    return text[: MAX_KEY - 3] + "..."


def _capacity(key: TargetKey, same: Sequence[Cells]) -> int:
    """The target of the rows of one key.

    Raises:
        StrangeCell: if they make no sense.
    """
    for column, cell in zip(("InstanceType", "AvailabilityZone"), same[0][:2], strict=True):
        if cell is None:
            raise StrangeCell(f"{column} is NULL; write it as EC2 does, or delete the row.")
        if len(text_of(cell)) > MAX_KEY:
            raise StrangeCell(f"{column} has more than {MAX_KEY} characters; write it as EC2 does: {shown(cell)}.")
    numbers = {whole_number(row[2], "Target_Capacity", _NUMBER_WANTED) for row in same}
    for number in numbers:
        if number is not None and abs(number) >= _TOO_LONG_TO_SHOW:
            raise StrangeCell(
                f"Target_Capacity is far above {MAX_TARGET}, which is taken for a mistake. Correct the row."
            )
        if reason := reason_to_reject(key, number):
            raise StrangeCell(reason)
    if len(numbers) > 1:
        wanted = ", ".join(str(number) for number in sorted(number or 0 for number in numbers))
        raise StrangeCell(
            f"Delete all but one of its {len(same)} rows in odcr_capacity: they ask for {wanted}, and until then "
            "nothing is bought."
        )
    return numbers.pop() or 0


def _rejected(
    key: TargetKey, row: Cells, current: int, record: Record, status: Status, reason: str
) -> tuple[Outcome, bool]:
    """The row's outcome, and whether it is not recorded yet, or something is held that may have changed."""
    try:
        wanted = whole_number(row[2], "")
    except StrangeCell:
        wanted = None
    # The status table keeps an int.
    if wanted is not None and not -_MAX_INT - 1 <= wanted <= _MAX_INT:
        wanted = None
    is_news = bool(record.reserved) or (record.status, record.reason) != (status, reason[:MAX_REASON])
    held = min(current, _MAX_INT)
    outcome = Outcome(key, status, wanted, held, record.ids, reason=reason, more_ids=record.more_ids)
    return replace(outcome, is_use_known=False), is_news


def _apart(targets: Sequence[Target], rejected: Iterable[Outcome]) -> list[Outcome]:
    """The rejected rows that the status table can tell from the others."""
    taken = {target.key for target in targets}
    apart = []
    for outcome in rejected:
        name = name_of(outcome.key)
        if name not in taken:
            apart.append(outcome)
            taken.add(name)
    return apart


def _withdrawn(rows: Iterable[TargetKey], records: Mapping[TargetKey, Record]) -> list[Target]:
    names = {name_of(key) for key in rows}
    return [
        Target(
            key,
            0,
            record.reserved or 0,
            record.status,
            last_reserved=record.reserved or 0,
            last_ids=record.ids,
            withdrawn=True,
            last_judgement=record.judgement,
            last_reason=record.reason,
            more_ids=record.more_ids,
            last_use=record.use,
        )
        for key, record in records.items()
        # A row that made no sense held nothing, unless it meant what another row means rightly.
        if key not in names and (record.reserved or reason_to_reject(key, 0) is None)
    ]
