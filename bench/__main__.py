"""`python -m bench [NAME ...]`: measures, and writes the results, the pictures and the tables in the docs."""

import json

import click

from bench import documents
from bench.benchmark import Benchmark
from bench.documents import PICTURES, RESULTS
from bench.market.catch import CATCH

BENCHMARKS: list[Benchmark] = [CATCH]


@click.command(help="Measures what NAMEs say, or everything; --draw writes docs and pictures of the last results only.")
@click.argument("names", nargs=-1, type=click.Choice([benchmark.name for benchmark in BENCHMARKS]))
@click.option("--draw", is_flag=True, help="Measure nothing.")
def main(names: tuple[str, ...], draw: bool) -> None:
    chosen = [benchmark for benchmark in BENCHMARKS if benchmark.name in (names or {b.name for b in BENCHMARKS})]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    tables: dict[str, str] = {}
    for benchmark in chosen:
        if not draw:
            click.echo(f"{benchmark.name} ...", err=True)
            results[benchmark.name] = benchmark.measure()
            RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        PICTURES.mkdir(exist_ok=True)
        benchmark.draw(results[benchmark.name], PICTURES)
        tables |= benchmark.tables(results[benchmark.name])
    documents.write(tables)


if __name__ == "__main__":
    main()
