"""What `python -m bench` does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from bench import cold_start, documents, pictures
from bench.costs import measure as costs
from bench.documents import PICTURES, RESULTS
from bench.market import catch, groups, pools
from bench.runs import growth
from bench.tables import catch as catch_tables
from bench.tables import cold_start as cold_start_tables
from bench.tables import costs as costs_tables
from bench.tables import groups as groups_tables
from bench.tables import growth as growth_tables
from bench.tables import pools as pools_tables


class Measurement(NamedTuple):
    """One question, and how it is answered."""

    measure: Callable[[], dict[str, Any]]
    """Runs it; returns its part of results.json."""
    tables: Callable[[dict[str, Any]], dict[str, str]]
    """The Markdown of these results, by place."""
    draw: Callable[[dict[str, Any], Path], None] | None = None
    """Draws pictures (SVG) of these results into a folder."""


MEASUREMENTS = {
    "catch": Measurement(catch.measure, catch_tables.tables, pictures.draw_catch),
    "groups": Measurement(groups.measure, groups_tables.tables),
    "costs": Measurement(costs.measure, costs_tables.tables, pictures.draw_costs),
    "cold-start": Measurement(cold_start.measure, cold_start_tables.tables),
    "growth": Measurement(growth.measure, growth_tables.tables, pictures.draw_growth),
    "pools": Measurement(pools.measure, pools_tables.tables),
}


@click.command(help="Measures what NAMEs say, or everything; --draw writes docs and pictures of the last results only.")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice([*MEASUREMENTS]))
@click.option("--draw", is_flag=True, help="Measure nothing.")
def main(names: tuple[str, ...], draw: bool) -> None:
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    tables: dict[str, str] = {}
    for name in names or MEASUREMENTS:
        measurement = MEASUREMENTS[name]
        if not draw:
            click.echo(f"{name} ...", err=True)
            results[name] = measurement.measure()
            RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
            # As it will be read next time, with its keys in order.
            results = json.loads(RESULTS.read_text())
        if name not in results:
            raise click.ClickException(f"bench/results.json has nothing of {name}. Measure it: make bench ONLY={name}")
        if measurement.draw:
            PICTURES.mkdir(exist_ok=True)
            measurement.draw(results[name], PICTURES)
        tables |= measurement.tables(results[name])
    try:
        documents.write(tables)
        documents.check(all_tables(results))
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def all_tables(results: dict[str, Any]) -> dict[str, str]:
    """The Markdown of everything that was measured, by place."""
    return {
        place: markdown
        for name, measurement in MEASUREMENTS.items()
        if name in results
        for place, markdown in measurement.tables(results[name]).items()
    }
