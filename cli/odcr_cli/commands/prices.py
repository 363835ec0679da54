"""`odcr prices`: hourly instance prices, from the price list or set by hand."""

import click

from odcr_cli.door import Row
from odcr_cli.formatting import print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.tables.apply import Mode, apply_wishes, with_mode_options
from odcr_cli.tables.columns import COLUMNS
from odcr_cli.tables.listing import show_rows
from odcr_cli.tables.options import value_of
from odcr_cli.tables.wishes import Wish

_PRICE, _CURRENCY, _SOURCE = COLUMNS["odcr_price"]
_GIVEN = {_SOURCE.name: "given"}
_SHOWN = ("InstanceType", "Region", "Hourly_Price", "Currency", "Source")
_USUAL = {"Platform": "Linux/UNIX", "Tenancy": "default"}


@click.group("prices")
def command() -> None:
    """Manages hourly prices: set your own where the price list has none or another."""


@command.command("list")
@pass_context
def list_prices(context: Context) -> None:
    """Lists the prices, from the price list and set by hand."""
    rows = context.source.rows("odcr_price")
    if context.as_json:
        print_json({"Prices": rows})
    else:
        nothing = "There are no prices yet. The first run with a target looks them up in the price list."
        show_rows([_shown(row) for row in rows], _SHOWN, nothing)


def _shown(row: Row) -> Row:
    shown = {name: "unknown" if row.get(name) is None else row[name] for name in _SHOWN}
    return shown | {name: row[name] for name, usual in _USUAL.items() if row.get(name) not in (None, usual)}


_platform = click.option("--platform", default="Linux/UNIX", show_default=True, help="The platform, by EC2's name.")
_tenancy = click.option("--tenancy", type=click.Choice(["default", "dedicated"]), default="default", show_default=True)


@command.command("set")
@click.argument("instance_type", metavar="TYPE")
@click.argument("region_or_zone", metavar="REGION")
@click.argument("price")
@_platform
@_tenancy
@click.option("--currency", default="USD", show_default=True, help="A three-letter code; CNY in China.")
@with_mode_options
@pass_context
def set_price(
    context: Context,
    /,
    instance_type: str,
    region_or_zone: str,
    price: str,
    platform: str,
    tenancy: str,
    currency: str,
    is_dry: bool,
    is_sure: bool,
) -> None:
    """Sets the hourly PRICE of TYPE in REGION. It overrides the price list.

    A Local Zone has prices of its own: REGION is the zone without its last letter, such as us-west-2-lax-1.
    """
    amount = value_of(_PRICE, price)
    if amount.startswith("-"):
        raise click.BadParameter(f"{price} is below 0.", param_hint="PRICE")
    if len(currency) != 3 or not currency.isalpha():
        raise click.BadParameter(f"{currency!r} is not a currency; write one such as USD.", param_hint="--currency")
    values = {_PRICE.name: amount, _CURRENCY.name: currency.upper(), **_GIVEN}
    wish = Wish("odcr_price", (instance_type, region_or_zone, platform, tenancy), values)
    apply_wishes(context, [wish], Mode(is_dry, is_sure))


@command.command("remove")
@click.argument("instance_type", metavar="TYPE")
@click.argument("region_or_zone", metavar="REGION")
@_platform
@_tenancy
@with_mode_options
@pass_context
def remove_price(
    context: Context,
    /,
    instance_type: str,
    region_or_zone: str,
    platform: str,
    tenancy: str,
    is_dry: bool,
    is_sure: bool,
) -> None:
    """Removes a price. If it is needed again, odcr looks it up in the price list."""
    wish = Wish("odcr_price", (instance_type, region_or_zone, platform, tenancy), is_gone=True)
    nothing = f"There is no such price of {instance_type} in {region_or_zone}: there is nothing to do."
    apply_wishes(context, [wish], Mode(is_dry, is_sure), nothing=nothing)
