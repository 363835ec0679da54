"""On-Demand quotas in vCPUs, against what is running, reserved and wanted.

"Capacity Reservations count toward your On-Demand Instance quotas, even if they are unused". The quotas' codes:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odcr_cli.checks.inputs import CheckInputs, WantedPool, at_most
from odcr_cli.checks.line import Level, Line, NotAsked, ask_aws

NAME = "quotas"


@dataclass(frozen=True)
class Quota:
    """One of Service Quotas' On-Demand quotas, which counts vCPUs."""

    code: str
    name: str


STANDARD = Quota("L-1216C47A", "Standard")
QUOTAS = {
    "dl": Quota("L-6E869C2A", "DL"),
    "f": Quota("L-74FC7D96", "F"),
    "g": Quota("L-DB2E81BA", "G and VT"),
    "gr": Quota("L-DB2E81BA", "G and VT"),
    "vt": Quota("L-DB2E81BA", "G and VT"),
    "hpc": Quota("L-F7808C92", "HPC"),
    "u": Quota("L-43DA4232", "High Memory"),
    "inf": Quota("L-1945791B", "Inf"),
    "p": Quota("L-417A185B", "P"),
    "trn": Quota("L-2C3B7624", "Trn"),
    "x": Quota("L-7295265B", "X"),
}
"""By the leading letters of the instance family; all others are Standard."""
_STANDARD = frozenset("acdhimrtz")
_LETTERS = re.compile(r"[a-z]+")
_HELD = ("active", "pending")
# Dedicated Hosts, Spot Instances and Capacity Blocks have quotas of their own.
_OTHER_TENANCY = "host"


def quota_of(instance_type: str) -> Quota | None:
    """The quota that a type counts toward; None if no known one, as for a Mac."""
    match = _LETTERS.match(instance_type)
    letters = match[0] if match else ""
    if letters in QUOTAS:
        return QUOTAS[letters]
    return STANDARD if letters[:1] in _STANDARD and letters != "mac" else None


def check(inputs: CheckInputs) -> Iterator[Line]:
    """A line for each Region and quota."""
    for region, pools in sorted(inputs.pools_by_region.items()):
        quotas = {quota for wanted in pools if (quota := quota_of(wanted.pool.instance_type))}
        try:
            if quotas:
                used = _used(inputs, region)
                wanted = missing_vcpus(inputs, region, pools)
        except NotAsked as error:
            yield Line(NAME, Level.WARNING, f"{region}: not counted: {error}.", _grant(error.right))
            continue
        for quota in sorted(quotas, key=lambda quota: quota.name):
            try:
                limit = _limit(inputs, region, quota)
            except NotAsked as error:
                what = f"{region} {quota.name}: {used.get(quota, 0) + wanted.get(quota, 0):,} vCPUs after all is held"
                yield Line(NAME, Level.WARNING, f"{what}; the quota is not known: {error}.", _grant(error.right))
                continue
            yield _line(region, quota, used.get(quota, 0) + wanted.get(quota, 0), limit)


def missing_vcpus(inputs: CheckInputs, region: str, pools: list[WantedPool]) -> dict[Quota, int]:
    """Missing vCPUs by quota. For a group, the most that its pools under a quota could take."""
    vcpus = inputs.vcpus(region, {wanted.pool.instance_type for wanted in pools})
    of_demands: dict[tuple[str, Quota], list[tuple[WantedPool, int, Decimal]]] = {}
    for wanted in pools:
        quota, each = quota_of(wanted.pool.instance_type), vcpus.get(wanted.pool.instance_type)
        if quota is not None and each is not None:
            key = (f"{wanted.demand.is_group} {wanted.demand.name}", quota)
            of_demands.setdefault(key, []).append((wanted, each, Decimal(each)))
    sums: dict[Quota, int] = {}
    for (_, quota), theirs in of_demands.items():
        sums[quota] = sums.get(quota, 0) + int(at_most(theirs))
    return sums


def _line(region: str, quota: Quota, needed: int, limit: int) -> Line:
    if needed <= limit:
        return Line(NAME, Level.OK, f"{region} {quota.name}: {needed:,} of {limit:,} vCPUs after all is held.")
    return Line(
        NAME,
        Level.ERROR,
        f"{region} {quota.name}: {needed:,} vCPUs are needed, and the quota is {limit:,}: short by {needed - limit:,}.",
        f"Request an increase of {quota.code} in {region} to at least {needed:,} now: it takes days.",
    )


def _used(inputs: CheckInputs, region: str) -> dict[Quota, int]:
    """vCPUs of running On-Demand Instances and of unused reserved capacity, by quota."""
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    launches = _all(inputs, region, "describe_instances", "Reservations", "ec2:DescribeInstances", Filters=filters)
    counts: dict[str, int] = {}
    for instance in (instance_ for launch in launches for instance_ in launch["Instances"]):
        is_hosted = instance.get("Placement", {}).get("Tenancy") == _OTHER_TENANCY
        if not instance.get("InstanceLifecycle") and not is_hosted:
            counts[instance["InstanceType"]] = counts.get(instance["InstanceType"], 0) + 1
    filters = [{"Name": "state", "Values": list(_HELD)}, {"Name": "owner-id", "Values": [inputs.source.stack.account]}]
    right = "ec2:DescribeCapacityReservations"
    held = _all(inputs, region, "describe_capacity_reservations", "CapacityReservations", right, Filters=filters)
    for reservation in held:
        if reservation.get("ReservationType", "default") == "default":
            free = reservation.get("AvailableInstanceCount", 0)
            counts[reservation["InstanceType"]] = counts.get(reservation["InstanceType"], 0) + free
    vcpus = inputs.vcpus(region, set(counts))
    used: dict[Quota, int] = {}
    for name, count in counts.items():
        if quota := quota_of(name):
            used[quota] = used.get(quota, 0) + count * vcpus.get(name, 0)
    return used


def _all(
    inputs: CheckInputs, region: str, operation: str, key: str, right: str, **arguments: Any
) -> list[dict[str, Any]]:
    return ask_aws(right, lambda: inputs.account.pages("ec2", operation, key, region, **arguments))


def _limit(inputs: CheckInputs, region: str, quota: Quota) -> int:
    """https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html"""
    client = inputs.account.client("service-quotas", region)

    def own_or_default() -> dict[str, Any]:
        try:
            answer = client.get_service_quota(ServiceCode="ec2", QuotaCode=quota.code)
        except client.exceptions.NoSuchResourceException:
            # A quota that was never raised may be known by its default only.
            answer = client.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode=quota.code)
        return dict(answer["Quota"])

    return int(ask_aws("servicequotas:GetServiceQuota", own_or_default)["Value"])


def _grant(right: str) -> str:
    return f"Ask for the right {right}, or look in the console." if right else "Look in the console of Service Quotas."
