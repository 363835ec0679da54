"""Every text of the page has a translation with the same fields, and no translation is unused."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from odcr_cli import console, execution_graph
from odcr_cli.console.translation import LANGUAGES, translations

FOLDER, GRAPH = (Path(package.__file__).parent for package in (console, execution_graph))
MARKUP = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<style>.*?</style>|<[^>]*>", re.DOTALL)
OTHERS = [language for language in LANGUAGES if language != "en"]


def texts_of_templates() -> Iterator[str]:
    for template in FOLDER.glob("templates/*"):
        for call in Environment().parse(template.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                (text,) = call.args
                assert isinstance(text, nodes.Const), f"{template.name} translates what is no text: {text}"
                yield text.value


def texts_of_modules() -> Iterator[str]:
    for module in (*FOLDER.glob("*.py"), *GRAPH.glob("*.py")):
        name = "_" if module.parent == FOLDER else "translate"
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name:
                (text,) = call.args
                assert isinstance(text, ast.Constant), f"{module.name} translates what is no text: {ast.dump(text)}"
                yield text.value


def fields(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_a_translation_and_none_is_superfluous(language: str) -> None:
    used = {*texts_of_templates(), *texts_of_modules()}
    assert dict.fromkeys(used - translations(language).keys(), "") == {}
    assert translations(language).keys() - used == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_fields_of_its_text(language: str) -> None:
    assert {
        text: translation for text, translation in translations(language).items() if fields(text) != fields(translation)
    } == {}
    assert all(translation.strip() for translation in translations(language).values())


def test_chinese_is_written_in_chinese() -> None:
    latin = {
        text: translation
        for text, translation in translations("zh").items()
        if not re.search("[\u4e00-\u9fff]", translation)
    }
    assert latin.keys() <= {"vCPUs"}


def test_templates_say_nothing_that_is_not_translated() -> None:
    texts: set[str] = set()
    for template in FOLDER.glob("templates/*"):
        texts |= set(re.findall(r"[A-Za-z]{2,}", MARKUP.sub(" ", template.read_text(encoding="utf-8"))))
    # The name of the program, and what one types.
    assert texts <= {"odcr", "targets", "set", "TYPE", "ZONE", "COUNT"}
