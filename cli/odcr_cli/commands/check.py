"""`odcr check`: finds what would keep odcr from working."""

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
    """Checks whether anything is in the way: quotas, offers, rights, caps, schedule, dates.

    Each line is ok, a warning or an error, and says what to do. It changes nothing. Ends with 0 if there is no error, 1
    if there is one, 2 if the stack or its tables could not be read.
    """
    with status_line("Reading the tables") as show_step:
        inputs = CheckInputs(context.account, context.source)
        # Read the tables first: without them nothing can be checked.
        _ = inputs.demands
        lines = list(run(inputs, lambda name: show_step(f"Checking {name}")))
    if context.as_json:
        print_json({"Lines": lines})
    else:
        Console().print(render(lines))
        click.echo(_sum(lines))
    bad = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    click.get_current_context().exit(1 if any(line.level in bad for line in lines) else 0)


def render(lines: list[Line]) -> Table:
    """The results as a table that fits the width."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    previous = ""
    for line in lines:
        text = Text(printable(line.seen))
        if line.advice:
            text.append(f"\n{printable(line.advice)}", style="bold" if line.level is Level.ERROR else "dim")
        name = line.check if line.check != previous else ""
        previous = line.check
        table.add_row(Text(name), Text(line.level, style=_COLOURS[line.level]), text)
    return table


def _sum(lines: list[Line]) -> str:
    counts = Counter(line.level for line in lines)
    return f"{counts[Level.ERROR]} errors, {counts[Level.WARNING]} warnings, {counts[Level.OK]} ok."
