"""Table cells as values, whatever types the columns have: people may have created the tables by hand.

https://dev.mysql.com/doc/refman/8.0/en/data-types.html
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from odcr.domain.amounts import DIGITS, Amount, amount
from odcr.domain.wording import brief, quoted

Cells = Sequence[object]
"""A row as the driver gives it: int, Decimal, float, str, bytes, date, datetime, timedelta or None."""

_MAX_SHOWN = 60
"""Characters of a wrong value that an error shows."""
_MAX_AMOUNT = 10**9
_MAX_QUANTITY = 10**18
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}(\.0*)?")


class StrangeCell(Exception):  # noqa: N818 - the person's mistake, not the program's
    """A cell makes no sense. The message tells the person who wrote it what to do."""


def text_of(cell: object) -> str:
    """A cell as text, without the padding of a binary column; empty for NULL."""
    if cell is None:
        return ""
    if isinstance(cell, (bytes, bytearray)):
        return bytes(cell).rstrip(b"\0").decode("utf-8", "backslashreplace")
    return str(cell)


def whole_number(cell: object, column: str, todo: str = "") -> int | None:
    """A cell as a whole number; None for NULL.

    Args:
        cell: a whole number of any type, or text that is one.
        column: its name, for the error.
        todo: what to do about a wrong value.

    Raises:
        StrangeCell: if it is anything else.
    """
    if cell is None or (isinstance(cell, int) and not isinstance(cell, bool)):
        return cell
    if isinstance(cell, (Decimal, float)):
        if cell == cell.__trunc__():
            return int(cell)
    elif isinstance(cell, (str, bytes, bytearray)):
        text = text_of(cell).strip()
        if _WHOLE.fullmatch(text):
            return int(text.partition(".")[0])
    raise StrangeCell(f"{column} is {shown(cell)}; it must be a whole number. {todo}".rstrip())


def number_or(cell: object, default: int) -> int:
    """A cell as a whole number of 0 or more; the default for anything else."""
    try:
        number = whole_number(cell, "")
    except StrangeCell:
        return default
    return default if number is None or number < 0 else number


def quantity(cell: object, column: str, todo: str = "") -> Amount | None:
    """A cell as an amount of capacity; None for NULL.

    Args:
        cell: a number, or text that is one, with at most three digits after the point.
        column: its name, for the error.
        todo: what to do about a wrong value.

    Raises:
        StrangeCell: if it is anything else.
    """
    if cell is None:
        return None
    number = _decimal(cell)
    if number is None:
        raise StrangeCell(f"{column} is {shown(cell)}; it must be a number. {todo}".rstrip())
    if number != round(number, DIGITS):
        raise StrangeCell(f"{column} is {shown(cell)}; it may have {DIGITS} digits after the point. {todo}".rstrip())
    return amount(number)


def quantity_or(cell: object, default: Amount) -> Amount:
    """A cell as an amount of 0 or more; the default for anything else."""
    try:
        number = quantity(cell, "")
    except StrangeCell:
        return default
    return default if number is None or number < 0 else number


def _decimal(cell: object) -> Decimal | None:
    """A number of any type; None if the cell is not a number, or is absurdly large."""
    if isinstance(cell, bool) or not isinstance(cell, (int, float, Decimal, str, bytes, bytearray)):
        return None
    try:
        # By way of its text: 0.1 means one tenth, not the nearest float.
        number = Decimal(text_of(cell).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _MAX_QUANTITY else None


def moment_of(cell: object, column: str) -> str | None:
    """A cell as a time, ISO 8601 in UTC; None for NULL. A date means its midnight.

    Raises:
        StrangeCell: if it is not a time.
    """
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day).isoformat()  # noqa: DTZ001 - the tables' times have no zone
    if isinstance(cell, (str, bytes, bytearray)):
        try:
            moment = datetime.fromisoformat(text_of(cell).strip())
        except ValueError:
            pass
        else:
            return (moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment).isoformat()
    raise StrangeCell(
        f"{column} is {shown(cell)}, which is not a time. Write it like '2026-11-30 20:00:00' (UTC), or set NULL."
    )


def amount_of(cell: object, column: str) -> Decimal | None:
    """A cell as an amount of money of 0 or more; None for NULL.

    Raises:
        StrangeCell: if it is not one.
    """
    if cell is None:
        return None
    number = _decimal(cell)
    if number is not None and 0 <= number < _MAX_AMOUNT:
        return number
    raise StrangeCell(f"{column} is {shown(cell)}; it must be an amount per hour, such as 12.50, or NULL.")


def shown(cell: object) -> str:
    """A cell to quote in an error, cut to leave room for the advice."""
    if isinstance(cell, (str, bytes, bytearray)):
        # Cut only now: an escape may take ten characters.
        return quoted(text_of(cell), _MAX_SHOWN)
    return brief(text_of(cell), _MAX_SHOWN)
