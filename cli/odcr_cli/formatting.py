"""How commands print numbers, times, bars and JSON."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from odcr_cli.demands import Demand

_FORMAT = "%Y-%m-%d %H:%M:%S"
_BLOCKS = ("█", "░")


class Number(click.FloatRange):
    """A finite number on the command line."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Converts as click does, but rejects NaN and infinity."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def print_json(value: Mapping[str, Any], *, in_a_line: bool = False) -> None:
    """Prints a JSON object. All keys are PascalCase, or column names of the tables.

    Numbers stay numbers, moments are UTC as in the tables, and money is an amount per currency.
    """
    click.echo(json.dumps(value, default=_plain, indent=None if in_a_line else 2, ensure_ascii=False))


def json_fields(value: object) -> dict[str, Any]:
    """A dataclass's fields by their names in JSON: `HourlyCost` for `hourly_cost`."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no fields")
    return {
        "".join(part.capitalize() for part in field.name.split("_")): getattr(value, field.name)
        for field in fields(value)
    }


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return json_fields(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(_FORMAT)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def printable(text: str) -> str:
    """A text on one line, with control characters escaped so that they cannot steer the terminal."""
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in line)


def format_count(value: Decimal | int) -> str:
    """A count without trailing zeros."""
    return f"{Decimal(value).normalize():f}" if value else "0"


def parse_moment(text: str) -> datetime:
    """A moment as the tables have it."""
    # Ten times as fast as strptime; a history has thousands of moments.
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def format_moment(value: datetime) -> str:
    """A moment as the tables have it, in UTC."""
    return value.astimezone(UTC).strftime(_FORMAT)


def ago(text: str, now: datetime) -> str:
    """How long ago a moment of the tables was, in its largest unit: `3 min`."""
    seconds = max(0, int((now - parse_moment(text)).total_seconds()))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def bar(held: Decimal, wanted: Decimal, width: int) -> str:
    """Held against wanted as a bar: full only if all is held, empty only if nothing is."""
    on, off = _BLOCKS if _can_show("".join(_BLOCKS)) else ("#", "-")
    if wanted <= 0:
        return (on if held else off) * width
    full = int(width * min(held, wanted) / wanted)
    if held and not full:
        full = 1
    if held < wanted and full == width:
        full = width - 1
    return on * full + off * (width - full)


def _can_show(text: str) -> bool:
    """Whether the output's encoding can show a text."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def colour_of(demand: Demand) -> str:
    """The colour on a terminal: green if met, yellow if waiting, red if a person has to look."""
    if demand.status in ("INVALID", "FAILED", "QUOTA_EXCEEDED", "UNSUPPORTED"):
        return "red"
    if demand.status in ("EXCESS", "ASTRAY"):
        return "magenta"
    return "green" if demand.is_met else "yellow"
