"""Replaces EC2's answers, in one Region and for one action."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    body: str
    content_type: str = "text/xml;charset=UTF-8"


def error(status: int, code: str, message: str) -> Answer:
    """An error as EC2 writes it."""
    return Answer(
        status,
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        "<RequestID>4ee3b4d8-0000-4000-8000-000000000000</RequestID></Response>",
    )


def answer(action: str, content: str = "") -> Answer:
    """A success as EC2 writes it."""
    return Answer(200, f'<{action}Response xmlns="{NAMESPACE}"><requestId>1</requestId>{content}</{action}Response>')


class _Body:
    """A body as botocore reads it from urllib3."""

    def __init__(self, text: str) -> None:
        self._text = text

    def stream(self) -> Iterator[bytes]:
        yield self._text.encode()


class BrokenEc2:
    """Replaces `URLLib3Session.send`; other requests go over HTTP as usual.

    Args:
        region: the Region to break, as in the request's signature.
        action: e.g. `CreateCapacityReservation`.
        response: its answer to each such request.
    """

    def __init__(self, region: str, action: str, response: Answer) -> None:
        self._region, self._action, self._response = region, action, response
        self._send = URLLib3Session.send
        self.answered = 0
        """Requests answered with `response`."""

    def send(self, session: Any, request: AWSPreparedRequest) -> Any:
        """Answers a request."""
        signed = re.search(r"/([^/]+)/ec2/aws4_request", _text(request.headers.get("Authorization", "")))
        if not signed or signed[1] != self._region or self._action not in parse_qs(_text(request.body))["Action"]:
            return self._send(session, request)
        self.answered += 1
        headers: Any = {"Content-Type": self._response.content_type}
        return AWSResponse(request.url, self._response.status, headers, _Body(self._response.body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
