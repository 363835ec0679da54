"""How long a function takes to start, in docs/explanation/performance.md."""

from typing import Any

from bench.markdown import table

LIMIT = 1.15
"""The ratio that is to be kept."""


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    functions = results["functions"]
    rows = (
        f"{name} | {one['floor_ms']:.0f} | {one['start_ms']:.0f} | {one['ratio']:.2f}"
        for name, one in functions.items()
    )
    missed = [name for name, one in functions.items() if one["ratio"] > LIMIT]
    starts = table("function | libraries alone, ms | function, ms | ratio", rows)
    return {
        "cold-start": f"{starts}\n\n"
        f"The aim, at most {LIMIT}, is {'**missed** by ' + ', '.join(missed) if missed else 'met'}.\n"
        f"Medians of {results['starts']} starts each, processor time, Python {results['python']}."
    }
