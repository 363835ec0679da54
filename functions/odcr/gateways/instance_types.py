"""What EC2 says about instance types. It never changes, so each type is asked for once.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

MAX_TYPES = 100
"""Types in one request. DescribeInstanceTypes returns up to 100 in one page, and all filters of a request have at most
200 values together: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

_vcpus: dict[tuple[str, str], int] = {}
"""By Region and type."""
_ebs_optimizable: dict[tuple[str, str], bool] = {}
"""By Region and type."""


def vcpus_of(client: "EC2Client", types: Collection[str]) -> dict[str, int]:
    """How many vCPUs an instance of each type has by default.

    Reservations count towards the On-Demand quotas with this number:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits

    Args:
        client: of the Region.
        types: as EC2 writes them.

    Returns:
        Without types that the Region does not have.

    Raises:
        BotoCoreError, ClientError: if EC2 does not answer, or refuses.
    """
    region = client.meta.region_name
    unknown = sorted({name for name in types if (region, name) not in _vcpus})
    paginator = client.get_paginator("describe_instance_types")
    for first in range(0, len(unknown), MAX_TYPES):
        # A filter leaves out what EC2 does not know; asked for by name, one unknown type would fail the whole request:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidInstanceType)
        by_type = {"Name": "instance-type", "Values": unknown[first : first + MAX_TYPES]}
        for page in paginator.paginate(Filters=[by_type], PaginationConfig={"PageSize": MAX_TYPES}):  # type: ignore[list-item]
            for described in page["InstanceTypes"]:
                # A name with a wildcard matches more types.
                _vcpus[region, described["InstanceType"]] = described["VCpuInfo"]["DefaultVCpus"]
    return {name: _vcpus[region, name] for name in types if (region, name) in _vcpus}


def is_ebs_optimizable(client: "EC2Client", instance_type: str) -> bool:
    """Whether instances of a type can be EBS optimized. EC2 refuses such a reservation for a type that cannot.

    Args:
        client: of the Region.
        instance_type: as EC2 writes it.

    Raises:
        BotoCoreError, ClientError: if EC2 does not answer, or does not know the type.
    """
    key = client.meta.region_name, instance_type
    if key not in _ebs_optimizable:
        types = client.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]  # type: ignore[list-item]
        support = types[0].get("EbsInfo", {}).get("EbsOptimizedSupport") if types else None
        _ebs_optimizable[key] = support in ("default", "supported")
    return _ebs_optimizable[key]
