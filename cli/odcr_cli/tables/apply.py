"""What every command that writes into the tables does: check all, show the difference, ask, do all or nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from odcr_cli.account import Account
from odcr_cli.confirmation import REFUSED, confirm_or_exit
from odcr_cli.door import Change, Changed, Door, folded_key
from odcr_cli.main import Context
from odcr_cli.status_line import status_line
from odcr_cli.tables.change_report import Report
from odcr_cli.tables.changes import Plan, Tables, plan_of
from odcr_cli.tables.columns import COLUMNS
from odcr_cli.tables.consequences import consequences_of
from odcr_cli.tables.costs import Cost, cost_of
from odcr_cli.tables.offers import Offers, look_up
from odcr_cli.tables.validation import MOST_CHANGES, problems_of, zones_to_look_up
from odcr_cli.tables.wishes import Key, Problem, Wish, key_of, name_of

CHANGED = 0
"""How a command ends that did all, or had nothing to do."""

_MOST_TOLD = 200
"""Problems, and conflicts, that the door names."""


@dataclass(frozen=True)
class Mode:
    """How far to go."""

    is_dry: bool = False
    """Whether only the difference is shown."""
    is_sure: bool = False
    """Whether nobody is asked."""
    removes_others: bool = False


def with_mode_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--dry-run` and `--yes`."""
    dry = click.option("--dry-run", "is_dry", is_flag=True, help="Show what would change, and change nothing.")
    return dry(click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")(command))


def apply_wishes(
    context: Context,
    wishes: Sequence[Wish] | Callable[[Tables], Sequence[Wish]],
    mode: Mode,
    problems: Iterable[Problem] = (),
    nothing: str = "The tables say so already: there is nothing to do.",
) -> None:
    """Does it, and ends the command with 0 if all is as wanted, with 1 if something stands in the way.

    Args:
        context: the command's.
        wishes: what is wanted; or a function of the tables that says it.
        how: how far to go.
        problems: what was found already.
        nothing: what is said if nothing has to change.

    Raises:
        Trouble: if something does not answer, or nobody can be asked.
    """
    account, door = context.account, Door(context.account)
    with status_line("Reading the tables") as tell:
        tables = door.rows_of(*COLUMNS) | {"odcr_status": door.rows("odcr_status")}
        wanted = wishes(tables) if callable(wishes) else wishes
        plan = plan_of(wanted, tables, removes_others=mode.removes_others)
        tell("Asking EC2 what it offers")
        offers = look_up(account, zones_to_look_up(plan, tables))
        found = [*problems, *plan.problems, *problems_of(plan, tables, offers)]
        changes = _without(plan, found)
        tell(f"Trying {len(changes)} changes")
        tried = door.change(changes, is_trial=True) if 0 < len(changes) <= MOST_CHANGES else None
    if tried:
        found += _of_door(tried, plan)
    report = Report(plan, _consequences(plan, tables, offers, account), _cost(plan, tables), context.as_json)
    end = click.get_current_context().exit
    if found:
        report.refused(sorted(found, key=lambda one: one.line))
        end(REFUSED)
    if tried and tried.conflicts:
        report.conflicts(tried.conflicts)
        end(REFUSED)
    if not plan.edits:
        report.nothing(nothing)
        end(CHANGED)
    if mode.is_dry:
        report.not_done()
        end(CHANGED)
    if not context.as_json:
        report.difference()
    confirm_or_exit("Change the tables?", yes=mode.is_sure, as_json=context.as_json)
    with status_line("Changing the tables"):
        done = door.change(plan.to_changes())
    if done.is_committed:
        report.done()
        end(CHANGED)
    if done.problems:
        report.refused(_of_door(done, plan))
    else:
        report.conflicts(done.conflicts)
    end(REFUSED)


def _consequences(plan: Plan, tables: Tables, offers: Offers, account: Account) -> list[str]:
    silent = [f"{region} was not asked what it offers: {why}" for region, why in offers.unreachable.items()]
    releases = account.stack.parameters.get("ReleaseOnLoweredTarget") == "yes"
    return silent + consequences_of(plan, tables, releases=releases, now=datetime.now(UTC))


def _cost(plan: Plan, tables: Tables) -> Cost | None:
    is_about_demands = any(edit.table != "odcr_price" for edit in plan.edits)
    return cost_of(plan, tables) if is_about_demands else None


def _without(plan: Plan, problems: Iterable[Problem]) -> list[Change]:
    """The changes of all lines that nothing is wrong with; none of a group one of whose lines has a fault."""
    lines = {problem.line for problem in problems if problem.line}
    abouts = {problem.about for problem in problems if problem.about}
    groups = {about.removeprefix("group ").partition(":")[0] for about in abouts if about.startswith("group ")}
    edits = [
        edit
        for edit in plan.edits
        if edit.line not in lines
        and edit.name not in abouts
        and not (edit.table.startswith("odcr_group") and edit.key[0] in groups)
    ]
    return Plan(edits).to_changes()


def _of_door(answer: Changed, plan: Plan) -> list[Problem]:
    """What the next run would reject, with the line that asks for it."""
    lines = {_place(edit.table, edit.key): edit.line for edit in plan.edits if edit.line}
    found = []
    if len(answer.problems) >= _MOST_TOLD:
        found.append(Problem(f"The tables name {_MOST_TOLD} problems at once; there may be more."))
    for one in answer.problems:
        table, key = str(one["Table"]), key_of(str(one["Table"]), one["Key"])
        line = lines.get(_place(table, key), lines.get(_place(table, key[:1]), 0))
        found.append(Problem(str(one["Reason"]), name_of(table, key), line))
    return found


def _place(table: str, key: Key) -> Key:
    group = table.startswith("odcr_group")
    return ("group" if group else "", *folded_key(part for part in key if part))
