"""How a refusal is answered."""

from http import HTTPStatus
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult

from localcloud.ec2.errors import CapacityReservationError


def refusal(response: Any, error: CapacityReservationError) -> TYPE_RESPONSE:
    """The answer, with the error's own HTTP status.

    moto knows the status of an error only from botocore's model, which has no errors for EC2.

    Args:
        response: moto's response object with the request.
        error: why it is refused.
    """
    _, headers, body = response.serialized(ActionResult(error))
    return error.status, {**headers, "status": HTTPStatus(error.status).value}, body
