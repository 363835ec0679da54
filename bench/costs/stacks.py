"""What a stack has that costs something whether runs start or not, counted in the translated template."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypedDict

from bench.costs.prices import REGION
from bench.documents import ROOT
from localcloud.cloudformation import parameters
from localcloud.cloudformation.intrinsics import Scope, pseudo_parameters, resolve
from localcloud.cloudformation.template import expand, packaged
from localcloud.schedule.expressions import parse

DEFAULT, NAT, DISABLED, OWN_VPC, OWN_ALL = "default", "NAT gateway", "DISABLED", "own VPC", "own VPC and database"

_OWN_VPC = {"VpcId": "vpc-01234567", "LambdaSubnetIds": "subnet-01234567,subnet-89abcdef"}
_OWN_DATABASE = {
    "ExistingDatabaseSecretArn": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:own-AbCdEf",
    "ExistingDatabaseSecurityGroupId": "sg-01234567",
}

STACKS: dict[str, dict[str, str]] = {
    DEFAULT: {},
    NAT: {"SecretsManagerAccess": "nat"},
    DISABLED: {"ScheduleState": "DISABLED"},
    OWN_VPC: _OWN_VPC | {"DatabaseSubnetIds": "subnet-00000000,subnet-00000001", "SecretsManagerAccess": "existing"},
    OWN_ALL: _OWN_VPC | _OWN_DATABASE | {"SecretsManagerAccess": "existing"},
}
"""The parameters of each kind of stack."""


class StackCounts(TypedDict):
    """What a stack has, and how often its runs start."""

    acus: float
    """The lowest capacity of the stack's own database."""
    endpoint_zones: int
    """Zones of all interface endpoints together."""
    nat_gateways: int
    addresses: int
    """Public IPv4 addresses."""
    alarm_metrics: int
    """Metrics that alarms watch; an alarm with metric math counts as many as it uses."""
    dashboards: int
    secrets: int
    """Secrets, the one in which RDS keeps the administrator's login included."""
    memory_mb: dict[str, int]
    """Memory by function."""
    traced: bool
    period_minutes: float | None
    """Minutes from one start to the next; None if the schedule is disabled."""


class _LogicalIds:
    """Resources that do not exist: their logical ids stand for them."""

    def ref(self, logical_id: str) -> str:
        """The resource's id."""
        return logical_id

    def get_att(self, logical_id: str, attribute: str) -> str:
        """The value of an attribute."""
        return f"{logical_id}.{attribute}"


def count(given: Mapping[str, str]) -> StackCounts:
    """Counts what a stack with these parameters has."""
    template = packaged((ROOT / "template.yaml").read_text())
    values = parameters.resolve(template, given).values
    pseudo = pseudo_parameters("123456789012", REGION, "aws", "stack-id", "odcr")
    expanded = expand(template, dict(given), REGION)
    scope = Scope(expanded, {**pseudo, **values}, _LogicalIds())
    resources = {
        name: (str(resource["Type"]), resolve(resource.get("Properties", {}), scope))
        for name, resource in expanded["Resources"].items()
        if "Condition" not in resource or scope.holds(resource["Condition"])
    }

    def of_type(wanted: str) -> dict[str, dict[str, Any]]:
        return {name: properties for name, (kind, properties) in resources.items() if kind == wanted}

    def zone(subnet: str) -> str:
        return str(resources[subnet][1]["AvailabilityZone"]) if subnet in resources else subnet

    clusters = of_type("AWS::RDS::DBCluster").values()
    lowest = sum(float(cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"]) for cluster in clusters)
    # The daily UpdatePrices costs next to nothing.
    (_, schedule), (_, machine) = resources["AcquireCapacityEveryPeriod"], resources["AcquireCapacity"]
    return StackCounts(
        acus=lowest * len(of_type("AWS::RDS::DBInstance")),
        endpoint_zones=sum(
            len({zone(subnet) for subnet in endpoint["SubnetIds"]})
            for endpoint in of_type("AWS::EC2::VPCEndpoint").values()
            if endpoint["VpcEndpointType"] == "Interface"
        ),
        nat_gateways=len(of_type("AWS::EC2::NatGateway")),
        addresses=len(of_type("AWS::EC2::EIP")),
        alarm_metrics=sum(
            sum("MetricStat" in query for query in alarm.get("Metrics", [{"MetricStat": {}}]))
            for alarm in of_type("AWS::CloudWatch::Alarm").values()
        ),
        dashboards=len(of_type("AWS::CloudWatch::Dashboard")),
        secrets=len(of_type("AWS::SecretsManager::Secret"))
        + sum(bool(cluster.get("ManageMasterUserPassword")) for cluster in clusters),
        memory_mb={name: int(one["MemorySize"]) for name, one in sorted(of_type("AWS::Lambda::Function").items())},
        traced=bool(machine.get("TracingConfiguration", {}).get("Enabled")),
        period_minutes=_minutes(schedule["ScheduleExpression"]) if schedule["State"] == "ENABLED" else None,
    )


def _minutes(expression: str) -> float:
    period = parse(expression)
    if not isinstance(period, timedelta):
        raise ValueError(f"The bill knows only rates, not {expression}; extend its formulas")
    return period / timedelta(minutes=1)
