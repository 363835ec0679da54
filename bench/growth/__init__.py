"""How a run grows with the rows: `python -m bench growth`, into docs/performance.md."""

from bench.benchmark import Benchmark, Results
from bench.growth.picture import draw
from bench.growth.tables import tables


def _measure() -> Results:
    # The local cloud takes seconds to import, and drawing does not need it.
    from bench.growth.measuring import measure

    return measure()


GROWTH = Benchmark("growth", _measure, draw, tables)
