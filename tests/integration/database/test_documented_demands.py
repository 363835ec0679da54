"""The examples that docs/demands.md begins with, as a person types them."""

import re
from typing import Any

import pytest

from odcr.domain.target import Target
from odcr.gateways.target_tables import read_targets
from tests.documented import ROOT

EXAMPLES = re.findall(r"^```sql\n(.*?)^```$", (ROOT / "docs" / "demands.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def targets(transaction: Any) -> dict[str, Target]:
    """What the tables say once all examples were typed, by type."""
    with transaction() as cursor:
        for example in EXAMPLES:
            for statement in filter(None, map(str.strip, example.split(";"))):
                cursor.execute(statement)
        found, rejected = read_targets(cursor)
    assert rejected == []
    return {target.key.instance_type: target for target in found}


def test_three_complete_examples_make_sense(targets: dict[str, Target]) -> None:
    assert len(EXAMPLES) == len(targets) == 3
    sale, team, bounded = targets["r5b.2xlarge"], targets["c6i.4xlarge"], targets["m6i.2xlarge"]
    assert (sale.terms.start_at, sale.terms.deadline) == ("2099-11-08T00:00:00", "2099-11-10T00:00:00")
    assert (sale.terms.releases_if_missed, sale.options.end_date) == (True, "2099-11-12T12:00:00")
    assert (team.options.match_criteria, team.options.tags) == ("targeted", '{"Team":"checkout"}')
    assert team.options.resource_group == "checkout-capacity"
    assert (bounded.terms.priority, bounded.terms.max_hourly_cost) == (5, "25.0000")
