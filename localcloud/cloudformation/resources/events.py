"""AWS::Events::Rule

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
"""

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class Rule(ApiType):
    """A rule and its targets. On a bus that does not exist none can be made."""

    def create(self, request: Request) -> Physical:
        rule = super().create(request)
        if targets := request.properties.get("Targets"):
            request.call("events.PutTargets", **{**request.properties, "Rule": rule.id, "Targets": targets})
        return rule

    def delete(self, request: Request, current: Physical) -> None:
        ids = [target["Id"] for target in request.properties.get("Targets", [])]
        if ids:
            request.call("events.RemoveTargets", **{**request.properties, "Rule": current.id, "Ids": ids})
        super().delete(request, current)


TYPES: tuple[ResourceType, ...] = (
    Rule("AWS::Events::Rule", "events.PutRule", "events.DeleteRule", "Name", arn="RuleArn"),
)
