"""What a client is told when the cloud cannot answer: an error as AWS words it, in the protocol of the request.

https://smithy.io/2.0/aws/protocols/index.html
"""

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.exceptions import BotoCoreError
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]*)/(?P<service>[^/]+)/aws4_request")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """A request, as far as it says what it wants."""

    service: str
    """As in its signature, e.g. `ec2` or `states`."""
    action: str
    """The API's name or, where the request does not tell, its method and path."""
    protocol: str
    """Of `json`, `query`, `ec2`, `s3`, `rest-json` and `rest-xml`."""

    def __str__(self) -> str:
        return f"{self.action} of {self.service}"


def form_of(environ: dict[str, Any]) -> bytes:
    """The form that a WSGI request brings, which is read and put back; whoever answers it reads it once more."""
    if not str(environ.get("CONTENT_TYPE", "")).startswith(_FORM):
        return b""
    form: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(form)
    return form


def region_of(environ: dict[str, Any]) -> str | None:
    """The Region for which a WSGI request is signed; None if it is not signed."""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return credential["region"] if credential else None


def call_of(environ: dict[str, Any], form: bytes) -> Call:
    """What a WSGI request asks for."""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = credential["service"].lower() if credential else "s3"
    path = str(environ.get("PATH_INFO", ""))
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Call(service, str(target).rpartition(".")[2], "json")
    fields = parse_qs(str(environ.get("QUERY_STRING", ""))) | parse_qs(form.decode("utf-8", "replace"))
    if action := fields.get("Action"):
        return Call(service, action[0], "ec2" if service == "ec2" else "query")
    return _by_path(service, f"{environ.get('REQUEST_METHOD')} {path}", environ)


def _by_path(service: str, path: str, environ: dict[str, Any]) -> Call:
    try:
        operation, _ = get_service_router(service).match(Request(environ))
    except (NotFound, NotImplementedError, BotoCoreError):
        return Call(service, path, "s3" if service == "s3" else "rest-json")
    return Call(service, operation.name, "s3" if service == "s3" else operation.service_model.metadata["protocol"])


def answer(call: Call, status: HTTPStatus, code: str, message: str, start_response: Any) -> Iterable[bytes]:
    """Answers a WSGI request with an error."""
    kind, body = _body(call.protocol, code, message)
    # JSON clients look for the code in the header first.
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("x-amzn-ErrorType", code)]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def _body(protocol: str, code: str, message: str) -> tuple[str, bytes]:
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    match protocol:
        case "json" | "rest-json":
            kind = "application/x-amz-json-1.0" if protocol == "json" else "application/json"
            return kind, json.dumps({"__type": code, "message": message}).encode()
        case "s3":
            return "application/xml", f"<Error>{error}</Error>".encode()
        case "ec2":
            text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>local</RequestID></Response>"
            return "text/xml", text.encode()
    return "text/xml", f"<ErrorResponse><Error>{error}</Error><RequestId>local</RequestId></ErrorResponse>".encode()
