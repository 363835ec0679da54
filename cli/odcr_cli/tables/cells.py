"""What people and spreadsheets write into cells, as the door takes it."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
_DAY = re.compile(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})(?=$|[ T])")
_MOST = 2**31 - 1


class NoValueError(Exception):
    """A text that means nothing in its column. Says what to write instead."""


def shown(text: str) -> str:
    """What somebody wrote, in a reason."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def read_number(name: str, text: str, *, has_decimal_comma: bool) -> Decimal:
    """A number, with thousands parted or not.

    Args:
        name: the column's, for the reason.
        text: what stands there.
        has_decimal_comma: whether it comes from a place where 1,5 is one and a half.

    Raises:
        NoValueError: if it is none, or may be two.
    """
    text = text.replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "").replace("'", "")
    if has_decimal_comma and "," in text:
        whole, _, rest = text.rpartition(",")
        if len(rest) == 3 and "." not in whole and whole.strip("+-") != "0":
            # 1,000 is one where the comma is the point, and a thousand to whoever wrote the numbers elsewhere.
            raise NoValueError(f"{name} is {shown(text)}, which may be read in two ways; write it without the comma.")
        text = f"{whole.replace('.', '')}.{rest}"
    elif _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise NoValueError(f"{name} is {shown(text)}; write a number.")
    return Decimal(text).normalize()


def read_whole(name: str, text: str, *, has_decimal_comma: bool) -> int:
    """A whole number, such as 15 or 15.0.

    Raises:
        NoValueError: if it is none, or may be two.
    """
    if has_decimal_comma and re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+", text):
        raise NoValueError(f"{name} is {shown(text)}, which may be read in two ways; write it without the point.")
    try:
        number = read_number(name, text, has_decimal_comma=has_decimal_comma)
    except NoValueError as error:
        raise NoValueError(str(error).replace("write a number", "write a whole number")) from None
    if number != number.to_integral_value():
        raise NoValueError(f"{name} is {shown(text)}; write a whole number.")
    if abs(number) > _MOST:
        raise NoValueError(f"{name} is {shown(text)}, which is too large.")
    return int(number)


def read_moment(name: str, text: str) -> str:
    """A moment in UTC as the tables have it. A day begins at midnight; a day that may be a month is refused.

    Raises:
        NoValueError: if it is none.
    """
    text = _DAY.sub(lambda day: f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}", text.removesuffix(" UTC"))
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoValueError(f"{name} is {shown(text)}; write it as 2026-11-30 20:00:00, in UTC.") from None
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def read_tags(name: str, text: str) -> str:
    """Tags as JSON.

    Raises:
        NoValueError: if they are none.
    """
    try:
        tags = json.loads(text)
    except ValueError:
        tags = None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise NoValueError(f'{name} is {shown(text)}; write a JSON object of texts: {{"Team": "shop"}}.')
    return text
