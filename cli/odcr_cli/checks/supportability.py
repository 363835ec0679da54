"""EC2's own score of how likely it can provide what is missing. Asking reserves nothing.

"available only to Amazon Web Services Support customers on the Unified Operations plan" (botocore's model), in the
Region where Capacity Manager is enabled:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-manager-supportability.html
"""

from collections.abc import Iterator
from typing import Any

from odcr_cli.checks.inputs import CheckInputs, missing_instances
from odcr_cli.checks.line import Level, Line, NotAsked, ask_aws
from odcr_cli.formatting import printable

NAME = "supportability"
_MOST = 20
_LEVELS = {"high": Level.OK, "medium": Level.WARNING, "low": Level.WARNING, "unsupported": Level.ERROR}


def check(inputs: CheckInputs) -> Iterator[Line]:
    """A line for each pool of an unmet demand, up to the first that EC2 refuses to score."""
    short = [
        wanted for wanted in inputs.wanted() if wanted.demand.missing and wanted.pool.region and not wanted.is_full
    ]
    if not short:
        yield Line(NAME, Level.OK, "Nothing is missing, so EC2 was not asked for a score.")
        return
    for wanted in short[:_MOST]:
        try:
            zone = _zone_id(inputs, wanted.pool.region, wanted.pool.zone)
            vcpus = inputs.vcpus(wanted.pool.region, {wanted.pool.instance_type}).get(wanted.pool.instance_type, 1)
            count = int(missing_instances(wanted, vcpus))
            request = {
                "MarketType": "on-demand",
                "CapacityAmount": count,
                "CapacityUnit": "instances",
                "CapacityAvailabilityZoneIds": [zone],
                "InstanceTypes": [wanted.pool.instance_type],
            }
            answer = _scores(inputs, request)
        except NotAsked as error:
            seen = f"EC2 was not asked how likely the missing instances are: {printable(str(error))[:200]}."
            advice = "It needs Capacity Manager and AWS's Unified Operations support plan; odcr works without."
            yield Line(NAME, Level.WARNING, seen, advice)
            return
        score = str(answer.get("AggregateScore", ""))
        seen = f"{printable(wanted.pool.name)}: EC2's score for {count} more instances is {score}."
        advice = "" if score == "high" else "Add other types or zones: `odcr groups set`."
        yield Line(NAME, _LEVELS.get(score, Level.WARNING), seen, advice)


def _scores(inputs: CheckInputs, request: dict[str, Any]) -> dict[str, Any]:
    operation = getattr(inputs.account.client("ec2"), "get_capacity_manager_supportability_scores", None)
    if operation is None:
        raise NotAsked("boto3 is too old to know GetCapacityManagerSupportabilityScores")
    return dict(ask_aws("ec2:GetCapacityManagerSupportabilityScores", lambda: operation(**request)))


def _zone_id(inputs: CheckInputs, region: str, zone: str) -> str:
    if "-az" in zone:
        return zone
    client = inputs.account.client("ec2", region)
    answer = ask_aws("ec2:DescribeAvailabilityZones", lambda: client.describe_availability_zones(ZoneNames=[zone]))
    return str(answer["AvailabilityZones"][0]["ZoneId"])
