"""What `python -m bench` does."""

import json
from typing import Any

import click

from bench import documents, pictures
from bench.costs import measure as costs
from bench.documents import PICTURES, RESULTS
from bench.market import catch
from bench.tables import catch as catch_tables
from bench.tables import costs as costs_tables

MEASUREMENTS = {"catch": catch.measure, "costs": costs.measure}


@click.command(help="Measures what NAMEs say, or everything, and writes the tables and the picture in the docs.")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice([*MEASUREMENTS]))
@click.option("--draw", is_flag=True, help="Measure nothing: write the last results.")
def main(names: tuple[str, ...], draw: bool) -> None:
    results: dict[str, Any] = json.loads(RESULTS.read_text())
    for name in () if draw else names or MEASUREMENTS:
        click.echo(f"{name} ...", err=True)
        results[name] = MEASUREMENTS[name]()
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    # As it will be read next time, with its keys in order.
    results = json.loads(RESULTS.read_text())
    pictures.draw(results["catch"], PICTURES)
    try:
        documents.write(tables(results))
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def tables(results: dict[str, Any]) -> dict[str, str]:
    """The Markdown of all results, by place."""
    return catch_tables.tables(results["catch"]) | costs_tables.tables(results["costs"])
