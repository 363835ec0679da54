"""`odcr report`: one page with all that there is to tell."""

from pathlib import Path

import click

from odcr_cli.formatting import Number, print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.output_file import write_file
from odcr_cli.status_line import status_line


@click.command("report")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--days", type=Number(min=0, min_open=True, max=3660), default=7, show_default=True, help="So far back.")
@pass_context
def command(context: Context, file: Path, days: float) -> None:
    """Writes a page into FILE with demands, plots, what is idle, reservations and runs.

    It needs nothing else to be looked at, so it can be sent to somebody.
    """
    from odcr_cli.report import report

    with status_line("Looking for the stack") as tell:
        page = report(context.source, days, tell)
    write_file(file, page)
    if context.as_json:
        print_json({"File": str(file)})
    else:
        click.echo(f"Written to {file}.")
