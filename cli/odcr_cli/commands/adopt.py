"""`odcr adopt`: puts reservations that were made without odcr under its care."""

from typing import Any

import click
from rich.console import Console
from rich.text import Text

from odcr_cli.account import Account
from odcr_cli.adoption import Adoption, NotAdopted, adoptions, held_after
from odcr_cli.answers import amount, as_json, plain
from odcr_cli.asking import ask
from odcr_cli.demands import read_demands
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.reservations import Reservation, reservations_of
from odcr_cli.source import Live
from odcr_cli.trouble import Trouble, in_words


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
    live = Live(context.account)
    demands = read_demands(live)
    held = reservations_of(live.reservations(), live.stack.owner, live.stack.account, live.now())
    for region, why in live.silent.items():
        click.echo(f"odcr: {region} is left out: {plain(why)}", err=True)
    found, left = adoptions(held, demands, reservation, group)
    owner = live.stack.owner
    console = Console(stderr=context.as_json)
    for line in told(found, left, held, owner):
        console.print(line)
    done: list[str] = []
    failed: dict[str, str] = {}
    if found:
        ask("Tag them?", yes=yes, as_json=context.as_json)
        for one in found:
            try:
                _tag(context.account, one, owner)
                done.append(one.reservation.id)
            except Trouble as trouble:
                failed[one.reservation.id] = str(trouble)
                console.print(Text(f"{one.reservation.id}: {plain(str(trouble))}"))
        console.print(Text(f"{len(done)} tagged. The next run counts them."))
    if context.as_json:
        as_json(
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
        lines.append(Text(plain(f"{what}: {tags}")))
    for demand in {id(one.demand): one.demand for one in found}.values():
        before, after = held_after(demand, held, found)
        unit = "" if demand.unit == "instances" else f" {demand.unit}"
        line = (
            f"{demand.name}: {amount(before)} held now, {amount(after)} then, of {amount(demand.wanted)}{unit} wanted."
        )
        if after > demand.wanted:
            line += f" That is {amount(after - demand.wanted)} more than is wanted, and odcr gives none of it back."
        lines.append(Text(plain(line), style="bold"))
    lines += [Text(plain(f"{one.reservation.id}  is left alone: {one.reason}."), style="dim") for one in left]
    if not found:
        lines.append(Text("There is nothing to adopt."))
    return lines


def _tag(account: Account, one: Adoption, owner: str) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"""
    client: Any = account.client("ec2", one.reservation.region)
    with in_words():
        tags = [{"Key": key, "Value": value} for key, value in one.tags(owner).items()]
        client.create_tags(Resources=[one.reservation.id], Tags=tags)
