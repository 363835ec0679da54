"""What a person is told when something cannot be done: one line, which says what to do."""

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
    ProfileNotFound: "`aws configure list-profiles` shows those that there are.",
    NoRegionError: "Name the Region of the stack with --region, or set AWS_REGION.",
    TokenRetrievalError: "Log in again: `aws sso login`.",
    UnauthorizedSSOTokenError: "Log in again: `aws sso login`.",
    EndpointConnectionError: "Nothing answers there. Is the Region right, and is there a way to the internet?",
    ProxyConnectionError: "The proxy of HTTPS_PROXY does not answer. Correct it, or leave it out.",
    ConnectTimeoutError: "Nothing answers there. Is there a way to the internet?",
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


class Trouble(Exception):  # noqa: N818 - it is what people are in, not an error of the program
    """Something cannot be done. The text is one line, says what, and what to do."""


@contextmanager
def in_words() -> Iterator[None]:
    """Turns what botocore raises into a Trouble.

    Raises:
        Trouble: for whatever AWS refused, or did not answer.
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
    told = f"{error.operation_name} was refused with {code}: {message}"
    if code in _DENIED:
        # The action that is lacked is in the message of most services.
        needs = "docs/explanation/security.md lists what each command needs."
        return f"{told} Ask for the right to {error.operation_name}; {needs}"
    if code in _EXPIRED:
        return f"{told} Log in again."
    return told


def _line(text: str) -> str:
    return " ".join(text.split())
