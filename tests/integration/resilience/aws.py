"""The local cloud's services, called in this process: HTTP would slow thousands of runs down."""

import json
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from moto.core.request import normalize_request
from moto.dynamodb.responses import DynamoHandler
from moto.ec2.responses import EC2Response
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.secretsmanager.responses import SecretsManagerResponse
from werkzeug.exceptions import HTTPException

from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import perform
from localcloud.server import look_up_once

_SERVICES: dict[str, Any] = {
    "ec2": EC2Response,
    "secretsmanager": SecretsManagerResponse,
    "dynamodb": DynamoHandler,
    "scheduler": EventBridgeSchedulerResponse,
}


def signed_for(request: AWSPreparedRequest) -> tuple[str, str]:
    """The Region and the service that a request was signed for."""
    authorization = request.headers["Authorization"]
    signed = authorization.decode() if isinstance(authorization, bytes) else str(authorization)
    # Credential=KEY/20261111/ap-northeast-1/ec2/aws4_request
    _, _, region, service, _ = signed.split("Credential=")[1].split("/", 4)
    return region, service


def answer(request: AWSPreparedRequest) -> AWSResponse:
    """The local cloud's answer to a signed request."""
    _, service = signed_for(request)
    normalized: Any = normalize_request(request)
    try:
        status, headers, body = _SERVICES[service].dispatch(normalized, normalized.raw_url, normalized.headers)
    except HTTPException as error:
        status, headers, body = error.code, error.get_headers(), error.get_body()
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


class CapacityControl(CapacityClient):
    """The control API, without a server."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        look_up_once()

    def _call(self, action: str, /, **arguments: Any) -> Any:
        return perform(action, json.loads(json.dumps(arguments, default=str)))
