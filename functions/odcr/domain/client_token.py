"""The token that makes repeating a creation harmless."""

import hashlib
from collections.abc import Iterable

from odcr.domain.target import ReservationOptions, TargetKey


def client_token(
    owner: str, key: TargetKey, options: ReservationOptions, observed_ids: Iterable[str], count: int, occasion: str = ""
) -> str:
    """A token that is the same for the same intent, and another for any other.

    EC2 answers a repeated request with the same token and parameters with the first reservation. A token counts within
    a zone, so the zone is part of it:
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html

    Args:
        owner: the stack that asks.
        key: what is asked for.
        options: the kind of reservation.
        observed_ids: every reservation of this stack for the key, ended ones too, as they were seen before asking. A
            reservation that was cancelled changes them, so that a new one can be made.
        count: instances asked for.
        occasion: tells two requests of the same intent apart.

    Returns:
        64 ASCII characters, which is as long as a token may be.
    """
    intent = [
        owner,
        key.instance_type,
        # One pool is one intent, whether the row names the zone or gives its id.
        key.zone,
        repr(options),
        *sorted(set(observed_ids)),
        str(count),
        occasion,
    ]
    return hashlib.sha256("\n".join(intent).encode()).hexdigest()
