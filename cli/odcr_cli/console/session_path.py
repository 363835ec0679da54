"""The page stands below a folder of its own for each browser, and its cookies are sent there only."""

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
    """The folder of a session. It is made of the session's value, and does not tell it.

    A browser sends a cookie to every port of this machine, and so to the server of anybody who has an account here, but
    to the cookie's path only: https://datatracker.ietf.org/doc/html/rfc6265#section-5.4. Whoever cannot guess the path
    cannot lead the browser there. Nor are they told: other origins see no address of ours, neither as a referrer nor
    in a window's history, and the addresses that the command prints do not have it.
    """
    return "/~" + hmac.new(session.encode(), b"root", hashlib.sha256).hexdigest()[:32]


class SessionPathMiddleware:
    """Takes a session's folder off the address, so that routes do without it and links are written with it.

    Args:
        application: what answers.
    """

    def __init__(self, application: _Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if found := _ROOT.match(environ.get("PATH_INFO", "")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + found[0]
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(found[0])
        return self._application(environ, start_response)


class SessionPathCookies(SecureCookieSessionInterface):
    """Keeps what the next page is to say, names of demands among it, in a cookie of the same folder."""

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - Flask's signature
        """Flask asks for it when it sets the cookie."""
        return f"{request.script_root}/"
