"""What `python -m bench` does."""

import json

import click

from bench import documents
from bench.benchmark import Benchmark, Results
from bench.cold_start import COLD_START
from bench.costs import COSTS
from bench.documents import PICTURES, RESULTS
from bench.growth import GROWTH
from bench.growth.pools import POOLS
from bench.market.catch import CATCH
from bench.market.groups import GROUPS

BENCHMARKS: list[Benchmark] = [CATCH, GROUPS, COSTS, COLD_START, GROWTH, POOLS]


@click.command(help="Measures what NAMEs say, or everything; --draw writes docs and pictures of the last results only.")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice([each.name for each in BENCHMARKS]))
@click.option("--draw", is_flag=True, help="Measure nothing.")
def main(names: tuple[str, ...], draw: bool) -> None:
    chosen = [benchmark for benchmark in BENCHMARKS if benchmark.name in (names or {b.name for b in BENCHMARKS})]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for benchmark in chosen:
        if not draw:
            click.echo(f"{benchmark.name} ...", err=True)
            results[benchmark.name] = benchmark.measure()
            RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
            # As it will be read again, with its keys in order: what is written from it now is what is written then.
            results = json.loads(RESULTS.read_text())
        PICTURES.mkdir(exist_ok=True)
        benchmark.draw(of(results, benchmark), PICTURES)
    try:
        documents.write({name: table for one in chosen for name, table in one.tables(of(results, one)).items()})
        measured = [benchmark for benchmark in BENCHMARKS if benchmark.name in results]
        documents.check({name for one in measured for name in one.tables(results[one.name])})
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def of(results: Results, benchmark: Benchmark) -> Results:
    """One benchmark's part of results.json.

    Raises:
        ClickException: it was never measured.
    """
    if benchmark.name not in results:
        raise click.ClickException(
            f"bench/results.json has nothing of {benchmark.name}. Measure it: make bench ONLY={benchmark.name}"
        )
    found: Results = results[benchmark.name]
    return found
