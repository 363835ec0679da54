"""Whether the zones offer the wanted types.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
"""

from collections.abc import Iterator
from typing import Any

from odcr_cli.checks.inputs import CheckInputs, WantedPool
from odcr_cli.checks.line import Level, Line, NotAsked, ask_aws
from odcr_cli.formatting import printable

NAME = "offers"
_MOST_VALUES = 200
"""The most values in all filters of a request: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""


def check(inputs: CheckInputs) -> Iterator[Line]:
    """A line for each pool that EC2 does not offer, and one for each Region whose pools are all offered."""
    for wanted in inputs.wanted():
        if not wanted.pool.region:
            seen = f"{printable(wanted.pool.name)}: no Region has this zone."
            yield Line(
                NAME, Level.ERROR, seen, "Correct the zone: a name such as us-east-1a, or an id such as use1-az1."
            )
    for region, pools in sorted(inputs.pools_by_region.items()):
        try:
            wrong = list(_wrong(inputs, region, pools))
        except NotAsked as error:
            yield Line(NAME, Level.WARNING, f"{region}: {error}.", "Look in EC2's console, under Instance Types.")
            continue
        yield from wrong
        if not wrong:
            yield Line(NAME, Level.OK, f"{region}: all {len(pools)} pools are offered.")


def _wrong(inputs: CheckInputs, region: str, pools: list[WantedPool]) -> Iterator[Line]:
    ec2 = inputs.account.client("ec2", region)
    described = ask_aws(
        "ec2:DescribeAvailabilityZones", lambda: ec2.describe_availability_zones(AllAvailabilityZones=True)
    )["AvailabilityZones"]
    zones = {zone["ZoneName"]: zone for zone in described} | {zone["ZoneId"]: zone for zone in described}
    offered = _offered(inputs, region, sorted({wanted.pool.instance_type for wanted in pools}))
    for wanted in pools:
        zone, name = zones.get(wanted.pool.zone), printable(wanted.pool.name)
        where = offered.get(wanted.pool.instance_type, set())
        if zone is None:
            alike = [name for name in sorted(zones) if ("-az" in name) == ("-az" in wanted.pool.zone)]
            seen = f"{name}: {region} has no such zone for this account."
            yield Line(NAME, Level.ERROR, seen, f"Take one of {', '.join(alike[:8])}.")
        elif zone.get("OptInStatus") == "not-opted-in":
            seen = f"{name}: the zone is not enabled for this account."
            yield Line(
                NAME, Level.ERROR, seen, f"Enable the zone group {zone.get('GroupName', wanted.pool.zone)} in EC2."
            )
        elif zone["ZoneName"] not in where:
            advice = f"It is offered in {', '.join(sorted(where))}." if where else "Correct the type, or take another."
            yield Line(NAME, Level.ERROR, f"{name}: the zone does not offer the type.", advice)


def _offered(inputs: CheckInputs, region: str, types: list[str]) -> dict[str, set[str]]:
    """The names of the zones that offer each type, by type."""
    zones: dict[str, set[str]] = {}
    for first in range(0, len(types), _MOST_VALUES):
        arguments: dict[str, Any] = {
            "LocationType": "availability-zone",
            "Filters": [{"Name": "instance-type", "Values": types[first : first + _MOST_VALUES]}],
        }
        for offering in ask_aws(
            "ec2:DescribeInstanceTypeOfferings",
            lambda arguments=arguments: inputs.account.pages(  # type: ignore[misc]
                "ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", region, **arguments
            ),
        ):
            zones.setdefault(offering["InstanceType"], set()).add(offering["Location"])
    return zones
