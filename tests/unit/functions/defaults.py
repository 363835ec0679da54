"""The product's functions, with what most tests do not care about filled in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from odcr.domain import asking, comparison
from odcr.domain import rows as rows_module
from odcr.domain.cells import Cells
from odcr.domain.comparison import Comparison
from odcr.domain.correction import NO_WISHES, Wishes
from odcr.domain.outcome import Outcome
from odcr.domain.records import NO_RECORD, Record
from odcr.domain.reservation import Reservation
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Target, TargetKey
from odcr.settings import AskSettings


def compare(
    targets: Sequence[Target],
    rejected: Iterable[Outcome],
    reservations: Iterable[Reservation],
    *,
    is_complete: bool = True,
    releases: bool = False,
    now: str = "",
    wishes: Wishes = NO_WISHES,
) -> Comparison:
    return comparison.compare(
        targets, rejected, reservations, is_complete=is_complete, releases=releases, now=now, wishes=wishes
    )


def plan(
    shortfalls: Sequence[Shortfall],
    targets: Mapping[TargetKey, Target],
    settings: AskSettings,
    now: datetime,
    ask_until: datetime,
    *,
    is_alone: bool = False,
    are_all: bool = True,
    is_blind: bool = False,
) -> asking.Plan:
    return asking.plan(
        shortfalls, targets, settings, now, ask_until, is_alone=is_alone, are_all=are_all, is_blind=is_blind
    )


def targets_of(
    rows: Iterable[Cells],
    options: Iterable[Cells],
    records: Mapping[TargetKey, Record],
    *,
    unknown: Record = NO_RECORD,
    doubt: str = "",
    option_doubt: str = "",
) -> tuple[list[Target], list[Outcome]]:
    return rows_module.targets_of(rows, options, records, unknown=unknown, doubt=doubt, option_doubt=option_doubt)
