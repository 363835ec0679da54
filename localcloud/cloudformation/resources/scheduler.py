"""AWS::Scheduler::Schedule. Whoever runs the cloud makes it tick.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Scheduler.html
"""

from localcloud.cloudformation.resource_type import ApiType, ResourceType

TYPES: tuple[ResourceType, ...] = (
    ApiType(
        "AWS::Scheduler::Schedule",
        "scheduler.CreateSchedule",
        "scheduler.DeleteSchedule",
        "Name",
        update="scheduler.UpdateSchedule",
        arn="ScheduleArn",
    ),
)
