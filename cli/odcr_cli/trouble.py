"""The error that a person sees: one line that says what is wrong and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

_ADVICE: dict[type[BotoCoreError], str] = {
    NoCredentialsError: "Log in (`aws configure`, `aws sso login`), or name a profile with --profile.",
    PartialCredentialsError: "Give both parts of the credentials, or name a profile with --profile.",
    ProfileNotFound: "`aws configure list-profiles` lists the profiles.",
    NoRegionError: "Name the Region of the stack with --region, or set AWS_REGION.",
    TokenRetrievalError: "Log in again: `aws sso login`.",
    UnauthorizedSSOTokenError: "Log in again: `aws sso login`.",
    EndpointConnectionError: "Nothing answers there. Is the Region right, and is the internet reachable?",
    ProxyConnectionError: "The proxy of HTTPS_PROXY does not answer. Correct it, or leave it out.",
    ConnectTimeoutError: "Nothing answers there. Is the internet reachable?",
    ReadTimeoutError: "It took too long. Try again.",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException"}
_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}


class Trouble(Exception):  # noqa: N818 - a person's trouble, not a bug
    """Something cannot be done. The text is one line that says what is wrong and what to do."""


@contextmanager
def aws_errors_as_trouble() -> Iterator[None]:
    """Turns botocore's errors into a Trouble.

    Raises:
        Trouble: if AWS refuses or does not answer.
    """
    try:
        yield
    except ClientError as error:
        raise Trouble(_of_client_error(error)) from error
    except BotoCoreError as error:
        advice = next((text for kind, text in _ADVICE.items() if isinstance(error, kind)), "")
        raise Trouble(f"{_line(str(error))} {advice}".strip()) from error


def _of_client_error(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    message = _line(error.response.get("Error", {}).get("Message", ""))
    text = f"{error.operation_name} was refused with {code}: {message}"
    if code in _DENIED:
        # Most services name the missing action in the message.
        needs = "docs/explanation/security.md lists what each command needs."
        return f"{text} Ask for the right to {error.operation_name}; {needs}"
    if code in _EXPIRED:
        return f"{text} Log in again."
    return text


def _line(text: str) -> str:
    return " ".join(text.split())
