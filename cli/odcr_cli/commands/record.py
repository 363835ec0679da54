"""`odcr record`: all that there is to look at, in one file."""

from pathlib import Path

import click

from odcr_cli.answers import as_json, plain
from odcr_cli.main import Context, pass_context
from odcr_cli.recording import record
from odcr_cli.source import Live
from odcr_cli.working import working


@click.command("record")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--runs", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many of the newest.")
@pass_context
def command(context: Context, file: Path, runs: int) -> None:
    """Writes what there is to look at into FILE, for `odcr --recording FILE` later.

    It has the tables, the reservations and the runs with their inputs and outputs. It has no passwords.
    """
    with working("Looking for the stack") as tell:
        gone = record(Live(context.account), file, runs=runs, tell=tell)
    for name in gone:
        click.echo(f"odcr: left out, for it was gone before it was read: the run {plain(name)}", err=True)
    if context.as_json:
        as_json({"File": str(file), "LeftOut": gone})
        return
    click.echo(f"Recorded in {file}. Look at it with: odcr --recording {file} console")
