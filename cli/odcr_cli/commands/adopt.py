"""`odcr adopt`: puts reservations made without odcr under its care."""

from typing import Any

import click
from rich.console import Console
from rich.text import Text

from odcr_cli.account import Account
from odcr_cli.adoption import Adoption, NotAdopted, held_after, plan_adoptions
from odcr_cli.confirmation import confirm_or_exit
from odcr_cli.demand_tables import read_demands
from odcr_cli.formatting import format_count, print_json, printable
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.reservations import Reservation, parse_reservations
from odcr_cli.source import LiveSource
from odcr_cli.trouble import Trouble, aws_errors_as_trouble


@click.command("adopt")
@click.argument("reservation", nargs=-1)
@click.option("--group", default="", help="The group they will count for, if several want their pool.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(context: Context, reservation: tuple[str, ...], group: str, yes: bool) -> None:
    """Tags reservations that have no stack's tag, so that odcr counts and grows them.

    Without RESERVATION (cr-...), takes all untagged ones in pools that demands name. odcr never gives back what it did
    not make, even if it is more than wanted.
    """
    live = LiveSource(context.account)
    demands = read_demands(live)
    held = parse_reservations(live.reservations(), live.stack.owner, live.stack.account, live.now())
    for region, why in live.unreachable.items():
        click.echo(f"odcr: {region} is left out: {printable(why)}", err=True)
    adopted, left = plan_adoptions(held, demands, reservation, group)
    owner = live.stack.owner
    console = Console(stderr=context.as_json)
    for line in summary_lines(adopted, left, held, owner):
        console.print(line)
    done: list[str] = []
    failed: dict[str, str] = {}
    if adopted:
        confirm_or_exit("Tag them?", yes=yes, as_json=context.as_json)
        for adoption in adopted:
            try:
                _tag(context.account, adoption, owner)
                done.append(adoption.reservation.id)
            except Trouble as trouble:
                failed[adoption.reservation.id] = str(trouble)
                console.print(Text(f"{adoption.reservation.id}: {printable(str(trouble))}"))
        console.print(Text(f"{len(done)} tagged. The next run counts them."))
    if context.as_json:
        print_json(
            {
                "Tagged": done,
                "Failed": [{"Id": id_, "Reason": reason} for id_, reason in failed.items()],
                "Left": [{"Id": retained.reservation.id, "Reason": retained.reason} for retained in left],
            }
        )
    click.get_current_context().exit(ERROR if failed else 0)


def summary_lines(adopted: list[Adoption], left: list[NotAdopted], held: list[Reservation], owner: str) -> list[Text]:
    """What would be done, in lines."""
    lines: list[Text] = []
    for adoption in adopted:
        tags = ", ".join(f"{key}={value}" for key, value in adoption.tags(owner).items())
        reservation = adoption.reservation
        line = f"{reservation.id}  {reservation.count} {reservation.pool}, {reservation.used} in use: {tags}"
        lines.append(Text(printable(line)))
    for demand in {id(adoption.demand): adoption.demand for adoption in adopted}.values():
        before, after = held_after(demand, held, adopted)
        unit = "" if demand.unit == "instances" else f" {demand.unit}"
        wanted = format_count(demand.wanted)
        line = f"{demand.name}: {format_count(before)} held now, {format_count(after)} then, of {wanted}{unit} wanted."
        if after > demand.wanted:
            line += f" That is {format_count(after - demand.wanted)} more than wanted, and odcr gives none of it back."
        lines.append(Text(printable(line), style="bold"))
    lines += [
        Text(printable(f"{retained.reservation.id}  is left alone: {retained.reason}."), style="dim")
        for retained in left
    ]
    if not adopted:
        lines.append(Text("There is nothing to adopt."))
    return lines


def _tag(account: Account, adoption: Adoption, owner: str) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"""
    client: Any = account.client("ec2", adoption.reservation.region)
    with aws_errors_as_trouble():
        tags = [{"Key": key, "Value": value} for key, value in adoption.tags(owner).items()]
        client.create_tags(Resources=[adoption.reservation.id], Tags=tags)
