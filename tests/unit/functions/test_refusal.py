"""What a person reads of a refusal: what to do first, then the part of EC2's words that tells why."""

import botocore.session
import pytest

from odcr.domain.refusal import InsufficientInstanceCapacity, InvalidTarget, RequestRefused
from odcr.domain.wording import MAX_REASON

ROLE = "arn:aws:sts::123456789012:assumed-role/odcr-ReserveCapacityRole-ABCDEFGHIJKL/odcr-ReserveCapacity"
RESOURCE = "arn:aws:ec2:ap-northeast-1:123456789012:capacity-reservation/*"
SCP = (
    f"You are not authorized to perform this operation. User: {ROLE} is not authorized to perform: "
    f"ec2:CreateCapacityReservation on resource: {RESOURCE} with an explicit deny in a service control policy. Encoded "
    f"authorization failure message: {'aVeryLongText' * 60}"
)
LACKING = (
    f"User: {ROLE} is not authorized to perform: ec2:CreateTags on resource: {RESOURCE} because no identity-based "
    "policy allows the ec2:CreateTags action"
)


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        (
            RequestRefused("PendingVerification", "Your request is being verified."),
            "AWS is still verifying the account",
        ),
        (RequestRefused("Blocked", "This account is currently blocked."), "Ask AWS Support"),
        (
            RequestRefused("OptInRequired", "You are not subscribed to this service."),
            "Enable the Region for the account",
        ),
        (RequestRefused("AuthFailure", "AWS was not able to validate the credentials."), "Is the Region enabled"),
        (RequestRefused("ExpiredToken", "The security token included in the request is expired"), "look at its role"),
        (RequestRefused("InvalidClientTokenId", "The token is invalid."), "look at its role"),
        (RequestRefused("UnauthorizedOperation", SCP), "The organization denies it"),
        (RequestRefused("UnauthorizedOperation", SCP), "service control policy"),
        (RequestRefused("UnauthorizedOperation", SCP), "ec2:CreateCapacityReservation"),
        (RequestRefused("UnauthorizedOperation", LACKING), "The function's role lacks the IAM right."),
        (
            RequestRefused("UnauthorizedOperation", LACKING),
            "ec2:CreateTags is denied, because no identity-based policy allows",
        ),
        (RequestRefused("SomethingNew", "Nobody has seen this."), "SomethingNew: Nobody has seen this."),
    ],
    ids=lambda value: value.code if isinstance(value, RequestRefused) else str(value)[:30],
)
def test_what_to_do_is_never_cut(refusal: RequestRefused, advice: str) -> None:
    assert advice in refusal.text[:MAX_REASON]


@pytest.mark.parametrize("code", ["PendingVerification", "Blocked", "OptInRequired", "AuthFailure", "ExpiredToken"])
def test_a_refusal_about_the_account_never_says_to_correct_the_row(code: str) -> None:
    assert "row" not in RequestRefused(code, "").advice
    assert "row" in InvalidTarget("InvalidParameterValue", "").advice


@pytest.mark.parametrize(
    ("message", "zones"),
    [
        ("... or choosing us-east-1a, us-east-1b, us-east-1c.", "us-east-1a, us-east-1b, us-east-1c"),
        ("... or choosing us-east-1a or us-east-1b.", "us-east-1a or us-east-1b"),
        ("Insufficient capacity.", ""),
    ],
)
def test_the_zones_in_a_message_are_read(message: str, zones: str) -> None:
    assert InsufficientInstanceCapacity("InsufficientInstanceCapacity", message).other_zones == zones


def test_a_long_list_of_valid_values_is_answered_with_the_nearest() -> None:
    platforms = botocore.session.get_session().get_service_model("ec2").shape_for("CapacityReservationInstancePlatform")
    valid = ", ".join(platforms.enum)
    for wrong in ("Linx", "windows sql web", "x" * 5_000):
        message = f"Value ({wrong}) for parameter instancePlatform is invalid. Valid values: {valid}"
        reason = InvalidTarget("InvalidParameterValue", message).text
        assert len(reason) <= MAX_REASON
        assert "instancePlatform may be " in reason
    assert (
        "Linux/UNIX"
        in InvalidTarget(
            "InvalidParameterValue", f"Value (Linux) for parameter instancePlatform is invalid. Valid values: {valid}"
        ).text
    )
