"""Reads cells as people and spreadsheets write them, into the values that ManageTargets takes."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
_DAY = re.compile(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})(?=$|[ T])")
_MOST = 2**31 - 1


class NoValueError(Exception):
    """A text that is not valid in its column. The message says what to write instead."""


def quoted(text: str) -> str:
    """Somebody's text, quoted for a message."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def read_number(name: str, text: str, *, has_decimal_comma: bool) -> Decimal:
    """A number, with or without thousands separators.

    Args:
        name: the column's name, for the message.
        text: the cell's text.
        has_decimal_comma: whether the file writes one and a half as 1,5.

    Raises:
        NoValueError: if it is not a number, or ambiguous.
    """
    text = text.replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "").replace("'", "")
    if has_decimal_comma and "," in text:
        whole, _, rest = text.rpartition(",")
        if len(rest) == 3 and "." not in whole and whole.strip("+-") != "0":
            # 1,000 may be one, with a decimal comma, or a thousand.
            raise NoValueError(f"{name} is {quoted(text)}, which may be read in two ways; write it without the comma.")
        text = f"{whole.replace('.', '')}.{rest}"
    elif _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise NoValueError(f"{name} is {quoted(text)}; write a number.")
    return Decimal(text).normalize()


def read_whole(name: str, text: str, *, has_decimal_comma: bool) -> int:
    """A whole number, such as 15 or 15.0.

    Raises:
        NoValueError: if it is not a whole number, or ambiguous.
    """
    if has_decimal_comma and re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+", text):
        raise NoValueError(f"{name} is {quoted(text)}, which may be read in two ways; write it without the point.")
    try:
        number = read_number(name, text, has_decimal_comma=has_decimal_comma)
    except NoValueError as error:
        raise NoValueError(str(error).replace("write a number", "write a whole number")) from None
    if number != number.to_integral_value():
        raise NoValueError(f"{name} is {quoted(text)}; write a whole number.")
    if abs(number) > _MOST:
        raise NoValueError(f"{name} is {quoted(text)}, which is too large.")
    return int(number)


def read_moment(name: str, text: str) -> str:
    """A moment in UTC as the tables have it. A day without a time means midnight; only year-first dates are accepted.

    Raises:
        NoValueError: if it is not a moment.
    """
    text = _DAY.sub(lambda day: f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}", text.removesuffix(" UTC"))
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoValueError(f"{name} is {quoted(text)}; write it as 2026-11-30 20:00:00, in UTC.") from None
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def read_tags(name: str, text: str) -> str:
    """Tags as JSON.

    Raises:
        NoValueError: if it is not a JSON object of texts.
    """
    try:
        tags = json.loads(text)
    except ValueError:
        tags = None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise NoValueError(f'{name} is {quoted(text)}; write a JSON object of texts: {{"Team": "shop"}}.')
    return text
