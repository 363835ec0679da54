"""The page's application: which pages there are, and what each of them knows."""

import secrets
from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, g, redirect, request

from odcr_cli import amounts, answers
from odcr_cli.console import capacity, change, demands, market, plots, runs, shown
from odcr_cli.console.changes import Changes
from odcr_cli.console.entrance import Entrance
from odcr_cli.console.guard import form_token, guard
from odcr_cli.console.history import History
from odcr_cli.console.local_market import LocalMarket
from odcr_cli.console.memory import EndedRuns, LastRun
from odcr_cli.console.reading import Read
from odcr_cli.console.rooted import Rooted, RootedNotes
from odcr_cli.console.words import COOKIE, LANGUAGES, translated
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

_REFUSALS = (400, 403, 404, 405, 413, 500)
_HELPERS = (
    answers.amount,
    amounts.money,
    amounts.moneys,
    shown.age,
    shown.bar_of,
    shown.exactly,
    shown.iso,
    shown.key_in_page,
    shown.mark_of,
    shown.span_of,
    shown.state_mark,
    shown.state_word,
    shown.status_word,
    shown.utc,
)


def application(
    source: Callable[[], Source],
    *,
    token: str = "",
    changes: Changes | None = None,
    local_market: LocalMarket | None = None,
) -> Flask:
    """The page as a WSGI application.

    Args:
        source: what is looked at, anew for each request.
        token: what the first address has to bear; made up if none is given, see `app.config["ENTRANCE"]`.
        changes: makes changes in the account; None: the page only looks.
        local_market: the local cloud's market, if a local cloud is looked at.
    """
    app = Flask(__name__)
    app.config.update(
        ENTRANCE=Entrance(token),
        CHANGES=changes,
        MARKET=local_market,
        HISTORY=History(),
        LAST_RUN=LastRun(),
        ENDED_RUNS=EndedRuns(),
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_NAME="odcr-console-notes",
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.session_interface = RootedNotes()
    app.wsgi_app = Rooted(app.wsgi_app)  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {"_": translated, "LANGUAGES": LANGUAGES} | {one.__name__: one for one in _HELPERS}
    guard(app)
    app.before_request(lambda: _look_at(source))
    app.context_processor(_of_every_page)
    app.register_error_handler(Trouble, _trouble)
    for code in _REFUSALS:
        app.register_error_handler(code, _refused)
    for page in (demands.page, runs.page, capacity.page, plots.page, market.page, change.page):
        app.register_blueprint(page)
    app.add_url_rule("/", "start", lambda: redirect(flask.url_for("demands.show")))
    app.add_url_rule("/language/<language>", "language", _choose_language)
    return app


def _look_at(source: Callable[[], Source]) -> None:
    if request.endpoint != "static":
        g.source = source()


def _of_every_page() -> dict[str, Any]:
    config = flask.current_app.config
    source: Source | None = g.get("source")
    last_run: Read[dict[str, Any] | None] | None = None
    if source is not None and source.is_live:
        last_run = Read(lambda: config["LAST_RUN"].of(source), None)
    return {
        "source": source,
        "now": source.now() if source else None,
        "last_run": last_run,
        "csrf": form_token(config["ENTRANCE"].token),
        "allows_changes": config["CHANGES"] is not None,
        "has_market": config["MARKET"] is not None,
    }


def _choose_language(language: str) -> Any:
    back = request.args.get("back", "/")
    answer = redirect(request.script_root + (back if _is_path(back) else "/"))
    if language in LANGUAGES:
        # Of the whole machine, so that the next start knows it: it is no secret.
        answer.set_cookie(COOKIE, language, samesite="Strict", max_age=365 * 86_400)
    return answer


def _is_path(address: str) -> bool:
    """Whether it is a path of this page: where else would a reader have been?

    A browser leaves out tabs and line ends, and takes a backslash for a slash, before it looks where an address leads:
    https://url.spec.whatwg.org/#concept-basic-url-parser
    """
    return address.isprintable() and "\\" not in address and address.startswith("/") and not address.startswith("//")


def _trouble(error: Trouble) -> tuple[str, int]:
    return flask.render_template("trouble.html", message=str(error)), 502


def _refused(error: Any) -> tuple[str, int]:
    """Whoever is not let in is told so without a page of ours."""
    return flask.render_template("refused.html", message=error.description), error.code
