"""Gives each session a path of its own, so that browsers send its cookies nowhere else."""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

_ROOT = re.compile(r"/~[0-9a-f]{32}(?=/)")
_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def session_path(session: str) -> str:
    """The path of a session. It is derived from the session, but does not reveal it.

    A browser sends a cookie to every port of this machine, so also to servers of other users here, but only to the
    cookie's path: https://datatracker.ietf.org/doc/html/rfc6265#section-5.4. Whoever cannot guess the path cannot lead
    the browser there. And nothing reveals it: other origins do not see it as a referrer or in a window's history, and
    the addresses that the command prints do not contain it.
    """
    return "/~" + hmac.new(session.encode(), b"root", hashlib.sha256).hexdigest()[:32]


class SessionPathMiddleware:
    """Moves a session's path from PATH_INFO to SCRIPT_NAME: routes work without it, links include it.

    Args:
        application: the wrapped WSGI application.
    """

    def __init__(self, application: _Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if match := _ROOT.match(environ.get("PATH_INFO", "")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + match[0]
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(match[0])
        return self._application(environ, start_response)


class SessionPathCookies(SecureCookieSessionInterface):
    """Limits Flask's session cookie, which holds the messages for the next page, to the session's path."""

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - Flask's signature
        """The path of the cookie that Flask sets."""
        return f"{request.script_root}/"
