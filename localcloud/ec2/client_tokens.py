"""Which requests were made with which client token.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Run_Instance_Idempotency.html
"""

from dataclasses import dataclass
from typing import Any

from localcloud.ec2.errors import CapacityReservationError, DryRunOperation, IdempotentParameterMismatch, InternalError


@dataclass(frozen=True)
class TokenScope:
    """Within it a token means one request; another Region or zone is another token space (FACTS)."""

    account: str
    region: str
    zone: str
    token: str


class ClientTokens:
    """The tokens of successful requests, until reset. How long EC2 remembers is unverified. The caller holds the lock.

    What a token does after a refusal is unverified as well: by default it is as if never used;
    `remember_refused` makes a refused request's token repeat the refusal for ever, for tests of callers that must lean
    on neither.
    """

    def __init__(self) -> None:
        self.remember_refused = False
        self._made: dict[TokenScope, tuple[Any, str]] = {}
        self._refused: dict[TokenScope, tuple[Any, CapacityReservationError]] = {}

    def recall(self, scope: TokenScope, parameters: Any) -> str | None:
        """The id of the reservation that the same request made, or None if the token is new.

        Raises:
            IdempotentParameterMismatch: the token came with other parameters before.
        """
        first, made = self._made.get(scope, (None, None))
        if made is not None and first != parameters:
            raise _mismatch()
        return made

    def succeeded(self, scope: TokenScope, parameters: Any, reservation_id: str) -> None:
        """Remembers what a request made."""
        self._made[scope] = parameters, reservation_id

    def repeat_refusal(self, scope: TokenScope, parameters: Any) -> None:
        """Refuses a token that was refused before, if these are remembered.

        Raises:
            CapacityReservationError: as the first time, or IdempotentParameterMismatch if the parameters are others.
        """
        first, refusal = self._refused.get(scope, (None, None))
        if refusal is not None:
            raise refusal.with_traceback(None) if first == parameters else _mismatch()

    def refused(self, scope: TokenScope, parameters: Any, refusal: CapacityReservationError) -> None:
        """Remembers a refusal, if these are to be. An InternalError is none: what came of the request is unknown."""
        if self.remember_refused and not isinstance(refusal, (DryRunOperation, InternalError)):
            self._refused.setdefault(scope, (parameters, refusal))


def _mismatch() -> IdempotentParameterMismatch:
    return IdempotentParameterMismatch(
        "The client token that you provided has been used before, with other parameters."
    )
