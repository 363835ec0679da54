"""Counts what a stack has, in the translated template."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bench.costs.prices import REGION
from bench.costs.standing import DEFAULT, DISABLED, NAT, OWN_ALL, OWN_VPC, Standing
from bench.documents import ROOT
from localcloud import schedule_expressions
from localcloud.cloudformation import parameters
from localcloud.cloudformation.intrinsics import Scope, pseudo_parameters, resolve
from localcloud.cloudformation.template import packaged
from localcloud.cloudformation.transform import expand

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
"""The parameters of each kind of stack that is reckoned with."""


_FUNCTION = "AWS::Lambda::Function"


class _LogicalIds:
    """Resources that are not there: their logical ids stand for them."""

    def ref(self, logical_id: str) -> str:
        """The resource's id."""
        return logical_id

    def get_att(self, logical_id: str, attribute: str) -> str:
        """One attribute's value."""
        return f"{logical_id}.{attribute}"


def standing(given: Mapping[str, str]) -> Standing:
    """Counts what a stack with these parameters has."""
    template = packaged((ROOT / "template.yaml").read_text())
    values = parameters.resolve(template, given).values
    pseudo = pseudo_parameters("123456789012", REGION, "aws", "stack-id", "odcr")
    expanded = expand(template, dict(given), REGION)
    scope = Scope(expanded, {**pseudo, **values}, REGION, _LogicalIds(), {})
    made = {
        name: (resource["Type"], resolve(resource.get("Properties", {}), scope))
        for name, resource in expanded["Resources"].items()
        if "Condition" not in resource or scope.holds(resource["Condition"])
    }
    return _counted(made, values)


def _counted(made: Mapping[str, tuple[str, dict[str, Any]]], values: Mapping[str, Any]) -> Standing:
    def of(kind: str) -> list[dict[str, Any]]:
        return [properties for its_kind, properties in made.values() if its_kind == kind]

    def zone(subnet: str) -> str:
        return str(made[subnet][1]["AvailabilityZone"]) if subnet in made else subnet

    clusters = of("AWS::RDS::DBCluster")
    # UpdatePrices, which runs once a day, costs next to nothing.
    (_, schedule), (_, machine) = made["AcquireCapacityEveryPeriod"], made["AcquireCapacity"]
    return Standing(
        acus=sum(float(cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"]) for cluster in clusters)
        * len(of("AWS::RDS::DBInstance")),
        endpoint_zones=sum(
            len({zone(subnet) for subnet in endpoint["SubnetIds"]})
            for endpoint in of("AWS::EC2::VPCEndpoint")
            if endpoint["VpcEndpointType"] == "Interface"
        ),
        nat_gateways=len(of("AWS::EC2::NatGateway")),
        addresses=len(of("AWS::EC2::EIP")),
        alarm_metrics=sum(_metrics_of(alarm) for alarm in of("AWS::CloudWatch::Alarm")),
        dashboards=len(of("AWS::CloudWatch::Dashboard")),
        secrets=len(of("AWS::SecretsManager::Secret"))
        + sum(bool(cluster.get("ManageMasterUserPassword")) for cluster in clusters),
        memory_mb={name: int(made[name][1]["MemorySize"]) for name in sorted(made) if made[name][0] == _FUNCTION},
        ask_every=float(values["AskEverySeconds"]),
        slow_after=float(values["SlowAfterHours"]),
        traced=bool(machine.get("TracingConfiguration", {}).get("Enabled")),
        period_minutes=_minutes(schedule["ScheduleExpression"]) if schedule["State"] == "ENABLED" else None,
    )


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    return sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1


def _minutes(expression: str) -> float:
    schedule = schedule_expressions.parse(expression)
    if not isinstance(schedule, schedule_expressions.Rate):
        raise ValueError(f"{expression} is no rate; the formulas know nothing else")
    return schedule.period / timedelta(minutes=1)
