"""The sessions of browsers, opened by the printed address or by a one-time address."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable

_SECONDS = 60


class CodeReusedError(Exception):
    """A one-time code was used again."""


class Sessions:
    """Opens sessions for browsers, and recognizes them.

    The token is printed on the person's terminal and opens any number of sessions. Everybody on the machine can read
    the arguments of the browser's process, so the command passes it a code that is valid once, within a minute. If the
    code comes twice, somebody else has read it, and the session that it opened is revoked:
    https://datatracker.ietf.org/doc/html/rfc6749#section-4.1.2

    The cookie holds neither token nor code, because browsers send cookies to all ports of a host:
    https://datatracker.ietf.org/doc/html/rfc6265#section-8.5. session_path.py limits them to a path.

    Args:
        token: the token; generated if empty.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, token: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, float] = {}
        """Until when each code is valid."""
        self._used: dict[str, str] = {}
        """The session that each used code opened."""
        self._sessions: set[str] = set()

    def code(self) -> str:
        """A new one-time code."""
        made = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[made] = self._clock() + _SECONDS
        return made

    def open_by_token(self, token: str) -> str:
        """A new session; empty if the token is wrong."""
        with self._lock:
            return self._session() if _are_equal(token, self.token) else ""

    def open_by_code(self, code: str) -> str:
        """A new session; empty if the code is wrong or expired.

        Raises:
            CodeReusedError: if the code was used before.
        """
        with self._lock:
            if self._codes.get(code, 0) <= self._clock():
                return ""
            if code in self._used:
                self._sessions.discard(self._used[code])
                raise CodeReusedError
            self._used[code] = self._session()
            return self._used[code]

    def is_known(self, session: str) -> bool:
        """Whether a session is open."""
        with self._lock:
            return session in self._sessions

    def _session(self) -> str:
        made = secrets.token_urlsafe(24)
        self._sessions.add(made)
        return made


def _are_equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
