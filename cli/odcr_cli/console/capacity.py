"""The page Capacity: the reservations, and which of them are unused."""

from dataclasses import dataclass
from decimal import Decimal

import flask
from flask import Blueprint, g, request

from odcr_cli.amounts import sum_of
from odcr_cli.console.read_result import ReadResult
from odcr_cli.console.translation import translate as _
from odcr_cli.prices import Prices
from odcr_cli.reservations import HELD_STATES, Kind, Reservation, Whose, parse_reservations

page = Blueprint("capacity", __name__, url_prefix="/capacity")

WHOSE = ("all", "ours", "others")


@dataclass(frozen=True)
class Holding:
    """A reservation with its hourly cost; None if the price is unknown, or the account does not pay."""

    reservation: Reservation
    cost: Decimal | None
    unused_cost: Decimal | None
    currency: str = ""


@page.get("/")
def show() -> str:
    """Shows the reservations, the dearest unused ones first."""
    source = g.source
    described = ReadResult(source.reservations, [])
    prices = ReadResult(lambda: Prices(source.rows("odcr_price")), Prices([]))
    every = parse_reservations(described.value, source.stack.owner, source.stack.account, source.now())
    whose = request.args.get("whose", WHOSE[0])
    listed = [_holding(reservation, prices.value) for reservation in every if _is_asked_for(reservation, whose)]
    paid = [reservation for reservation in listed if _is_paid_for(reservation.reservation)]
    return flask.render_template(
        "capacity.html",
        holdings=sorted(listed, key=_dearest_first),
        whose=whose,
        total=sum(holding.reservation.count for holding in paid),
        used=sum(holding.reservation.used for holding in paid),
        unused=sum(holding.reservation.unused for holding in paid),
        costs=sum_of({holding.currency: holding.cost} for holding in paid if holding.cost is not None),
        unused_costs=sum_of(
            {holding.currency: holding.unused_cost} for holding in paid if holding.unused_cost is not None
        ),
        unpriced=sum(holding.reservation.count for holding in paid if holding.cost is None),
        whose_word=whose_word,
        kind_word=kind_word,
        troubles=[result.trouble for result in (described, prices) if result.trouble],
    )


def whose_word(whose: Whose) -> str:
    """Who looks after a reservation, in the reader's language."""
    words = {
        Whose.OURS: _("this stack"),
        Whose.ANOTHERS: _("another stack"),
        Whose.NOBODYS: _("no stack"),
        Whose.ANOTHER_ACCOUNTS: _("another account"),
    }
    return words[whose]


def kind_word(kind: Kind) -> str:
    """A reservation's kind in the reader's language; empty if ordinary."""
    words = {
        Kind.FLEET: _("of a fleet"),
        Kind.BLOCK: _("a Capacity Block"),
        Kind.OUTPOST: _("on an Outpost"),
        Kind.PLACEMENT_GROUP: _("for a placement group"),
        Kind.INTERRUPTIBLE: _("interruptible"),
    }
    return words.get(kind, "")


def _is_asked_for(reservation: Reservation, whose: str) -> bool:
    return whose not in ("ours", "others") or (reservation.whose is Whose.OURS) == (whose == "ours")


def _is_paid_for(reservation: Reservation) -> bool:
    # The account that shares a reservation pays for it, unless agreed otherwise.
    return reservation.state in HELD_STATES and reservation.whose is not Whose.ANOTHER_ACCOUNTS


def _holding(reservation: Reservation, prices: Prices) -> Holding:
    price = prices.of_type(reservation.instance_type, reservation.zone, reservation.platform, reservation.tenancy)
    if price is None or not _is_paid_for(reservation):
        return Holding(reservation, None, None)
    return Holding(reservation, price.amount * reservation.count, price.amount * reservation.unused, price.currency)


def _dearest_first(holding: Holding) -> tuple[bool, str, Decimal, int, str]:
    """A sort key. Amounts in different currencies cannot be compared, so each currency is sorted by itself."""
    reservation, cost = holding.reservation, holding.unused_cost or Decimal(0)
    return (not cost, holding.currency if cost else "", -cost, -reservation.unused, reservation.id)
