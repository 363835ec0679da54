"""The columns as options of commands: `--deadline` for `Deadline`. An empty value restores the default."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from odcr_cli.tables.cells import NoValueError
from odcr_cli.tables.columns import Column, Kind

TAG = "tag"
_TAGS = "Tags"


def with_columns(columns: Sequence[Column]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds an option for each column, and `--tag KEY=VALUE` where there are tags."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for column in reversed(columns):
            metavar = {Kind.MOMENT: "MOMENT", Kind.WHOLE: "COUNT", Kind.NUMBER: "NUMBER", Kind.SWITCH: "yes|no"}
            placeholder = metavar.get(column.kind, "|".join(column.choices) or "TEXT")
            if column.kind is Kind.TAGS:
                command = click.option(
                    f"--{TAG}", TAG, multiple=True, metavar="KEY=VALUE", help="A tag of the reservations; repeatable."
                )(command)
            command = click.option(_flag(column), _parameter(column), metavar=placeholder, help=column.means)(command)
        return command

    return decorate


def values_given(columns: Sequence[Column], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the options that were given, as ManageTargets takes them.

    Raises:
        click.BadParameter: if a value is not valid.
    """
    values: dict[str, Any] = {}
    for column in columns:
        text = given.get(_parameter(column))
        if column.name == _TAGS and given.get(TAG):
            if text is not None:
                raise click.BadParameter(f"give either --{TAG} or {_flag(column)}.", param_hint=f"--{TAG}")
            text = json.dumps(dict(_tag(tag) for tag in given[TAG]), ensure_ascii=False)
        if text is not None:
            values[column.name] = value_of(column, text)
    return values


def value_of(column: Column, text: str) -> Any:
    """A text's value in a column.

    Raises:
        click.BadParameter: if it is not valid.
    """
    try:
        return column.read(text)
    except NoValueError as error:
        raise click.BadParameter(str(error)) from None


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not a tag; write KEY=VALUE.", param_hint=f"--{TAG}")
    return name, value


def _flag(column: Column) -> str:
    names = {"AllocationStrategy": "--allocation-strategy", "Hourly_Price": "--price"}
    return names.get(column.name, f"--{column.name.lower().replace('_', '-')}")


def _parameter(column: Column) -> str:
    return _flag(column).removeprefix("--").replace("-", "_")
