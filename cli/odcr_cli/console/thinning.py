"""Old rows of `odcr_history` become fewer: hours in which nothing changed are put together."""

from collections.abc import Iterable
from typing import Any

from odcr_cli.door import Row
from odcr_cli.series import history_key, is_change


def thinned(rows: Iterable[Row], before: str) -> list[Row]:
    """Rows of hours that are older and say the same as those before them, one for each quarter of a day.

    Changes stay as they are, and so does all that tells how much was held and wanted when. Requests and refusals are
    summed up.

    Args:
        rows: of `odcr_history`.
        before: rows that were recorded since then stay as they are.
    """
    found: list[Row] = []
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
        found.append(latest[key])
    return found


def _quarter(row: Row) -> tuple[str, int]:
    recorded = str(row["Recorded"])
    return recorded[:10], int(recorded[11:13]) // 6


def _level(row: Row) -> tuple[Any, Any]:
    return row.get("Reserved"), row.get("Target_Capacity")
