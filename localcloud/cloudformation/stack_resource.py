"""One resource of a stack, and why it may fail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.handler import Physical


@dataclass(frozen=True)
class StackIdentity:
    """Whose resources."""

    account_id: str
    region: str
    stack_id: str
    stack_name: str


def reason_of(error: Exception) -> str:
    """What a service said, or what went wrong in the local cloud itself."""
    message = getattr(error, "message", None) or getattr(error, "description", None) or str(error)
    module = type(error).__module__
    is_answer = isinstance(error, ValidationError) or module.startswith("moto.")
    return str(message) if is_answer else f"{type(error).__name__}: {message}"


@dataclass
class StackResource:
    """One resource of a stack."""

    logical_resource_id: str
    cf_resource_type: str
    physical: Physical
    properties: dict[str, Any]
    """Resolved, but for dynamic references: no secret stays here."""
    deletion_policy: str = "Delete"
    status: str = "CREATE_IN_PROGRESS"
    status_reason: str | None = None
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def physical_resource_id(self) -> str:
        """What Ref returns."""
        return self.physical.id


class ResourceFailedError(Exception):
    """A resource could not be made, changed or taken away."""

    def __init__(self, logical_id: str, reason: str) -> None:
        super().__init__(f"{logical_id}: {reason}")
        self.logical_id = logical_id
        self.reason = reason
