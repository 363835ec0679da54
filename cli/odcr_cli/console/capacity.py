"""The page Capacity: the reservations there are, and which of them nobody uses."""

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
    """A reservation, and what an hour of it costs; None if its price is unknown, or nothing is paid."""

    reservation: Reservation
    cost: Decimal | None
    unused_cost: Decimal | None
    currency: str = ""


@page.get("/")
def show() -> str:
    """The reservations, those that cost most for nothing first."""
    source = g.source
    described = ReadResult(source.reservations, [])
    prices = ReadResult(lambda: Prices(source.rows("odcr_price")), Prices([]))
    every = parse_reservations(described.value, source.stack.owner, source.stack.account, source.now())
    whose = request.args.get("whose", WHOSE[0])
    listed = [_holding(one, prices.value) for one in every if _is_asked_for(one, whose)]
    paid = [one for one in listed if _is_paid_for(one.reservation)]
    return flask.render_template(
        "capacity.html",
        holdings=sorted(listed, key=_dearest_first),
        whose=whose,
        total=sum(one.reservation.count for one in paid),
        used=sum(one.reservation.used for one in paid),
        unused=sum(one.reservation.unused for one in paid),
        costs=sum_of({one.currency: one.cost} for one in paid if one.cost is not None),
        unused_costs=sum_of({one.currency: one.unused_cost} for one in paid if one.unused_cost is not None),
        unpriced=sum(one.reservation.count for one in paid if one.cost is None),
        whose_word=whose_word,
        kind_word=kind_word,
        troubles=[one.trouble for one in (described, prices) if one.trouble],
    )


def whose_word(whose: Whose) -> str:
    """Who looks after a reservation, for people."""
    words = {
        Whose.OURS: _("this stack"),
        Whose.ANOTHERS: _("another stack"),
        Whose.NOBODYS: _("no stack"),
        Whose.ANOTHER_ACCOUNTS: _("another account"),
    }
    return words[whose]


def kind_word(kind: Kind) -> str:
    """What a reservation is, if it is out of the ordinary."""
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
    # Whoever shares one pays for it, unless it is agreed otherwise.
    return reservation.state in HELD_STATES and reservation.whose is not Whose.ANOTHER_ACCOUNTS


def _holding(reservation: Reservation, prices: Prices) -> Holding:
    price = prices.of_type(reservation.instance_type, reservation.zone, reservation.platform, reservation.tenancy)
    if price is None or not _is_paid_for(reservation):
        return Holding(reservation, None, None)
    return Holding(reservation, price.amount * reservation.count, price.amount * reservation.unused, price.currency)


def _dearest_first(holding: Holding) -> tuple[bool, str, Decimal, int, str]:
    """Amounts in two currencies cannot be compared, so each has its own order."""
    one, cost = holding.reservation, holding.unused_cost or Decimal(0)
    return (not cost, holding.currency if cost else "", -cost, -one.unused, one.id)
