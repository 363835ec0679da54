"""The page's application: who may ask, and which pages there are."""

import hmac
import secrets
from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, Response, abort, g, redirect, request

from odcr_cli.console import capacity, demands, plots, runs
from odcr_cli.console.words import LANGUAGES, language_of, translated
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

PAGES = (demands.page, runs.page, capacity.page, plots.page)
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing from outside, and no script in a text: https://developer.mozilla.org/docs/Web/HTTP/CSP"""


def application(source: Callable[[], Source], *, token: str = "", allows_changes: bool = False) -> Flask:
    """The page as a WSGI application.

    Args:
        source: what is looked at, anew for each request.
        token: what the first address has to bear; made up if none is given, see `app.config["TOKEN"]`.
        allows_changes: whether the page may change something in the account.
    """
    app = Flask(__name__)
    app.config.update(TOKEN=token or secrets.token_urlsafe(24), ALLOWS_CHANGES=allows_changes)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {"_": translated, "LANGUAGES": LANGUAGES, "PAGES": PAGES}

    @app.before_request
    def guard() -> Any:
        # Another site may let the browser ask here under its own name: only the loopback address is ours.
        host = request.host.rpartition(":")[0] or request.host
        if host not in ("127.0.0.1", "localhost", "[::1]"):
            abort(403, "This page answers to 127.0.0.1 only.")
        given = request.args.get("token", "")
        if hmac.compare_digest(given.encode(), app.config["TOKEN"].encode()):
            answer = redirect(request.path)
            answer.set_cookie(_cookie(), given, httponly=True, samesite="Strict")
            return answer
        if not hmac.compare_digest(request.cookies.get(_cookie(), "").encode(), app.config["TOKEN"].encode()):
            abort(403, "Open the address that `odcr console` printed: it bears the token.")
        if request.method != "GET" and request.headers.get("Origin") not in (None, request.host_url.rstrip("/")):
            abort(403, "Another site sent this.")
        g.language = language_of(request)
        g.source = source()
        return None

    @app.after_request
    def harden(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = _POLICY
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.errorhandler(Trouble)
    def trouble(error: Trouble) -> tuple[str, int]:
        return flask.render_template("trouble.html", message=str(error), page=None), 502

    @app.errorhandler(403)
    def forbidden(error: Any) -> tuple[str, int]:
        return str(error.description), 403

    for page in PAGES:
        app.register_blueprint(page)

    @app.get("/")
    def start() -> Any:
        return redirect(flask.url_for("demands.show"))

    return app


def _cookie() -> str:
    # Cookies do not tell ports apart, and there may be two consoles.
    return f"odcr-console-{request.host.rpartition(':')[2]}"
