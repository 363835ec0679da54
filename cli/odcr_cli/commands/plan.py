"""`odcr plan`: what the next run would do."""

from decimal import Decimal
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from odcr_cli.amounts import format_amounts, format_money
from odcr_cli.demands import read_demands_and_prices
from odcr_cli.formatting import format_count, json_fields, print_json, printable
from odcr_cli.main import Context, pass_context
from odcr_cli.planning import Action, PlannedDemand, PoolRequest, plan_request, planned_demands, total_costs
from odcr_cli.schedule import ScheduleStatus, schedule_of
from odcr_cli.source import LiveSource
from odcr_cli.status_line import status_line
from odcr_cli.trouble import Trouble


@click.command("plan")
@pass_context
def command(context: Context) -> None:
    """Shows what the next run would ask for, and what an hour of that costs.

    It is what the product itself says: its functions look at the tables and at EC2, and nothing is changed. What they
    would ask for is not what EC2 will grant. While the schedule starts no run, it says so.
    """
    with status_line("Reading the tables") as tell:
        live = LiveSource(context.account)
        status, why_no_run = _schedule(live)
        share = live.door.targets()
        tell("Asking FindShortfalls, which looks at EC2")
        answer = context.account.invoke(live.stack.output("FindShortfallsFunction"), plan_request(share, live.now()))
        tell("Reading the tables")
        plans = planned_demands(answer, share, *read_demands_and_prices(live))
    if context.as_json:
        schedule = {"Schedule": status, "NoRun": why_no_run}
        print_json({"Demands": [_as_json(one) for one in plans], "HourlyCost": total_costs(plans)} | schedule)
        return
    console = Console()
    if not plans:
        console.print(Text("Nothing is wanted yet. `odcr targets set TYPE ZONE COUNT` adds a target."))
    for one in plans:
        console.print(shown(one))
    if plans:
        console.print(summary(plans, starts=status in (ScheduleStatus.ON, None)))
    if why_no_run:
        console.print(Text(why_no_run, style="bold yellow"))


def _schedule(live: LiveSource) -> tuple[ScheduleStatus | None, str]:
    """How the schedule stands, and why no run will ask; None if Scheduler does not say."""
    try:
        schedule = schedule_of(live.account, live.stack.name)
    except Trouble as trouble:
        return None, f"Whether the schedule is on is not known: {trouble}"
    now = live.now()
    return schedule.status(now), schedule.why_no_run(now)


def shown(one: PlannedDemand) -> RenderableType:
    """What becomes of one demand, in lines."""
    unit = "" if one.unit == "instances" else f" {one.unit}"
    held = f"{format_count(one.held)} of {format_count(one.wanted)}{unit} held"
    lines = [Padding(Text(line), (0, 0, 0, 4), expand=False) for line in _lines(one, unit)]
    return Group(Text.assemble((printable(one.name), "bold"), f"  {held}"), *lines)


def summary(plans: list[PlannedDemand], *, starts: bool = True) -> Text:
    """All together, in a sentence.

    Args:
        plans: of all demands.
        starts: whether there will be a next run.
    """
    asked = [one for one in plans if one.action is Action.ASK]
    subject, verb = ("The next run", "asks") if starts else ("A run", "would ask")
    if not asked:
        return Text(f"{subject} {verb} for nothing.", style="bold")
    text = f"{subject} {verb} for {len(asked)} of {len(plans)} demands."
    if costs := total_costs(plans):
        text += f" If all is granted, an hour costs up to {format_amounts(costs)} more."
    if not all(one.is_priced for one in asked):
        text += " Some prices are unknown."
    return Text(text, style="bold")


def _lines(one: PlannedDemand, unit: str) -> list[str]:
    reason = printable(one.reason)
    if one.action is Action.RELEASE:
        excess = format_count(max(one.held - one.wanted, Decimal(0)))
        return [f"gives back up to {excess}{unit}, as far as they are unused", *([reason] if reason else [])]
    if one.action is Action.ASK:
        pace = f", every {one.every:g} s" if one.every else ""
        if len(one.asks) == 1 and not unit:
            (only,) = one.asks
            return [f"asks for up to {only.up_to}{_cost(only)}{pace}", *([reason] if reason else [])]
        lines = [f"asks for {format_count(one.missing)}{unit}{pace}, in this order:"]
        for ask in one.asks:
            where = printable(ask.pool)
            if ask.up_to:
                lines.append(f"  up to {ask.up_to} {where}{_cost(ask)}")
            else:
                lines.append(f"  none of {where}{': ' + printable(ask.remark) if ask.remark else ''}")
        return lines + ([reason] if reason else [])
    if one.action is Action.LOOK:
        return [f"buys nothing, and looks what became of what is held. {reason}".strip()]
    if one.status in ("FULFILLED", "") and not reason:
        return ["nothing to do"]
    return [f"asks for nothing: {one.status}{'. ' + reason if reason else ''}"]


def _cost(ask: PoolRequest) -> str:
    return f", {format_money(ask.cost, ask.price.currency)} an hour" if ask.price else ", price unknown"


def _as_json(one: PlannedDemand) -> dict[str, Any]:
    asks = [json_fields(ask) | {"HourlyCost": {ask.price.currency: ask.cost} if ask.price else {}} for ask in one.asks]
    return json_fields(one) | {"Missing": one.missing, "HourlyCost": one.costs if one.is_priced else {}, "Asks": asks}
