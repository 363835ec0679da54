"""What replaces methods of moto's CloudFormationBackend."""

from collections.abc import Mapping
from typing import Any, cast

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id, validate_create_change_set

from localcloud.cloudformation.change_set import LocalChangeSet
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.stack import LocalStack

Backend = Any
"""moto's CloudFormationBackend, whose stacks and change sets are LocalStacks and LocalChangeSets here."""
_new: Any = LocalStack
"""As moto makes its Stack, though unused methods of it are abstract."""

UPDATABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


def create_stack(
    self: Backend,
    name: str,
    template: str,
    parameters: Mapping[str, str],
    capabilities: list[str] | None = None,
    **settings: Any,
) -> LocalStack:
    """CreateStack: the stack is complete, or rolled back, when this returns."""
    if any(stack.name == name for stack in self.stacks.values()):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = _new_stack(self, name, settings)
    plan = Plan(stack.identity, template, parameters)
    plan.require_capabilities(capabilities or [])
    stack.adopt(plan)
    self.stacks[stack.stack_id] = stack
    stack.create_resources()
    _publish_exports(self, stack)
    return stack


def update_stack(
    self: Backend,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: Mapping[str, str],
    tags: dict[str, str] | None,
    capabilities: list[str] | None = None,
) -> LocalStack:
    """UpdateStack: the stack is complete, or rolled back, when this returns."""
    stack: LocalStack = self.get_stack(name)
    _require_updatable(stack)
    plan = Plan(stack.identity, template, parameters)
    plan.require_capabilities(capabilities or [])
    if (
        stack.plan is not None
        and stack.plan.template == plan.template
        and stack.plan.values == plan.values
        and (tags is None or tags == stack.tags)
    ):
        raise ValidationError(message="No updates are to be performed.")
    stack.change(plan, role_arn, tags)
    _publish_exports(self, stack)
    return stack


def create_change_set(
    self: Backend,
    stack_name: str,
    change_set_name: str,
    template: str,
    parameters: Mapping[str, str],
    description: str,
    change_set_type: str,
    notification_arns: list[str] | None = None,
    tags: dict[str, str] | None = None,
    role_arn: str | None = None,
    capabilities: list[str] | None = None,
) -> tuple[str, str]:
    """CreateChangeSet: (change set id, stack id). A template that is refused leaves nothing behind."""
    validate_create_change_set(change_set_name)
    existing: LocalStack | None = next(
        (stack for stack in self.stacks.values() if stack_name in (stack.name, stack.stack_id)), None
    )
    if change_set_type == "UPDATE":
        if existing is None:
            raise ValidationError(stack_name)
        _require_updatable(existing)
    elif existing is not None and existing.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            message=f"Stack [{stack_name}] already exists and cannot be created again with the changeSet"
        )
    stack = existing or _new_stack(self, stack_name, {"notification_arns": notification_arns, "role_arn": role_arn})
    plan = Plan(stack.identity, template, parameters)
    plan.require_capabilities(capabilities or [])
    if any(change_set.change_set_name == change_set_name for change_set in _of_stack(self, stack)):
        raise AlreadyExistsException(f"ChangeSet {change_set_name} already exists")
    if existing is None:
        self.stacks[stack.stack_id] = stack
        stack._become("REVIEW_IN_PROGRESS", "User Initiated")
    change_set_id = generate_changeset_id(change_set_name, self.region_name, self.account_id)
    self.change_sets[change_set_id] = LocalChangeSet(
        stack,
        plan,
        tags,
        change_set_type=change_set_type,
        change_set_id=change_set_id,
        change_set_name=change_set_name,
        description=description,
        notification_arns=notification_arns,
        role_arn=role_arn,
    )
    return change_set_id, stack.stack_id


def execute_change_set(self: Backend, change_set_name: str, stack_name: str | None = None) -> None:
    """ExecuteChangeSet: the stack is complete, or rolled back, when this returns."""
    change_set = describe_change_set(self, change_set_name, stack_name)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(
            message=f"ChangeSet [{change_set_name}] cannot be executed in its current status of [{change_set.status}]"
        )
    stack = cast(LocalStack, change_set.stack)
    if change_set.change_set_type == "UPDATE":
        _require_updatable(stack)
        stack.change(change_set.plan, change_set.role_arn, change_set.tags)
    else:
        stack.tags = change_set.tags or {}
        stack.adopt(change_set.plan)
        stack.create_resources()
    failed = "ROLLBACK" in stack.status
    change_set.execution_status = "EXECUTE_FAILED" if failed else "EXECUTE_COMPLETE"
    _publish_exports(self, stack)


def describe_change_set(self: Backend, change_set_name: str, stack_name: str | None = None) -> LocalChangeSet:
    """The change set by its ARN, or by its name and the stack's.

    Raises:
        ValidationError: there is none.
    """
    found: list[LocalChangeSet] = [
        change_set
        for change_set_id, change_set in self.change_sets.items()
        if change_set_name == change_set_id
        or (
            change_set_name == change_set.change_set_name
            and stack_name in (None, change_set.stack_name, change_set.stack_id)
        )
    ]
    if not found:
        raise ValidationError(message=f"ChangeSet [{change_set_name}] does not exist")
    return found[-1]


def delete_stack(self: Backend, name_or_stack_id: str) -> None:
    """DeleteStack: the stack is gone, or in DELETE_FAILED, when this returns; an unknown one is no error."""
    for stack_id, stack in list(self.stacks.items()):
        if name_or_stack_id not in (stack_id, stack.name):
            continue
        exported = [export.name for export in stack.exports]
        stack.delete()
        if stack.status == "DELETE_COMPLETE":
            self.deleted_stacks[stack_id] = self.stacks.pop(stack_id)
            for name in exported:
                self.exports.pop(name, None)
            for change_set in _of_stack(self, stack):
                del self.change_sets[change_set.change_set_id]


def _new_stack(self: Backend, name: str, settings: Mapping[str, Any]) -> LocalStack:
    made: LocalStack = _new(
        stack_id=generate_stack_id(name, self.region_name, self.account_id),
        name=name,
        account_id=self.account_id,
        region_name=self.region_name,
        cross_stack_resources=self.exports,
        **settings,
    )
    return made


def _require_updatable(stack: LocalStack) -> None:
    if stack.status not in UPDATABLE:
        raise ValidationError(
            message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated. "
            "Delete it, then create it."
        )


def _publish_exports(self: Backend, stack: LocalStack) -> None:
    for name in [name for name, export in self.exports.items() if export.exporting_stack_id == stack.stack_id]:
        del self.exports[name]
    for export in stack.exports:
        self.exports[export.name] = export


def _of_stack(self: Backend, stack: LocalStack) -> list[LocalChangeSet]:
    return [change_set for change_set in self.change_sets.values() if change_set.stack_id == stack.stack_id]
