import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from odcr.domain import refusal
from odcr.gateways.ec2_errors import refusal_of


def client_error(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateCapacityReservation")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (client_error("InsufficientInstanceCapacity", 500), refusal.InsufficientInstanceCapacity),
        (client_error("RequestLimitExceeded", 503), refusal.RequestLimitExceeded),
        (client_error("InstanceLimitExceeded"), refusal.QuotaExceeded),
        (client_error("VcpuLimitExceeded"), refusal.QuotaExceeded),
        (client_error("Unsupported"), refusal.Unsupported),
        (client_error("InvalidInstanceType"), refusal.InvalidTarget),
        (client_error("InvalidParameterValue"), refusal.InvalidTarget),
        (client_error("IdempotentParameterMismatch"), refusal.Changed),
        (client_error("InvalidState"), refusal.Changed),
        (client_error("InvalidCapacityReservationId.NotFound"), refusal.Changed),
        (client_error("InternalError", 500), refusal.OutcomeUnknown),
        (client_error("SomethingNew", 503), refusal.OutcomeUnknown),
        (client_error("UnauthorizedOperation", 403), refusal.RequestRefused),
        (ReadTimeoutError(endpoint_url="https://ec2"), refusal.OutcomeUnknown),
        (EndpointConnectionError(endpoint_url="https://ec2"), refusal.OutcomeUnknown),
        (ResponseParserError("<html>"), refusal.OutcomeUnknown),
        (NoCredentialsError(), refusal.RequestRefused),
    ],
)
def test_meaning_of_an_error(error: Exception, meaning: type[refusal.Refusal]) -> None:
    assert type(refusal_of(error)) is meaning
