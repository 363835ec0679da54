"""`odcr record`: everything that odcr shows, in one file."""

from pathlib import Path

import click

from odcr_cli.formatting import print_json, printable
from odcr_cli.main import Context, pass_context
from odcr_cli.recording import record
from odcr_cli.source import LiveSource
from odcr_cli.status_line import status_line


@click.command("record")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--runs",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="How many of the newest runs to record.",
)
@pass_context
def command(context: Context, file: Path, runs: int) -> None:
    """Writes everything that odcr shows to FILE, for `odcr --recording FILE` later.

    FILE holds the tables, the reservations, and the runs with their inputs and outputs, but no passwords.
    """
    with status_line("Looking for the stack") as show_step:
        gone = record(LiveSource(context.account), file, runs=runs, show_step=show_step)
    for name in gone:
        click.echo(f"odcr: left out, because it was gone before it was read: the run {printable(name)}", err=True)
    if context.as_json:
        print_json({"File": str(file), "LeftOut": gone})
        return
    click.echo(f"Recorded in {file}. Look at it with: odcr --recording {file} console")
