"""`odcr history`: how demands changed over time."""

from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from odcr_cli.door import Row, number
from odcr_cli.formatting import Number, format_count, format_moment, print_json, printable
from odcr_cli.main import Context, pass_context
from odcr_cli.output_file import write_file
from odcr_cli.period import start_of
from odcr_cli.series import demand_named, is_change
from odcr_cli.status_line import status_line


@click.command("history")
@click.argument("demand", nargs=-1)
@click.option("--since", default="", help="Start from this day or time, in UTC: 2026-11-10, '2026-11-10 18:00'.")
@click.option("--days", type=Number(min=0, min_open=True, max=3660), help="The last N days. [default: 1]")
@click.option("--attempts", is_flag=True, help="Also show each hour's attempts that changed nothing.")
@click.option("--pools", is_flag=True, help="Also show changes in the pools of groups.")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Plot held against wanted to an SVG file."
)
@pass_context
def command(
    context: Context,
    demand: tuple[str, ...],
    since: str,
    days: float | None,
    attempts: bool,
    pools: bool,
    plot: Path | None,
) -> None:
    """Shows what changed, newest last, for all demands or for DEMAND alone.

    DEMAND is a group's name, or an instance type and a zone; a part is enough: r5b.2xlarge, ap-northeast-1c.
    """
    with status_line("Reading the history") as show_step:
        source = context.source
        now = source.now()
        start = start_of(since, days, now)
        rows = source.rows("odcr_history", since=format_moment(start))
        if plot:
            from odcr_cli.plot_set import plot_sheet

            show_step("Drawing")
            write_file(plot, plot_sheet(source, rows, start, now, demand))
    entries = [
        row
        for row in sorted(rows, key=lambda row: (row["Recorded"], str(row["Execution"])))
        if is_wanted(row, demand)
        and (attempts or is_change(row))
        and (pools or not (row.get("Group_Name") and row["InstanceType"]))
    ]
    if context.as_json:
        print_json({"History": entries})
        return
    console = Console()
    console.print(render(entries, console.width))
    if plot:
        console.print(Text(f"Drawn in {plot}."))


def is_wanted(row: Row, demand: tuple[str, ...]) -> bool:
    """Whether a row's demand matches all the given parts of a name."""
    name = demand_named(row).casefold()
    return all(part.casefold() in name for part in demand)


def render(rows: list[Row], width: int) -> RenderableType:
    """The changes as a table."""
    if not rows:
        return Text("Nothing changed in this time. --days or --since shows a longer time.")
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    table.add_column("UTC", no_wrap=True)
    table.add_column("demand", overflow="fold", ratio=3)
    table.add_column("held", no_wrap=True)
    table.add_column("what happened", overflow="fold", ratio=5 if width >= 110 else 4)
    for row in rows:
        name = demand_named(row)
        if row.get("Group_Name") and row["InstanceType"]:
            name += f": {row['InstanceType']} {row['AvailabilityZone']}"
        wanted = "?" if row["Target_Capacity"] is None else format_count(number(row["Target_Capacity"]))
        unit = " vcpus" if row.get("Unit") == "vcpus" else ""
        table.add_row(
            str(row["Recorded"])[5:16],
            Text(printable(name)),
            f"{format_count(number(row['Reserved']))}/{wanted}{unit}",
            _happened(row),
        )
    return Group(table, Text(f"{len(rows)} entries.", style="bold"))


def _happened(row: Row) -> Text:
    before, after = row["Previous_Status"], str(row["Status"])
    parts: list[str] = []
    if row.get("Verdict"):
        parts.append(f"{row['Verdict']} its deadline, {row['Judged_Deadline']}")
    if acquired := number(row["Acquired"]):
        parts.append(f"{format_count(acquired)} acquired" if acquired > 0 else f"{format_count(-acquired)} released")
    if lost := number(row["Lost"]):
        parts.append(f"{format_count(lost)} lost")
    if not is_change(row):
        parts.append(f"{row['Attempts']} attempts")
    if row["Calls"]:
        parts.append(f"{row['Calls']} requests, {row['Refusals']} refused")
    status = after if before in (None, after) else f"{printable(str(before))} to {after}"
    text: Any = Text.assemble((printable(status), "bold"), f": {', '.join(parts)}." if parts else ".")
    if row["Reason"]:
        text.append(f" {printable(str(row['Reason']))}", style="dim")
    assembled: Text = text
    return assembled
