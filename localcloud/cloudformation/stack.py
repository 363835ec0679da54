"""A stack's life: created, updated, rolled back, deleted; with events that say why.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.intrinsics import NO_VALUE, Scope, resolve
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.resource_type import StackIdentity
from localcloud.cloudformation.stack_resources import ResourceFailedError, StackResource, StackResources
from localcloud.services import Services


class Stack(models.Stack):
    """moto's Stack with the local cloud's resources. Its name is moto's, by which moto's answers know its fields."""

    services: Services
    """The running cloud, which `install` sets."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, template={}, parameters={}, **settings)  # type: ignore[misc]  # all by name
        self.identity = StackIdentity(self.account_id, self.region_name, self.stack_id, self.name)
        self.resources = StackResources(self.services, self.identity, self._tell)
        self.stack_status_reason: str | None = None
        self.plan: Plan | None = None

    @property
    def stack_resources(self) -> list[StackResource]:  # type: ignore[override]  # moto's are its models
        """Every resource."""
        return list(self.resources.resources.values())

    @property
    def parameter_list(self) -> list[dict[str, Any]]:
        """As DescribeStacks lists them."""
        return self.plan.parameters.shown() if self.plan else []

    @property
    def outputs(self) -> list[dict[str, Any]] | None:
        """As DescribeStacks lists them; none until the stack is complete."""
        if self.plan is None or self.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            return None
        return self._resolved_outputs(self._scope(self.plan)) or None

    def deploy(self, plan: Plan) -> None:
        """Creates or updates the stack; a failure ends in a rollback, not in an exception."""
        before, self.plan = self.plan, plan
        verb, rollback = ("CREATE", "ROLLBACK") if before is None else ("UPDATE", "UPDATE_ROLLBACK")
        self.template, self.template_dict = plan.text, plan.template
        self.description = plan.template.get("Description")
        scope = self._scope(plan)
        self.become(f"{verb}_IN_PROGRESS", "User Initiated")
        try:
            self.resources.deploy(scope)
            self._check_outputs(scope)
            if before is not None:
                self.become("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
                self.resources.clean_up(scope)
        except ResourceFailedError as failure:
            id_ = failure.logical_id
            reason = f"The following resource(s) failed to {verb.lower()}: [{id_}]. Reason: {failure.reason}"
            self.become(f"{rollback}_IN_PROGRESS", reason)
            self._roll_back(rollback, before, reason)
        else:
            self.become(f"{verb}_COMPLETE")

    def delete(self) -> None:
        """Deletes the stack; a failure ends in DELETE_FAILED, not in an exception."""
        self.become("DELETE_IN_PROGRESS", "User Initiated")
        try:
            self.resources.delete_all()
        except ResourceFailedError as failure:
            self.become("DELETE_FAILED", f"The following resource(s) failed to delete: [{failure.logical_id}].")
            return
        self.become("DELETE_COMPLETE")

    def _scope(self, plan: Plan) -> Scope:
        return Scope(plan.template, plan.values, self.resources)

    def _roll_back(self, rollback: str, before: Plan | None, reason: str) -> None:
        try:
            self.resources.roll_back()
        except ResourceFailedError as failure:
            reason = f"{reason} Then {failure.logical_id} could not be undone: {failure.reason}"
            self.become(f"{rollback}_FAILED", reason)
            return
        if before is not None:
            self.plan, self.template, self.template_dict = before, before.text, before.template
        self.become(f"{rollback}_COMPLETE", reason)

    def _resolved_outputs(self, scope: Scope) -> list[dict[str, Any]]:
        declared: dict[str, dict[str, Any]] = scope.template.get("Outputs") or {}
        found = {key: resolve(output["Value"], scope) for key, output in declared.items() if scope.has(output)}
        return [
            {"OutputKey": key, "OutputValue": str(value), "Description": declared[key].get("Description")}
            for key, value in found.items()
            if value is not NO_VALUE
        ]

    def _check_outputs(self, scope: Scope) -> None:
        try:
            self._resolved_outputs(scope)
        except ValidationError as error:
            raise ResourceFailedError("Outputs", str(error.message)) from error

    def become(self, status: str, reason: str | None = None) -> None:
        """Takes the status, with an event."""
        self.status, self.stack_status_reason = status, reason
        self._add_stack_event(status, resource_status_reason=reason)

    def _tell(self, resource: StackResource, status: str, reason: str | None) -> None:
        self.events.append(
            models.Event(
                stack_id=self.stack_id,
                stack_name=self.name,
                logical_resource_id=resource.logical_resource_id,
                physical_resource_id=resource.physical_resource_id,
                resource_type=resource.cf_resource_type,
                resource_status=status,
                resource_status_reason=reason,
                resource_properties=None,
            )
        )
