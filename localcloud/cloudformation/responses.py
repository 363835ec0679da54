"""What replaces methods of moto's CloudFormationResponse."""

from typing import Any, NoReturn

from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult, EmptyResult

from localcloud.cloudformation.stack import Stack

Response = Any
"""moto's CloudFormationResponse, whose stacks are Stacks here."""

ALWAYS_ROLLS_BACK = "The local cloud rolls back whatever fails: leave DisableRollback and OnFailure out"


def create_stack(self: Response) -> ActionResult:
    """CreateStack."""
    if self._get_bool_param("DisableRollback", False) or self._get_param("OnFailure", "ROLLBACK") != "ROLLBACK":
        raise ValidationError(message=ALWAYS_ROLLS_BACK)
    if self._get_bool_param("EnableTerminationProtection", False):
        raise ValidationError(message="The local cloud protects no stack: leave EnableTerminationProtection out")
    stack = self.cloudformation_backend.create_stack(
        name=self._get_param("StackName"), tags=_tags(self) or {}, **_settings(self, None)
    )
    return ActionResult({"StackId": stack.stack_id})


def create_change_set(self: Response) -> ActionResult:
    """CreateChangeSet."""
    kind, name = self._get_param("ChangeSetType", "CREATE"), self._get_param("StackName")
    stack = self.cloudformation_backend.get_stack(name) if kind == "UPDATE" else None
    change_set_id, stack_id = self.cloudformation_backend.create_change_set(
        stack_name=name,
        change_set_name=self._get_param("ChangeSetName"),
        change_set_type=kind,
        description=self._get_param("Description"),
        tags=_tags(self),
        **_settings(self, stack),
    )
    return ActionResult({"Id": change_set_id, "StackId": stack_id})


def execute_change_set(self: Response) -> ActionResult:
    """ExecuteChangeSet."""
    if self._get_bool_param("DisableRollback", False):
        raise ValidationError(message=ALWAYS_ROLLS_BACK)
    self.cloudformation_backend.execute_change_set(self._get_param("ChangeSetName"), self._get_param("StackName"))
    return EmptyResult()


def update_stack(self: Response) -> NoReturn:  # noqa: ARG001 - moto passes itself
    """UpdateStack, which neither the SAM CLI nor `aws cloudformation deploy` calls."""
    raise ValidationError(message="The local cloud has no UpdateStack: use a change set, as sam deploy does")


def _settings(self: Response, stack: Stack | None) -> dict[str, Any]:
    """What creating a stack and creating a change set have in common; the stack is the one to update."""
    body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
    if not (body or url):
        raise ValidationError(
            message="Either Template URL or Template Body must be specified; the local cloud has no UsePreviousTemplate"
        )
    before = stack.plan.parameters.given if stack and stack.plan else {}
    given: dict[str, str] = {}
    for parameter in self._get_param("Parameters", []):
        name = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            given[name] = parameter["ParameterValue"]
        elif stack is None:
            raise ValidationError(message=f"Parameter {name}: UsePreviousValue is for updates.")
        elif name in before:
            given[name] = before[name]
    return {
        "template": str(self._get_stack_from_s3_url(url) if url else body),
        "parameters": given,
        "capabilities": self._get_param("Capabilities", []),
        "notification_arns": self._get_param("NotificationARNs", []),
        "role_arn": self._get_param("RoleARN"),
    }


def _tags(self: Response) -> dict[str, str] | None:
    tags = self._get_param("Tags")
    return None if tags is None else {tag["Key"]: tag["Value"] for tag in tags}
