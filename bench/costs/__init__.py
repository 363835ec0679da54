"""What runs use and what a month costs: `python -m bench costs`, into docs/cost.md."""

from bench.benchmark import Benchmark, Results
from bench.costs.picture import draw
from bench.costs.tables import tables


def _measure() -> Results:
    # The local cloud takes seconds to import, and drawing does not need it.
    from bench.costs.measuring import measure

    return measure()


COSTS = Benchmark("costs", _measure, draw, tables)
