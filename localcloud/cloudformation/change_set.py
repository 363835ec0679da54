"""A change set: a plan that waits to be executed."""

from typing import Any, cast

from moto.cloudformation.models import Change, ChangeSet

from localcloud.cloudformation.intrinsics import references
from localcloud.cloudformation.plan import Plan
from localcloud.cloudformation.stack import Stack

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class LocalChangeSet(ChangeSet):
    """moto's ChangeSet with a checked plan.

    Args:
        stack: to be created or updated.
        plan: what it is to become.
        tags: the stack's tags after it, or None to leave them.
    """

    def __init__(self, stack: Stack, plan: Plan, tags: dict[str, str] | None, **settings: Any) -> None:
        self.plan = plan
        super().__init__(stack=stack, template=plan.text, parameters=dict(plan.parameters.given), tags=tags, **settings)
        new_tags = tags is not None and tags != stack.tags
        if self.changes or new_tags or stack.plan is None or stack.plan.template != plan.template:
            self.status, self.execution_status = "CREATE_COMPLETE", "AVAILABLE"
        else:
            self.status, self.execution_status, self.status_reason = "FAILED", "UNAVAILABLE", NO_CHANGES

    def _parse_template(self) -> None:
        self.template_dict = self.plan.template

    def diff(self) -> list[Change]:
        """What would be added, modified and removed; a modification may turn out to change nothing."""
        before = cast(Stack, self.stack).plan
        new, old = self.plan.template["Resources"], before.template["Resources"] if before else {}
        old_values = before.values if before else {}
        values = {name for name, value in self.plan.values.items() if old_values.get(name) != value}

        def is_changed(name: str) -> bool:
            # A parameter that only a condition reads may add the resource or remove it.
            return bool(
                old[name] != new[name] or values & set(references(new[name])) or (values and "Condition" in new[name])
            )

        changes = [("Add", name) for name in new if name not in old]
        changes += [("Modify", name) for name in new if name in old and is_changed(name)]
        changes += [("Remove", name) for name in old if name not in new]
        return [Change(action, name, {**old, **new}[name]["Type"]) for action, name in changes]
