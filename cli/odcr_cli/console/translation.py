"""Translates the page's texts. English is in the templates, each other language in a file beside this one."""

import json
from functools import cache
from pathlib import Path

from flask import Request, g

LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "odcr-language"


def language_of(request: Request) -> str:
    """The chosen language, or else the browser's preferred one."""
    chosen = request.args.get("language") or request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES)) or "en"


def translate(text: str, /, **values: object) -> str:
    """A text in the reader's language, with its fields filled in."""
    translation = translations(g.language).get(text, text)
    return translation.format(**values) if values else translation


@cache
def translations(language: str) -> dict[str, str]:
    """A language's texts, by the English text."""
    if language == "en":
        return {}
    content: dict[str, str] = json.loads(Path(__file__).with_name(f"words.{language}.json").read_text(encoding="utf-8"))
    return content
