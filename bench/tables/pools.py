"""How an attempt grows with the pools of its group, in docs/explanation/performance.md."""

from typing import Any

from bench.markdown import table, verdict
from bench.market.pools import CASES, DRY, EACH, FILLED

LINEAR = 1.3
"""The work per pool of the largest group, as a multiple of that of FEWER, that still counts as linear."""
FEWER = 8


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    return {"pools-verdict": _verdict(results["attempts"]), "pools-attempts": _attempts(results["attempts"])}


def growth(attempts: list[dict[str, Any]], case: str, field: str) -> float:
    """The work per pool of the largest group, as a multiple of that of FEWER."""
    per_pool = {one["pools"]: one[field] / one["pools"] for one in attempts if one["case"] == case}
    return float(per_pool[max(per_pool)] / per_pool[FEWER])


def _verdict(attempts: list[dict[str, Any]]) -> str:
    most = max(one["pools"] for one in attempts)
    lines = []
    for work, field, cases in (
        ("requests for capacity", "asks", (DRY, FILLED)),
        ("the comparison's and the plan's work", "find_ms", tuple(CASES)),
        ("the attempt's work", "attempt_ms", (DRY, FILLED)),
    ):
        ratios = {case: growth(attempts, case, field) for case in cases}
        times = ", ".join(f"{ratio:.2f} times ({case})" for case, ratio in ratios.items())
        aim = verdict(f"at most {LINEAR}", is_met=max(ratios.values()) <= LINEAR)
        lines.append(f"- For each pool of {most}, {work}: {times} what it is for each of {FEWER}. {aim}")
    describes = sorted({one["describes"] for one in attempts if one["case"] == DRY})
    times = " or ".join(map(str, describes))
    return "\n".join([*lines, f"- An attempt that finds all dry describes its pools {times} times in all."])


def _attempts(attempts: list[dict[str, Any]]) -> str:
    rows = (
        f"{one['pools']} pool{'s' * (one['pools'] > 1)}, {one['case']}: {CASES[one['case']]} | "
        f"{one['held']} of {one['pools'] * EACH} | {one['describes']} | {one['asks']} | "
        f"{one['asks'] / one['pools']:.1f} | {one['find_ms']:.2f} | {one['attempt_ms']:.2f}"
        for one in attempts
    )
    head = "a group of | held | describes | requests for capacity | for each pool | finding, ms | attempt, ms"
    return table(head, rows)
