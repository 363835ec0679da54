"""One thing that a request needs a right to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ANY_RESOURCE = "*"
"""For actions that know no narrower resource."""


@dataclass(frozen=True)
class Access:
    """An action on a resource. A request may need several: to create with tags is also to tag."""

    action: str
    """Such as `ec2:CreateCapacityReservation`."""
    resource: str = ANY_RESOURCE
    """An ARN, or `ANY_RESOURCE`."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values by condition key; the keys in lower case. Most have one value."""
