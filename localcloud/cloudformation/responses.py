"""What replaces methods of moto's CloudFormationResponse."""

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult, EmptyResult

from localcloud.cloudformation.stack import LocalStack
from localcloud.cloudformation.stack_resource import StackResource

Response = Any
"""moto's CloudFormationResponse, whose stacks are LocalStacks here."""

ALWAYS_ROLLS_BACK = "The local cloud always rolls back what fails: leave DisableRollback and OnFailure out"


def create_stack(self: Response) -> ActionResult:
    """CreateStack."""
    if self._get_bool_param("DisableRollback", False) or self._get_param("OnFailure", "ROLLBACK") != "ROLLBACK":
        raise ValidationError(message=ALWAYS_ROLLS_BACK)
    stack = self.cloudformation_backend.create_stack(
        name=self._get_param("StackName"),
        template=_template(self, None),
        parameters=_parameters(self, None),
        capabilities=self._get_param("Capabilities", []),
        notification_arns=self._get_param("NotificationARNs", []),
        tags={tag["Key"]: tag["Value"] for tag in self._get_param("Tags", [])},
        role_arn=self._get_param("RoleARN"),
        enable_termination_protection=self._get_param("EnableTerminationProtection"),
    )
    return ActionResult({"StackId": stack.stack_id})


def create_change_set(self: Response) -> ActionResult:
    """CreateChangeSet."""
    kind, name = self._get_param("ChangeSetType", "CREATE"), self._get_param("StackName")
    stack = self.cloudformation_backend.get_stack(name) if kind == "UPDATE" else None
    tags = self._get_param("Tags")
    change_set_id, stack_id = self.cloudformation_backend.create_change_set(
        stack_name=name,
        change_set_name=self._get_param("ChangeSetName"),
        template=_template(self, stack),
        parameters=_parameters(self, stack),
        description=self._get_param("Description"),
        notification_arns=self._get_param("NotificationARNs", []),
        tags=None if tags is None else {tag["Key"]: tag["Value"] for tag in tags},
        role_arn=self._get_param("RoleARN"),
        capabilities=self._get_param("Capabilities", []),
        change_set_type=kind,
    )
    return ActionResult({"Id": change_set_id, "StackId": stack_id})


def update_stack(self: Response) -> ActionResult:
    """UpdateStack."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    tags = self._get_param("Tags")
    self.cloudformation_backend.update_stack(
        name=stack.name,
        template=_template(self, stack),
        role_arn=self._get_param("RoleARN"),
        parameters=_parameters(self, stack),
        tags=None if tags is None else {tag["Key"]: tag["Value"] for tag in tags},
        capabilities=self._get_param("Capabilities", []),
    )
    return ActionResult({"StackId": stack.stack_id})


def execute_change_set(self: Response) -> ActionResult:
    """ExecuteChangeSet."""
    if self._get_bool_param("DisableRollback", False):
        raise ValidationError(message=ALWAYS_ROLLS_BACK)
    self.cloudformation_backend.execute_change_set(
        stack_name=self._get_param("StackName"), change_set_name=self._get_param("ChangeSetName")
    )
    return EmptyResult()


def describe_change_set(self: Response) -> ActionResult:
    """DescribeChangeSet."""
    return ActionResult(
        self.cloudformation_backend.describe_change_set(self._get_param("ChangeSetName"), self._get_param("StackName"))
    )


def get_template(self: Response) -> ActionResult:
    """GetTemplate: as it was written, or plain (TemplateStage Processed)."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    processed = self._get_param("TemplateStage") == "Processed"
    body = stack.template if processed else stack.original_template
    return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})


def describe_stack_resources(self: Response) -> ActionResult:
    """DescribeStackResources."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    wanted = self._get_param("LogicalResourceId")
    found = [one for one in stack.stack_resources if wanted in (None, one.logical_resource_id)]
    return ActionResult({"StackResources": [_resource(stack, one) for one in found]})


def describe_stack_resource(self: Response) -> ActionResult:
    """DescribeStackResource."""
    stack, wanted = self._get_param("StackName"), self._get_param("LogicalResourceId")
    found, one = self.cloudformation_backend.describe_stack_resource(stack, wanted)
    return ActionResult({"StackResourceDetail": _resource(found, one)})


def list_stack_resources(self: Response) -> ActionResult:
    """ListStackResources, on one page."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    return ActionResult({"StackResourceSummaries": [_resource(stack, one) for one in stack.stack_resources]})


def _resource(stack: LocalStack, resource: StackResource) -> dict[str, Any]:
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": resource.logical_resource_id,
        "PhysicalResourceId": resource.physical_resource_id,
        "ResourceType": resource.cf_resource_type,
        "Timestamp": resource.changed_at,
        "LastUpdatedTimestamp": resource.changed_at,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.status_reason,
    }


def _template(self: Response, stack: LocalStack | None) -> str:
    body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
    if self._get_bool_param("UsePreviousTemplate", False):
        if body or url or stack is None:
            raise ValidationError(
                message="UsePreviousTemplate is for updates, and excludes TemplateBody and TemplateURL."
            )
        return stack.original_template
    if url:
        return str(self._get_stack_from_s3_url(url))
    if not body:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    return str(body)


def _parameters(self: Response, stack: LocalStack | None) -> dict[str, str]:
    given: dict[str, str] = {}
    for parameter in self._get_param("Parameters", []):
        name = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            given[name] = parameter["ParameterValue"]
        elif stack is None or stack.plan is None:
            raise ValidationError(message=f"Parameter {name}: UsePreviousValue is for updates.")
        elif name in stack.plan.parameters.given:
            given[name] = stack.plan.parameters.given[name]
    return given
