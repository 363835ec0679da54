"""A stack's life: created, updated, rolled back, deleted; with events that say why.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Event, Stack
from moto.cloudformation.parsing import Export

from localcloud.cloudformation import without_effect
from localcloud.cloudformation.intrinsics import NO_VALUE, Scope, resolve
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.stack_resource import ResourceFailedError, StackIdentity, StackResource
from localcloud.cloudformation.stack_resources import StackResources
from localcloud.services import Services

NOTHING = '{"Resources": {}}'


class LocalStack(Stack):
    """moto's Stack with the local cloud's resources. The class attribute `services` is set by `install`."""

    services: Services

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, template={}, parameters={}, **settings)  # type: ignore[misc]  # all by name
        self.identity = StackIdentity(self.account_id, self.region_name, self.stack_id, self.name)
        self.stack_resources_by_id = StackResources(self.services, self.identity, self._tell)
        self.stack_status_reason: str | None = None
        self.original_template = NOTHING
        self.plan: Plan | None = None

    @property
    def stack_name(self) -> str:
        """As the API's answers call it; moto finds `name` by its class being called Stack."""
        return str(self.name)

    @property
    def stack_status(self) -> str:
        """As the API's answers call it."""
        return str(self.status)

    def adopt(self, plan: Plan) -> None:
        """Makes the plan the stack's template and parameters."""
        self.plan = plan
        self.original_template = plan.text
        self.template = json.dumps(plan.template)
        self.template_dict = plan.template
        self.parameters = dict(plan.parameters.given)
        self.description = plan.template.get("Description")

    @property
    def scope(self) -> Scope:
        """What the template's expressions see."""
        return self._scope(self.plan)

    def _scope(self, plan: Plan | None) -> Scope:
        exports = {name: export.value for name, export in self.cross_stack_resources.items()}
        template = plan.template if plan else {"Resources": {}}
        return Scope(template, plan.values if plan else {}, self.region_name, self.stack_resources_by_id, exports)

    @property
    def stack_resources(self) -> list[StackResource]:  # type: ignore[override]  # moto's are its models
        """Every resource."""
        return list(self.stack_resources_by_id.resources.values())

    @property
    def parameter_list(self) -> list[dict[str, Any]]:
        """As DescribeStacks lists them."""
        return self.plan.parameters.shown() if self.plan else []

    @property
    def stack_parameters(self) -> dict[str, Any]:
        """Values as they were given."""
        return dict(self.parameters)

    @property
    def outputs(self) -> list[dict[str, Any]] | None:
        """As DescribeStacks lists them; none until the stack is complete."""
        if not str(self.status).endswith("_COMPLETE") or self.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
            return None
        scope, found = self.scope, []
        for key, output in self._outputs():
            export = resolve(output.get("Export", {}).get("Name"), scope)
            value = resolve(output["Value"], scope)
            if value is not NO_VALUE:
                found.append(
                    {
                        "OutputKey": key,
                        "OutputValue": str(value),
                        "Description": output.get("Description"),
                        "ExportName": export,
                    }
                )
        return found or None

    @property
    def exports(self) -> list[Export]:
        """What other stacks can import."""
        return [
            Export(self.stack_id, output["ExportName"], output["OutputValue"])
            for output in self.outputs or []
            if output["ExportName"]
        ]

    def _outputs(self) -> list[tuple[str, dict[str, Any]]]:
        scope = self.scope
        declared: dict[str, dict[str, Any]] = self.template_dict.get("Outputs") or {}
        return [
            (key, output)
            for key, output in declared.items()
            if "Condition" not in output or scope.holds(output["Condition"])
        ]

    def create_resources(self) -> None:
        """Creates the stack; a failure ends in ROLLBACK_COMPLETE, not in an exception."""
        self._become("CREATE_IN_PROGRESS", "User Initiated")
        self._announce()
        self._run(lambda: self._deploy(None), "CREATE_COMPLETE", "ROLLBACK", None)

    def change(self, plan: Plan, role_arn: str | None, tags: dict[str, str] | None) -> None:
        """Updates the stack; a failure ends in UPDATE_ROLLBACK_COMPLETE, not in an exception."""
        self.role_arn = role_arn or self.role_arn
        self.tags = self.tags if tags is None else tags
        before = self.plan
        self._become("UPDATE_IN_PROGRESS", "User Initiated")
        self.adopt(plan)
        self._announce()
        self._run(
            lambda: self._deploy("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), "UPDATE_COMPLETE", "UPDATE_ROLLBACK", before
        )

    def delete(self) -> None:
        """Deletes the stack; a failure ends in DELETE_FAILED, not in an exception."""
        self._become("DELETE_IN_PROGRESS", "User Initiated")
        try:
            self.stack_resources_by_id.delete_all()
        except ResourceFailedError as failure:
            self._become("DELETE_FAILED", f"The following resource(s) failed to delete: [{failure.logical_id}].")
            return
        self._become("DELETE_COMPLETE")

    def _deploy(self, cleaning: str | None) -> None:
        scope = self.scope
        self.stack_resources_by_id.deploy(scope)
        # An output that cannot be made fails the stack too.
        for key, output in self._outputs():
            try:
                resolve(output["Value"], scope)
            except ValidationError as error:
                raise ResourceFailedError(f"output {key}", str(error.message)) from error
        if cleaning:
            self._become(cleaning)
        self.stack_resources_by_id.clean_up(scope)

    def _run(self, deploy: Callable[[], None], complete: str, rollback: str, before: Plan | None) -> None:
        try:
            deploy()
        except ResourceFailedError as failure:
            verb = "create" if before is None else "update"
            reason = f"The following resource(s) failed to {verb}: [{failure.logical_id}]. Reason: {failure.reason}"
            self._become(f"{rollback}_IN_PROGRESS", reason)
            self._roll_back(rollback, before, reason)
            return
        self._become(complete)

    def _roll_back(self, rollback: str, before: Plan | None, reason: str) -> None:
        try:
            self.stack_resources_by_id.roll_back()
        except ResourceFailedError as failure:
            self._become(
                f"{rollback}_FAILED", f"{reason} Then {failure.logical_id} could not be undone: {failure.reason}"
            )
            return
        if before is not None:
            self.adopt(before)
        self._become(f"{rollback}_COMPLETE", reason)

    def _announce(self) -> None:
        scope, resources = self.scope, self.template_dict["Resources"]

        def is_created(logical_id: str) -> bool:
            condition = resources[logical_id].get("Condition")
            return condition is None or scope.holds(condition)

        lines, log = without_effect.lines(self.template_dict, is_created), self.services.log
        for line in lines:
            (log.write if log.path else self.services.announce)(line)
        if lines and log.path:
            self.services.announce(f"{self.name}: {len(lines)} settings have no effect here; see {log.path}")

    def _become(self, status: str, reason: str | None = None) -> None:
        self.status, self.stack_status_reason = status, reason
        self._add_stack_event(status, resource_status_reason=reason)

    def _tell(self, resource: StackResource, status: str, reason: str | None) -> None:
        self.events.append(
            Event(
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
