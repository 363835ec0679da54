"""The results as Markdown, for the places in the docs."""

from collections.abc import Iterable, Sequence
from typing import Any

from bench.benchmark import Results
from bench.market import original
from bench.market.machine import every_seconds
from bench.market.scenario import HOURS, MEAN_LIFE_SECONDS, SCARCE, SCENARIOS
from bench.market.strategy import IDEAL, ODCR, ORIGINAL, RIVALS, STRATEGIES
from bench.market.timing import INVOKE_SECONDS, REQUEST_SECONDS, STEP_SECONDS

AIM = 0.97
"""Of the instance-hours of the ideal asker."""

Cell = dict[str, Any]
"""One scenario, with what each strategy got in it."""


def tables(results: Results) -> dict[str, str]:
    """The Markdown of each place."""
    return {
        "catch-short": _short(results),
        "catch-markets": _markets(results),
        "catch-assumptions": _assumptions(),
        "catch-ratios": _ratios(results["scenarios"]),
        "catch-verdict": _verdict(results),
        "catch-requests": _requests(results["scenarios"]),
        "catch-lives": _lives(results["lives"]),
        "catch-many": _many(results["many"]),
        "catch-ladders": _ladders(results["many"]),
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table whose first columns are texts, and the others figures."""
    lines = [head, ["---"] * texts + ["---:"] * (len(head) - texts), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _with_margin(told: dict[str, Any]) -> str:
    return f"{told['ratio']:.3f} ± {told['margin']:.3f}" if told["margin"] >= 0.0005 else f"{told['ratio']:.3f}"


def _is_wet(cell: Cell) -> bool:
    return bool(cell["oracle_hours"])


def _scarce(cells: Iterable[Cell]) -> list[Cell]:
    names = {one.name for one in SCARCE}
    return [cell for cell in cells if cell["scenario"] in names]


def _range(values: Iterable[float], digits: int = 2) -> str:
    told = sorted(values)
    low, high = f"{told[0]:.{digits}f}", f"{told[-1]:.{digits}f}"
    return low if low == high else f"{low} to {high}"


def _of(cells: Iterable[Cell], name: str, field: str) -> list[Any]:
    return [cell["strategies"][name][field] for cell in cells]


def _short(results: Results) -> str:
    cells = _scarce(results["scenarios"])
    names = (
        {name: name for name in (ODCR.name, IDEAL.name)}
        | {"the original, every five minutes": ORIGINAL.name}
        | {f"{one.name}, at odcr's pace": one.name for one in RIVALS}
    )
    head = ["of what could be held at most", *(one.name for one in SCARCE)]
    return _table(
        head,
        (
            [label, *(_range(_of([c for c in cells if c["scenario"] == one.name], name, "ratio")) for one in SCARCE)]
            for label, name in names.items()
        ),
    )


def _markets(results: Results) -> str:
    freed = {cell["scenario"]: cell["freed"] for cell in results["scenarios"]}
    seeds = {cell["scenario"]: cell["seeds"] for cell in results["scenarios"]}
    return _table(
        ["scenario", "what happens", f"freed in {HOURS} hours, on average", "seeds"],
        ([one.name, one.sentence, f"{freed[one.name]:.0f}", str(seeds[one.name])] for one in SCENARIOS),
        texts=2,
    )


def _assumptions() -> str:
    return "\n".join(
        [
            f"- A free instance stays for {MEAN_LIFE_SECONDS / 60:g} minutes on average, where nothing else is said.",
            f"- A request to EC2 takes {REQUEST_SECONDS:g} seconds, a describe as well; a function that uses the "
            f"database or compares, {STEP_SECONDS:g} second; the start of each function, {INVOKE_SECONDS:g}. To take a "
            "request out of odcr's buckets takes no time.",
            f"- The schedule starts a run of odcr's every {every_seconds():g} seconds, by the template's default. What "
            "follows, waits and repetitions included, is the state machine's own definition.",
            f"- The original's run starts every {original.EVERY_SECONDS:g} seconds, and its function lasts at most "
            f"{original.FUNCTION_SECONDS:g}.",
        ]
    )


def _ratios(cells: Sequence[Cell]) -> str:
    return _table(
        ["scenario, instances wanted", "oracle, instance-hours", *(one.name for one in STRATEGIES)],
        (
            [
                f"{cell['scenario']}, {cell['gap']}",
                f"{cell['oracle_hours']:.0f}",
                *(_with_margin(cell["strategies"][one.name]) for one in STRATEGIES),
            ]
            for cell in cells
            if _is_wet(cell)
        ),
    )


def is_ahead(told: dict[str, Any]) -> bool:
    """Whether a strategy does better than odcr by more than chance explains."""
    return bool(told["lead"] > told["lead_margin"])


def _verdict(results: Results) -> str:
    of_ideal = _range(_of(results["many"], ODCR.name, "of_ideal"), 3)
    targets = _listed(sorted({cell["targets"] for cell in results["many"]}))
    wet = [cell for cell in results["scenarios"] if _is_wet(cell)]
    dry = [cell for cell in results["scenarios"] if not _is_wet(cell)]
    ahead = [
        f"{one.name} ({cell['targets']}, {cell['scenario']}, {cell['life'] / 60:g} min, {cell['gap']} wanted: by "
        f"{cell['strategies'][one.name]['lead']:.4f} ± {cell['strategies'][one.name]['lead_margin']:.4f})"
        for cell in [*wet, *results["many"]]
        for one in RIVALS
        if one.name in cell["strategies"] and is_ahead(cell["strategies"][one.name])
    ]
    everything = [*results["scenarios"], *results["lives"], *results["many"]]
    return "\n".join(
        [
            f"- odcr alone with one target holds {_range(_of(wet, ODCR.name, 'ratio'), 3)} of the oracle's "
            f"instance-hours. In the scarce scenarios the original holds "
            f"{_range(_of(_scarce(wet), ORIGINAL.name, 'ratio'))}.",
            f"- odcr holds {of_ideal} of what the ideal asker holds, with {targets} targets; the aim is {AIM}.",
            f"- {'; '.join(ahead) if ahead else 'No other strategy'} does better at the same pace by more than chance "
            "explains (95 %, the same seeds side by side).",
            "- In a pool that stays dry odcr asks for one instance every "
            f"{_range((HOURS * 3600 / calls for calls in _of(dry, ODCR.name, 'calls')), 1)} seconds.",
            f"- EC2's token buckets would have refused {sum(_of(everything, ODCR.name, 'overdrawn'))} of odcr's "
            "requests, those below included.",
        ]
    )


def _requests(cells: Sequence[Cell]) -> str:
    def told(cell: Cell, name: str) -> str:
        one = cell["strategies"][name]
        per = one["calls_per_acquired"]
        return f"{one['calls']:,.0f}" + (f" ({per:.1f})" if per is not None else "")

    return _table(
        ["scenario, instances wanted", *(one.name for one in STRATEGIES), "odcr's describes"],
        (
            [
                f"{cell['scenario']}, {cell['gap']}",
                *(told(cell, one.name) for one in STRATEGIES),
                f"{cell['strategies'][ODCR.name]['describes']:,.0f}",
            ]
            for cell in cells
        ),
    )


def _lives(cells: Sequence[Cell]) -> str:
    lives = sorted({cell["life"] for cell in cells})

    def row(scenario: str, name: str) -> list[str]:
        by_life = {cell["life"]: cell["strategies"][name] for cell in cells if cell["scenario"] == scenario}
        reached = [life for life in lives if by_life[life]["ratio"] >= AIM]
        since = f"{reached[0] / 60:g} min" if reached else "never"
        return [f"{name}, {scenario}", *(f"{by_life[life]['ratio']:.3f}" for life in lives), since]

    rows = [
        row(scenario.name, one.name)
        for one in STRATEGIES
        for scenario in SCARCE
        if one.name in next(c for c in cells if c["scenario"] == scenario.name)["strategies"]
    ]
    return _table(["mean life of a free instance", *(f"{life / 60:g} min" for life in lives), f"{AIM} from"], rows)


def _many(cells: Sequence[Cell]) -> str:
    def row(targets: int, regions: int, life: float) -> list[str]:
        named = f"{targets}, in {regions} Region{'s' * (regions > 1)}, {life / 60:g} min"
        some = [one for one in cells if (one["targets"], one["regions"], one["life"]) == (targets, regions, life)]
        by_scenario = {one["scenario"]: one["strategies"] for one in some}
        shares = [
            f"{told[ODCR.name]['of_ideal']:.3f} ({told[ODCR.name]['ratio']:.2f} of {told[IDEAL.name]['ratio']:.2f})"
            for told in (by_scenario[one.name] for one in SCARCE)
        ]
        refused = sum(_of(some, ODCR.name, "overdrawn"))
        return [named, *shares, f"{sum(_of(some, ODCR.name, 'calls')) / len(some):,.0f}", f"{refused}"]

    groups = sorted({(one["regions"], one["targets"], one["life"]) for one in cells})
    head = ["targets, mean life of a free instance", *(one.name for one in SCARCE), "odcr's requests", "refused"]
    return _table(head, (row(targets, regions, life) for regions, targets, life in groups))


def _ladders(cells: Sequence[Cell]) -> str:
    compared = [cell for cell in cells if RIVALS[0].name in cell["strategies"]]
    return _table(
        ["targets, scenario, mean life", *(one.name for one in (ODCR, *RIVALS))],
        (
            [
                f"{cell['targets']}, {cell['scenario']}, {cell['life'] / 60:g} min",
                *(_with_margin(cell["strategies"][one.name]) for one in (ODCR, *RIVALS)),
            ]
            for cell in compared
        ),
    )


def _listed(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last
