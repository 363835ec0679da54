"""AWS::IAM::Role; what is enforced of its policies is in `localcloud.iam`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

import json
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.iam.models import IAMBackend, iam_backends
from moto.utilities.utils import get_partition

from localcloud.cloudformation.handler import Handler, Physical, Request, required
from localcloud.cloudformation.moto_handler import MotoHandler
from localcloud.iam.conditions import UnsupportedPolicyError
from localcloud.iam.policy import parse
from localcloud.iam.roles import document_of, managed_policy


def backend_of(request: Request) -> IAMBackend:
    """moto's IAM in the stack's account."""
    backend: IAMBackend = iam_backends[request.account_id][get_partition(request.region)]
    return backend


class Role(MotoHandler):
    """A moto role, with its managed and inline policies."""

    def __init__(self) -> None:
        attributes = {"Arn": lambda role: role.arn, "RoleId": lambda role: role.id}
        super().__init__("AWS::IAM::Role", attributes=attributes)

    def create(self, request: Request) -> Physical:
        _check(request)
        physical = super().create(request)
        self._set_policies(request, physical.model)
        return physical

    def must_replace(self, changed: frozenset[str]) -> bool:
        return bool(changed & {"RoleName", "Path"})

    def update(self, request: Request, current: Physical) -> Physical:
        _check(request)
        role: Any = current.model
        role.assume_role_policy_document = json.dumps(required(request, "AssumeRolePolicyDocument"))
        role.description = str(request.properties.get("Description", ""))
        role.max_session_duration = int(request.properties.get("MaxSessionDuration", 3600))
        role.permissions_boundary_arn = request.properties.get("PermissionsBoundary")
        role.tags = {tag["Key"]: tag for tag in request.properties.get("Tags", [])}
        self._set_policies(request, role)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        self._detach_all(request, current.model)
        super().delete(request, current)

    def _set_policies(self, request: Request, role: Any) -> None:
        for name in list(role.policies):
            role.delete_policy(name)
        for policy in request.properties.get("Policies", []):
            role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
        self._detach_all(request, role)
        for arn in request.properties.get("ManagedPolicyArns", []):
            backend_of(request).attach_role_policy(policy_arn=arn, role_name=role.name)

    def _detach_all(self, request: Request, role: Any) -> None:
        for arn in list(role.managed_policies):
            backend_of(request).detach_role_policy(policy_arn=arn, role_name=role.name)


def _check(request: Request) -> None:
    """Refuses, before anything changes, what could not be enforced later."""
    policies, boundary = request.properties.get("Policies", []), request.properties.get("PermissionsBoundary")
    managed = [*request.properties.get("ManagedPolicyArns", []), *([boundary] if boundary else [])]
    documents = [json.dumps(policy["PolicyDocument"]) for policy in policies]
    documents += [document_of(managed_policy(backend_of(request), arn)) for arn in managed]
    try:
        for document in documents:
            parse(document)
    except UnsupportedPolicyError as error:
        raise ValidationError(message=str(error)) from error


HANDLERS: tuple[Handler, ...] = (Role(),)
