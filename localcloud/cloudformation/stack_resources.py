"""The resources of one stack: made, changed and taken away in the order of their dependencies."""

import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError

from localcloud.cloudformation import dynamic_references
from localcloud.cloudformation.handler import Physical, Request
from localcloud.cloudformation.intrinsics import Scope, resolve
from localcloud.cloudformation.registry import HANDLERS
from localcloud.cloudformation.stack_resource import ResourceFailedError, StackIdentity, StackResource, reason_of
from localcloud.cloudformation.validation import in_dependency_order
from localcloud.services import Services

Tell = Callable[[StackResource, str, str | None], None]
"""Records an event: the resource, its new status, the reason."""


class StackResources:
    """The stack's resources by logical id, and the changes of the deployment under way.

    Args:
        services: the running cloud.
        stack: whose resources these are.
        tell: records events.
    """

    def __init__(self, services: Services, stack: StackIdentity, tell: Tell) -> None:
        self._services = services
        self._stack = stack
        self._tell = tell
        self.resources: dict[str, StackResource] = {}
        self._undo: list[Callable[[], None]] = []
        self._replaced: list[StackResource] = []

    def ref(self, logical_id: str) -> str:
        """The physical id of a resource that exists."""
        return self._existing(logical_id).physical.id

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """An attribute of a resource that exists.

        Raises:
            ValidationError: the type has no such attribute.
        """
        found = self._existing(logical_id)
        if attribute in found.physical.attributes:
            return found.physical.attributes[attribute]
        try:
            return found.physical.model.get_cfn_attribute(attribute)
        except (AttributeError, NotImplementedError, UnformattedGetAttTemplateException) as error:
            raise ValidationError(
                message=f"Template error: resource {logical_id} does not support attribute type {attribute} in "
                "Fn::GetAtt"
            ) from error

    def deploy(self, scope: Scope) -> None:
        """Makes the resources what the template says; what it no longer has stays until `clean_up`.

        Raises:
            ResourceFailedError: the deployment stopped there; `roll_back` undoes it.
        """
        self._undo, self._replaced = [], []
        for logical_id in in_dependency_order(scope.template):
            resource = scope.template["Resources"][logical_id]
            if "Condition" in resource and not scope.holds(resource["Condition"]):
                continue
            self._deploy_one(logical_id, resource, scope)

    def clean_up(self, scope: Scope) -> None:
        """Takes away what was replaced, and what the template no longer has.

        Raises:
            ResourceFailedError: something could not be taken away.
        """
        wanted = {
            logical_id
            for logical_id, resource in scope.template["Resources"].items()
            if "Condition" not in resource or scope.holds(resource["Condition"])
        }
        for old in reversed(self._replaced):
            self._delete(old)
        for logical_id in reversed([name for name in self.resources if name not in wanted]):
            self._delete(self.resources[logical_id])
            del self.resources[logical_id]
        order = {name: place for place, name in enumerate(in_dependency_order(scope.template))}
        self.resources = dict(sorted(self.resources.items(), key=lambda item: order[item[0]]))

    def roll_back(self) -> None:
        """Undoes the deployment, last change first.

        Raises:
            ResourceFailedError: a change could not be undone.
        """
        while self._undo:
            self._undo.pop()()

    def delete_all(self) -> None:
        """Takes every resource away, dependents first.

        Raises:
            ResourceFailedError: one could not be taken away; it and what it depends on are still there.
        """
        for logical_id in reversed(list(self.resources)):
            self._delete(self.resources[logical_id])
            del self.resources[logical_id]

    def _existing(self, logical_id: str) -> StackResource:
        if logical_id not in self.resources:
            raise ValidationError(message=f"Template error: {logical_id} is referred to, but its condition is false")
        return self.resources[logical_id]

    def _deploy_one(self, logical_id: str, resource: Mapping[str, Any], scope: Scope) -> None:
        kind, policy = str(resource["Type"]), str(resource.get("DeletionPolicy", "Delete"))
        wanted = StackResource(logical_id, kind, Physical(""), {}, policy)
        current = self.resources.get(logical_id)
        with self._reporting(current or wanted, "CREATE" if current is None else "UPDATE"):
            wanted.properties = resolve(resource.get("Properties", {}), scope)
        if current is None:
            self._create(wanted)
            self._undo.append(lambda: self._take_back(logical_id))
            return
        current.deletion_policy = policy
        changed = _changed(current.properties, wanted.properties)
        if current.cf_resource_type != kind or HANDLERS[kind].must_replace(changed):
            self._replace(current, wanted)
        elif changed:
            self._update(current, wanted, changed)

    def _create(self, wanted: StackResource, reason: str | None = None) -> None:
        self._set(wanted, "CREATE_IN_PROGRESS", reason)
        with self._reporting(wanted, "CREATE"):
            wanted.physical = HANDLERS[wanted.cf_resource_type].create(self._request(wanted))
        self.resources[wanted.logical_resource_id] = wanted
        self._set(wanted, "CREATE_COMPLETE")

    def _update(self, current: StackResource, wanted: StackResource, changed: frozenset[str]) -> None:
        before, logical_id = replace(current), current.logical_resource_id
        wanted.physical = current.physical
        self._undo.append(lambda: self._apply(self.resources[logical_id], before, changed))
        self._apply(current, wanted, changed)

    def _apply(self, current: StackResource, wanted: StackResource, changed: frozenset[str]) -> None:
        self._set(current, "UPDATE_IN_PROGRESS")
        with self._reporting(current, "UPDATE"):
            request = replace(self._request(wanted), changed=changed)
            physical = HANDLERS[current.cf_resource_type].update(request, current.physical)
        updated = replace(wanted, physical=physical)
        self.resources[current.logical_resource_id] = updated
        self._set(updated, "UPDATE_COMPLETE")

    def _replace(self, current: StackResource, wanted: StackResource) -> None:
        reason = "Requested update requires the creation of a new physical resource; hence creating one."
        self._set(current, "UPDATE_IN_PROGRESS", reason)
        with self._reporting(current, "UPDATE"):
            self._refuse_same_name(current, wanted)
            wanted.physical = HANDLERS[wanted.cf_resource_type].create(self._request(wanted))
        self.resources[wanted.logical_resource_id] = wanted
        self._replaced.append(current)
        self._undo.append(lambda: self._put_back(wanted, current))
        self._set(wanted, "UPDATE_COMPLETE")

    def _refuse_same_name(self, current: StackResource, wanted: StackResource) -> None:
        name = current.physical.id.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        if current.cf_resource_type == wanted.cf_resource_type and any(
            value == name and key.endswith(("Name", "Identifier")) for key, value in wanted.properties.items()
        ):
            raise ValidationError(
                message="CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
                f"{name} and update the stack again."
            )

    def _take_back(self, logical_id: str) -> None:
        self._delete(self.resources[logical_id])
        del self.resources[logical_id]

    def _put_back(self, new: StackResource, old: StackResource) -> None:
        self._delete(new)
        self.resources[old.logical_resource_id] = old

    def _delete(self, resource: StackResource) -> None:
        if resource.deletion_policy == "Retain":
            self._set(resource, "DELETE_SKIPPED")
            return
        self._set(resource, "DELETE_IN_PROGRESS")
        with self._reporting(resource, "DELETE"):
            # What the resource referred to may be gone already: a dynamic reference is not read again.
            request = self._request(resource, read_references=False)
            HANDLERS[resource.cf_resource_type].delete(request, resource.physical)
        self._set(resource, "DELETE_COMPLETE")

    def _request(self, wanted: StackResource, *, read_references: bool = True) -> Request:
        stack, properties = self._stack, wanted.properties
        if read_references:
            properties = dynamic_references.resolve(properties, stack.account_id, stack.region)
        logical_id = wanted.logical_resource_id
        alphabet = string.ascii_letters + string.digits
        suffix = "".join(secrets.choice(alphabet) for _ in range(12))
        # Lambda's and IAM's names end at 64 characters.
        name = f"{stack.stack_name[:24]}-{logical_id[:24]}-{suffix}"
        return Request(
            self._services,
            stack.account_id,
            stack.region,
            stack.stack_id,
            stack.stack_name,
            logical_id,
            name,
            properties,
        )

    def _set(self, resource: StackResource, status: str, reason: str | None = None) -> None:
        resource.status, resource.status_reason, resource.changed_at = status, reason, datetime.now(UTC)
        self._tell(resource, status, reason)

    @contextmanager
    def _reporting(self, resource: StackResource, verb: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            reason = reason_of(error)
            self._set(resource, f"{verb}_FAILED", reason)
            raise ResourceFailedError(resource.logical_resource_id, reason) from error


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name in {*before, *after} if before.get(name) != after.get(name))
