"""`odcr export`: all targets and groups as a CSV file."""

from pathlib import Path

import click

from odcr_cli.formatting import print_json, printable
from odcr_cli.main import Context, pass_context
from odcr_cli.status_line import status_line
from odcr_cli.tables.csv_file import write
from odcr_cli.trouble import Trouble

_TABLES = ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member")


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@pass_context
def command(context: Context, file: Path) -> None:
    """Writes all targets and groups to FILE, or prints them, in the format that `odcr import` reads.

    Spreadsheets can open it. A cell that would be a formula starts with a ', which import removes.
    """
    with status_line("Reading the tables"):
        tables = context.source.rows_of(*_TABLES)
    if context.as_json and str(file) == "-":
        print_json(tables)
        return
    text, left_out = write(tables)
    if str(file) == "-":
        click.echo(text, nl=False)
    else:
        try:
            # With a BOM, so that Excel reads it as UTF-8.
            file.write_text(text, encoding="utf-8-sig", newline="")
        except OSError as error:
            raise Trouble(f"{file} cannot be written: {error.strerror}. Name another file.") from error
    if context.as_json:
        print_json({"File": str(file), "LeftOut": left_out})
        return
    for name in left_out:
        click.echo(f"odcr: left out, because its target or group is unknown: {printable(name)}", err=True)
