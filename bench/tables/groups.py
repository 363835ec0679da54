"""What groups catch, in docs/explanation/performance.md."""

from typing import Any

from bench.markdown import table, verdict
from bench.market.groups import POOLS
from bench.market.scenario import SCARCE
from bench.tables.catch import AIM


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    return {"groups-verdict": _verdict(results["cells"]), "groups-shares": _shares(results["cells"])}


def _verdict(cells: list[dict[str, Any]]) -> str:
    lines = []
    for groups in sorted({cell["groups"] for cell in cells}):
        shares = [cell["of_ideal"] for cell in cells if cell["groups"] == groups]
        who = f"One group of {POOLS} pools holds" if groups == 1 else f"{groups} groups of {POOLS} pools hold"
        lines.append(
            f"- {who} {min(shares):.3f} to {max(shares):.3f} of what the ideal asker holds. "
            + verdict(str(AIM), is_met=min(shares) >= AIM)
        )
    refused = sum(cell["overdrawn"] for cell in cells)
    return "\n".join([*lines, f"- EC2's token buckets would have refused {refused} of odcr's requests."])


def _shares(cells: list[dict[str, Any]]) -> str:
    rows = []
    for groups, life, strategy in sorted({(one["groups"], one["life"], one["strategy"]) for one in cells}):
        row = [one for one in cells if (one["groups"], one["life"], one["strategy"]) == (groups, life, strategy)]
        by_scenario = {one["scenario"]: one for one in row}
        shares = [
            f"{one['of_ideal']:.3f} ({one['ratio']:.2f} of {one['ideal_ratio']:.2f})"
            for one in (by_scenario[scenario.name] for scenario in SCARCE)
        ]
        requests = [f"{sum(one[kind] for one in row) / len(row):,.0f}" for kind in ("calls", "describes")]
        rows.append(" | ".join([f"{groups}, {life / 60:g} min, {strategy}", *shares, *requests]))
    scenarios = " | ".join(one.name for one in SCARCE)
    return table(
        f"groups, mean life of a free instance, strategy | {scenarios} | odcr's requests | odcr's describes", rows
    )
