"""What is caught beside other strategies, in docs/explanation/performance.md and README.md."""

from collections.abc import Iterable, Sequence
from typing import Any

from bench.documents import table
from bench.market import original
from bench.market.clock import INVOKE_SECONDS, REQUEST_SECONDS, STEP_SECONDS
from bench.market.comparison import POOLS
from bench.market.machine import every_seconds
from bench.market.scenario import HOURS, MEAN_LIFE_SECONDS, SCARCE, SCENARIOS, Scenario
from bench.market.strategies import IDEAL, ODCR, ORIGINAL, RIVALS, STRATEGIES

AIM = 0.97
"""Share of the ideal asker's instance-hours."""

_SCARCE = " | ".join(one.name for one in SCARCE)
_ALL = " | ".join(one.name for one in STRATEGIES)

Cell = dict[str, Any]
"""One market, with what each strategy got in it."""


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    return {
        "catch-short": _short(results["scenarios"]),
        "catch-markets": _markets(results["scenarios"]),
        "catch-assumptions": _assumptions(),
        "catch-ratios": _ratios(results["scenarios"]),
        "catch-verdict": _verdict(results),
        "catch-requests": _requests(results["scenarios"]),
        "catch-lives": _lives(results["lives"]),
        "catch-many": _many(results["many"], "targets"),
        "catch-ladders": _ladders(results["many"]),
        "catch-groups": _many(results["groups"], f"groups of {POOLS} pools, strategy"),
    }


def is_ahead(summary: dict[str, Any]) -> bool:
    """Whether a strategy does better than odcr by more than chance explains."""
    return bool(summary["lead"] > summary["lead_margin"])


def wet(cells: Iterable[Cell]) -> list[Cell]:
    """Those in which there was something to be had."""
    return [cell for cell in cells if cell["oracle_hours"]]


def _with_margin(summary: dict[str, Any]) -> str:
    margin = f" ± {summary['margin']:.3f}" if summary["margin"] >= 0.0005 else ""
    return f"{summary['ratio']:.3f}{margin}"


def _range(values: Iterable[float], digits: int = 2) -> str:
    in_order = sorted(values)
    low, high = f"{in_order[0]:.{digits}f}", f"{in_order[-1]:.{digits}f}"
    return low if low == high else f"{low} to {high}"


def _of(cells: Iterable[Cell], strategy: str, field: str) -> list[Any]:
    return [cell["strategies"][strategy][field] for cell in cells]


def _market(cell: Cell) -> str:
    return f"{cell['targets']}, {cell['scenario']}, {cell['life'] / 60:g} min"


def _short(cells: Sequence[Cell]) -> str:
    labels = {ODCR.name: ODCR.name, IDEAL.name: IDEAL.name, ORIGINAL.name: "the original, every five minutes"}
    labels |= {one.name: f"{one.name}, at odcr's pace" for one in RIVALS}

    def share(scenario: Scenario, strategy: str) -> str:
        return _range(_of((cell for cell in cells if cell["scenario"] == scenario.name), strategy, "ratio"))

    rows = (" | ".join([label, *(share(one, name) for one in SCARCE)]) for name, label in labels.items())
    return table(f"share of what could be held at most | {_SCARCE}", rows)


def _markets(cells: Sequence[Cell]) -> str:
    by_name = {cell["scenario"]: cell for cell in cells}
    rows = (
        f"{one.name} | {one.sentence} | {by_name[one.name]['freed']:.0f} | {by_name[one.name]['seeds']}"
        for one in SCENARIOS
    )
    return table(f"scenario | what happens | freed in {HOURS} hours, on average | seeds", rows, left=(0, 1))


def _assumptions() -> str:
    return (
        f"- A free instance stays for {MEAN_LIFE_SECONDS / 60:g} minutes on average, unless the table says otherwise.\n"
        f"- Each request to EC2 takes {REQUEST_SECONDS:g} seconds. A function that uses the database or compares takes "
        f"{STEP_SECONDS:g} second, the start of a function {INVOKE_SECONDS:g}, and a token from odcr's own buckets no "
        "time.\n"
        f"- The schedule starts a run of odcr every {every_seconds():g} seconds, the template's default. The rest of a "
        "run, waits and repeats included, follows the state machine's own definition.\n"
        f"- A run of the original starts every {original.EVERY_SECONDS:g} seconds, and its function lasts at most "
        f"{original.FUNCTION_SECONDS:g}."
    )


def _ratios(cells: Sequence[Cell]) -> str:
    rows = (
        f"{cell['scenario']}, {cell['gap']} | {cell['oracle_hours']:.0f} | "
        + " | ".join(_with_margin(cell["strategies"][one.name]) for one in STRATEGIES)
        for cell in wet(cells)
    )
    return table(f"scenario, instances wanted | oracle, instance-hours | {_ALL}", rows)


def _verdict(results: dict[str, Any]) -> str:
    of_ideal, of_groups = (_of(results[part], ODCR.name, "of_ideal") for part in ("many", "groups"))
    met = [share >= AIM for share in (*of_ideal, *of_groups)]
    *numbers, last = map(str, sorted({cell["targets"] for cell in results["many"]}))
    some = wet(results["scenarios"])
    scarce = [cell for cell in some if cell["scenario"] in {one.name for one in SCARCE}]
    dry = [cell for cell in results["scenarios"] if cell not in some]
    ahead = [
        f"{one.name}, {rival['lead']:.4f} ± {rival['lead_margin']:.4f} ({_market(cell)}, {cell['gap']} wanted)"
        for cell in [*some, *results["many"]]
        for one in RIVALS
        if (rival := cell["strategies"].get(one.name)) and is_ahead(rival)
    ]
    refused = sum(sum(_of(cells, ODCR.name, "overdrawn")) for cells in results.values())
    return (
        f"- With one target odcr holds {_range(_of(some, ODCR.name, 'ratio'), 3)} of the oracle's instance-hours. In "
        f"the scarce scenarios the original holds {_range(_of(scarce, ORIGINAL.name, 'ratio'))}.\n"
        f"- odcr holds {_range(of_ideal, 3)} of what the ideal asker holds, with {', '.join(numbers)} and {last} "
        f"targets, and {_range(of_groups, 3)} with groups. "
        f"The aim, {AIM}, is met in {sum(met)} of {len(met)} markets.\n"
        "- At the same pace these ladders hold more, by more than chance explains (95 %, the same seeds side by side): "
        f"{'; '.join(ahead) or 'none'}.\n"
        "- In a pool that stays dry odcr asks for one instance every "
        f"{_range((HOURS * 3600 / calls for calls in _of(dry, ODCR.name, 'calls')), 1)} seconds.\n"
        f"- EC2's token buckets would have refused {refused} of odcr's requests, in all markets of this page."
    )


def _requests(cells: Sequence[Cell]) -> str:
    def calls(summary: dict[str, Any]) -> str:
        each = summary["calls_per_acquired"]
        return f"{summary['calls']:,.0f}" + ("" if each is None else f" ({each:.1f})")

    rows = (
        f"{cell['scenario']}, {cell['gap']} | "
        + " | ".join(calls(cell["strategies"][one.name]) for one in STRATEGIES)
        + f" | {cell['strategies'][ODCR.name]['describes']:,.0f}"
        for cell in cells
    )
    return table(f"scenario, instances wanted | {_ALL} | odcr's describes", rows)


def _lives(cells: Sequence[Cell]) -> str:
    lives = sorted({cell["life"] for cell in cells})
    rows = []
    for strategy in (one.name for one in STRATEGIES):
        for scenario in (one.name for one in SCARCE):
            some = [cell for cell in cells if cell["scenario"] == scenario and strategy in cell["strategies"]]
            by_life = {cell["life"]: cell["strategies"][strategy]["ratio"] for cell in some}
            if by_life:
                rows.append(f"{strategy}, {scenario} | " + " | ".join(f"{by_life[life]:.3f}" for life in lives))
    return table("mean life of a free instance | " + " | ".join(f"{life / 60:g} min" for life in lives), rows)


def _many(cells: Sequence[Cell], what: str) -> str:
    rows = []
    for targets, spread, life in sorted({(one["targets"], one["spread"] or "", one["life"]) for one in cells}):
        some = [one for one in cells if (one["targets"], one["spread"] or "", one["life"]) == (targets, spread, life)]
        by_scenario = {one["scenario"]: one["strategies"] for one in some}
        shares = " | ".join(
            f"{one[ODCR.name]['of_ideal']:.3f} ({one[ODCR.name]['ratio']:.2f} of {one[IDEAL.name]['ratio']:.2f})"
            for one in (by_scenario[scenario.name] for scenario in SCARCE)
        )
        calls, describes = (sum(_of(some, ODCR.name, field)) / len(some) for field in ("calls", "describes"))
        who = ", ".join(filter(None, [str(targets), spread, f"{life / 60:g} min"]))
        rows.append(f"{who} | {shares} | {calls:,.0f} | {describes:,.0f}")
    return table(f"{what}, mean life of a free instance | {_SCARCE} | odcr's requests | odcr's describes", rows)


def _ladders(cells: Sequence[Cell]) -> str:
    names = [one.name for one in (ODCR, *RIVALS)]
    rows = (
        " | ".join([_market(cell), *(_with_margin(cell["strategies"][name]) for name in names)])
        for cell in cells
        if RIVALS[0].name in cell["strategies"]
    )
    return table(f"targets, scenario, mean life | {' | '.join(names)}", rows)
