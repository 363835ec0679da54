"""What a role's policies allow, and its temporary credentials."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends
from moto.sts.models import sts_backends
from moto.sts.utils import DEFAULT_STS_SESSION_DURATION
from moto.utilities.utils import get_partition

from localcloud.iam.accesses import Access
from localcloud.iam.policy import Statement, judge, parse


@dataclass(frozen=True)
class Rights:
    """A role's policies. A permissions boundary, if there is one, must allow what the others allow."""

    policies: tuple[Statement, ...] = ()
    boundary: tuple[Statement, ...] | None = None

    def refusal(self, access: Access) -> str | None:
        """Why the access is refused, as AWS words it, or None if it is allowed.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
        """
        verdicts = {"an identity-based policy": judge(self.policies, access)}
        if self.boundary is not None:
            verdicts["a permissions boundary"] = judge(self.boundary, access)
        for kind, verdict in verdicts.items():
            if verdict is PermissionResult.DENIED:
                return f"with an explicit deny in {kind}"
        for kind, verdict in verdicts.items():
            if verdict is PermissionResult.NEUTRAL:
                return f"because no {kind.partition(' ')[2]} allows the {access.action} action"
        return None

    def allows(self, access: Access) -> bool:
        """Whether the access is allowed."""
        return self.refusal(access) is None


def rights_of(role_arn: str) -> Rights:
    """The rights as they are now; a role that does not exist has none.

    Raises:
        UnsupportedPolicyError: a policy cannot be judged by.
    """
    _, partition, _, _, account, *_ = role_arn.split(":")
    backend: IAMBackend = iam_backends[account][partition]
    try:
        role: Any = backend.get_role_by_arn(role_arn)
    except NotFoundException:
        return Rights()
    documents = [*role.policies.values(), *(document_of(policy) for policy in role.managed_policies.values())]
    boundary = role.permissions_boundary_arn
    return Rights(
        tuple(statement for document in documents for statement in parse(document)),
        parse(document_of(managed_policy(backend, boundary))) if boundary else None,
    )


def credentials_of(role_arn: str, session_name: str, account_id: str, region: str) -> dict[str, str]:
    """New credentials of a role, which need not exist, as boto3 takes them. Refusals show the session's name."""
    assumed: Any = sts_backends[account_id][get_partition(region)].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=DEFAULT_STS_SESSION_DURATION,
        external_id="",
    )
    return {
        "aws_access_key_id": assumed.access_key_id,
        "aws_secret_access_key": assumed.secret_access_key,
        "aws_session_token": assumed.session_token,
    }


def managed_policy(backend: IAMBackend, arn: str) -> ManagedPolicy:
    """A managed policy. AWS's own come into moto when they are asked for; all 1,500 would take it seconds.

    Raises:
        NotFoundException: there is none.
    """
    name = arn.split("/")[-1]
    if arn not in backend.managed_policies and (data := _policies_of_aws().get(name)):
        policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
        backend.managed_policies[policy.arn] = policy
    if arn not in backend.managed_policies:
        raise NotFoundException(f"Policy {arn} does not exist or is not attachable.")
    return backend.managed_policies[arn]


def document_of(policy: ManagedPolicy) -> str:
    """The policy as it is in force, JSON."""
    return str(next(version.document for version in policy.versions if version.is_default))


@cache
def _policies_of_aws() -> dict[str, dict[str, Any]]:
    policies: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return policies
