"""On-Demand quotas, towards which reservations count.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
"""

from collections.abc import Iterable
from typing import TypeVar

from localcloud.ec2.catalogue import vcpus_of
from localcloud.ec2.errors import InstanceLimitExceeded, VcpuLimitExceeded
from localcloud.ec2.reservation import Reservation

_Key = TypeVar("_Key")


class Quotas:
    """Per Region: one of vCPUs over all types, and one of instances per type; none unless set.

    EC2's are per family of types; here one covers all. The caller holds the lock.
    """

    def __init__(self) -> None:
        self.vcpus: dict[str, int] = {}
        self.instances: dict[tuple[str, str], int] = {}

    def set_vcpus(self, region: str, limit: int | None) -> None:
        """The vCPUs that all reservations of a Region may have together; None lifts it.

        Raises:
            ValueError: negative.
        """
        _set(self.vcpus, region, limit)

    def set_instances(self, region: str, instance_type: str, limit: int | None) -> None:
        """The instances that all reservations for a type may have together; None lifts it.

        Raises:
            ValueError: negative.
        """
        _set(self.instances, (region, instance_type), limit)

    def check(self, region: str, held: Iterable[Reservation], instance_type: str, more: int) -> None:
        """Whether `more` instances fit beside what the Region's reservations hold.

        Raises:
            VcpuLimitExceeded, InstanceLimitExceeded: they do not.
        """
        holding = [one for one in held if one.holds]
        limit = self.vcpus.get(region)
        if limit is not None:
            wanted = sum(vcpus_of(one.instance_type) * one.instance_count for one in holding)
            wanted += vcpus_of(instance_type) * more
            if wanted > limit:
                raise VcpuLimitExceeded(
                    f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the "
                    "instance bucket that the specified instance type belongs to."
                )
        limit = self.instances.get((region, instance_type))
        if limit is not None:
            wanted = sum(one.instance_count for one in holding if one.instance_type == instance_type) + more
            if wanted > limit:
                raise InstanceLimitExceeded(
                    f"You have requested more instances ({wanted}) than your current instance limit of {limit} allows "
                    "for the specified instance type."
                )


def _set(limits: dict[_Key, int], key: _Key, limit: int | None) -> None:
    if limit is None:
        limits.pop(key, None)
    elif limit < 0:
        raise ValueError(f"A quota cannot be {limit}; give 0 or more, or null for none")
    else:
        limits[key] = limit
