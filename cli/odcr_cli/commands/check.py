"""`odcr check`: before the night that counts."""

from collections import Counter

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odcr_cli.checks.all_checks import run
from odcr_cli.checks.inputs import CheckInputs
from odcr_cli.checks.line import Level, Line
from odcr_cli.formatting import print_json, printable
from odcr_cli.main import Context, pass_context
from odcr_cli.status_line import status_line

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


@click.command("check")
@click.option("--strict", is_flag=True, help="End with 1 for warnings as well.")
@pass_context
def command(context: Context, strict: bool) -> None:
    """Looks whether anything is in the way: quotas, offers, rights, caps, schedule, dates.

    Each line is ok, a warning or an error, and says what to do. It changes nothing. Ends with 0 if there is no error, 1
    if there is one, 2 if the stack or its tables could not be read.
    """
    with status_line("Reading the tables") as tell:
        inputs = CheckInputs(context.account, context.source)
        # Without the tables there is nothing to check against; whoever reads them once reads them for all checks.
        _ = inputs.demands
        lines = list(run(inputs, lambda name: tell(f"Checking {name}")))
    if context.as_json:
        print_json({"Lines": lines})
    else:
        Console().print(shown(lines))
        click.echo(_sum(lines))
    bad = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    click.get_current_context().exit(1 if any(one.level in bad for one in lines) else 0)


def shown(lines: list[Line]) -> Table:
    """The lines as a table that fits the width."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    previous = ""
    for one in lines:
        text = Text(printable(one.seen))
        if one.advice:
            text.append(f"\n{printable(one.advice)}", style="bold" if one.level is Level.ERROR else "dim")
        name = one.check if one.check != previous else ""
        previous = one.check
        table.add_row(Text(name), Text(one.level, style=_COLOURS[one.level]), text)
    return table


def _sum(lines: list[Line]) -> str:
    counts = Counter(one.level for one in lines)
    return f"{counts[Level.ERROR]} errors, {counts[Level.WARNING]} warnings, {counts[Level.OK]} ok."
