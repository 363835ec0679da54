"""EC2's reservations, with the caller's own rights: how long Describe lags, and what cannot be modified."""

import time
from typing import Any

from verify.belief import Belief, Seen, as_assumed, compared, differs, not_asked
from verify.subject import NotInTime, Subject, refusal_of

LAG_SECONDS = 20
"""A repeated attempt looks again after at least 20 seconds: docs/reference/limits.md, "Who repeats what"."""
_WATCH_SECONDS = 120
_CHANGED = frozenset(
    {"IncorrectState", "InvalidCapacityReservationId.NotFound", "InvalidCapacityReservationState", "InvalidState"}
)
"""As in functions/odcr/gateways/ec2_errors.py; tests/unit/project/test_verify_beliefs.py compares."""


def lag(subject: Subject) -> Seen:
    """Makes, grows, reduces and cancels a reservation, and after each step waits until Describe shows it."""
    ec2 = subject.client("ec2")
    made = subject.reserve(count=1)
    name = made["CapacityReservationId"]
    lags = [_until_shown(subject, name, "made", TotalInstanceCount=1)]
    for what, count in (("grown", 2), ("reduced", 1)):
        subject.wait(lambda: _is_changeable(subject, name), "an active reservation", 300)
        ec2.modify_capacity_reservation(CapacityReservationId=name, InstanceCount=count)
        lags.append(_until_shown(subject, name, what, TotalInstanceCount=count))
    subject.cancel(name)
    lags.append(_until_shown(subject, name, "cancelled", State="cancelled"))
    text = ", ".join(f"{what} after {seconds:.1f} s" for what, seconds in lags)
    return compared(f"shown as {text}", is_so=all(seconds <= LAG_SECONDS for _, seconds in lags))


def _until_shown(subject: Subject, name: str, what: str, **fields: Any) -> tuple[str, float]:
    began = time.monotonic()

    def look() -> bool | None:
        shown = subject.shown(name) or {}
        return True if all(shown.get(key) == value for key, value in fields.items()) else None

    try:
        subject.wait(look, what, _WATCH_SECONDS)
    except NotInTime:
        return what, float(_WATCH_SECONDS)
    return what, time.monotonic() - began


def _is_changeable(subject: Subject, name: str) -> bool | None:
    return True if (subject.shown(name) or {}).get("State") == "active" else None


def modify_pending(subject: Subject) -> Seen:
    """Modifies a reservation that is still pending after its creation."""
    made = subject.reserve()
    name = made["CapacityReservationId"]
    try:
        if made["State"] != "pending":
            return not_asked(f"a new reservation was {made['State']} at once, and never pending")
        refusal = refusal_of(
            lambda: subject.client("ec2").modify_capacity_reservation(CapacityReservationId=name, InstanceCount=1)
        )
        if refusal is None:
            return differs("a pending reservation was modified")
        return compared(f"pending: {refusal}", is_so=refusal.code in _CHANGED)
    finally:
        subject.cancel(name)


def modify_ended(subject: Subject) -> Seen:
    """Modifies a cancelled reservation."""
    name = subject.reserve()["CapacityReservationId"]
    subject.cancel(name)
    ec2 = subject.client("ec2")
    modified = refusal_of(lambda: ec2.modify_capacity_reservation(CapacityReservationId=name, InstanceCount=1))
    cancelled = refusal_of(lambda: subject.cancel(name))
    if modified is None:
        return differs("a cancelled reservation was modified")
    again = cancelled or "nothing: it is taken"
    return compared(f"modify: {modified}; cancel again: {again}", is_so=modified.code in _CHANGED)


def tags(subject: Subject) -> Seen:
    """Finds a new reservation by its tag and by its owner, with the product's filters."""
    name = subject.reserve()["CapacityReservationId"]
    try:
        filters = [{"Name": "owner-id", "Values": [subject.account.stack.account]}]
        reservations = subject.client("ec2").describe_capacity_reservations(Filters=filters)["CapacityReservations"]
        by_owner = any(reservation["CapacityReservationId"] == name for reservation in reservations)
        by_tag = subject.wait(lambda: subject.shown(name), "the reservation by its tag", LAG_SECONDS)
        if not by_owner:
            return differs("the filter owner-id does not find an own reservation")
        return as_assumed(f"found by tag and by owner, with {len(by_tag.get('Tags', []))} tags")
    finally:
        subject.cancel(name)


_STATES = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-viewing.html"

BELIEFS = (
    Belief(
        "describe lags",
        f"Describe shows a change within {LAG_SECONDS} seconds, however it came about.",
        "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html",
        "The first interval of ReserveCapacity's Retry in the state machine, and the minute for which a record counts.",
        lag,
    ),
    Belief(
        "describe filters",
        "Describe filters reservations by tag:KEY and by owner-id.",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityReservations.html",
        "functions/odcr/gateways/ec2.py: filter the answers there.",
        tags,
    ),
    Belief(
        "modify a pending one",
        "Modify refuses a pending reservation with a code that means that its state has changed.",
        _STATES,
        "CHANGED in functions/odcr/gateways/ec2_errors.py.",
        modify_pending,
    ),
    Belief(
        "modify an ended one",
        "Modify refuses a cancelled reservation with a code that means that its state has changed.",
        _STATES,
        "CHANGED in functions/odcr/gateways/ec2_errors.py.",
        modify_ended,
    ),
)
