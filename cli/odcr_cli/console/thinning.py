"""Thins out old rows of `odcr_history`: hours in which nothing changed are merged."""

from collections.abc import Iterable
from typing import Any

from odcr_cli.door import Row
from odcr_cli.series import history_key, is_change


def thinned(rows: Iterable[Row], before: str) -> list[Row]:
    """Merges older hourly rows that repeat the row before them, one per quarter of a day.

    Changes stay as they are, and so does everything that tells how much was held and wanted when. Requests and
    refusals are added up.

    Args:
        rows: rows of `odcr_history`.
        before: rows recorded at or after this moment stay as they are.
    """
    kept: list[Row] = []
    latest: dict[Any, Row] = {}
    for row in sorted(rows, key=lambda row: (str(row["Recorded"]), is_change(row))):
        key, last = history_key(row), None
        if not is_change(row) and row["Recorded"] < before:
            last = latest.get(key)
        if last is not None and not is_change(last) and _quarter(last) == _quarter(row) and _level(last) == _level(row):
            for name in ("Calls", "Refusals"):
                last[name] = int(last.get(name) or 0) + int(row.get(name) or 0)
            continue
        latest[key] = dict(row)
        kept.append(latest[key])
    return kept


def _quarter(row: Row) -> tuple[str, int]:
    recorded = str(row["Recorded"])
    return recorded[:10], int(recorded[11:13]) // 6


def _level(row: Row) -> tuple[Any, Any]:
    return row.get("Reserved"), row.get("Target_Capacity")
