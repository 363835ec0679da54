"""The page to change how much of a demand is wanted: it shows the effect before it makes the change."""

from decimal import Decimal
from typing import Any

import flask
from flask import Blueprint, abort, current_app, flash, g, redirect, request

from odcr_cli.console.account_changes import Changes, wanted_of
from odcr_cli.console.hourly_cost import hourly_of, price_of_unit, unpriced_of
from odcr_cli.console.translation import translate as _
from odcr_cli.demand_tables import read_demands, read_demands_and_prices
from odcr_cli.demands import Demand
from odcr_cli.door import Changed, number
from odcr_cli.formatting import format_count
from odcr_cli.prices import Prices
from odcr_cli.trouble import Trouble

page = Blueprint("change", __name__, url_prefix="/change")


def allowed_changes() -> Changes:
    """Makes changes in the account.

    Raises:
        Forbidden: if the page is read-only.
    """
    changes: Changes | None = current_app.config["CHANGES"]
    if changes is None:
        abort(403, _("This page is read-only. Start it with --allow-changes to change something."))
    return changes


@page.get("/")
def show() -> str:
    """Shows the form for a demand."""
    allowed_changes()
    demand = _chosen(read_demands(g.source), request.args)
    return flask.render_template("change.html", demand=demand, wanted=None, changed=None)


@page.post("/")
def make() -> Any:
    """Tries a change, and makes it once the reader has confirmed it."""
    changes = allowed_changes()
    demands, prices = read_demands_and_prices(g.source)
    demand = _chosen(demands, request.form)
    was = number(request.form.get("was"))
    try:
        wanted = wanted_of(request.form.get("wanted", ""), demand)
        is_trial = "confirmed" not in request.form
        changed = changes.change_target(demand, was, wanted, is_trial=is_trial)
    except Trouble as trouble:
        flash(str(trouble), "error")
        return flask.render_template("change.html", demand=demand, wanted=None, changed=None), 422
    if is_trial or not changed.is_committed:
        status = 200 if _is_clean(changed) else 409
        costs = _costs(demand, wanted, demands, prices)
        return flask.render_template("change.html", demand=demand, wanted=wanted, changed=changed, **costs), status
    flash(_("{name}: the target is {wanted} now.", name=demand.name, wanted=format_count(wanted)))
    return redirect(flask.url_for("demands.show"))


def _is_clean(changed: Changed) -> bool:
    return not changed.problems and not changed.conflicts


def _chosen(demands: list[Demand], parameters: Any) -> Demand:
    is_group = parameters.get("group") == "yes"
    for demand in demands:
        if (demand.is_group, demand.name) == (is_group, parameters.get("demand")) and demand.is_there:
            return demand
    raise Trouble(_("This demand is gone. Look at the list again."))


def _costs(demand: Demand, wanted: Decimal, demands: list[Demand], prices: Prices) -> dict[str, Any]:
    """The change's cost, for the template."""
    return {
        "costs": hourly_of(demands, demand, wanted, prices),
        "is_priced": price_of_unit(demand, prices) is not None,
        "unpriced": unpriced_of([other for other in demands if other.name != demand.name], prices),
    }
