"""AWS::IAM::Role; what is enforced of its policies is in `localcloud.iam`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from moto.cloudformation.exceptions import ValidationError
from moto.iam.models import IAMBackend, iam_backends
from moto.utilities.utils import get_partition

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType
from localcloud.cloudformation.template import text
from localcloud.iam.conditions import UnsupportedPolicyError
from localcloud.iam.policy import parse
from localcloud.iam.roles import document_of, managed_policy


class Role(ApiType):
    """A role, with its managed and inline policies."""

    def create(self, request: Request) -> Physical:
        _check(request)
        role = super().create(request)
        self._add_policies(request, role)
        return role

    def can_update(self, changed: frozenset[str]) -> bool:
        return not changed & {"RoleName", "Path"}

    def update(self, request: Request, current: Physical) -> Physical:
        _check(request)
        properties = {"Description": "", "MaxSessionDuration": 3600, **request.properties, "RoleName": current.id}
        request.call("iam.UpdateRole", **properties)
        if "AssumeRolePolicyDocument" in request.changed:
            document = properties["AssumeRolePolicyDocument"]
            request.call("iam.UpdateAssumeRolePolicy", RoleName=current.id, PolicyDocument=document)
        boundary = "Put" if "PermissionsBoundary" in properties else "Delete"
        request.call(f"iam.{boundary}RolePermissionsBoundary", **properties)
        self._remove_policies(request, current)
        self._add_policies(request, current)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        self._remove_policies(request, current)
        super().delete(request, current)

    def _add_policies(self, request: Request, role: Physical) -> None:
        for policy in request.properties.get("Policies", []):
            # moto refuses a policy without Version, such as SAM writes and AWS takes.
            document = {"Version": "2012-10-17", **policy["PolicyDocument"]}
            request.call("iam.PutRolePolicy", RoleName=role.id, **{**policy, "PolicyDocument": document})
        for arn in request.properties.get("ManagedPolicyArns", []):
            request.call("iam.AttachRolePolicy", RoleName=role.id, PolicyArn=arn)

    def _remove_policies(self, request: Request, role: Physical) -> None:
        for name in request.call("iam.ListRolePolicies", RoleName=role.id)["PolicyNames"]:
            request.call("iam.DeleteRolePolicy", RoleName=role.id, PolicyName=name)
        for policy in request.call("iam.ListAttachedRolePolicies", RoleName=role.id)["AttachedPolicies"]:
            request.call("iam.DetachRolePolicy", RoleName=role.id, PolicyArn=policy["PolicyArn"])


def _check(request: Request) -> None:
    """Refuses, before anything changes, what could not be enforced later."""
    backend: IAMBackend = iam_backends[request.stack.account_id][get_partition(request.stack.region)]
    policies, boundary = request.properties.get("Policies", []), request.properties.get("PermissionsBoundary")
    managed = [*request.properties.get("ManagedPolicyArns", []), *([boundary] if boundary else [])]
    documents = [text(policy["PolicyDocument"]) for policy in policies]
    documents += [document_of(managed_policy(backend, arn)) for arn in managed]
    try:
        for document in documents:
            parse(document)
    except UnsupportedPolicyError as error:
        raise ValidationError(message=str(error)) from error


TYPES: tuple[ResourceType, ...] = (
    Role("AWS::IAM::Role", "iam.CreateRole", "iam.DeleteRole", "RoleName", within="Role"),
)
