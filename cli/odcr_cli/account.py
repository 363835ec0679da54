"""The account and Region that the command line works in, and the stack there."""

import json
import re
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from odcr_cli.trouble import Trouble, aws_errors_as_trouble

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LOCAL = "local"
_REGION_OF_LOCAL_CLOUD = "ap-northeast-1"
INVOKE_SECONDS = 150
"""How long to wait for an invoked function: longer than the timeout of any that people call (template.yaml)."""
_THROTTLED = "TooManyRequestsException"
_PAUSES = (1.0, 2.0, 4.0)
"""Seconds to wait before each repetition of a throttled invocation."""
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True)
class Place:
    """Which stack to work on, and how to reach it; as the AWS CLI's options of the same names."""

    stack: str = "odcr"
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine, so a local cloud."""
        return (
            bool(self.endpoint_url)
            and _is_address(self.endpoint_url or "")
            and urlsplit(self.endpoint_url or "").hostname in _LOOPBACK
        )


@dataclass(frozen=True)
class Stack:
    """A deployed stack, as CloudFormation describes it."""

    name: str
    region: str
    account: str
    status: str
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The value of the tag `odcr:stack` on its reservations."""
        return f"{self.name}/{self.region}"

    def output(self, name: str) -> str:
        """One of its outputs.

        Raises:
            Trouble: if the stack lacks it, because it was deployed from an older template.
        """
        if not (value := self.outputs.get(name)):
            raise Trouble(f"The stack {self.name} has no output {name}: it is older than this odcr. Deploy it again.")
        return value


class Account:
    """The APIs of one account, called with the caller's own rights.

    Args:
        place: the stack and how to reach it.
    """

    def __init__(self, place: Place) -> None:
        if not _STACK_NAME.fullmatch(place.stack):
            raise Trouble(f"{place.stack!r} is not a stack name. Name your stack with --stack.")
        if place.endpoint_url and not _is_address(place.endpoint_url):
            raise Trouble(f"{place.endpoint_url!r} is not an address. Use one such as http://127.0.0.1:4566.")
        self.place = place
        self._clients: dict[tuple[str, str], Any] = {}
        self._invoke_client: Any = None
        # Threads may share clients, but not the session that creates them:
        # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        self._lock = threading.RLock()

    @cached_property
    def _session(self) -> boto3.Session:
        with aws_errors_as_trouble():
            if self.place.is_local:
                # A local cloud takes any credentials; an account's real ones must not go there.
                region = self.place.region or _REGION_OF_LOCAL_CLOUD
                return boto3.Session(_LOCAL, _LOCAL, region_name=region)
            return boto3.Session(profile_name=self.place.profile, region_name=self.place.region)

    @property
    def region(self) -> str:
        """The stack's Region.

        Raises:
            Trouble: if no Region is configured.
        """
        with self._lock:
            region = self._session.region_name
        if not region:
            raise Trouble("No Region is named. Name the Region of the stack with --region, or set AWS_REGION.")
        return str(region)

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client, in the stack's Region by default."""
        with self._lock:
            key = (service, region or self.region)
            if key not in self._clients:
                self._clients[key] = self._new_client(*key, read_timeout=70, retries={"mode": "standard"})
            return self._clients[key]

    def invoker(self) -> Any:
        """A Lambda client that waits as long as a function may take, and never retries."""
        with self._lock:
            if self._invoke_client is None:
                # A long invocation needs a long timeout and TCP keep-alive:
                # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
                once = {"total_max_attempts": 1}
                self._invoke_client = self._new_client(
                    "lambda", self.region, read_timeout=INVOKE_SECONDS, retries=once, tcp_keepalive=True
                )
            return self._invoke_client

    def _new_client(self, service: str, region: str, **how: Any) -> Any:
        if self.place.is_local:
            # A proxy would not reach this machine.
            how["proxies"] = {}
        with aws_errors_as_trouble():
            return self._session.client(  # type: ignore[call-overload]
                service,
                region_name=region,
                endpoint_url=self.place.endpoint_url,
                config=Config(connect_timeout=5, **how),
            )

    def pages(self, service: str, operation: str, key: str, region: str = "", **arguments: Any) -> list[dict[str, Any]]:
        """All items that a paginated operation lists under a key."""
        with aws_errors_as_trouble():
            pages = self.client(service, region).get_paginator(operation).paginate(**arguments)
            return [item for page in pages for item in page.get(key, [])]

    @cached_property
    def stack(self) -> Stack:
        """The stack that `place` names.

        Raises:
            Trouble: if there is no such stack.
        """
        name = self.place.stack
        try:
            with aws_errors_as_trouble():
                (described,) = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except Trouble as trouble:
            cause = trouble.__cause__
            if isinstance(cause, ClientError) and "does not exist" in str(cause):
                raise Trouble(
                    f"There is no stack {name} in {self.region}. Name another with --stack or --region, or deploy it."
                ) from cause
            raise
        return Stack(
            name,
            self.region,
            described["StackId"].split(":")[4],
            described["StackStatus"],
            {
                parameter["ParameterKey"]: parameter.get("ParameterValue", "")
                for parameter in described.get("Parameters", [])
            },
            {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])},
        )

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invokes a Lambda function, once: without an answer, it may still have done its work.

        Raises:
            Trouble: if the function raised an error, or did not answer.
        """
        try:
            with aws_errors_as_trouble():
                answer = self._invoke_retrying(function, json.dumps(event).encode())
                payload = json.loads(answer["Payload"].read() or b"null")
        except Trouble as trouble:
            if isinstance(trouble.__cause__, ReadTimeoutError | ConnectionClosedError):
                raise Trouble(
                    f"{function} did not answer within {INVOKE_SECONDS} s. "
                    "It may still have done its work: check before you repeat the command."
                ) from trouble.__cause__
            raise
        if answer.get("FunctionError"):
            kind, message = payload.get("errorType", "Error"), " ".join(payload.get("errorMessage", "").split())
            if kind == "LoginRefused":
                message += " If the stack is new: its first run, a minute after the deployment, prepares the database."
            raise Trouble(f"{function} failed with {kind}: {message}")
        return dict(payload)

    def _invoke_retrying(self, function: str, payload: bytes) -> dict[str, Any]:
        client = self.invoker()
        for pause in _PAUSES:
            try:
                return dict(client.invoke(FunctionName=function, Payload=payload))
            except ClientError as error:
                # Only a throttled invocation has certainly not begun:
                # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
                if error.response["Error"]["Code"] != _THROTTLED:
                    raise
            time.sleep(pause)
        return dict(client.invoke(FunctionName=function, Payload=payload))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
