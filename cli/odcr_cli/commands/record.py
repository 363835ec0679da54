"""`odcr record`: all that there is to look at, in one file."""

from pathlib import Path

import click

from odcr_cli.formatting import print_json, printable
from odcr_cli.main import Context, pass_context
from odcr_cli.recording import record
from odcr_cli.source import LiveSource
from odcr_cli.status_line import status_line


@click.command("record")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--runs", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many of the newest.")
@pass_context
def command(context: Context, file: Path, runs: int) -> None:
    """Writes what there is to look at into FILE, for `odcr --recording FILE` later.

    It has the tables, the reservations and the runs with their inputs and outputs. It has no passwords.
    """
    with status_line("Looking for the stack") as tell:
        gone = record(LiveSource(context.account), file, runs=runs, tell=tell)
    for name in gone:
        click.echo(f"odcr: left out, for it was gone before it was read: the run {printable(name)}", err=True)
    if context.as_json:
        print_json({"File": str(file), "LeftOut": gone})
        return
    click.echo(f"Recorded in {file}. Look at it with: odcr --recording {file} console")
