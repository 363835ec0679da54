"""The console page on a test's scene."""

from collections.abc import Callable
from typing import Any

import flask
from playwright.sync_api import Page

from odcr_cli.console.app import create_app
from odcr_cli.console.history_cache import HistoryCache
from odcr_cli.console.run_cache import EndedRunsCache, LastRunCache
from odcr_cli.door import Changed
from tests.unit.cli.fake_source import FakeSource

TOKEN = "a-token"
BRANCH = "ReserveShortfalls/ReserveBranch"
PAGES = ("demands/", "runs/", "runs/run-999", f"runs/run-999?state={BRANCH}", "capacity/", "plots/", "market/")


class Market:
    """A fixed market of a local cloud."""

    def pools(self) -> dict[tuple[str, str], int]:
        return {("r5b.2xlarge", "ap-northeast-1c"): 0, ("c6i.4xlarge", "ap-northeast-1a"): 12}

    def faults(self) -> list[dict[str, Any]]:
        return [{"kind": "lost_after", "action": "CreateCapacityReservation", "times": 3, "fired": 1, "seconds": 5}]


class Changes:
    """Accepts each change."""

    def __init__(self) -> None:
        self.made: list[bool] = []

    def change_target(self, *_: object, is_trial: bool) -> Changed:
        self.made.append(is_trial)
        return Changed(not is_trial, 1, [], [])

    def start_run(self) -> str:
        return "run-1000"


Open = Callable[..., str]


class Stage:
    """The page on a test's scene; one application for all tests, so that it compiles its templates once."""

    def __init__(self) -> None:
        self.scene = FakeSource()
        self.app = create_app(lambda: self.scene, token=TOKEN, local_market=Market())  # type: ignore[arg-type]

    def on(self, scene: FakeSource, changes: Changes | None = None) -> flask.Flask:
        """The application on a scene, with changes allowed if given."""
        self.scene = scene
        self.app.config.update(
            CHANGES=changes, HISTORY=HistoryCache(), LAST_RUN=LastRunCache(), ENDED_RUNS=EndedRunsCache()
        )
        return self.app


def open_session(page: Page, address: str) -> str:
    """Opens a session, and returns the address of its path."""
    page.goto(f"{address}?token={TOKEN}")
    assert page.url.endswith("/demands/")
    return page.url.removesuffix("demands/")
