"""The page's Flask application: its pages, and the values that all templates share."""

import secrets
from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, g, redirect, request

from odcr_cli import amounts, formatting
from odcr_cli.console import capacity, change, demands, market, page_text, plots, runs
from odcr_cli.console.account_changes import Changes
from odcr_cli.console.guard import form_token, guard
from odcr_cli.console.history_cache import HistoryCache
from odcr_cli.console.local_market import LocalMarket
from odcr_cli.console.read_result import ReadResult
from odcr_cli.console.run_cache import EndedRunsCache, LastRunCache
from odcr_cli.console.session_path import SessionPathCookies, SessionPathMiddleware
from odcr_cli.console.sessions import Sessions
from odcr_cli.console.translation import COOKIE, LANGUAGES, translate
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

_REFUSALS = (400, 403, 404, 405, 413, 500)
_HELPERS = (
    formatting.format_count,
    amounts.format_money,
    amounts.format_amounts,
    page_text.age,
    page_text.bar_of,
    page_text.exact_duration,
    page_text.iso,
    page_text.key_in_page,
    page_text.mark_of,
    page_text.rough_duration,
    page_text.state_mark,
    page_text.state_word,
    page_text.status_word,
    page_text.utc,
)


def create_app(
    source: Callable[[], Source],
    *,
    token: str = "",
    changes: Changes | None = None,
    local_market: LocalMarket | None = None,
) -> Flask:
    """The page as a WSGI application.

    Args:
        source: creates the source for each request.
        token: the token in the printed address; generated if empty, see `app.config["SESSIONS"]`.
        changes: makes changes in the account; None if the page is read-only.
        local_market: the local cloud's market; None for a real account or a recording.
    """
    app = Flask(__name__)
    app.config.update(
        SESSIONS=Sessions(token),
        CHANGES=changes,
        MARKET=local_market,
        HISTORY=HistoryCache(),
        LAST_RUN=LastRunCache(),
        ENDED_RUNS=EndedRunsCache(),
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_NAME="odcr-console-notes",
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.session_interface = SessionPathCookies()
    app.wsgi_app = SessionPathMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {"_": translate, "LANGUAGES": LANGUAGES} | {helper.__name__: helper for helper in _HELPERS}
    guard(app)
    app.before_request(lambda: _look_at(source))
    app.context_processor(_common_values)
    app.register_error_handler(Trouble, _show_trouble)
    for code in _REFUSALS:
        app.register_error_handler(code, _show_refusal)
    for page in (demands.page, runs.page, capacity.page, plots.page, market.page, change.page):
        app.register_blueprint(page)
    app.add_url_rule("/", "start", lambda: redirect(flask.url_for("demands.show")))
    app.add_url_rule("/language/<language>", "language", _choose_language)
    return app


def _look_at(source: Callable[[], Source]) -> None:
    if request.endpoint != "static":
        g.source = source()


def _common_values() -> dict[str, Any]:
    config = flask.current_app.config
    source: Source | None = g.get("source")
    last_run: ReadResult[dict[str, Any] | None] | None = None
    if source is not None and source.is_live:
        last_run = ReadResult(lambda: config["LAST_RUN"].of(source), None)
    return {
        "source": source,
        "now": source.now() if source else None,
        "last_run": last_run,
        "csrf": form_token(config["SESSIONS"].token),
        "allows_changes": config["CHANGES"] is not None,
        "has_market": config["MARKET"] is not None,
    }


def _choose_language(language: str) -> Any:
    back = request.args.get("back", "/")
    answer = redirect(request.script_root + (back if _is_path(back) else "/"))
    if language in LANGUAGES:
        # For the whole machine, so that it outlives a session: it is not a secret.
        answer.set_cookie(COOKIE, language, samesite="Strict", max_age=365 * 86_400)
    return answer


def _is_path(address: str) -> bool:
    """Whether an address is a path of this page.

    Browsers ignore tabs and line ends in an address and take a backslash for a slash:
    https://url.spec.whatwg.org/#concept-basic-url-parser
    """
    return address.isprintable() and "\\" not in address and address.startswith("/") and not address.startswith("//")


def _show_trouble(error: Trouble) -> tuple[str, int]:
    return flask.render_template("trouble.html", message=str(error)), 502


def _show_refusal(error: Any) -> tuple[str, int]:
    """Shows a refusal without the page's layout, which needs a session."""
    return flask.render_template("refused.html", message=error.description), error.code
