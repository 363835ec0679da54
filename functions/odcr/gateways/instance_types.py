"""What EC2 says of instance types.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

MAX_TYPES = 100
"""Types in one request, which has as many in its answer: EC2 gives up to 100 in one page, and all filters of a request
have at most 200 values together: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

_vcpus: dict[tuple[str, str], int] = {}
"""Of each Region and type that EC2 was asked for: it never changes."""


def vcpus_of(client: "EC2Client", types: Collection[str]) -> dict[str, int]:
    """How many vCPUs an instance of each type has by default, which is what a reserved one counts for.

    Reservations count towards the On-Demand quotas with these:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits

    Args:
        client: of the Region.
        types: as EC2 writes them.

    Returns:
        Without those types that the Region does not have.

    Raises:
        BotoCoreError, ClientError: if EC2 does not answer, or refuses.
    """
    region = client.meta.region_name
    unknown = sorted({one for one in types if (region, one) not in _vcpus})
    paginator = client.get_paginator("describe_instance_types")
    for first in range(0, len(unknown), MAX_TYPES):
        # A filter leaves out what EC2 does not know; asked for by its name, one such type is an error for all of them:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidInstanceType)
        named = {"Name": "instance-type", "Values": unknown[first : first + MAX_TYPES]}
        for page in paginator.paginate(Filters=[named], PaginationConfig={"PageSize": MAX_TYPES}):  # type: ignore[list-item]
            for described in page["InstanceTypes"]:
                # A wildcard in a name finds more than was asked for.
                _vcpus[region, described["InstanceType"]] = described["VCpuInfo"]["DefaultVCpus"]
    return {one: _vcpus[region, one] for one in types if (region, one) in _vcpus}
