"""Lets in only this person's browser, at this address, and no other site that the browser has open."""

import hashlib
import hmac
import re
from typing import Any

from flask import Flask, Response, abort, g, redirect, request

from odcr_cli.console.session_path import session_path
from odcr_cli.console.sessions import CodeReusedError, Sessions
from odcr_cli.console.translation import language_of
from odcr_cli.console.translation import translate as _

_OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing from other hosts, and no inline scripts: https://developer.mozilla.org/docs/Web/HTTP/CSP"""
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": then browsers send this page's own forms with a null Origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_READS = ("GET", "HEAD")


def guard(app: Flask) -> None:
    """Refuses requests without a session, and adds security headers to every answer.

    The first address has the token or a code. From then on a cookie has the session, which browsers send only to the
    session's own path.

    Args:
        app: the application, with `config["SESSIONS"]`.
    """

    @app.before_request
    def check() -> Any:
        g.language = language_of(request)
        _refuse_strangers()
        sessions: Sessions = app.config["SESSIONS"]
        if "token" in request.args or "code" in request.args:
            session = _new_session(sessions)
            root = session_path(session)
            answer = redirect(root + request.path)
            answer.set_cookie(_cookie(), session, path=f"{root}/", httponly=True, samesite="Strict")
            return answer
        session = request.cookies.get(_cookie(), "")
        if not sessions.is_known(session) or not hmac.compare_digest(
            request.script_root.encode(), session_path(session).encode()
        ):
            abort(403, _("Open the address that odcr console printed: it has the token."))
        given = request.form.get("csrf", "").encode("utf-8", "replace") if request.method not in _READS else None
        if given is not None and not hmac.compare_digest(given, form_token(sessions.token).encode()):
            abort(403, _("This form is outdated. Load the page again."))
        return None

    @app.after_request
    def harden(answer: Response) -> Response:
        answer.headers.update(_HEADERS)
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "no-store"
        return answer


def form_token(token: str) -> str:
    """The hidden field of this page's forms. It is derived from the token, but does not reveal it."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def _new_session(sessions: Sessions) -> str:
    """A new session for a browser with a valid token or code."""
    if "token" in request.args:
        if not (session := sessions.open_by_token(request.args["token"])):
            abort(403, _("This token is wrong: each start of odcr console prints a new address."))
        return session
    try:
        session = sessions.open_by_code(request.args["code"])
    except CodeReusedError:
        abort(403, _("This address was used before, so its session is closed. Open the one that odcr console printed."))
    if not session:
        abort(403, _("This address has expired. Open the one that odcr console printed."))
    return session


def _refuse_strangers() -> None:
    # Another site's name may resolve to this address (DNS rebinding), so check the name.
    if not _OURS.fullmatch(request.host):
        abort(403, _("This page answers to 127.0.0.1 only."))
    # Cookies ignore ports: a page on another port of this machine would send ours.
    # https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    is_navigation = request.method in _READS and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if site not in ("same-origin", "none") and not is_navigation:
        abort(403, _("Another site sent this."))
    if request.method not in _READS and request.headers.get("Origin") not in (None, request.host_url.rstrip("/")):
        abort(403, _("Another site sent this."))


def _cookie() -> str:
    # Two consoles may run on different ports.
    return f"odcr-console-{request.host.rpartition(':')[2]}"
