"""Where the check goes into moto."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from localcloud.iam import (
    dynamodb_accesses,
    ec2_accesses,
    pricing_accesses,
    resource_group_accesses,
    scheduler_accesses,
    secret_accesses,
)
from localcloud.iam.access import ANY_RESOURCE, Access
from localcloud.iam.errors import UnsupportedPolicyError
from localcloud.iam.roles import rights_of

_moto_authorize = BaseResponse._authenticate_and_authorize_normal_action


@dataclass(frozen=True)
class _Service:
    needed: Callable[[Any, str], list[Access]]
    """The accesses that a request, moto's response object, needs for an action."""
    refusal: Callable[[Any, str], HTTPException]
    """As the service words it. moto answers it with `description` and `code`."""


def check_calls() -> None:
    """Makes moto ask before every action."""
    # By setattr: a method is replaced on purpose.
    setattr(BaseResponse, _moto_authorize.__name__, _authorize)


def _authorize(self: Any, resource: str = "*") -> None:
    _moto_authorize(self, resource)
    service = _SERVICES.get(self.service_name)
    if service is None:
        return
    partition = get_partition(self.region)
    key = iam_backends[self.current_account][partition].access_keys.get(self.access_key)
    role_arn = getattr(key, "role_arn", None)
    if role_arn is None:
        return
    for access in service.needed(self, self._get_action()):
        if why := _why_not(role_arn, access):
            assumed = sts_backends[self.current_account][partition].get_assumed_role_from_access_key(self.access_key)
            who = assumed.arn if assumed else role_arn
            where = "" if access.resource == ANY_RESOURCE else f" on resource: {access.resource}"
            raise service.refusal(self, f"User: {who} is not authorized to perform: {access.action}{where} {why}")


def _why_not(role_arn: str, access: Access) -> str | None:
    try:
        return rights_of(role_arn).refusal(access)
    except UnsupportedPolicyError as error:
        # Not from a deployment, which fails with such a policy, but from IAM's API.
        return f"as far as can be told. {error}"


def _unauthorized_operation(response: Any, message: str) -> HTTPException:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    error = EC2ClientError("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}")
    _, headers, body = response.serialized(ActionResult(error))
    response.response_headers.update(headers)
    refusal = HTTPException(body)
    refusal.code = 403
    return refusal


def _access_denied(response: Any, message: str) -> HTTPException:
    """As the services with a JSON protocol word it:
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html"""
    del response
    return JsonRESTError("AccessDeniedException", message)


_SERVICES = {
    "dynamodb": _Service(dynamodb_accesses.needed, _access_denied),
    "ec2": _Service(ec2_accesses.needed, _unauthorized_operation),
    "resource-groups": _Service(resource_group_accesses.needed, _access_denied),
    "pricing": _Service(pricing_accesses.needed, _access_denied),
    "scheduler": _Service(scheduler_accesses.needed, _access_denied),
    "secretsmanager": _Service(secret_accesses.needed, _access_denied),
}
