"""How EC2 refuses: codes, HTTP statuses and messages."""

from typing import Any

import boto3
from botocore.config import Config

from odcr_cli.checks.line import NotAsked, ask_aws
from odcr_cli.checks.quotas import quota_of
from verify.belief import Belief, Seen, compared, differs, not_asked
from verify.guard import TooExpensive
from verify.probe import outputs
from verify.subject import TYPE, Subject, refusal_of

_CHEAP = (
    "t2.nano",
    "t3a.nano",
    "t4g.nano",
    "t2.micro",
    "t1.micro",
    "m1.small",
    "a1.medium",
    "m6g.medium",
    "c7g.medium",
)
_CHEAP_BY_QUOTA = ("x2gd.medium", "inf1.xlarge", "g4dn.xlarge", "g4ad.xlarge", "g5g.xlarge")
"""Types below a cent a minute from families whose quota is 0 in a young account."""
_NOT_OFFERED = frozenset({"InstanceTypeNotSupported", "InvalidInstanceType", "InvalidParameterValue", "Unsupported"})
_QUOTA = frozenset({"InstanceLimitExceeded", "VcpuLimitExceeded"})
"""As in functions/odcr/gateways/ec2_errors.py; tests/unit/project/test_verify_beliefs.py compares."""


def unoffered(subject: Subject) -> tuple[str, str] | None:
    """A cheap type of the Region, and a zone that does not offer it but offers others; None if there is none."""
    offerings = ask_aws(
        "ec2:DescribeInstanceTypeOfferings",
        lambda: subject.account.pages(
            "ec2",
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": [TYPE, *_CHEAP]}],
        ),
    )
    zones: dict[str, set[str]] = {}
    for offering in offerings:
        zones.setdefault(offering["InstanceType"], set()).add(offering["Location"])
    for instance_type in _CHEAP:
        lacking = zones.get(TYPE, set()) - zones.get(instance_type, zones.get(TYPE, set()))
        if lacking and _is_cheap(subject, instance_type):
            return instance_type, min(lacking)
    return None


def not_offered(subject: Subject) -> Seen:
    """Asks for a type in a zone that does not offer it."""
    pool = unoffered(subject)
    if pool is None:
        return not_asked("every cheap type is offered in every zone here")
    instance_type, zone = pool
    refusal = subject.refused(InstanceType=instance_type, AvailabilityZone=zone)
    if refusal is None:
        return differs(f"{instance_type} was granted in {zone}, which does not offer it")
    return compared(f"{instance_type} in {zone}: {refusal}", is_so=refusal.code in _NOT_OFFERED)


def no_right(subject: Subject) -> Seen:
    """Makes a dry run with a role without rights."""
    role = outputs(subject)["NobodyRoleArn"]
    sts = subject.client("sts")
    # A new role takes a while to be known everywhere: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
    assumed = subject.wait(lambda: _assumed(sts, role), "a session of the role without rights (sts:AssumeRole)", 30)
    session = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
    ec2 = session.client(
        "ec2",
        region_name=subject.region,
        endpoint_url=subject.place.endpoint_url,
        config=Config(proxies={}) if subject.place.is_local else None,
    )
    ec2.meta.events.register("before-parameter-build.ec2", subject.guard.before)
    refusal = refusal_of(
        lambda: ec2.create_capacity_reservation(
            DryRun=True,
            InstanceType=TYPE,
            InstancePlatform="Linux/UNIX",
            AvailabilityZone=subject.zone,
            InstanceCount=1,
        )
    )
    if refusal is None:
        return differs("it was not refused")
    return compared(str(refusal), is_so=(refusal.code, refusal.status) == ("UnauthorizedOperation", 403))


def _assumed(sts: Any, role: str) -> dict[str, str] | None:
    answers: list[dict[str, Any]] = []
    refusal_of(lambda: answers.append(sts.assume_role(RoleArn=role, RoleSessionName="verify")))
    return dict(answers[0]["Credentials"]) if answers else None


def dry_run(subject: Subject) -> Seen:
    """Makes a dry run with the caller's rights, as `odcr check` does."""
    refusal = refusal_of(lambda: subject.reserve(DryRun=True))
    if refusal is None:
        return differs("a dry run was carried out")
    if refusal.code == "UnauthorizedOperation":
        return not_asked(f"you may not: {refusal}")
    return compared(str(refusal), is_so=(refusal.code, refusal.status) == ("DryRunOperation", 412))


def quota(subject: Subject) -> Seen:
    """Asks for a type of a family whose quota is 0."""
    quotas = subject.client("service-quotas")
    for instance_type in _CHEAP_BY_QUOTA:
        counted = quota_of(instance_type)
        zones = _zones(subject, instance_type)
        if counted is None or not zones or not _is_cheap(subject, instance_type):
            continue
        try:
            code = counted.code
            value = ask_aws(
                "servicequotas:GetServiceQuota",
                lambda code=code: quotas.get_service_quota(ServiceCode="ec2", QuotaCode=code),  # type: ignore[misc]
            )["Quota"]["Value"]
        except NotAsked as error:
            return not_asked(str(error))
        if value == 0:
            refusal = subject.refused(InstanceType=instance_type, AvailabilityZone=zones[0])
            if refusal is None:
                return differs(f"{instance_type} was granted though {code} is 0")
            return compared(f"{instance_type}, whose quota is 0: {refusal}", is_so=refusal.code in _QUOTA)
    return not_asked("no family with a type below a cent a minute has a quota of 0 here")


def _zones(subject: Subject, instance_type: str) -> list[str]:
    offerings = subject.account.pages(
        "ec2",
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": [instance_type]}],
    )
    return sorted(offering["Location"] for offering in offerings)


def _is_cheap(subject: Subject, instance_type: str) -> bool:
    try:
        subject.guard.must_be_cheap(instance_type, 1)
    except (NotAsked, TooExpensive):
        return False
    return True


_CODES = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
_MEANINGS = "functions/odcr/gateways/ec2_errors.py: what the code means."

BELIEFS = (
    Belief(
        "refusal: not offered",
        "A type that the zone does not offer is refused as Unsupported, or as an invalid value.",
        _CODES,
        _MEANINGS,
        not_offered,
    ),
    Belief(
        "refusal: no right",
        "A dry run without the right is refused as UnauthorizedOperation with HTTP 403.",
        _CODES,
        "functions/odcr/domain/refusal.py, and cli/odcr_cli/checks/rights.py.",
        no_right,
    ),
    Belief(
        "dry run",
        "A dry run that would be permitted is refused as DryRunOperation with HTTP 412.",
        _CODES,
        "cli/odcr_cli/checks/rights.py.",
        dry_run,
    ),
    Belief(
        "refusal: quota",
        "More than the quota is refused as VcpuLimitExceeded or InstanceLimitExceeded.",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits",
        _MEANINGS,
        quota,
        local=False,
    ),
)
