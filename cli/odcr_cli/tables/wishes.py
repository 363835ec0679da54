"""What somebody wants rows to be, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from odcr_cli.door import KEYS
from odcr_cli.formatting import printable

Key = tuple[str, ...]
"""The values of a table's key columns."""


@dataclass(frozen=True)
class Wish:
    """One row as somebody wants it."""

    table: str
    key: Key
    """As it was written."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Columns beside the key; those that are left out keep what they have."""
    line: int = 0
    """Of the file; 0: it comes from no file."""
    is_gone: bool = False
    """Whether the row is to be gone."""


@dataclass(frozen=True)
class Problem:
    """Why nothing is changed."""

    reason: str
    """What is wrong, then what to do."""
    about: str = ""
    """Whose row it is; empty if it is nobody's."""
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
    """A type, a zone or a Region without blanks around, in lower case, as EC2 spells them all."""
    return text.strip().lower()
