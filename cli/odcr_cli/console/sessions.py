"""How a browser gets in: by the address that is printed, or by one that can be used once."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable

_SECONDS = 60


class CodeReusedError(Exception):
    """A code has come once more."""


class Sessions:
    """Lets browsers in, and knows them again.

    The token is on the person's terminal, and opens as many browsers as they like. Everybody on the machine can read
    the arguments of the browser's process, so what the command hands to it is a code that is good once, and for a
    minute. If it comes twice somebody has read it, and what the first one got is taken back:
    https://datatracker.ietf.org/doc/html/rfc6749#section-4.1.2

    What a browser keeps is neither, for a browser does not tell ports apart when it sends cookies:
    https://datatracker.ietf.org/doc/html/rfc6265#section-8.5. To which path it sends them is in session_path.py.

    Args:
        token: made up if none is given.
        clock: seconds.
    """

    def __init__(self, token: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, float] = {}
        """Until when each is good."""
        self._used: dict[str, str] = {}
        """The session that each was used for."""
        self._sessions: set[str] = set()

    def code(self) -> str:
        """A new code."""
        made = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[made] = self._clock() + _SECONDS
        return made

    def open_by_token(self, token: str) -> str:
        """A new session; empty if the token is wrong."""
        with self._lock:
            return self._session() if _are_equal(token, self.token) else ""

    def open_by_code(self, code: str) -> str:
        """A new session; empty if the code is wrong or too old.

        Raises:
            UsedBeforeError: if it has been used, within its time.
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
        """Whether it is one of those that were let in."""
        with self._lock:
            return session in self._sessions

    def _session(self) -> str:
        made = secrets.token_urlsafe(24)
        self._sessions.add(made)
        return made


def _are_equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
