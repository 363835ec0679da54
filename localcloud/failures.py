"""Errors of the local cloud itself, as AWS words them, in the protocol of the request.

https://smithy.io/2.0/aws/protocols/index.html
"""

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import botocore.session
from botocore.exceptions import BotoCoreError
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]*)/(?P<service>[^/]+)/aws4_request")
_WRONG_REGION = {
    "ec2": (HTTPStatus.UNAUTHORIZED, "AuthFailure"),
    "json": (HTTPStatus.FORBIDDEN, "InvalidSignatureException"),
    "rest-json": (HTTPStatus.FORBIDDEN, "InvalidSignatureException"),
    "s3": (HTTPStatus.BAD_REQUEST, "AuthorizationHeaderMalformed"),
}
"""By protocol, the answer to a signature for a Region that does not exist."""


class Call:
    """What a WSGI request asks for.

    Args:
        environ: the request's; its form, if it has one, is read and put back.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self._form = b""
        if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
            self._form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(self._form)
        credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        self.region = credential["region"] if credential else None
        """The Region for which it is signed; None if it is not signed."""
        self.service = credential["service"].lower() if credential else "s3"
        """As in its signature, e.g. `ec2` or `states`."""

    @property
    def protocol(self) -> str:
        """One of `json`, `query`, `ec2`, `s3`, `rest-json` and `rest-xml`."""
        return self._action_and_protocol[1]

    def __str__(self) -> str:
        """E.g. `CreateTopic of sns`; method and path stand for an API that the request does not name."""
        return f"{self._action_and_protocol[0]} of {self.service}"

    @cached_property
    def _action_and_protocol(self) -> tuple[str, str]:
        if target := self._environ.get("HTTP_X_AMZ_TARGET"):
            return str(target).rpartition(".")[2], "json"
        query = parse_qs(str(self._environ.get("QUERY_STRING", "")))
        if action := (query | parse_qs(self._form.decode("utf-8", "replace"))).get("Action"):
            return action[0], "ec2" if self.service == "ec2" else "query"
        try:
            operation, _ = get_service_router(self.service).match(Request(self._environ))
        except (NotFound, NotImplementedError, BotoCoreError):
            action_name = f"{self._environ.get('REQUEST_METHOD')} {self._environ.get('PATH_INFO', '')}"
            return action_name, "s3" if self.service == "s3" else "rest-json"
        protocol = str(operation.service_model.metadata["protocol"])
        return operation.name, "s3" if self.service == "s3" else protocol

    def wrong_region(self) -> "Failure | None":
        """The error if the request is signed for a Region that does not exist.

        On AWS the names of its endpoints resolve to nothing; here every Region has the same endpoint. So the answer is
        the one that AWS gives to a signature for another Region:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
        """
        if self.region is None or self.region in known_regions():
            return None
        status, code = _WRONG_REGION.get(self.protocol, (HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch"))
        return Failure(status, code, f"Credential should be scoped to a valid region, not '{self.region}'.")


@dataclass(frozen=True)
class Failure:
    """An error that a call is answered with."""

    status: HTTPStatus
    code: str
    message: str

    def answer(self, call: Call, start_response: Any) -> Iterable[bytes]:
        """The WSGI response."""
        kind, body = self._body(call.protocol)
        # JSON clients look for the code in the header first.
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("x-amzn-ErrorType", self.code)]
        start_response(f"{self.status.value} {self.status.phrase}", headers)
        return [body]

    def _body(self, protocol: str) -> tuple[str, bytes]:
        if protocol in ("json", "rest-json"):
            kind = "application/x-amz-json-1.0" if protocol == "json" else "application/json"
            return kind, json.dumps({"__type": self.code, "message": self.message}).encode()
        error = f"<Error><Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
        if protocol == "s3":
            return "application/xml", error.encode()
        if protocol == "ec2":
            return "text/xml", f"<Response><Errors>{error}</Errors><RequestID>local</RequestID></Response>".encode()
        return "text/xml", f"<ErrorResponse>{error}<RequestId>local</RequestId></ErrorResponse>".encode()


@cache
def known_regions() -> frozenset[str]:
    """The Regions of every partition in which botocore knows EC2."""
    session = botocore.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(region for one in partitions for region in session.get_available_regions("ec2", one))
