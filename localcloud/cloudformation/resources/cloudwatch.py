"""AWS::CloudWatch::* and AWS::Logs::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html
"""

from typing import Any

from moto.cloudwatch.models import (
    CloudWatchBackend,
    Dimension,
    Metric,
    MetricDataQuery,
    MetricStat,
    cloudwatch_backends,
)
from moto.logs.models import LogsBackend, logs_backends

from localcloud.cloudformation.handler import Handler, Physical, Request, required, tags_as_dict


def backend_of(request: Request) -> CloudWatchBackend:
    """moto's CloudWatch in the stack's account and Region."""
    backend: CloudWatchBackend = cloudwatch_backends[request.account_id][request.region]
    return backend


class Alarm(Handler):
    """Shown by DescribeAlarms; it stays in INSUFFICIENT_DATA."""

    type_name = "AWS::CloudWatch::Alarm"
    create_only = frozenset({"AlarmName"})

    def create(self, request: Request) -> Physical:
        return self._put(request, str(request.properties.get("AlarmName", request.name)))

    def update(self, request: Request, current: Physical) -> Physical:
        return self._put(request, current.id)

    def delete(self, request: Request, current: Physical) -> None:
        backend_of(request).delete_alarms([current.id])

    def _put(self, request: Request, name: str) -> Physical:
        properties = request.properties
        metrics = [_query(query) for query in properties.get("Metrics", [])] or None
        alarm = backend_of(request).put_metric_alarm(
            name=name,
            namespace=properties.get("Namespace", ""),
            metric_name=properties.get("MetricName", ""),
            comparison_operator=str(required(request, "ComparisonOperator")),
            evaluation_periods=int(properties.get("EvaluationPeriods", 1)),
            period=int(properties.get("Period", 60)),
            threshold=float(properties.get("Threshold", 0)),
            statistic=properties.get("Statistic", ""),
            description=properties.get("AlarmDescription", ""),
            dimensions=list(properties.get("Dimensions", [])),
            alarm_actions=list(properties.get("AlarmActions", [])),
            metric_data_queries=metrics,
            datapoints_to_alarm=properties.get("DatapointsToAlarm"),
            extended_statistic=properties.get("ExtendedStatistic"),
            ok_actions=list(properties.get("OKActions", [])),
            insufficient_data_actions=list(properties.get("InsufficientDataActions", [])),
            unit=properties.get("Unit"),
            actions_enabled=str(properties.get("ActionsEnabled", True)).lower() == "true",
            treat_missing_data=properties.get("TreatMissingData"),
            tags=list(properties.get("Tags", [])),
        )
        return Physical(name, {"Arn": alarm.alarm_arn}, alarm)


def _query(query: dict[str, Any]) -> MetricDataQuery:
    make: Any = MetricDataQuery  # whose types are those of the query protocol, text only
    stat = query.get("MetricStat")
    metric_stat = None
    if stat:
        metric = stat["Metric"]
        dimensions = [Dimension(part["Name"], part["Value"]) for part in metric.get("Dimensions", [])]
        metric_stat = MetricStat(
            Metric(metric["MetricName"], metric["Namespace"], dimensions),
            stat["Period"],
            stat["Stat"],
            stat.get("Unit"),
        )
    made: MetricDataQuery = make(
        query["Id"],
        query.get("Label"),
        query.get("Period"),
        str(query.get("ReturnData", True)).lower() == "true",
        query.get("Expression"),
        metric_stat,
    )
    return made


class Dashboard(Handler):
    """Kept by moto; nothing draws it."""

    type_name = "AWS::CloudWatch::Dashboard"
    create_only = frozenset({"DashboardName"})

    def create(self, request: Request) -> Physical:
        name = str(request.properties.get("DashboardName", request.name))
        backend_of(request).put_dashboard(name, str(required(request, "DashboardBody")))
        return Physical(name)

    def update(self, request: Request, current: Physical) -> Physical:
        backend_of(request).put_dashboard(current.id, str(required(request, "DashboardBody")))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        backend_of(request).dashboards.pop(current.id, None)


class LogGroup(Handler):
    """A log group, which functions write to."""

    type_name = "AWS::Logs::LogGroup"
    create_only = frozenset({"LogGroupName", "LogGroupClass"})

    def create(self, request: Request) -> Physical:
        name, backend = str(request.properties.get("LogGroupName", request.name)), _logs(request)
        group = backend.create_log_group(name, tags_as_dict(request.properties))
        return self.update(request, Physical(name, {"Arn": f"{group.arn.removesuffix(':*')}:*"}, group))

    def update(self, request: Request, current: Physical) -> Physical:
        retention = request.properties.get("RetentionInDays")
        if retention is None:
            _logs(request).delete_retention_policy(current.id)
        else:
            _logs(request).put_retention_policy(current.id, str(retention))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        if current.id in _logs(request).groups:
            _logs(request).delete_log_group(current.id)


def _logs(request: Request) -> LogsBackend:
    backend: LogsBackend = logs_backends[request.account_id][request.region]
    return backend


HANDLERS: tuple[Handler, ...] = (Alarm(), Dashboard(), LogGroup())
