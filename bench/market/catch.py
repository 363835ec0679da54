"""The benchmark: how much of the capacity that passes by is caught."""

from bench.benchmark import Benchmark
from bench.market.measure import measure
from bench.market.pictures import draw
from bench.market.tables import tables

CATCH = Benchmark("catch", measure, draw, tables)
