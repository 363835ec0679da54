"""The page's texts in the reader's language. English is what the templates say; the others stand beside it."""

import json
from functools import cache
from pathlib import Path

from flask import Request, g

LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "odcr-language"


def language_of(request: Request) -> str:
    """The one that was chosen, or that the browser prefers."""
    chosen = request.args.get("language") or request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES)) or "en"


def translate(text: str, /, **values: object) -> str:
    """A text of the page in the reader's language, its fields filled in."""
    found = translations(g.language).get(text, text)
    return found.format(**values) if values else found


@cache
def translations(language: str) -> dict[str, str]:
    """The texts of a language by the English ones."""
    if language == "en":
        return {}
    found: dict[str, str] = json.loads(Path(__file__).with_name(f"words.{language}.json").read_text(encoding="utf-8"))
    return found
