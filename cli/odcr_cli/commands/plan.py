"""`odcr plan`: what the next run would do."""

from decimal import Decimal
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from odcr_cli.amounts import format_amounts, format_money
from odcr_cli.demand_tables import read_demands_and_prices
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
    """Shows what the next run would ask EC2 for, and what that costs per hour.

    The stack's own functions make the plan from the tables and EC2, and change nothing. EC2 may grant less than they
    ask for. If the schedule starts no runs, the plan says so.
    """
    with status_line("Reading the tables") as show_step:
        live = LiveSource(context.account)
        status, why_no_run = _schedule(live)
        share = live.door.targets()
        show_step("Asking FindShortfalls, which looks at EC2")
        answer = context.account.invoke(live.stack.output("FindShortfallsFunction"), plan_request(share, live.now()))
        show_step("Reading the tables")
        plans = planned_demands(answer, share, *read_demands_and_prices(live))
    if context.as_json:
        schedule = {"Schedule": status, "NoRun": why_no_run}
        print_json({"Demands": [_as_json(demand) for demand in plans], "HourlyCost": total_costs(plans)} | schedule)
        return
    console = Console()
    if not plans:
        console.print(Text("Nothing is wanted yet. `odcr targets set TYPE ZONE COUNT` adds a target."))
    for demand in plans:
        console.print(render(demand))
    if plans:
        console.print(summary(plans, starts=status in (ScheduleStatus.ON, None)))
    if why_no_run:
        console.print(Text(why_no_run, style="bold yellow"))


def _schedule(live: LiveSource) -> tuple[ScheduleStatus | None, str]:
    """The schedule's status, or None if unknown, and why no run will ask."""
    try:
        schedule = schedule_of(live.account, live.stack.name)
    except Trouble as trouble:
        return None, f"Whether the schedule is on is not known: {trouble}"
    now = live.now()
    return schedule.status(now), schedule.why_no_run(now)


def render(demand: PlannedDemand) -> RenderableType:
    """The plan for one demand, in lines."""
    unit = "" if demand.unit == "instances" else f" {demand.unit}"
    held = f"{format_count(demand.held)} of {format_count(demand.wanted)}{unit} held"
    lines = [Padding(Text(line), (0, 0, 0, 4), expand=False) for line in _lines(demand, unit)]
    return Group(Text.assemble((printable(demand.name), "bold"), f"  {held}"), *lines)


def summary(plans: list[PlannedDemand], *, starts: bool = True) -> Text:
    """The totals, in a sentence.

    Args:
        plans: the plans for all demands.
        starts: whether the schedule will start a run.
    """
    asked = [demand for demand in plans if demand.action is Action.ASK]
    subject, verb = ("The next run", "asks") if starts else ("A run", "would ask")
    if not asked:
        return Text(f"{subject} {verb} for nothing.", style="bold")
    text = f"{subject} {verb} for {len(asked)} of {len(plans)} demands."
    if costs := total_costs(plans):
        text += f" If all is granted, an hour costs up to {format_amounts(costs)} more."
    if not all(demand.is_priced for demand in asked):
        text += " Some prices are unknown."
    return Text(text, style="bold")


def _lines(demand: PlannedDemand, unit: str) -> list[str]:
    reason = printable(demand.reason)
    if demand.action is Action.RELEASE:
        excess = format_count(max(demand.held - demand.wanted, Decimal(0)))
        return [f"gives back up to {excess}{unit}, as far as they are unused", *([reason] if reason else [])]
    if demand.action is Action.ASK:
        pace = f", every {demand.every:g} s" if demand.every else ""
        if len(demand.asks) == 1 and not unit:
            (only,) = demand.asks
            return [f"asks for up to {only.up_to}{_cost(only)}{pace}", *([reason] if reason else [])]
        lines = [f"asks for {format_count(demand.missing)}{unit}{pace}, in this order:"]
        for ask in demand.asks:
            where = printable(ask.pool)
            if ask.up_to:
                lines.append(f"  up to {ask.up_to} {where}{_cost(ask)}")
            else:
                lines.append(f"  none of {where}{': ' + printable(ask.remark) if ask.remark else ''}")
        return lines + ([reason] if reason else [])
    if demand.action is Action.LOOK:
        return [f"buys nothing, but looks up what became of the recorded reservations. {reason}".strip()]
    if demand.status in ("FULFILLED", "") and not reason:
        return ["nothing to do"]
    return [f"asks for nothing: {demand.status}{'. ' + reason if reason else ''}"]


def _cost(ask: PoolRequest) -> str:
    return f", {format_money(ask.cost, ask.price.currency)} an hour" if ask.price else ", price unknown"


def _as_json(demand: PlannedDemand) -> dict[str, Any]:
    asks = [
        json_fields(ask) | {"HourlyCost": {ask.price.currency: ask.cost} if ask.price else {}} for ask in demand.asks
    ]
    return json_fields(demand) | {
        "Missing": demand.missing,
        "HourlyCost": demand.costs if demand.is_priced else {},
        "Asks": asks,
    }
