"""Reasons about cells of any length: what is valid is never cut off."""

import itertools
import json

import pytest

from odcr.domain.cells import Cells
from odcr.domain.group_rows import GROUP_COLUMNS, GroupTables, groups_of
from odcr.domain.member_rows import MEMBER_COLUMNS
from odcr.domain.option_rows import OPTION_COLUMNS
from odcr.domain.records import Record
from odcr.domain.target import TargetKey
from odcr.domain.wording import MAX_REASON
from tests.unit.functions.defaults import targets_of

TYPE, ZONE = "u-24tb1.112xlarge-flex", "us-gov-west-1-wl1-some-city-wlz-1a"
LONG = ["x" * 5000, "\x01" * 5000, "\U000e0001" * 5000, "'\"" * 2500, "9" * 5000, b"\xff" * 5000, 10**17, 0.5]
LONG += [json.dumps({"\x01" * 5000: value}) for value in ("text", 1)]
LONG += [json.dumps({"aws:" + "\x01" * 100: "text"}), json.dumps(dict.fromkeys(map(str, range(999)), ""))]
"""Texts that quoting makes much longer are among them."""

OPTIONS = (None,) * len(OPTION_COLUMNS)


def with_cell(cells: Cells, place: int, cell: object) -> Cells:
    return (*cells[:place], cell, *cells[place + 1 :])


def reasons(
    rows: list[Cells], options: list[Cells], tables: GroupTables, records: dict[TargetKey, Record]
) -> list[str]:
    """All that is said of the tables."""
    _, rejected = targets_of(rows, options, records)
    targets, rejected_groups = groups_of(tables, records)
    faults = [member.fault for target in targets for member in target.members if member.fault]
    return [*(outcome.reason for outcome in (*rejected, *rejected_groups)), *faults]


ROW: Cells = (TYPE, ZONE, 1, 0)
OPTION: Cells = (TYPE, ZONE, *OPTIONS)
GROUP: Cells = ("g", 1, *(None,) * (len(GROUP_COLUMNS) - 1), *OPTIONS)
MEMBER: Cells = ("g", TYPE, ZONE, *(None,) * len(MEMBER_COLUMNS))
HELD = {TargetKey(TYPE, ZONE, group="g"): Record("SHORT", 3, ids=("cr-1",))}

PLACES = [
    *((table, place) for table, row in (("row", ROW), ("option", OPTION)) for place in range(len(row))),
    *((table, place) for table, row in (("group", GROUP), ("member", MEMBER)) for place in range(len(row))),
]


@pytest.mark.parametrize("holds", [False, True], ids=["nothing held", "held"])
@pytest.mark.parametrize(("table", "place"), PLACES)
def test_no_reason_is_cut(table: str, place: int, holds: bool) -> None:
    said = []
    for cell in LONG:
        row, option, group, member = (
            with_cell(cells, place, cell) if name == table else cells
            for name, cells in (("row", ROW), ("option", OPTION), ("group", GROUP), ("member", MEMBER))
        )
        said += reasons([row], [option], GroupTables([group], [member]), HELD if holds else {})
    assert [reason for reason in said if len(reason) > MAX_REASON] == []


def test_the_test_sees_reasons() -> None:
    long = itertools.product(LONG, range(len(OPTIONS)))
    said = [reasons([ROW], [(TYPE, ZONE, *with_cell(OPTIONS, place, cell))], GroupTables(), {}) for cell, place in long]
    assert sum(map(bool, said)) > 50
