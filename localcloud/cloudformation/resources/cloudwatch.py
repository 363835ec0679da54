"""AWS::CloudWatch::* and AWS::Logs::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html
"""

from moto.utilities.utils import get_partition

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class LogGroup(ApiType):
    """A log group, whose retention needs a second call."""

    def create(self, request: Request) -> Physical:
        name = super().create(request).id
        stack = request.stack
        arn = f"arn:{get_partition(stack.region)}:logs:{stack.region}:{stack.account_id}:log-group:{name}:*"
        return self.update(request, Physical(name, {"Arn": arn}))

    def can_update(self, changed: frozenset[str]) -> bool:
        return "LogGroupName" not in changed

    def update(self, request: Request, current: Physical) -> Physical:
        put = "Put" if "RetentionInDays" in request.properties else "Delete"
        request.call(f"logs.{put}RetentionPolicy", **{**request.properties, "LogGroupName": current.id})
        return current


TYPES: tuple[ResourceType, ...] = (
    ApiType(
        "AWS::CloudWatch::Alarm",
        "cloudwatch.PutMetricAlarm",
        "cloudwatch.DeleteAlarms",
        "AlarmName",
        update="cloudwatch.PutMetricAlarm",
    ),
    ApiType(
        "AWS::CloudWatch::Dashboard",
        "cloudwatch.PutDashboard",
        "cloudwatch.DeleteDashboards",
        "DashboardName",
        update="cloudwatch.PutDashboard",
    ),
    LogGroup("AWS::Logs::LogGroup", "logs.CreateLogGroup", "logs.DeleteLogGroup", "LogGroupName"),
)
