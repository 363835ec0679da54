"""A function is invoked once, with a timeout longer than its own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from odcr_cli import account
from odcr_cli.account import Account, Place
from odcr_cli.trouble import Trouble

Answer = tuple[int, bytes] | None
"""Status and body; None: none at all, until the test ends."""


class Lambda(ThreadingHTTPServer):
    """A Lambda service that answers one after the other what a test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.asked: list[bytes] = []
        self.ended = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Lambda

    def do_POST(self) -> None:
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.server.ended.wait()
            return
        status, body = answer
        self.send_response(status)
        if status >= 400:
            self.send_header("x-amzn-ErrorType", "TooManyRequestsException" if status == 429 else "ServiceException")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    monkeypatch.setattr(account, "_PAUSES", (0.0, 0.0))
    with Lambda() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()


def invoke(service: Lambda) -> dict[str, Any]:
    return Account(Place(endpoint_url=f"http://127.0.0.1:{service.server_port}")).invoke("door", {"Change": []})


def test_an_unanswered_invocation_is_not_repeated(service: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "INVOKE_SECONDS", 0.2)
    service.answers = [None, None]
    with pytest.raises(Trouble, match="check before you repeat the command"):
        invoke(service)
    assert service.asked == [b'{"Change": []}']


def test_a_service_error_is_not_retried(service: Lambda) -> None:
    service.answers = [(500, b"{}"), (200, b"{}")]
    with pytest.raises(Trouble, match="ServiceException"):
        invoke(service)
    assert len(service.asked) == 1


def test_a_throttled_invocation_has_not_begun_and_is_repeated(service: Lambda) -> None:
    service.answers = [(429, b"{}"), (429, b"{}"), (200, b'{"Committed": true}')]
    assert invoke(service) == {"Committed": True}
    service.answers = [(429, b"{}")] * 3
    with pytest.raises(Trouble, match="TooManyRequestsException"):
        invoke(service)


def test_the_invoke_timeout_exceeds_every_functions_timeout(resources: dict[str, Any]) -> None:
    called = [resources[name]["Properties"]["Timeout"] for name in ("ManageTargets", "FindShortfalls")]
    assert max(called) < account.INVOKE_SECONDS
    client = Account(Place(endpoint_url="http://127.0.0.1:9")).invoker()
    assert client.meta.config.read_timeout == account.INVOKE_SECONDS
    assert client.meta.config.retries["total_max_attempts"] == 1
