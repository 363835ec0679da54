"""On-Demand quotas: vCPUs per family of instance types and Region, towards which reservations and instances count.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
"""

import re
from dataclasses import dataclass

from moto.ec2.models.instance_types import INSTANCE_TYPES

_FAMILY = re.compile(r"([a-z]+?)(?:-|\d)")


@dataclass(frozen=True)
class Quota:
    """One of the quotas that the page above lists."""

    name: str
    """What the local cloud's commands call it."""
    code: str
    title: str
    """As Service Quotas shows it."""
    families: str
    """How its types' names begin, up to the generation; "" for all others."""
    of_new_account: int
    """vCPUs."""


QUOTAS = (
    Quota("dl", "L-6E869C2A", "Running On-Demand DL instances", "dl", 0),
    Quota("f", "L-74FC7D96", "Running On-Demand F instances", "f", 0),
    Quota("g", "L-DB2E81BA", "Running On-Demand G and VT instances", "g gr vt", 0),
    Quota("hpc", "L-F7808C92", "Running On-Demand HPC instances", "hpc", 0),
    Quota("high-memory", "L-43DA4232", "Running On-Demand High Memory instances", "u", 0),
    Quota("inf", "L-1945791B", "Running On-Demand Inf instances", "inf", 0),
    Quota("p", "L-417A185B", "Running On-Demand P instances", "p", 0),
    Quota("standard", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "", 5),
    Quota("trn", "L-2C3B7624", "Running On-Demand Trn instances", "trn", 0),
    Quota("x", "L-7295265B", "Running On-Demand X instances", "x", 0),
)
STANDARD = next(quota for quota in QUOTAS if quota.name == "standard")


def vcpus_of(instance_type: str) -> int:
    """How many vCPUs one instance has."""
    return int(INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"])


def quota_of(instance_type: str) -> Quota | None:
    """The quota towards which a type counts; None for types that run on Dedicated Hosts only."""
    match = _FAMILY.match(instance_type)
    family = match[1] if match else ""
    if family == "mac":  # only on Dedicated Hosts, which have quotas of their own
        return None
    return next((quota for quota in QUOTAS if family in quota.families.split()), STANDARD)


def quota_named(name: str) -> Quota:
    """The quota with this name or code.

    Raises:
        ValueError: there is none.
    """
    for quota in QUOTAS:
        if name.lower() in (quota.name, quota.code.lower()):
            return quota
    raise ValueError(f"There is no quota {name!r}; name one of {', '.join(quota.name for quota in QUOTAS)}, or a code")
