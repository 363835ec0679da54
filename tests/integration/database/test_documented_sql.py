"""The SQL of the documentation, typed as it stands: the examples of demands.md and groups.md, then all the rest."""

import re
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.target import Target, Unit
from odcr.gateways.target_tables import read_targets
from tests.paths import PAGES, ROOT

NOT_FOR_ODCR = ("CREATE ", "GRANT ", "ALTER ")
"""Statements that a page gives to the administrator."""


def statements_of(page: str) -> list[list[str]]:
    """The statements of each SQL block of a page."""
    blocks = re.findall(r"^```sql\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [[statement for part in block.split(";") if (statement := part.strip())] for block in blocks]


DEMANDS, GROUPS = statements_of("docs/how-to/demands.md"), statements_of("docs/how-to/groups.md")
EXAMPLES = [*DEMANDS[:2], GROUPS[0]]
OTHERS = [
    statement
    for page in PAGES
    if page.is_relative_to(ROOT / "docs")
    for block in statements_of(str(page.relative_to(ROOT)))
    for statement in block
    if block not in EXAMPLES and not statement.startswith(NOT_FOR_ODCR)
]


@pytest.fixture
def targets(transaction: Any) -> dict[str, Target]:
    """The targets after all examples, by type or by group."""
    with transaction() as cursor:
        for statement in (statement for example in EXAMPLES for statement in example):
            cursor.execute(statement)
        loaded, rejected = read_targets(cursor)
    assert rejected == []
    return {target.key.group or target.key.instance_type: target for target in loaded}


def test_three_complete_examples_are_valid(targets: dict[str, Target]) -> None:
    assert set(targets) == {"r5b.2xlarge", "c6i.4xlarge", "checkout"}
    sale, team = targets["r5b.2xlarge"], targets["c6i.4xlarge"]
    assert (sale.terms.start_at, sale.terms.deadline) == ("2099-11-08T00:00:00", "2099-11-10T00:00:00")
    assert (sale.terms.releases_if_missed, sale.options.end_date) == (True, "2099-11-12T12:00:00")
    assert (team.options.match_criteria, team.options.tags) == ("targeted", '{"Team":"checkout"}')
    assert team.options.resource_group == "checkout-capacity"


def test_one_example_is_a_group(targets: dict[str, Target]) -> None:
    group = targets["checkout"]
    assert (group.capacity, group.unit, group.terms.deadline) == (256, Unit.vcpus, "2099-11-10T00:00:00")
    assert (group.terms.priority, Decimal(group.terms.max_hourly_cost or 0)) == (5, 25)
    assert group.terms.priority > max(target.terms.priority for target in targets.values() if target is not group)
    members = [(member.key.instance_type, member.weight, member.fault) for member in group.members]
    assert members == [("m6i.2xlarge", None, ""), ("m6i.4xlarge", None, ""), ("m5.2xlarge", None, "")]


def test_all_other_statements_can_be_typed(targets: dict[str, Target], transaction: Any) -> None:
    assert targets
    assert len(OTHERS) >= 20
    with transaction() as cursor:
        for statement in OTHERS:
            cursor.execute(statement)
        loaded, rejected = read_targets(cursor)
    assert rejected == []
    # One of them ends the group, another lowers a row.
    assert [target.capacity for target in loaded if target.key.is_group] == [0]
    assert [target.capacity for target in loaded if target.key.instance_type == "r5b.2xlarge"] == [10]


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_first_page_asks_for_a_row(page: str, transaction: Any) -> None:
    with transaction() as cursor:
        for statement in (statement for block in statements_of(page) for statement in block):
            cursor.execute(statement)
        loaded, rejected = read_targets(cursor)
    assert rejected == []
    assert [(target.key.instance_type, target.capacity) for target in loaded] == [("r5b.2xlarge", 15)]
