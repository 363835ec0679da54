"""What replaces methods of moto's CloudFormationResponse. A stack is complete, or rolled back, when a call returns."""

from typing import Any, NoReturn

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id, validate_create_change_set
from moto.core.responses import ActionResult, EmptyResult
from moto.s3.exceptions import S3ClientError

from localcloud.cloudformation.change_set import LocalChangeSet
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.stack import Stack

Response = Any
"""moto's CloudFormationResponse, whose stacks and change sets are Stacks and LocalChangeSets here."""
_new: Any = Stack
"""As moto makes its Stack, though unused methods of it are abstract."""

UPDATABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


def create_stack(self: Response) -> ActionResult:
    """CreateStack."""
    _refuse_settings(self)
    if _existing(self) is not None:
        raise AlreadyExistsException(f"Stack [{self._get_param('StackName')}] already exists")
    stack, plan = _planned(self, None)
    stack.tags = _tags(self) or {}
    self.cloudformation_backend.stacks[stack.stack_id] = stack
    stack.deploy(plan)
    return ActionResult({"StackId": stack.stack_id})


def create_change_set(self: Response) -> ActionResult:
    """CreateChangeSet. A template that is refused leaves nothing behind."""
    existing, kind = _existing(self), self._get_param("ChangeSetType", "CREATE")
    name, stack_name = self._get_param("ChangeSetName"), self._get_param("StackName")
    validate_create_change_set(name)
    if kind == "UPDATE":
        if existing is None:
            raise ValidationError(stack_name)
        _require_updatable(existing)
    elif existing is not None and existing.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            message=f"Stack [{stack_name}] already exists and cannot be created again with the changeSet"
        )
    stack, plan = _planned(self, existing)
    backend = self.cloudformation_backend
    if existing is None:
        backend.stacks[stack.stack_id] = stack
        stack.become("REVIEW_IN_PROGRESS", "User Initiated")
    id_ = generate_changeset_id(name, backend.region_name, backend.account_id)
    backend.change_sets[id_] = LocalChangeSet(
        stack,
        plan,
        _tags(self),
        change_set_id=id_,
        change_set_name=name,
        change_set_type=kind,
        description=self._get_param("Description"),
    )
    return ActionResult({"Id": id_, "StackId": stack.stack_id})


def describe_change_set(self: Response) -> ActionResult:
    """DescribeChangeSet."""
    return ActionResult(_change_set(self))


def execute_change_set(self: Response) -> ActionResult:
    """ExecuteChangeSet."""
    _refuse_settings(self)
    change_set = _change_set(self)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(
            message=f"ChangeSet [{change_set.change_set_name}] cannot be executed in its current status of "
            f"[{change_set.status}]"
        )
    stack: Stack = self.cloudformation_backend.stacks[change_set.stack_id]
    if change_set.change_set_type == "UPDATE":
        _require_updatable(stack)
    if change_set.tags is not None:
        stack.tags = change_set.tags
    stack.deploy(change_set.plan)
    change_set.execution_status = "EXECUTE_FAILED" if "ROLLBACK" in stack.status else "EXECUTE_COMPLETE"
    return EmptyResult()


def update_stack(self: Response) -> NoReturn:  # noqa: ARG001 - moto passes itself
    """UpdateStack, which neither the SAM CLI nor `aws cloudformation deploy` calls."""
    raise ValidationError(message="The local cloud has no UpdateStack: use a change set, as sam deploy does")


def delete_stack(self: Response) -> ActionResult:
    """DeleteStack: the stack is gone, or in DELETE_FAILED; an unknown one is not an error."""
    backend = self.cloudformation_backend
    if stack := _existing(self):
        stack.delete()
        if stack.status == "DELETE_COMPLETE":
            backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
            backend.change_sets = {id_: one for id_, one in backend.change_sets.items() if one.stack is not stack}
    return EmptyResult()


def _existing(self: Response) -> Stack | None:
    name, stacks = self._get_param("StackName"), self.cloudformation_backend.stacks.values()
    return next((stack for stack in stacks if name in (stack.name, stack.stack_id)), None)


def _change_set(self: Response) -> LocalChangeSet:
    """The change set by its ARN, or by its name and the stack's."""
    name, stack_name = self._get_param("ChangeSetName"), self._get_param("StackName")
    found: list[LocalChangeSet] = [
        one
        for one in self.cloudformation_backend.change_sets.values()
        if name in (one.change_set_id, one.change_set_name) and stack_name in (None, one.stack_name, one.stack_id)
    ]
    if not found:
        raise ValidationError(message=f"ChangeSet [{name}] does not exist")
    return found[-1]


def _planned(self: Response, existing: Stack | None) -> tuple[Stack, Plan]:
    """The stack, a new one if there is none yet, and what it is to become."""
    backend = self.cloudformation_backend
    account_id, region, name = backend.account_id, backend.region_name, self._get_param("StackName")
    stack = existing or _new(
        stack_id=generate_stack_id(name, region, account_id),
        name=name,
        account_id=account_id,
        region_name=region,
        notification_arns=self._get_param("NotificationARNs", []),
        role_arn=self._get_param("RoleARN"),
    )
    capabilities = self._get_param("Capabilities", [])
    return stack, Plan(stack.identity, _template(self), _parameters(self, existing), capabilities)


def _template(self: Response) -> str:
    body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
    if not (body or url):
        raise ValidationError(
            message="Either Template URL or Template Body must be specified; the local cloud has no UsePreviousTemplate"
        )
    try:
        # moto knows the bucket's place in the URL by the host's name.
        return str(body or self._get_stack_from_s3_url(url.replace("127.0.0.1", "localhost", 1)))
    except (S3ClientError, AttributeError) as error:
        raise ValidationError(message=f"S3 error: The specified key does not exist. ({url})") from error


def _parameters(self: Response, existing: Stack | None) -> dict[str, str]:
    before = existing.plan.parameters.given if existing and existing.plan else {}
    given = {one["ParameterKey"]: one for one in self._get_param("Parameters", [])}
    kept = {name: before[name] for name, one in given.items() if one.get("UsePreviousValue") and name in before}
    return {name: one["ParameterValue"] for name, one in given.items() if not one.get("UsePreviousValue")} | kept


def _tags(self: Response) -> dict[str, str] | None:
    tags = self._get_param("Tags")
    return None if tags is None else {tag["Key"]: tag["Value"] for tag in tags}


def _refuse_settings(self: Response) -> None:
    if self._get_bool_param("DisableRollback", False) or self._get_param("OnFailure", "ROLLBACK") != "ROLLBACK":
        raise ValidationError(message="The local cloud always rolls back: leave DisableRollback and OnFailure out")
    if self._get_bool_param("EnableTerminationProtection", False):
        raise ValidationError(message="The local cloud protects no stack: leave EnableTerminationProtection out")


def _require_updatable(stack: Stack) -> None:
    if stack.status not in UPDATABLE:
        raise ValidationError(
            message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated. "
            "Delete it, then create it."
        )
