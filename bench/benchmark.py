"""What a benchmark is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Results = dict[str, Any]
"""As JSON takes it: text keys, numbers, lists."""


@dataclass(frozen=True)
class Benchmark:
    """One question, and how it is answered."""

    name: str
    """As on the command line and in results.json."""
    measure: Callable[[], Results]
    """Runs it, some minutes at most, and tells what it does on the standard error."""
    draw: Callable[[Results, Path], None]
    """Draws pictures (SVG) of the results into a folder."""
    tables: Callable[[Results], dict[str, str]]
    """Markdown tables of the results by the name of their place in the docs: `<!-- bench: NAME -->`."""
