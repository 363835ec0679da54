"""A change set: a plan that waits to be executed."""

from typing import Any, cast

from moto.cloudformation.models import Change, ChangeSet

from localcloud.cloudformation.intrinsics import references
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.stack import LocalStack

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class LocalChangeSet(ChangeSet):
    """moto's ChangeSet with a checked plan.

    Args:
        stack: to be created or updated.
        plan: what it shall become.
        tags: the stack's tags after it, or None to leave them.
    """

    def __init__(self, stack: LocalStack, plan: Plan, tags: dict[str, str] | None, **kwargs: Any) -> None:
        self.plan = plan
        super().__init__(stack=stack, template=plan.text, parameters=dict(plan.parameters.given), tags=tags, **kwargs)
        new_tags = tags is not None and tags != stack.tags
        outputs_differ = stack.plan is None or stack.plan.template != plan.template
        if self.changes or new_tags or outputs_differ:
            self.status, self.execution_status = "CREATE_COMPLETE", "AVAILABLE"
        else:
            self.status, self.execution_status, self.status_reason = "FAILED", "UNAVAILABLE", NO_CHANGES

    def _parse_template(self) -> None:
        self.template_dict = self.plan.template

    def diff(self) -> list[Change]:
        """What would be added, modified and removed; a modification may turn out to change nothing."""
        stack = cast(LocalStack, self.stack)
        new = self.plan.template["Resources"]
        if stack.plan is None:
            return [Change("Add", name, resource["Type"]) for name, resource in new.items()]
        old, old_values = stack.plan.template["Resources"], stack.plan.values
        values = {name for name, value in self.plan.values.items() if old_values.get(name) != value}
        values |= {name for name in old_values if name not in self.plan.values}
        changes = [Change("Add", name, resource["Type"]) for name, resource in new.items() if name not in old]
        changes += [
            Change("Modify", name, resource["Type"])
            for name, resource in new.items()
            if name in old and (old[name] != resource or values & set(references(resource)))
        ]
        changes += [Change("Remove", name, resource["Type"]) for name, resource in old.items() if name not in new]
        if not changes and values and self.plan.template.get("Conditions"):
            # A parameter that only a condition reads still may add or remove.
            changes = [Change("Modify", name, new[name]["Type"]) for name in new if "Condition" in new[name]]
        return changes
