"""What benchmarks that play runs on the local cloud have in common."""

from localcloud.stack import Stack


def logged(stack: Stack, since: int) -> dict[str, list[str]]:
    """What the stack's functions have logged since then (milliseconds of the epoch), by function."""
    logs = stack.client("logs")
    prefix = f"/aws/lambda/{stack.name}-"
    groups = [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]]
    pages = logs.get_paginator("filter_log_events")
    return {
        name.rpartition("-")[2]: [
            event["message"] for page in pages.paginate(logGroupName=name, startTime=since) for event in page["events"]
        ]
        for name in groups
    }


def offered(stack: Stack, count: int, region: str | None = None) -> list[tuple[str, str]]:
    """So many pairs of type and zone that EC2 offers in a Region, the stack's if none is named."""
    pages = stack.client("ec2", region).get_paginator("describe_instance_type_offerings")
    found = [
        (one["InstanceType"], one["Location"])
        for page in pages.paginate(LocationType="availability-zone")
        for one in page["InstanceTypeOfferings"]
    ]
    return sorted(found)[:count]
