"""Shows planned changes to a person before the question, or to a program as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from odcr_cli.amounts import format_amounts, format_money
from odcr_cli.door import KEYS, Row, number
from odcr_cli.formatting import format_count, print_json, printable
from odcr_cli.tables.changes import Edit, Kind, Plan
from odcr_cli.tables.columns import COLUMNS
from odcr_cli.tables.costs import Cost
from odcr_cli.tables.wishes import Problem, key_of, name_of

_SIGNS = {Kind.ADDED: ("+", "green"), Kind.CHANGED: ("~", "yellow"), Kind.REMOVED: ("-", "red")}
_MOST_NAMES = 3


@dataclass(frozen=True)
class Report:
    """The output about a plan, as text or JSON."""

    plan: Plan
    consequences: Sequence[str]
    """What a person should know before the changes are made."""
    cost: Cost | None
    """None if the plan changes no demand."""
    is_json: bool

    def difference(self) -> None:
        """Shows what would change, one line per row, then cost and consequences."""
        if self.is_json:
            self._print(is_committed=False)
            return
        console = Console()
        for edit in self.plan.edits:
            sign, style = _SIGNS[edit.kind]
            what = _what(edit)
            line = Text.assemble((f"{sign} {printable(_name(edit))}", style), f"  {what}" if what else "")
            console.print(line, soft_wrap=not console.is_terminal)
        console.print(Text(_counts(self.plan.edits), style="bold"))
        if self.cost is not None:
            console.print(Text(_of_cost(self.cost)), soft_wrap=not console.is_terminal)
        for consequence in self.consequences:
            console.print(Text.assemble(("! ", "yellow"), printable(consequence)), soft_wrap=not console.is_terminal)

    def not_done(self) -> None:
        """Shows the difference of a dry run."""
        self.difference()
        if not self.is_json:
            click.echo("Nothing was changed: this was a dry run.")

    def refused(self, problems: Sequence[Problem]) -> None:
        """Shows all problems, one line each."""
        if self.is_json:
            self._print(is_committed=False, problems=problems)
            return
        for problem in problems:
            click.echo(f"{problem}")
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        Console().print(Text(f"{many}; nothing was changed.", style="bold red"))

    def conflicts(self, conflicts: Sequence[Mapping[str, Any]]) -> None:
        """Shows what somebody else has changed meanwhile."""
        if self.is_json:
            self._print(is_committed=False, conflicts=conflicts)
            return
        for conflict in conflicts:
            name = name_of(conflict["Table"], key_of(conflict["Table"], conflict["Key"]))
            now = "it is gone" if conflict["Is"] is None else f"now it says {_row(conflict['Is'])}"
            click.echo(printable(f"Somebody else has changed {name} meanwhile: {now}."))
        message = "Nothing was changed. Repeat the command to see what is left to do."
        Console().print(Text(message, style="bold red"))

    def nothing(self, message: str) -> None:
        """Says that nothing has to change."""
        if self.is_json:
            self._print(is_committed=False)
        else:
            click.echo(printable(message))

    def done(self) -> None:
        """Says that everything was changed."""
        if self.is_json:
            self._print(is_committed=True)
        else:
            click.echo("Done. The next run acts on it.")

    def _print(
        self,
        *,
        is_committed: bool,
        problems: Iterable[Problem] = (),
        conflicts: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        cost = self.cost
        answer = {
            "Committed": is_committed,
            "Changes": [_edit(edit) for edit in self.plan.edits],
            "Problems": [
                {"Line": problem.line or None, "About": problem.about, "Reason": problem.reason} for problem in problems
            ],
            "Conflicts": list(conflicts),
            "Consequences": list(self.consequences),
            "HourlyCost": cost and {"Was": cost.before, "Is": cost.after, "Unknown": cost.unpriced},
        }
        print_json(answer)


def _edit(edit: Edit) -> dict[str, Any]:
    is_new = edit.kind is Kind.ADDED
    return {
        "Table": edit.table,
        "Key": dict(zip(KEYS[edit.table], edit.key, strict=True)),
        "Kind": edit.kind.value,
        "Columns": {name: {"Was": None if is_new else old, "Is": new} for name, old, new in edit.differing},
        "Line": edit.line or None,
    }


def _row(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)


def _name(edit: Edit) -> str:
    return f"options of {edit.name}" if edit.table == "odcr_option" else edit.name


def _what(edit: Edit) -> str:
    """The columns that change, as text."""
    required = {column.name for column in COLUMNS[edit.table] if column.is_required}
    if edit.kind is Kind.REMOVED:
        return ", ".join(f"({name} was {_value(old)})" for name, old, _ in edit.differing if name in required)
    if edit.kind is Kind.ADDED:
        parts = [f"{name} {_value(new)}" for name, old, new in edit.differing if name in required or new != old]
    else:
        parts = [f"{name} {_value(old)} -> {_value(new)}" for name, old, new in edit.differing]
    if edit.old is not None and edit.key != edit.old_key:
        parts.insert(0, f"was written {printable(' '.join(edit.old_key))}")
    return ", ".join(parts)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return format_count(number(value)) if not isinstance(value, str) else printable(value)


def _counts(edits: Sequence[Edit]) -> str:
    counts = {kind: sum(edit.kind is kind for edit in edits) for kind in Kind}
    return ", ".join(f"{count} {kind.value}" for kind, count in counts.items() if count) + "."


def _of_cost(cost: Cost) -> str:
    names = [printable(name) for name in cost.unpriced[:_MOST_NAMES]]
    more = len(cost.unpriced) - len(names)
    unknown = f"No price is known for {', '.join(names)}{f' and {more} more' if more else ''}." if names else ""
    if cost.more:
        parts = [
            f"{format_money(abs(by), currency)} {'more' if by > 0 else 'less'}" for currency, by in cost.more.items()
        ]
        nothing = dict.fromkeys([*cost.after, *cost.before], Decimal(0))
        after, before = (format_amounts(nothing | dict(side)) for side in (cost.after, cost.before))
        message = f"An hour costs {', '.join(parts)} once all is held: {after} instead of {before}."
        return f"{message} {unknown}".rstrip()
    return unknown or "An hour costs as much as before."
