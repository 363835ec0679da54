"""The mail to people about what a run changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from odcr.domain.amounts import Amount
from odcr.domain.costs import Costs
from odcr.domain.event_codec import As, Event
from odcr.domain.outcome import Status
from odcr.domain.target import Announcement, TargetKey, Unit, Verdict
from odcr.domain.zone import region_of

MAX_SUBJECT = 100
"""Characters of an SNS subject: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

MAX_LISTED = 100
"""Changes listed in a message. Nobody reads more, and SNS takes no more than 256 KiB."""

# Instance families by the names of EC2's quotas for Running On-Demand instances, longest prefix first:
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
_QUOTAS = {
    "inf": "Inf",
    "trn": "Trn",
    "hpc": "HPC",
    "dl": "DL",
    "vt": "G and VT",
    "u": "High Memory",
    "f": "F",
    "g": "G and VT",
    "p": "P",
    "x": "X",
}
_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"


@dataclass(frozen=True, slots=True)
class Change(Event):
    """A target with a new status, a release or a verdict."""

    key: Annotated[TargetKey, As(flat=True)]
    before: Annotated[str | None, As("From")]
    """The status before; None for a new target."""
    after: Annotated[Status, As("To")]
    reserved: Amount
    target: Annotated[Amount | None, As("TargetCapacity")]
    reason: Annotated[str, As(is_left_out=True)] = ""
    short_since: Annotated[datetime | None, As(is_left_out=True)] = None
    """Since when it has not been met, in UTC, also if it is met now; None if it was met before too."""
    verdict: Annotated[Verdict | None, As(is_left_out=True)] = None
    """The verdict of this run on the deadline."""
    deadline: Annotated[datetime | None, As(is_left_out=True)] = None
    """The deadline that the verdict is on, in UTC."""
    met_since: Annotated[datetime | None, As(is_left_out=True)] = None
    """Since when everything wanted is held, in UTC."""
    unit: Unit = Unit.instances
    """What a group's total counts."""


def announcements(
    owner: str, changes: Sequence[Change], announced: Mapping[TargetKey, Announcement], costs: Costs
) -> list[dict[str, str]]:
    """The message about a run's changes.

    Args:
        owner: the stack's name and Region.
        changes: what changed.
        announced: the releases that the next run may make, by target.
        costs: hourly costs of what is held.

    Returns:
        One `{"Subject", "Message"}`; none if nothing changed.
    """
    if not changes:
        return []
    counts = {status: sum(change.after == status for change in changes) for status in Status}
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines = [f"{owner}: the status of {len(changes)} target(s) changed.", ""]
    for change in changes[:MAX_LISTED]:
        lines.append(_line(change, costs.remark(change.key)))
        todo = advice(change.key, change.after, announced.get(change.key))
        lines += [f"    {text}" for text in (change.reason, todo) if text]
    if len(changes) > MAX_LISTED:
        lines.append(f"... and {len(changes) - MAX_LISTED} more; odcr_status has them all.")
    if summary_of_costs := costs.summary():
        lines += ["", summary_of_costs]
    return [{"Subject": f"EC2 capacity {owner}: {summary}"[:MAX_SUBJECT], "Message": "\n".join(lines)}]


def _line(change: Change, cost: str = "") -> str:
    wanted = "?" if change.target is None else change.target
    # A group's units may not be instances, because of its weights.
    unit = "" if not change.key.is_group else " vCPUs" if change.unit is Unit.vcpus else " units"
    held = f"{change.reserved} of {wanted}{unit} held{cost}"
    line = f"{change.after}: {change.key}: {held} (was {change.before or 'new'})"
    if change.verdict and change.deadline:
        line = f"{change.verdict} ITS DEADLINE, {_minute(change.deadline)}: {line}"
    if change.verdict and change.met_since:
        return f"{line}; all of it since {_minute(change.met_since)}"
    if change.short_since is None:
        return line
    since = f"since {_minute(change.short_since)}"
    if change.after.is_met:
        return f"{line}; some was missing {since}"
    missing = "an unknown number" if change.target is None else max(0, change.target - change.reserved)
    return f"{line}; missing {missing} {since}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def advice(key: TargetKey, status: Status, announced: Announcement | None) -> str:
    """What to do about a target with this status; empty if nothing.

    Args:
        key: the target's key.
        status: its status.
        announced: the release that the next run may make.
    """
    total = "TotalTargetCapacity" if key.is_group else "Target_Capacity"
    match status:
        case Status.FULFILLED | Status.THROTTLED:
            return ""
        case Status.PENDING:
            return "To do: nothing yet. EC2 takes up to five minutes to provide it; what fails is bought again."
        case Status.ASTRAY:
            return "To do: what the reason says. Until then this stack can neither grow nor give back that part."
        case Status.UNSUPPORTED if key.is_group:
            return "To do: add a member that its zone offers, if this does not pass. odcr asks again every ten minutes."
        case Status.UNSUPPORTED:
            return (
                "To do: ask for a type that the zone offers, if this does not pass. odcr asks again every ten minutes."
            )
        case Status.SHORT:
            table = "odcr_group_member" if key.is_group else "odcr_capacity"
            return f"To do: nothing, every run asks again. If time runs out, add another type or zone to {table}."
        case Status.EXCESS if announced:
            return f"To do: if you did not mean that, raise {total} at once."
        case Status.EXCESS:
            return f"To do: raise {total}, or reduce or cancel the reservations in the EC2 console."
        case Status.QUOTA_EXCEEDED if key.is_group:
            return (
                "To do: in Service Quotas, Amazon EC2, raise the quota 'Running On-Demand ... instances' of the types "
                "and Regions with this status in odcr_status. It counts vCPUs."
            )
        case Status.QUOTA_EXCEEDED:
            return (
                f"To do: in Service Quotas, {_region(key)}, Amazon EC2, raise 'Running On-Demand "
                f"{quota_of(key.instance_type)} instances'. It counts vCPUs."
            )
        case Status.CAPPED:
            return "To do: what the reason says, or raise the cap to buy it anyway."
        case Status.WAITING:
            return "To do: nothing. It is asked for from its Start_At on."
        case Status.STOPPED if announced:
            return "To do: to keep what is held, set On_Missed to 'keep', or a later Deadline, at once."
        case Status.STOPPED:
            return "To do: nothing. To go on asking, set After_Deadline to 'keep-asking', or a later Deadline."
        case Status.INVALID if key.is_group:
            return "To do: correct or delete the group in odcr_group, or its rows in odcr_group_member."
        case Status.INVALID:
            return "To do: correct or delete the row in odcr_capacity, or its row in odcr_option."
        case Status.FAILED:
            return "To do: nothing at first, the next run tries again. If it lasts, look at the run in Step Functions."


def quota_of(instance_type: str) -> str:
    """The On-Demand quota that an instance type counts towards, by its name in Service Quotas."""
    return next((name for prefix, name in _QUOTAS.items() if instance_type.startswith(prefix)), _STANDARD)


def _region(key: TargetKey) -> str:
    return region_of(key.availability_zone) or key.availability_zone
