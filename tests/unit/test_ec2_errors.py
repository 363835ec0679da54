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
        (answered("InsufficientInstanceCapacity", 500), refusal.InsufficientInstanceCapacity),
        (answered("RequestLimitExceeded", 503), refusal.RequestLimitExceeded),
        (answered("InstanceLimitExceeded"), refusal.QuotaExceeded),
        (answered("VcpuLimitExceeded"), refusal.QuotaExceeded),
        (answered("Unsupported"), refusal.Unsupported),
        (answered("InvalidInstanceType"), refusal.InvalidTarget),
        (answered("InvalidParameterValue"), refusal.InvalidTarget),
        (answered("IdempotentParameterMismatch"), refusal.Changed),
        (answered("InvalidState"), refusal.Changed),
        (answered("InvalidCapacityReservationId.NotFound"), refusal.Changed),
        (answered("InternalError", 500), refusal.OutcomeUnknown),
        (answered("SomethingNew", 503), refusal.OutcomeUnknown),
        (answered("UnauthorizedOperation", 403), refusal.RequestRefused),
        (ReadTimeoutError(endpoint_url="https://ec2"), refusal.OutcomeUnknown),
        (EndpointConnectionError(endpoint_url="https://ec2"), refusal.OutcomeUnknown),
        (ResponseParserError("<html>"), refusal.OutcomeUnknown),
        (NoCredentialsError(), refusal.RequestRefused),
    ],
)
def test_what_an_error_means(error: Exception, meaning: type[refusal.Refusal]) -> None:
    assert type(refusal_of(error)) is meaning
