"""`odcr record`: all that there is to look at, in one file."""

from pathlib import Path

import click

from odcr_cli.answers import as_json
from odcr_cli.main import Context, pass_context
from odcr_cli.recording import record
from odcr_cli.source import Live


@click.command("record")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--runs", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many of the newest.")
@pass_context
def command(context: Context, file: Path, runs: int) -> None:
    """Writes what there is to look at into FILE, for `odcr --recording FILE` later.

    It has the tables, the reservations and the runs with their inputs and outputs. It has no passwords.
    """
    record(Live(context.account), file, runs=runs)
    if context.as_json:
        as_json({"File": str(file)})
        return
    click.echo(f"Recorded in {file}. Look at it with: odcr --recording {file} console")
