"""Splits a CSV file into lines, whatever the spreadsheet's dialect."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from odcr_cli.tables.cells import NoValueError

_DELIMITERS = ",;\t"


def text_of(content: bytes) -> str:
    """A file's text.

    Raises:
        NoValueError: if it is not UTF-8. The message says how to save it.
    """
    advice = "Save it as CSV UTF-8 (in Excel: Save As, CSV UTF-8)."
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise NoValueError(f"The file is UTF-16 or no text at all. {advice}")
    if content.startswith(b"PK\x03\x04"):
        raise NoValueError(f"The file is a workbook. {advice}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NoValueError(f"The file is not UTF-8, first in line {line}. {advice}") from None


class Lines:
    """A file's lines with their numbers in an editor. Empty lines are left out.

    Args:
        text: the file's text.
        names: the possible column names, used to detect the delimiter.
    """

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self._text = text
        # Excel may declare the delimiter in the first line.
        declared = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
        self._skip = 1 if declared else 0
        known = {column_folded(name) for name in names}
        self._delimiter = (
            declared[1]
            if declared
            else max(_DELIMITERS, key=lambda candidate: len(known & {column_folded(c) for c in self._first(candidate)}))
        )
        self.has_decimal_comma = self._delimiter == ";"
        self.header_line, self.header = next(self._all(self._delimiter), (1, []))

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._all(self._delimiter)
        next(lines, None)
        return lines

    def _first(self, delimiter: str) -> list[str]:
        return next(self._all(delimiter), (1, []))[1]

    def _all(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        rows = csv.reader(io.StringIO(self._text, newline=""), delimiter=delimiter)
        begins = 1
        try:
            for cells in rows:
                if begins > self._skip and any(cell.strip() for cell in cells):
                    yield begins, cells
                begins = rows.line_num + 1
        except csv.Error:
            # A cell of more than 131,072 characters: a quote that is never closed.
            yield begins, ["\N{REPLACEMENT CHARACTER}"] * 1000


def column_folded(name: str) -> str:
    """A column's name without case, blanks, dashes and underscores."""
    return re.sub(r"[\s_-]", "", name).casefold()
