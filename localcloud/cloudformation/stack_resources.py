"""The resources of one stack: created, changed and deleted in the order of their dependencies."""

import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudformation.exceptions import CloudFormationError, ValidationError

from localcloud.cloudformation import dynamic_references
from localcloud.cloudformation.intrinsics import Scope, resolve
from localcloud.cloudformation.plan import in_dependency_order
from localcloud.cloudformation.resource_type import Physical, Request, StackIdentity
from localcloud.cloudformation.resources import RESOURCE_TYPES
from localcloud.services import Services


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack, by the names that moto's answers read."""

    logical_resource_id: str
    cf_resource_type: str
    physical: Physical
    properties: dict[str, Any]
    """Resolved, but for dynamic references: no secret stays here."""
    deletion_policy: str

    @property
    def physical_resource_id(self) -> str:
        """What Ref returns."""
        return self.physical.id


Tell = Callable[[StackResource, str, str | None], None]
"""Records an event: the resource, its new status, the reason."""


class ResourceFailedError(Exception):
    """A resource could not be created, changed or deleted."""

    def __init__(self, logical_id: str, reason: str) -> None:
        super().__init__(f"{logical_id}: {reason}")
        self.logical_id = logical_id
        self.reason = reason


class StackResources:
    """The stack's resources by logical id, and the changes of the deployment under way.

    What changes resources raises ResourceFailedError at the first one that fails, and leaves those before it changed.

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

    def ref(self, logical_id: str) -> str:
        """The physical id of a resource that exists."""
        return self._existing(logical_id).physical.id

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """An attribute of a resource that exists.

        Raises:
            ValidationError: the type has no such attribute.
        """
        try:
            return self._existing(logical_id).physical.attribute(attribute)
        except (KeyError, TypeError) as error:
            raise ValidationError(
                message=f"Template error: resource {logical_id} does not support attribute type {attribute} in "
                "Fn::GetAtt"
            ) from error

    def deploy(self, scope: Scope) -> None:
        """Makes the resources what the template says; what it no longer has stays until `clean_up`."""
        self._undo = []
        for logical_id in _wanted(scope):
            self._deploy_one(logical_id, scope)

    def clean_up(self, scope: Scope) -> None:
        """Deletes what the template no longer has."""
        order = _wanted(scope)
        for logical_id in reversed([name for name in self.resources if name not in order]):
            self._delete(logical_id)
        self.resources = {name: self.resources[name] for name in order}

    def roll_back(self) -> None:
        """Undoes the deployment, last change first."""
        while self._undo:
            self._undo.pop()()

    def delete_all(self) -> None:
        """Deletes every resource, dependents first."""
        for logical_id in reversed(list(self.resources)):
            self._delete(logical_id)

    def _existing(self, logical_id: str) -> StackResource:
        if logical_id not in self.resources:
            raise ValidationError(message=f"Template error: {logical_id} is referred to, but its condition is false")
        return self.resources[logical_id]

    def _deploy_one(self, logical_id: str, scope: Scope) -> None:
        current, resource = self.resources.get(logical_id), scope.template["Resources"][logical_id]
        wanted = StackResource(logical_id, resource["Type"], Physical(""), {}, resource.get("DeletionPolicy", "Delete"))
        with self._reporting(current or wanted, "CREATE" if current is None else "UPDATE"):
            wanted = replace(wanted, properties=resolve(resource.get("Properties", {}), scope))
            if current and current.cf_resource_type != wanted.cf_resource_type:
                raise ValidationError(message="The local cloud does not change a resource's type: rename the resource")
        if current is None:
            self._undo.append(lambda: self._delete(logical_id))
            self._put(None, wanted)
        elif current.properties == wanted.properties:
            self.resources[logical_id] = replace(current, deletion_policy=wanted.deletion_policy)
        else:
            before, after = current.properties, wanted.properties
            changed = frozenset(name for name in {*before, *after} if before.get(name) != after.get(name))
            self._undo.append(lambda: self._put(self.resources[logical_id], current, changed))
            self._put(current, wanted, changed)

    def _put(self, current: StackResource | None, wanted: StackResource, changed: frozenset[str] = frozenset()) -> None:
        """Creates the resource, changes it in place, or deletes it and creates it anew."""
        shown, verb = current or wanted, "UPDATE" if current else "CREATE"
        resource_type = RESOURCE_TYPES[wanted.cf_resource_type]
        self._tell(shown, f"{verb}_IN_PROGRESS", None)
        with self._reporting(shown, verb):
            if current and resource_type.can_update(changed):
                physical = resource_type.update(replace(self._request(wanted), changed=changed), current.physical)
            else:
                if current:
                    self._delete_physical(current)
                physical = resource_type.create(self._request(wanted))
        done = replace(wanted, physical=physical)
        self.resources[done.logical_resource_id] = done
        self._tell(done, f"{verb}_COMPLETE", None)

    def _delete(self, logical_id: str) -> None:
        resource = self.resources.get(logical_id)
        if resource is None:
            return
        if resource.deletion_policy == "Retain":
            self._tell(resource, "DELETE_SKIPPED", None)
        else:
            self._tell(resource, "DELETE_IN_PROGRESS", None)
            with self._reporting(resource, "DELETE"):
                self._delete_physical(resource)
            self._tell(resource, "DELETE_COMPLETE", None)
        del self.resources[logical_id]

    def _delete_physical(self, resource: StackResource) -> None:
        # What the resource referred to may be gone already: a dynamic reference is not read again.
        request = self._request(resource, read_references=False)
        try:
            RESOURCE_TYPES[resource.cf_resource_type].delete(request, resource.physical)
        except ClientError as error:
            if not _is_gone(error):
                raise

    def _request(self, wanted: StackResource, *, read_references: bool = True) -> Request:
        stack, logical_id, properties = self._stack, wanted.logical_resource_id, wanted.properties
        if read_references:
            properties = dynamic_references.resolve(properties, self._services, stack.region)
        suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
        # Lambda's and IAM's names end at 64 characters.
        name = f"{stack.stack_name[:24]}-{logical_id[:24]}-{suffix}"
        return Request(self._services, stack, logical_id, name, properties)

    @contextmanager
    def _reporting(self, resource: StackResource, verb: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            is_answer = isinstance(error, CloudFormationError | ClientError | BotoCoreError)
            reason = str(getattr(error, "message", error))
            reason = reason if is_answer else f"{type(error).__name__}: {reason}"
            self._tell(resource, f"{verb}_FAILED", reason)
            raise ResourceFailedError(resource.logical_resource_id, reason) from error


def _wanted(scope: Scope) -> list[str]:
    """Logical ids of the resources whose conditions hold, each after those that it depends on."""
    resources = scope.template["Resources"]
    return [logical_id for logical_id in in_dependency_order(scope.template) if scope.has(resources[logical_id])]


def _is_gone(error: ClientError) -> bool:
    """Whether the call failed because the resource does not exist."""
    code = error.response["Error"]["Code"]
    return any(word in code for word in ("NotFound", "NotExist", "NonExist", "NoSuch"))
