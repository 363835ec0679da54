"""Changing a target: what would change is shown before it is done."""

from decimal import Decimal
from typing import Any

import flask
from flask import Blueprint, abort, current_app, flash, g, redirect, request

from odcr_cli.amounts import Amounts
from odcr_cli.answers import amount
from odcr_cli.console.changes import Changes, wanted_of
from odcr_cli.console.words import translated as _
from odcr_cli.demands import Demand, read_demands
from odcr_cli.door import Changed, number
from odcr_cli.trouble import Trouble

page = Blueprint("change", __name__, url_prefix="/change")


def allowed_changes() -> Changes:
    """What changes the account.

    Raises:
        Forbidden: if the page only looks.
    """
    changes: Changes | None = current_app.config["CHANGES"]
    if changes is None:
        abort(403, _("This page is read-only. Start it with --allow-changes to change something."))
    return changes


@page.get("/")
def show() -> str:
    """The form for one demand."""
    allowed_changes()
    demand = _demand(request.args)
    return flask.render_template("change.html", demand=demand, wanted=None, changed=None, more={})


@page.post("/")
def make() -> Any:
    """Tries a change, and makes it once the reader has seen what it does."""
    changes = allowed_changes()
    demand = _demand(request.form)
    was = number(request.form.get("was"))
    try:
        wanted = wanted_of(request.form.get("wanted", ""), demand)
        is_trial = "confirmed" not in request.form
        changed = changes.change_target(demand, was, wanted, is_trial=is_trial)
    except Trouble as trouble:
        flash(str(trouble), "error")
        return flask.render_template("change.html", demand=demand, wanted=None, changed=None, more={}), 422
    if is_trial or not changed.is_committed:
        status = 200 if _is_clean(changed) else 409
        more = _more_an_hour(demand, wanted)
        return flask.render_template("change.html", demand=demand, wanted=wanted, changed=changed, more=more), status
    flash(_("{name}: the target is {wanted} now.", name=demand.name, wanted=amount(wanted)))
    return redirect(flask.url_for("demands.show"))


def _is_clean(changed: Changed) -> bool:
    return not changed.problems and not changed.conflicts


def _demand(given: Any) -> Demand:
    is_group = given.get("group") == "yes"
    for demand in read_demands(g.source):
        if (demand.is_group, demand.name) == (is_group, given.get("demand")) and demand.is_there:
            return demand
    raise Trouble(_("This demand is gone. Look at the list again."))


def _more_an_hour(demand: Demand, wanted: Decimal) -> Amounts:
    """What an hour of what is held at most costs more, by currency; empty if nothing, or if that is not known."""
    if demand.is_group or not demand.held or wanted <= demand.wanted:
        return {}
    return {currency: cost / demand.held * (wanted - demand.wanted) for currency, cost in demand.costs.items()}
