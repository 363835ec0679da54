"""What `make bench ONLY=cold-start` writes."""

import json
from typing import Any

import pytest

from bench.cold_start import LIMIT, tables
from bench.documents import RESULTS, ROOT, filled


def results(**ratios: float) -> dict[str, Any]:
    functions = {
        name: {"libraries": ["boto3"], "floor_ms": 300.4, "start_ms": 330.0, "ratio": ratio}
        for name, ratio in ratios.items()
    }
    return {"python": "3.13", "starts": 3, "functions": functions}


@pytest.mark.parametrize(("ratio", "verdict"), [(LIMIT, "is met."), (LIMIT + 0.01, "is **missed** by LoadTargets.")])
def test_the_table_says_whether_the_aim_is_met(ratio: float, verdict: str) -> None:
    table = tables(results(LoadTargets=ratio, RotateSecret=1.0))["cold-start"]
    assert f"| LoadTargets | 300 | 330 | {ratio:.2f} |" in table
    assert f"The aim, at most 1.15, {verdict}" in table


def test_the_docs_show_what_was_measured() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert filled(page, tables(json.loads(RESULTS.read_text())["cold-start"])) == page
