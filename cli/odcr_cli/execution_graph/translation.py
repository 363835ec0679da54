"""Translates the graph's own texts. Names, types and AWS's texts stay as they are."""

from typing import Protocol


class Translate(Protocol):
    """Returns a text in the reader's language, with its fields filled in."""

    def __call__(self, text: str, /, **values: object) -> str: ...


def untranslated(text: str, /, **values: object) -> str:
    """The English text, with its fields filled in."""
    return text.format(**values) if values else text
