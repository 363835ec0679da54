"""`odcr release`: gives back what a demand holds and nobody uses."""

from decimal import Decimal

import click
from rich.console import Console
from rich.text import Text

from odcr_cli.amounts import format_amounts, sum_of
from odcr_cli.confirmation import confirm_or_exit, is_confirmed
from odcr_cli.demand_lookup import find_demand
from odcr_cli.demands import Demand, read_demands, read_demands_and_prices
from odcr_cli.door import Change
from odcr_cli.formatting import Number, format_count, print_json, printable
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.prices import Prices
from odcr_cli.release_plan import Reduction, ReleasePlan, plan_release
from odcr_cli.releasing import (
    ReleaseResult,
    checked,
    give_back,
    lowering,
    may_give_back,
    running,
    still_wanted,
    wait_for_runs,
)
from odcr_cli.reservations import parse_reservations
from odcr_cli.source import LiveSource
from odcr_cli.trouble import Trouble

_SURE = "EC2 may not have it again when you need it. Go on?"


@click.command("release")
@click.argument("demand", nargs=-1, required=True)
@click.option("--keep", type=Number(min=0), default=0, show_default=True, help="So many stay wanted and held.")
@click.option("--also-adopted", is_flag=True, help="Also what a person put under odcr's care, which odcr never does.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(context: Context, demand: tuple[str, ...], keep: float, also_adopted: bool, yes: bool) -> None:
    """Gives back what DEMAND (a group, or a type and a zone) holds, as far as nobody uses it.

    What EC2 takes back it may not have again. What is wanted is lowered first, else the next run would buy again. If
    the command ends halfway, repeat it.
    """
    live = LiveSource(context.account)
    demands, prices = read_demands_and_prices(live)
    named = find_demand(demand, demands)
    kept = Decimal(str(keep))
    if not named.is_group and kept % 1:
        raise Trouble(f"--keep {keep:g} is no whole number, and {named.name} is counted in instances.")
    plan = _plan(live, named, kept, also_adopted=also_adopted)
    change = lowering(named, kept)
    console = Console(stderr=context.as_json)
    for line in told(named, plan, change, kept, prices):
        console.print(line)
    results: list[ReleaseResult] = []
    if change or plan.reductions:
        confirm_or_exit(_SURE, yes=yes, as_json=context.as_json)
        # Whoever lacks a right learns it before anything is lowered.
        running(live)
        may_give_back(context.account, plan.reductions)
        if change:
            checked(live.door.change([change]), named.name)
            console.print(Text(printable(f"{named.name}: {format_count(kept)} wanted from now on.")))
        with console.status("Looking for runs that may have read the old number"):
            wait_for_runs(live, lambda text: console.print(Text(f"{text} ...")))

        def look() -> None:
            now = next((one for one in read_demands(live) if one.name == named.name), None)
            still_wanted(named, now, kept)

        look()
        # They may have bought for it.
        again = _plan(live, named, kept, also_adopted=also_adopted)
        if again.instances > plan.instances:
            console.print(Text(f"Runs have bought meanwhile: {again.instances} instances would be given back now."))
        if again.instances <= plan.instances or is_confirmed(_SURE, yes=yes):
            plan = again
        for given in give_back(context.account, live, plan.reductions, look):
            results.append(given)
            console.print(outcome(given))
        console.print(Text(f"{sum(one.count for one in results)} instances given back.", style="bold"))
    if context.as_json:
        print_json(
            {
                "Demand": named.name,
                "Wanted": kept if change else named.wanted,
                "GivenBack": [
                    {"Id": one.reduction.reservation.id, "Instances": one.count, "Problem": one.problem or None}
                    for one in results
                ],
                "Left": [
                    {"Id": one.reservation.id, "Reason": one.reason}
                    for one in (*plan.left, *(given.left for given in results if given.left))
                ],
            }
        )
    click.get_current_context().exit(ERROR if any(one.problem for one in results) else 0)


def _plan(live: LiveSource, demand: Demand, keep: Decimal, *, also_adopted: bool) -> ReleasePlan:
    described = live.reservations()
    for pool in demand.pools:
        if why := live.unreachable.get(pool.region):
            raise Trouble(f"What is held in {pool.region} is not known, so nothing was given back: {why}")
    held = parse_reservations(described, live.stack.owner, live.stack.account, live.now())
    return plan_release(demand, held, keep, also_adopted=also_adopted)


def told(demand: Demand, plan: ReleasePlan, change: Change | None, keep: Decimal, prices: Prices) -> list[Text]:
    """What would be done, line by line."""
    unit = "" if demand.unit == "instances" else f" {demand.unit}"
    name = printable(demand.name)
    lines = [Text(f"{name}: {format_count(plan.held)}{unit} held, {format_count(demand.wanted)} wanted.", style="bold")]
    if change:
        lines.append(Text(f"  wanted is lowered from {format_count(demand.wanted)} to {format_count(keep)}"))
    lines += [Text(f"  {_planned(one)}") for one in plan.reductions]
    lines += [Text(printable(f"  {one.reservation.id} stays: {one.reason}"), style="dim") for one in plan.left]
    if plan.reductions:
        lines.append(Text(f"{plan.instances} instances are given back{_saved(demand, plan, prices)}.", style="bold"))
    else:
        lines.append(Text("There is nothing to give back.", style="bold"))
    if plan.remaining and plan.reductions:
        lines.append(Text(f"{format_count(plan.remaining)}{unit} above that stay held."))
    return lines


def outcome(given: ReleaseResult) -> Text:
    """What became of one reservation."""
    one = given.reduction.reservation
    if given.in_use:
        return Text(f"{one.id}: {given.count} given back; {given.in_use} of it came into use meanwhile")
    if given.problem:
        return Text(printable(f"{one.id}: nothing was given back. {given.problem}"))
    if not given.count:
        return Text(f"{one.id}: there was nothing to give back any more")
    return Text(f"{one.id}: {given.count} given back")


def _planned(one: Reduction) -> str:
    what = f"{one.reservation.id}  {one.reservation.pool}: "
    count = one.reservation.count
    return printable(what + (f"{count} to {one.kept}" if one.kept else f"cancelled, with its {count}"))


def _saved(demand: Demand, plan: ReleasePlan, prices: Prices) -> str:
    known = []
    for one in plan.reductions:
        pool = next(pool for pool in demand.pools if one.reservation.is_in(pool))
        if price := prices.of(pool, demand):
            known.append({price.currency: price.amount * one.given})
    if not known:
        return ", at an unknown price"
    more = "" if len(known) == len(plan.reductions) else " and more, for some prices are unknown"
    return f", which saves {format_amounts(sum_of(known))} an hour{more}"
