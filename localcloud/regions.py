"""Regions that do not exist. On AWS their endpoints' names resolve to nothing; here every Region has the same endpoint.

So the answer is the one that AWS gives to a signature for a Region that is not the endpoint's.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

import botocore.session


@dataclass(frozen=True)
class Refusal:
    """The error of a request that is signed for no Region."""

    status: HTTPStatus
    code: str
    message: str


@cache
def known() -> frozenset[str]:
    """The Regions in which botocore knows EC2, those of every partition."""
    session = botocore.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(region for one in partitions for region in session.get_available_regions("ec2", one))


def refusal(region: str, protocol: str) -> Refusal:
    """The error for a Region that does not exist, in the words of those who speak the protocol.

    Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
    https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html,
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
    https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html

    Args:
        region: as the request's signature has it.
        protocol: the request's, as in `failures.Call`.
    """
    message = f"Credential should be scoped to a valid region, not '{region}'."
    match protocol:
        case "ec2":
            return Refusal(HTTPStatus.UNAUTHORIZED, "AuthFailure", message)
        case "s3":
            message = f"The authorization header is malformed; the region '{region}' is wrong"
            return Refusal(HTTPStatus.BAD_REQUEST, "AuthorizationHeaderMalformed", message)
        case "json" | "rest-json":
            return Refusal(HTTPStatus.FORBIDDEN, "InvalidSignatureException", message)
    return Refusal(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch", message)
