"""Rows as somebody wants them, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from odcr_cli.door import KEYS
from odcr_cli.formatting import printable

Key = tuple[str, ...]
"""The values of a table's key columns."""


@dataclass(frozen=True)
class Wish:
    """A row as somebody wants it."""

    table: str
    key: Key
    """As it was written."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The columns beside the key; columns left out keep their values."""
    line: int = 0
    """The line in the file; 0 if it comes from no file."""
    is_gone: bool = False
    """Whether to remove the row."""


@dataclass(frozen=True)
class Problem:
    """Why nothing was changed."""

    reason: str
    """What is wrong, then what to do."""
    about: str = ""
    """The row that it is about; empty if about none."""
    line: int = 0

    def __str__(self) -> str:
        parts = (f"line {self.line}" if self.line else "", printable(self.about), printable(self.reason))
        return ": ".join(part for part in parts if part)


def name_of(table: str, key: Key) -> str:
    """A row as a person calls it: `r5b.2xlarge ap-northeast-1c`, `group checkout`, `group checkout: m5.large ...`."""
    if table == "odcr_group":
        return f"group {key[0]}"
    if table == "odcr_group_member":
        return f"group {key[0]}: {key[1]} {key[2]}"
    if table == "odcr_price":
        return " ".join([*key[:2], *(value for value in key[2:] if value not in ("Linux/UNIX", "default"))])
    return " ".join(key)


def key_of(table: str, row: Mapping[str, Any]) -> Key:
    """A row's key, as the table has it."""
    return tuple("" if row.get(column) is None else str(row[column]) for column in KEYS[table])


def as_ec2_writes(text: str) -> str:
    """A type, zone or Region as EC2 spells it: in lower case, without surrounding blanks."""
    return text.strip().lower()
