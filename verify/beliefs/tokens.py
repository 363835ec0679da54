"""Client tokens of CreateCapacityReservation: what they do after success, cancellation and refusal.

odcr relies only on this: the same request with the same token, sent at once, makes no second reservation.
"""

import secrets

from botocore.exceptions import ClientError

from verify.belief import Belief, Seen, as_assumed, compared, differs, not_asked
from verify.beliefs.refusals import unoffered
from verify.subject import Subject

_MISMATCH = "IdempotentParameterMismatch"


def after_success(subject: Subject) -> Seen:
    """Sends the same request again."""
    token = secrets.token_hex(32)
    first = subject.reserve(token)["CapacityReservationId"]
    second = ""
    try:
        second = subject.reserve(token)["CapacityReservationId"]
        return compared(
            "the same reservation was answered" if first == second else "a second reservation was made",
            is_so=first == second,
        )
    finally:
        for name in {first, second} - {""}:
            subject.cancel(name)


def other_parameters(subject: Subject) -> Seen:
    """Sends the same token with another count."""
    token = secrets.token_hex(32)
    name = subject.reserve(token)["CapacityReservationId"]
    try:
        refusal = subject.refused(token, InstanceCount=2)
        if refusal is None:
            return differs("the other request was taken")
        return compared(str(refusal), is_so=refusal.code == _MISMATCH)
    finally:
        subject.cancel(name)


def after_cancellation(subject: Subject) -> Seen:
    """Sends the same request after the reservation is cancelled. odcr never does: its tokens depend on what it saw."""
    token = secrets.token_hex(32)
    first = subject.reserve(token)["CapacityReservationId"]
    subject.cancel(first)
    try:
        again = subject.reserve(token)
    except ClientError as error:
        return as_assumed(f"refused with {error.response['Error']['Code']}")
    if again["CapacityReservationId"] == first:
        return as_assumed(f"the cancelled reservation was answered, {again['State']}: the token is remembered")
    subject.cancel(again["CapacityReservationId"])
    return as_assumed("a new reservation was made: the token is forgotten")


def after_refusal(subject: Subject) -> Seen:
    """Sends a refused token again, with the same and with a grantable request. odcr never does that."""
    pool = unoffered(subject)
    if pool is None:
        return not_asked("every cheap type is offered in every zone here, so nothing is refused for sure")
    instance_type, zone = pool
    token = secrets.token_hex(32)
    first = subject.refused(token, InstanceType=instance_type, AvailabilityZone=zone)
    if first is None:
        return not_asked(f"{instance_type} was granted in {zone}")
    again = subject.refused(token, InstanceType=instance_type, AvailabilityZone=zone)
    other = subject.refused(token, AvailabilityZone=zone)
    text = f"refused with {other.code}" if other else "granted: a refused token is forgotten"
    return as_assumed(f"the same request: {again.code if again else 'granted'}; another request: {text}")


_IDEMPOTENCY = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html"
_TOKEN = "functions/odcr/domain/reservation.py and functions/odcr/domain/attempt.py."  # noqa: S105 - no password

BELIEFS = (
    Belief(
        "token after success",
        "The same request with the same client token is answered with the first reservation and makes no other.",
        _IDEMPOTENCY,
        f"Nothing protects a lost answer from being bought twice then: {_TOKEN}",
        after_success,
    ),
    Belief(
        "token with other parameters",
        f"The same token with another count is refused with {_MISMATCH}.",
        _IDEMPOTENCY,
        "CHANGED in functions/odcr/gateways/ec2_errors.py.",
        other_parameters,
    ),
    Belief(
        "token after cancellation",
        "Nothing hangs on what a token does once its reservation is cancelled; AWS does not say.",
        _IDEMPOTENCY,
        f"Write what was seen into docs/how-to/verify.md; {_TOKEN}",
        after_cancellation,
    ),
    Belief(
        "token after a refusal",
        "Nothing hangs on what a token does whose request was refused; AWS does not say.",
        _IDEMPOTENCY,
        f"Write what was seen into docs/how-to/verify.md; {_TOKEN}",
        after_refusal,
    ),
)
