"""`odcr import`: reads targets and groups from a CSV file into the tables."""

import sys
from pathlib import Path

import click

from odcr_cli.main import Context, pass_context
from odcr_cli.tables.apply import Mode, apply_wishes, with_mode_options
from odcr_cli.tables.csv_file import read
from odcr_cli.trouble import Trouble


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--remove-others", is_flag=True, help="Remove targets, groups and members that are not in the file.")
@with_mode_options
@pass_context
def command(context: Context, file: Path, remove_others: bool, is_dry: bool, is_sure: bool) -> None:
    """Writes FILE, a CSV file as `odcr export` writes it, into the tables: all of it, or nothing.

    A line with InstanceType, AvailabilityZone and Target_Capacity is a target; one with Group_Name and
    TotalTargetCapacity a group; one with Group_Name, InstanceType and AvailabilityZone a pool of it. Further columns
    are those of the tables. An empty cell stands for the default; a column that the file lacks stays as it is.

    Ends with 0 if the tables now say what the file says, 1 if something is wrong and nothing was changed, 2 if odcr
    could not find out.
    """
    reading = read(_content(file))
    if not reading.problems and not reading.lines and remove_others:
        raise Trouble(f"{file} has only a header, so --remove-others would remove everything. Nothing was changed.")
    apply_wishes(
        context, reading.wishes, Mode(is_dry, is_sure, remove_others and not reading.problems), reading.problems
    )


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}. Name a CSV file.") from error
