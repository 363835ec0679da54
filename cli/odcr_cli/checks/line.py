"""The result of a check, and how checks ask AWS."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from odcr_cli.formatting import printable
from odcr_cli.trouble import Trouble

_T = TypeVar("_T")
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
"""The services' error codes for a missing right."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Line:
    """One result: what was seen, and what to do."""

    check: str
    level: Level
    seen: str
    advice: str = ""
    """What to do; empty if there is nothing to do."""


class NotAsked(Exception):  # noqa: N818 - says what happened
    """AWS did not answer the question. The text says why.

    Args:
        why: in words.
        right: the IAM action that the caller lacks; empty for other reasons.
    """

    def __init__(self, why: str, right: str = "") -> None:
        self.right = right
        super().__init__(why)

    @property
    def advice(self) -> str:
        """What to do about it."""
        return f"Ask for the right {self.right}." if self.right else "Look in the console."


def ask_aws(right: str, request: Callable[[], _T]) -> _T:
    """AWS's answer to a request.

    Args:
        right: the IAM action that the request needs, such as `lambda:GetAccountSettings`.
        request: sends it.

    Raises:
        NotAsked: if AWS refuses, does not answer, or has no such operation.
    """
    try:
        return request()
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        raise _not_asked(right, error) from error
    except Trouble as trouble:
        raise _not_asked(right, trouble.__cause__ or trouble) from trouble


def _not_asked(right: str, error: BaseException) -> NotAsked:
    if isinstance(error, EndpointConnectionError):
        return NotAsked(f"nothing answers {right} here")
    if not isinstance(error, ClientError):
        return NotAsked(f"{right} was not answered: {printable(str(error))}"[:300])
    code = error.response.get("Error", {}).get("Code", "")
    if code in DENIED:
        return NotAsked(f"you lack the right {right}", right)
    return NotAsked(f"{right} ended with {code}: {printable(error.response['Error'].get('Message', ''))}"[:300])
