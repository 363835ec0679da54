"""What replaces methods of moto's CloudFormationBackend."""

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id, validate_create_change_set

from localcloud.cloudformation.change_set import LocalChangeSet
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.stack import Stack

Backend = Any
"""moto's CloudFormationBackend, whose stacks and change sets are Stacks and LocalChangeSets here."""
_new: Any = Stack
"""As moto makes its Stack, though unused methods of it are abstract."""

UPDATABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


def create_stack(
    self: Backend,
    name: str,
    template: str,
    parameters: Mapping[str, str],
    capabilities: list[str],
    **settings: Any,
) -> Stack:
    """CreateStack: the stack is complete, or rolled back, when this returns."""
    if any(stack.name == name for stack in self.stacks.values()):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = _new_stack(self, name, settings)
    plan = Plan(stack.identity, template, parameters, capabilities)
    self.stacks[stack.stack_id] = stack
    stack.deploy(plan)
    return stack


def create_change_set(
    self: Backend,
    stack_name: str,
    change_set_name: str,
    template: str,
    parameters: Mapping[str, str],
    capabilities: list[str],
    tags: dict[str, str] | None,
    **settings: Any,
) -> tuple[str, str]:
    """CreateChangeSet: (change set id, stack id). A template that is refused leaves nothing behind."""
    validate_create_change_set(change_set_name)
    is_update = settings["change_set_type"] == "UPDATE"
    existing: Stack | None = next(
        (stack for stack in self.stacks.values() if stack_name in (stack.name, stack.stack_id)), None
    )
    if is_update:
        if existing is None:
            raise ValidationError(stack_name)
        _require_updatable(existing)
    elif existing is not None and existing.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            message=f"Stack [{stack_name}] already exists and cannot be created again with the changeSet"
        )
    own = {name: settings[name] for name in ("notification_arns", "role_arn")}
    stack = existing or _new_stack(self, stack_name, own)
    plan = Plan(stack.identity, template, parameters, capabilities)
    if any(change_set.change_set_name == change_set_name for change_set in _of_stack(self, stack)):
        raise AlreadyExistsException(f"ChangeSet {change_set_name} already exists")
    if existing is None:
        self.stacks[stack.stack_id] = stack
        stack.become("REVIEW_IN_PROGRESS", "User Initiated")
    id_ = generate_changeset_id(change_set_name, self.region_name, self.account_id)
    self.change_sets[id_] = LocalChangeSet(
        stack, plan, tags, change_set_id=id_, change_set_name=change_set_name, **settings
    )
    return id_, stack.stack_id


def execute_change_set(self: Backend, change_set_name: str, stack_name: str | None = None) -> None:
    """ExecuteChangeSet: the stack is complete, or rolled back, when this returns."""
    change_set = describe_change_set(self, change_set_name, stack_name)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(
            message=f"ChangeSet [{change_set_name}] cannot be executed in its current status of [{change_set.status}]"
        )
    stack: Stack = self.stacks[change_set.stack_id]
    if change_set.change_set_type == "UPDATE":
        _require_updatable(stack)
    if change_set.tags is not None:
        stack.tags = change_set.tags
    stack.deploy(change_set.plan)
    change_set.execution_status = "EXECUTE_FAILED" if "ROLLBACK" in stack.status else "EXECUTE_COMPLETE"


def describe_change_set(self: Backend, change_set_name: str, stack_name: str | None = None) -> LocalChangeSet:
    """The change set by its ARN, or by its name and the stack's.

    Raises:
        ValidationError: there is none.
    """
    found: list[LocalChangeSet] = [
        change_set
        for id_, change_set in self.change_sets.items()
        if change_set_name in (id_, change_set.change_set_name)
        and stack_name in (None, change_set.stack_name, change_set.stack_id)
    ]
    if not found:
        raise ValidationError(message=f"ChangeSet [{change_set_name}] does not exist")
    return found[-1]


def delete_stack(self: Backend, name_or_stack_id: str) -> None:
    """DeleteStack: the stack is gone, or in DELETE_FAILED, when this returns; an unknown one is no error."""
    for stack_id, stack in list(self.stacks.items()):
        if name_or_stack_id not in (stack_id, stack.name):
            continue
        stack.delete()
        if stack.status == "DELETE_COMPLETE":
            self.deleted_stacks[stack_id] = self.stacks.pop(stack_id)
            for change_set in _of_stack(self, stack):
                del self.change_sets[change_set.change_set_id]


def _new_stack(self: Backend, name: str, settings: Mapping[str, Any]) -> Stack:
    stack_id = generate_stack_id(name, self.region_name, self.account_id)
    stack: Stack = _new(
        stack_id=stack_id, name=name, account_id=self.account_id, region_name=self.region_name, **settings
    )
    return stack


def _require_updatable(stack: Stack) -> None:
    if stack.status not in UPDATABLE:
        raise ValidationError(
            message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated. "
            "Delete it, then create it."
        )


def _of_stack(self: Backend, stack: Stack) -> list[LocalChangeSet]:
    return [change_set for change_set in self.change_sets.values() if change_set.stack_id == stack.stack_id]
