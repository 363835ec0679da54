"""`odcr release`: gives back what a demand holds but nobody uses."""

from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from odcr_cli.amounts import format_amounts, sum_of
from odcr_cli.confirmation import confirm_or_exit, is_confirmed
from odcr_cli.demand_lookup import find_demand
from odcr_cli.demand_tables import read_demands, read_demands_and_prices
from odcr_cli.demands import Demand
from odcr_cli.door import Change
from odcr_cli.formatting import Number, format_count, print_json, printable
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.prices import Prices
from odcr_cli.release_plan import Reduction, ReleasePlan, plan_release
from odcr_cli.release_wait import running, wait_for_runs
from odcr_cli.releasing import ReleaseResult, checked, give_back, lowering, may_give_back, still_wanted
from odcr_cli.reservations import parse_reservations
from odcr_cli.source import LiveSource
from odcr_cli.trouble import Trouble

_QUESTION = "EC2 may not have it again when you need it. Go on?"


@click.command("release")
@click.argument("demand", nargs=-1, required=True)
@click.option("--keep", type=Number(min=0), default=0, show_default=True, help="How many stay wanted and held.")
@click.option("--also-adopted", is_flag=True, help="Also give back adopted reservations, which odcr itself never does.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(context: Context, demand: tuple[str, ...], keep: float, also_adopted: bool, yes: bool) -> None:
    """Gives back the unused part of what DEMAND (a group, or a type and a zone) holds.

    EC2 may not have the capacity again later. odcr first lowers what is wanted, or the next run would buy it again. If
    the command ends halfway, repeat it.
    """
    live = LiveSource(context.account)
    demands, prices = read_demands_and_prices(live)
    named = find_demand(demand, demands)
    kept = Decimal(str(keep))
    if not named.is_group and kept % 1:
        raise Trouble(f"--keep {keep:g} is not a whole number, but {named.name} is counted in instances.")
    plan = _plan(live, named, kept, also_adopted=also_adopted)
    change = lowering(named, kept)
    console = Console(stderr=context.as_json)
    for line in summary_lines(named, plan, change, kept, prices):
        console.print(line)
    results: list[ReleaseResult] = []
    if change or plan.reductions:
        confirm_or_exit(_QUESTION, yes=yes, as_json=context.as_json)
        # A missing right must show before anything is lowered.
        running(live)
        may_give_back(context.account, plan.reductions)
        if change:
            checked(live.door.change([change]), named.name)
            console.print(Text(printable(f"{named.name}: {format_count(kept)} wanted from now on.")))
        # Not a status line: what is waited for also belongs into a log.
        with console.status("Looking for runs that may have read the old number"):
            wait_for_runs(live, lambda text: console.print(Text(f"{text} ...")))

        def look() -> None:
            now = next((other for other in read_demands(live) if other.name == named.name), None)
            still_wanted(named, now, kept)

        look()
        # Those runs may have bought more meanwhile.
        again = _plan(live, named, kept, also_adopted=also_adopted)
        if again.instances > plan.instances:
            console.print(
                Text(f"Runs have bought more meanwhile: {again.instances} instances would now be given back.")
            )
        if again.instances <= plan.instances or is_confirmed(_QUESTION, yes=yes):
            plan = again
        for given in give_back(context.account, live, plan.reductions, look):
            results.append(given)
            console.print(outcome(given))
        console.print(Text(f"{sum(one.count for one in results)} instances given back.", style="bold"))
    if context.as_json:
        print_json(_released(named, kept if change else named.wanted, plan, results))
    click.get_current_context().exit(ERROR if any(result.problem for result in results) else 0)


def _released(demand: Demand, wanted: Decimal, plan: ReleasePlan, results: list[ReleaseResult]) -> dict[str, Any]:
    """What was given back and what is left, for a program."""
    given = [
        {"Id": result.reduction.reservation.id, "Instances": result.count, "Problem": result.problem or None}
        for result in results
    ]
    retained = [*plan.left, *(result.left for result in results if result.left)]
    left = [{"Id": one.reservation.id, "Reason": one.reason} for one in retained]
    return {"Demand": demand.name, "Wanted": wanted, "GivenBack": given, "Left": left}


def _plan(live: LiveSource, demand: Demand, keep: Decimal, *, also_adopted: bool) -> ReleasePlan:
    described = live.reservations()
    for pool in demand.pools:
        if why := live.unreachable.get(pool.region):
            raise Trouble(f"What is held in {pool.region} is not known, so nothing was given back: {why}")
    held = parse_reservations(described, live.stack.owner, live.stack.account, live.now())
    return plan_release(demand, held, keep, also_adopted=also_adopted)


def summary_lines(
    demand: Demand, plan: ReleasePlan, change: Change | None, keep: Decimal, prices: Prices
) -> list[Text]:
    """What would be done, in lines."""
    unit = "" if demand.unit == "instances" else f" {demand.unit}"
    name = printable(demand.name)
    lines = [Text(f"{name}: {format_count(plan.held)}{unit} held, {format_count(demand.wanted)} wanted.", style="bold")]
    if change:
        lines.append(Text(f"  lowers wanted from {format_count(demand.wanted)} to {format_count(keep)}"))
    lines += [Text(f"  {_planned(reduction)}") for reduction in plan.reductions]
    lines += [
        Text(printable(f"  {retained.reservation.id} stays: {retained.reason}"), style="dim") for retained in plan.left
    ]
    if plan.reductions:
        lines.append(Text(f"{plan.instances} instances are given back{_saved(demand, plan, prices)}.", style="bold"))
    else:
        lines.append(Text("There is nothing to give back.", style="bold"))
    if plan.remaining and plan.reductions:
        lines.append(Text(f"{format_count(plan.remaining)}{unit} more than that stay held."))
    return lines


def outcome(result: ReleaseResult) -> Text:
    """The outcome for one reservation."""
    reservation = result.reduction.reservation
    if result.in_use:
        in_use = f"{result.in_use} of its instances came into use meanwhile"
        return Text(f"{reservation.id}: {result.count} given back; {in_use}")
    if result.problem:
        return Text(printable(f"{reservation.id}: nothing was given back. {result.problem}"))
    if not result.count:
        return Text(f"{reservation.id}: there was nothing left to give back")
    return Text(f"{reservation.id}: {result.count} given back")


def _planned(reduction: Reduction) -> str:
    what = f"{reduction.reservation.id}  {reduction.reservation.pool}: "
    count = reduction.reservation.count
    return printable(what + (f"{count} to {reduction.kept}" if reduction.kept else f"cancelled, with its {count}"))


def _saved(demand: Demand, plan: ReleasePlan, prices: Prices) -> str:
    known = []
    for reduction in plan.reductions:
        pool = next(pool for pool in demand.pools if reduction.reservation.is_in(pool))
        if price := prices.of(pool, demand.options):
            known.append({price.currency: price.amount * reduction.given})
    if not known:
        return ", at an unknown price"
    more = "" if len(known) == len(plan.reductions) else " or more, as some prices are unknown"
    return f", which saves {format_amounts(sum_of(known))} an hour{more}"
