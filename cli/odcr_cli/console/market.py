"""The page Market, for a local cloud only: EC2's free capacity and injected faults."""

from typing import Any

import flask
from flask import Blueprint, abort, current_app, flash, g, redirect, request

from odcr_cli.console.local_market import ACTIONS, KINDS, LocalMarket
from odcr_cli.console.read_result import ReadResult
from odcr_cli.console.translation import translate as _
from odcr_cli.demand_tables import read_demands
from odcr_cli.trouble import Trouble

page = Blueprint("market", __name__, url_prefix="/market")


@page.get("/")
def show() -> str:
    """Shows pools and faults."""
    market = _market()
    free = ReadResult(market.pools, {})
    faults = ReadResult(market.faults, [])
    wanted = ReadResult(_wanted_pools, {})
    pools = {key: free.value.get(key, 0) for key in sorted({*free.value, *wanted.value})}
    return flask.render_template(
        "market.html",
        pools=pools,
        wanted=wanted.value,
        faults=faults.value,
        kinds=KINDS,
        actions=ACTIONS,
        kind_word=kind_word,
        most=max([*pools.values(), 1]),
        troubles=[result.trouble for result in (free, faults, wanted) if result.trouble],
    )


@page.post("/pool")
def set_pool() -> Any:
    """Sets how many are free in a pool."""
    type_, zone = (request.form.get(name, "").strip() for name in ("type", "zone"))
    return _do_and_redirect(lambda market: market.set_free(type_, zone, _whole_number("free")), _("The pool is set."))


@page.post("/faults")
def set_fault() -> Any:
    """Sets a fault."""
    return _do_and_redirect(lambda market: market.set_fault(_fault()), _("The fault is set."))


@page.post("/faults/clear")
def clear_faults() -> Any:
    """Ends all faults."""
    return _do_and_redirect(LocalMarket.clear_faults, _("All faults have ended."))


def kind_word(name: str) -> str:
    """What a fault does, in the reader's language."""
    words = {
        "insufficient_capacity": _("No capacity, even if some is free"),
        "throttled": _("Too many requests"),
        "internal_error": _("Internal error of EC2"),
        "refused": _("Refused"),
        "lost_before": _("Connection lost, without effect"),
        "hangs": _("No answer, no effect"),
        "lost_after": _("Answer lost after the effect"),
        "late": _("The answer comes late"),
        "stale_describe": _("Describe shows the past"),
        "pending": _("A new reservation stays pending"),
        "adjusting": _("A change is applied later"),
    }
    return words.get(name, name)


def _market() -> LocalMarket:
    market: LocalMarket | None = current_app.config["MARKET"]
    if market is None:
        abort(404, _("Only a local cloud has a market."))
    return market


def _do_and_redirect(do: Any, done: str) -> Any:
    market = _market()
    try:
        do(market)
        flash(done)
    except Trouble as trouble:
        flash(str(trouble), "error")
    return redirect(flask.url_for("market.show"))


def _wanted_pools() -> dict[tuple[str, str], list[str]]:
    """The pools of all demands, each with the demands that want it."""
    names_by_pool: dict[tuple[str, str], list[str]] = {}
    for demand in read_demands(g.source):
        for pool in demand.pools:
            if pool.is_member:
                names = names_by_pool.setdefault((pool.instance_type, pool.zone), [])
                names.append(demand.name if demand.is_group else _("a row"))
    return names_by_pool


def _fault() -> dict[str, Any]:
    kind = next((kind for kind in KINDS if kind.name == request.form.get("kind")), KINDS[0])
    fields: dict[str, Any] = {"kind": kind.name, "action": request.form.get("action") or kind.action}
    fields["times"] = _whole_number("times") if request.form.get("times", "").strip() else None
    if request.form.get("seconds", "").strip():
        fields["seconds"] = _whole_number("seconds")
    elif kind.needs_seconds:
        fields["seconds"] = 30
    if type_ := request.form.get("type", "").strip():
        fields["instance_type"] = type_
    return fields


def _whole_number(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Trouble(_("{given} is not a whole number.", given=repr(text[:40])))
    return int(text)
