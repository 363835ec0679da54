"""The rows of `odcr_capacity` as targets, or as outcomes that say what is wrong with a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from odcr.domain.cells import Cells, StrangeCell, number_or, shown, text_of, whole_number
from odcr.domain.option_rows import OptionRows
from odcr.domain.outcome import Outcome, Status
from odcr.domain.records import NO_RECORD, Record, least_recently_tried_first, name_of
from odcr.domain.target import MAX_TARGET, Target, TargetKey, reason_to_reject
from odcr.domain.wording import MAX_REASON

MAX_KEY = 255
"""Characters of a key column in odcr's own tables. EC2's names are much shorter."""

_TOO_LONG_TO_SHOW = 10**20
_MAX_INT = 2**31 - 1
_NUMBER_WANTED = "Set it to the number of instances wanted."


def targets_of(
    rows: Iterable[Cells],
    options: Iterable[Cells],
    records: Mapping[TargetKey, Record],
    *,
    unknown: Record = NO_RECORD,
    doubt: str,
    option_doubt: str,
) -> tuple[list[Target], list[Outcome]]:
    """The valid rows as targets, the others as outcomes that say what is wrong.

    Args:
        rows: InstanceType, AvailabilityZone, Target_Capacity, Current_Capacity.
        options: the rows of `odcr_option`: InstanceType, AvailabilityZone, and `OPTION_COLUMNS`.
        records: by `name_of` the key.
        unknown: the record of a row that has none.
        doubt: why `odcr_option` could not be read at all; empty if it could.
        option_doubt: why its rows could not be read in full; empty if they could.

    Returns:
        The targets, each key once, the least recently tried first and deleted rows last; and an outcome for each
        rejected row whose record differs.
    """
    by_key: dict[TargetKey, list[Cells]] = {}
    for row in rows:
        by_key.setdefault(cut_key(row[0], row[1]), []).append(row)
    option_rows = OptionRows(options, option_doubt)
    targets: list[Target] = []
    rejected: list[Outcome] = []
    recorded_rejections: list[Outcome] = []
    for key, rows_of_key in by_key.items():
        record = records.get(name_of(key), unknown)
        current = number_or(rows_of_key[0][3], record.instances or 0)
        problem: tuple[Status, str] | None = None
        try:
            capacity = _capacity(key, rows_of_key)
            own, elsewhere = option_rows.of(key), option_rows.elsewhere(key)
        except StrangeCell as strange:
            problem = Status.INVALID, str(strange)
        if not problem and doubt:
            problem = Status.FAILED, doubt
        if problem:
            outcome, is_news = _rejected(key, rows_of_key[0], current, record, *problem)
            (rejected if is_news else recorded_rejections).append(outcome)
            continue
        targets.append(
            Target(
                key,
                capacity,
                current,
                record.status,
                own.options,
                current if record.instances is None else record.instances,
                record.is_fresh and record.instances is not None,
                record.ids,
                last_reason=record.comparable_reason,
                last_announced=record.announced,
                is_resting=record.is_resting,
                was_just_tried=record.was_just_tried,
                more_ids=record.more_ids,
                elsewhere=elsewhere,
                terms=own.terms,
                dry_seconds=record.dry_seconds_for(capacity),
                last_judgement=record.judgement,
                last_use=record.use,
            )
        )
    withdrawn = _withdrawn(by_key, records)
    # A deleted row's reservations may now count for a row in another spelling.
    gone = {target.key.pool for target in withdrawn}
    rejected += [outcome for outcome in recorded_rejections if outcome.key.pool in gone]
    return least_recently_tried_first([*targets, *withdrawn], records), _distinct(targets, rejected)


def cut_key(type_: object, zone: object) -> TargetKey:
    """A row's key, cut to the length of odcr's own columns."""
    return TargetKey(*(text if len(text := text_of(cell)) <= MAX_KEY else _cut(text) for cell in (type_, zone)))


def _cut(text: str) -> str:
    return text[: MAX_KEY - 3] + "..."


def _capacity(key: TargetKey, rows: Sequence[Cells]) -> int:
    """The target of the rows that share a key.

    Raises:
        StrangeCell: if they make no sense, or contradict each other.
    """
    for column, cell in zip(("InstanceType", "AvailabilityZone"), rows[0][:2], strict=True):
        if cell is None:
            raise StrangeCell(f"{column} is NULL; write it as EC2 does, or delete the row.")
        if len(text_of(cell)) > MAX_KEY:
            raise StrangeCell(f"{column} has more than {MAX_KEY} characters; write it as EC2 does: {shown(cell)}.")
    numbers = {whole_number(row[2], "Target_Capacity", _NUMBER_WANTED) for row in rows}
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
            f"Delete all but one of its {len(rows)} rows in odcr_capacity: they ask for {wanted}, and until then "
            "nothing is bought."
        )
    return numbers.pop() or 0


def _rejected(
    key: TargetKey, row: Cells, current: int, record: Record, status: Status, reason: str
) -> tuple[Outcome, bool]:
    """The row's outcome, and whether to record it: it is new, or something is held that may have changed."""
    try:
        wanted = whole_number(row[2], "")
    except StrangeCell:
        wanted = None
    # odcr_status has an INT column for it.
    if wanted is not None and not -_MAX_INT - 1 <= wanted <= _MAX_INT:
        wanted = None
    is_news = bool(record.reserved) or (record.status, record.reason) != (status, reason[:MAX_REASON])
    held = min(current, _MAX_INT)
    outcome = Outcome(key, status, wanted, held, record.ids, reason=reason, more_ids=record.more_ids)
    return replace(outcome, is_use_known=False), is_news


def _distinct(targets: Sequence[Target], rejected: Iterable[Outcome]) -> list[Outcome]:
    """The rejected rows without those whose key `odcr_status` cannot tell from another row's."""
    taken = {target.key for target in targets}
    distinct = []
    for outcome in rejected:
        name = name_of(outcome.key)
        if name not in taken:
            distinct.append(outcome)
            taken.add(name)
    return distinct


def _withdrawn(rows: Iterable[TargetKey], records: Mapping[TargetKey, Record]) -> list[Target]:
    names = {name_of(key) for key in rows}
    return [
        Target(
            key,
            0,
            record.instances or 0,
            record.status,
            last_reserved=record.instances or 0,
            last_ids=record.ids,
            withdrawn=True,
            last_judgement=record.judgement,
            last_reason=record.reason,
            more_ids=record.more_ids,
            last_use=record.use,
        )
        for key, record in records.items()
        # An invalid row held nothing, unless its record counted what a valid row with the same pool holds.
        if not key.group and key not in names and (record.reserved or reason_to_reject(key, 0) is None)
    ]
