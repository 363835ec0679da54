"""Cleans texts for SVG and cuts them to a width."""

import re
import unicodedata

# Not allowed in XML, or half a character: https://www.w3.org/TR/xml/#charsets
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NARROW = set("iljtfrI.,:;'|!()[]{} /\\`-\"1")
_BROAD = set("mwMW@%&<>=+~#^")


def clean(text: str) -> str:
    """The text with U+FFFD instead of each character that cannot be shown."""
    return _IMPOSSIBLE.sub("\ufffd", text)


def width_of(text: str, size: float) -> float:
    """An estimate of the text's width in a sans-serif font, rather too wide than too narrow."""
    return size * sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0.0
    if unicodedata.east_asian_width(character) in "WF" or ord(character) > 0xFFFF:
        return 1.05
    if character in _NARROW:
        return 0.42
    if character in _BROAD:
        return 0.98
    return 0.72 if character.isupper() or not character.isascii() else 0.61


def shortened(text: str, width: float, size: float) -> str:
    """The text, or its beginning with an ellipsis, that fits the width."""
    text = " ".join(text.split())
    if width_of(text, size) <= width:
        return text
    room = width - size * _em("\u2026")
    end = 0
    while end < len(text) and (room := room - size * _em(text[end])) >= 0:
        end += 1
    return text[:end].rstrip() + "\u2026"
