"""`odcr report`: a page that sums everything up."""

from pathlib import Path

import click

from odcr_cli.formatting import Number, print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.output_file import write_file
from odcr_cli.status_line import status_line


@click.command("report")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--days", type=Number(min=0, min_open=True, max=3660), default=7, show_default=True, help="How many days back."
)
@pass_context
def command(context: Context, file: Path, days: float) -> None:
    """Writes an HTML page to FILE with demands, plots, idle capacity, reservations and runs.

    The page is self-contained, so you can send it to somebody.
    """
    from odcr_cli.report import report

    with status_line("Looking for the stack") as show_step:
        page = report(context.source, days, show_step)
    write_file(file, page)
    if context.as_json:
        print_json({"File": str(file)})
    else:
        click.echo(f"Written to {file}.")
