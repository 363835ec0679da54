"""The page Demands: how each stands."""

import flask
from flask import Blueprint, g

from odcr_cli.answers import ago, amount, bar, money
from odcr_cli.demands import read_demands, sums_of

page = Blueprint("demands", __name__, url_prefix="/demands")
page.title = "Demands"  # type: ignore[attr-defined]


@page.get("/")
def show() -> str:
    """All demands."""
    demands = read_demands(g.source)
    return flask.render_template(
        "demands.html",
        page=page,
        demands=demands,
        sums=sums_of(demands),
        now=g.source.now(),
        ago=ago,
        amount=amount,
        money=money,
        bar=bar,
    )
