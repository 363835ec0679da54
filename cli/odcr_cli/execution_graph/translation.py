"""How the graph says something in the reader's language. Names, types and what AWS wrote stay as they are."""

from typing import Protocol


class Translate(Protocol):
    """A text in the reader's language, its fields filled in."""

    def __call__(self, text: str, /, **values: object) -> str: ...


def untranslated(text: str, /, **values: object) -> str:
    """The text as it stands in the code."""
    return text.format(**values) if values else text
