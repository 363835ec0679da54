"""`odcr adopt`: puts reservations that were made without odcr under its care."""

from typing import Any

import click
from rich.console import Console
from rich.text import Text

from odcr_cli.account import Account
from odcr_cli.adoption import Adoption, NotAdopted, held_after, plan_adoptions
from odcr_cli.confirmation import confirm_or_exit
from odcr_cli.demands import read_demands
from odcr_cli.formatting import format_count, print_json, printable
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.reservations import Reservation, parse_reservations
from odcr_cli.source import LiveSource
from odcr_cli.trouble import Trouble, aws_errors_as_trouble


@click.command("adopt")
@click.argument("reservation", nargs=-1)
@click.option("--group", default="", help="The group that they are to count for, where several want their pool.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(context: Context, reservation: tuple[str, ...], group: str, yes: bool) -> None:
    """Tags reservations that bear no stack's tag, so that odcr counts and grows them.

    All of pools that demands name, or each RESERVATION (cr-...) that is given. What odcr did not make it never gives
    back, also if it is more than is wanted.
    """
    live = LiveSource(context.account)
    demands = read_demands(live)
    held = parse_reservations(live.reservations(), live.stack.owner, live.stack.account, live.now())
    for region, why in live.unreachable.items():
        click.echo(f"odcr: {region} is left out: {printable(why)}", err=True)
    found, left = plan_adoptions(held, demands, reservation, group)
    owner = live.stack.owner
    console = Console(stderr=context.as_json)
    for line in told(found, left, held, owner):
        console.print(line)
    done: list[str] = []
    failed: dict[str, str] = {}
    if found:
        confirm_or_exit("Tag them?", yes=yes, as_json=context.as_json)
        for one in found:
            try:
                _tag(context.account, one, owner)
                done.append(one.reservation.id)
            except Trouble as trouble:
                failed[one.reservation.id] = str(trouble)
                console.print(Text(f"{one.reservation.id}: {printable(str(trouble))}"))
        console.print(Text(f"{len(done)} tagged. The next run counts them."))
    if context.as_json:
        print_json(
            {
                "Tagged": done,
                "Failed": [{"Id": id_, "Reason": reason} for id_, reason in failed.items()],
                "Left": [{"Id": one.reservation.id, "Reason": one.reason} for one in left],
            }
        )
    click.get_current_context().exit(ERROR if failed else 0)


def told(found: list[Adoption], left: list[NotAdopted], held: list[Reservation], owner: str) -> list[Text]:
    """What would be done, line by line."""
    lines: list[Text] = []
    for one in found:
        tags = ", ".join(f"{key}={value}" for key, value in one.tags(owner).items())
        what = f"{one.reservation.id}  {one.reservation.count} {one.reservation.pool}, {one.reservation.used} in use"
        lines.append(Text(printable(f"{what}: {tags}")))
    for demand in {id(one.demand): one.demand for one in found}.values():
        before, after = held_after(demand, held, found)
        unit = "" if demand.unit == "instances" else f" {demand.unit}"
        wanted = format_count(demand.wanted)
        line = f"{demand.name}: {format_count(before)} held now, {format_count(after)} then, of {wanted}{unit} wanted."
        if after > demand.wanted:
            line += (
                f" That is {format_count(after - demand.wanted)} more than is wanted, and odcr gives none of it back."
            )
        lines.append(Text(printable(line), style="bold"))
    lines += [Text(printable(f"{one.reservation.id}  is left alone: {one.reason}."), style="dim") for one in left]
    if not found:
        lines.append(Text("There is nothing to adopt."))
    return lines


def _tag(account: Account, one: Adoption, owner: str) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"""
    client: Any = account.client("ec2", one.reservation.region)
    with aws_errors_as_trouble():
        tags = [{"Key": key, "Value": value} for key, value in one.tags(owner).items()]
        client.create_tags(Resources=[one.reservation.id], Tags=tags)
