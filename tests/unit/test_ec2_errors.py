import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from odcr.domain import refusal
from odcr.gateways.ec2_errors import refusal_of


def answered(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateCapacityReservation")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (answered("InsufficientInstanceCapacity", 500), refusal.NoCapacity),
        (answered("RequestLimitExceeded", 503), refusal.Throttled),
        (answered("InstanceLimitExceeded"), refusal.QuotaReached),
        (answered("VcpuLimitExceeded"), refusal.QuotaReached),
        (answered("Unsupported"), refusal.Unsupported),
        (answered("InvalidInstanceType"), refusal.NotOffered),
        (answered("InvalidParameterValue"), refusal.NotOffered),
        (answered("IdempotentParameterMismatch"), refusal.Changed),
        (answered("InvalidState"), refusal.Changed),
        (answered("InvalidCapacityReservationId.NotFound"), refusal.Changed),
        (answered("InternalError", 500), refusal.Unanswered),
        (answered("SomethingNew", 503), refusal.Unanswered),
        (answered("UnauthorizedOperation", 403), refusal.Denied),
        (ReadTimeoutError(endpoint_url="https://ec2"), refusal.Unanswered),
        (EndpointConnectionError(endpoint_url="https://ec2"), refusal.Unanswered),
        (ResponseParserError("<html>"), refusal.Unanswered),
        (NoCredentialsError(), refusal.Denied),
    ],
)
def test_what_an_error_means(error: Exception, meaning: type[refusal.Refusal]) -> None:
    assert type(refusal_of(error)) is meaning
