"""The steps of every command that writes to the tables: validate, show the difference, ask, write all or nothing."""

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
"""The exit code of a command that changed everything, or had nothing to change."""

_MOST_TOLD = 200
"""The most problems or conflicts that ManageTargets returns."""


@dataclass(frozen=True)
class Mode:
    """How far a command goes."""

    is_dry: bool
    """Whether to only show the difference."""
    is_sure: bool
    """Whether to change the tables without asking."""
    removes_others: bool = False


def with_mode_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options `--dry-run` and `--yes`."""
    dry = click.option("--dry-run", "is_dry", is_flag=True, help="Show what would change, and change nothing.")
    return dry(click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")(command))


def apply_wishes(
    context: Context,
    wishes: Sequence[Wish] | Callable[[Tables], Sequence[Wish]],
    mode: Mode,
    problems: Iterable[Problem] = (),
    nothing: str = "The tables already say so: there is nothing to do.",
) -> None:
    """Writes the wished rows, and ends the command: with 0 if the tables are as wished, with 1 if something is wrong.

    Args:
        context: the command's context.
        wishes: the wished rows, or a function that derives them from the tables.
        mode: how far to go.
        problems: the problems found so far.
        nothing: what to print if nothing has to change.

    Raises:
        Trouble: if AWS does not answer, or nobody can be asked.
    """
    account, door = context.account, Door(context.account)
    with status_line("Reading the tables") as show_step:
        tables = door.rows_of(*COLUMNS) | {"odcr_status": door.rows("odcr_status")}
        wanted = wishes(tables) if callable(wishes) else wishes
        plan = plan_of(wanted, tables, removes_others=mode.removes_others)
        show_step("Asking EC2 what it offers")
        offers = look_up(account, zones_to_look_up(plan, tables))
        found_problems = [*problems, *plan.problems, *problems_of(plan, tables, offers)]
        changes = _without(plan, found_problems)
        show_step(f"Trying {len(changes)} changes")
        tried = door.change(changes, is_trial=True) if 0 < len(changes) <= MOST_CHANGES else None
    if tried:
        found_problems += _of_door(tried, plan)
    report = Report(plan, _consequences(plan, tables, offers, account), _cost(plan, tables), context.as_json)
    end = click.get_current_context().exit
    if found_problems:
        report.refused(sorted(found_problems, key=lambda problem: problem.line))
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
    silent = [f"{region} did not say what it offers: {why}" for region, why in offers.unreachable.items()]
    releases = account.stack.parameters.get("ReleaseOnLoweredTarget") == "yes"
    return silent + consequences_of(plan, tables, releases=releases, now=datetime.now(UTC))


def _cost(plan: Plan, tables: Tables) -> Cost | None:
    is_about_demands = any(edit.table != "odcr_price" for edit in plan.edits)
    return cost_of(plan, tables) if is_about_demands else None


def _without(plan: Plan, problems: Iterable[Problem]) -> list[Change]:
    """The changes of all lines without problems; none of a group that has a line with a problem."""
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
    """The problems that ManageTargets reports, each with its line in the file."""
    lines = {_place(edit.table, edit.key): edit.line for edit in plan.edits if edit.line}
    problems = []
    if len(answer.problems) >= _MOST_TOLD:
        problems.append(Problem(f"Only the first {_MOST_TOLD} problems are listed; there may be more."))
    for problem in answer.problems:
        table, key = str(problem["Table"]), key_of(str(problem["Table"]), problem["Key"])
        line = lines.get(_place(table, key), lines.get(_place(table, key[:1]), 0))
        problems.append(Problem(str(problem["Reason"]), name_of(table, key), line))
    return problems


def _place(table: str, key: Key) -> Key:
    group = table.startswith("odcr_group")
    return ("group" if group else "", *folded_key(part for part in key if part))
