"""The check of rights, in front of moto's services."""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException

from localcloud.iam.accesses import ANY_RESOURCE, SERVICES, Access, needed
from localcloud.iam.conditions import UnsupportedPolicyError
from localcloud.iam.roles import rights_of

_moto_authorize = BaseResponse._authenticate_and_authorize_normal_action


def install() -> None:
    """Makes moto ask before every action. The second call does nothing."""
    # By setattr: a method is replaced on purpose.
    setattr(BaseResponse, _moto_authorize.__name__, _authorize)


def _authorize(self: Any, resource: str = "*") -> None:
    _moto_authorize(self, resource)
    partition = get_partition(self.region)
    key = iam_backends[self.current_account][partition].access_keys.get(self.access_key)
    role_arn = getattr(key, "role_arn", None)
    if role_arn is None or self.service_name not in SERVICES:
        return
    for access in needed(self, self._get_action()):
        if why := _why_not(role_arn, access):
            assumed = sts_backends[self.current_account][partition].get_assumed_role_from_access_key(self.access_key)
            who = assumed.arn if assumed else role_arn
            where = "" if access.resource == ANY_RESOURCE else f" on resource: {access.resource}"
            message = f"User: {who} is not authorized to perform: {access.action}{where} {why}"
            if self.service_name == "ec2":
                raise _unauthorized_operation(self, message)
            # https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
            raise JsonRESTError("AccessDeniedException", message)


def _why_not(role_arn: str, access: Access) -> str | None:
    try:
        return rights_of(role_arn).refusal(access)
    except UnsupportedPolicyError as error:
        # Such a policy makes a deployment fail, so it came by IAM's API.
        return f"as far as can be told. {error}"


def _unauthorized_operation(response: Any, message: str) -> HTTPException:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    error = EC2ClientError("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}")
    _, headers, body = response.serialized(ActionResult(error))
    response.response_headers.update(headers)
    refusal = HTTPException(body)
    refusal.code = 403
    return refusal
