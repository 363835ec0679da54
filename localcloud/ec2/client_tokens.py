"""Which requests were made with which client token.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Run_Instance_Idempotency.html
"""

from dataclasses import dataclass
from typing import Any

from localcloud.ec2.errors import CapacityReservationError, IdempotentParameterMismatch


@dataclass(frozen=True)
class TokenScope:
    """Within it a token means one request; another Region or zone is another token space (FACTS)."""

    account: str
    region: str
    zone: str
    token: str


@dataclass(frozen=True)
class Remembered:
    """What came of the first request."""

    parameters: Any
    reservation_id: str | None
    refusal: CapacityReservationError | None = None


class ClientTokens:
    """The tokens of successful requests, until reset. How long EC2 remembers is unverified. The caller holds the lock.

    What a token does after a refusal is unverified as well: by default it is as if never used;
    `remember_refused` makes a refused request's token repeat the refusal, for tests of callers that must lean
    on neither.
    """

    def __init__(self) -> None:
        self.remember_refused = False
        self._remembered: dict[TokenScope, Remembered] = {}

    def recall(self, scope: TokenScope, parameters: Any) -> str | None:
        """The id of the reservation that the same request made, or None if the token is new.

        Raises:
            IdempotentParameterMismatch: the token came with other parameters before.
            CapacityReservationError: the first one's refusal, if these are remembered.
        """
        first = self._remembered.get(scope)
        if first is None:
            return None
        if first.parameters != parameters:
            raise IdempotentParameterMismatch(
                "The client token that you provided has been used before, with other parameters."
            )
        if first.refusal is not None:
            raise first.refusal
        return first.reservation_id

    def succeeded(self, scope: TokenScope, parameters: Any, reservation_id: str) -> None:
        """Remembers what a request made."""
        self._remembered[scope] = Remembered(parameters, reservation_id)

    def refused(self, scope: TokenScope, parameters: Any, refusal: CapacityReservationError) -> None:
        """Remembers a refusal, if these are to be."""
        if self.remember_refused:
            self._remembered[scope] = Remembered(parameters, None, refusal)
