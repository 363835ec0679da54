"""The fixture `page` of the browser tests detects errors."""

from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import conftest
from tests.browser.conftest import Server

PAGE = '<!doctype html><title>Page</title><link rel="icon" href="data:,">{}'
WRONG = {
    "asks another machine": '<img src="https://example.com/picture.png">',
    "has a script that raises": "<script>throw new Error('broken')</script>",
    "logs an error": "<script>console.error('broken')</script>",
    "shows a dialog": "<script>alert('hello')</script>",
    "loads a file that is not there": '<script src="http://127.0.0.1:9/none.js"></script>',
}


def visit(browser: Browser, address: str) -> None:
    """Opens a page through the fixture, and ends the fixture."""
    fixture: Any = conftest.page
    pages: Generator[Page] = fixture.__wrapped__(browser)
    next(pages).goto(address)
    next(pages, None)


def test_a_page_without_fault_passes(browser: Browser, serve: Server) -> None:
    visit(browser, serve(PAGE.format("<p>hello</p>")))


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_page_fails_the_test_that(browser: Browser, serve: Server, content: str) -> None:
    with pytest.raises(AssertionError):
        visit(browser, serve(PAGE.format(content)))
