"""What a person can do about a target that is not as it should be."""

from odcr.domain.excess import announces_release
from odcr.domain.status import Status
from odcr.domain.target import TargetKey
from odcr.domain.zone import region_of

# Families as Amazon EC2's quotas of Running On-Demand instances name them, longest prefix first:
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


def advice(key: TargetKey, status: Status, reason: str = "") -> str:
    """What to do about a target of this status; empty where there is nothing to do.

    Args:
        key: the target, whose Region and quota the advice names.
        status: how it stands.
        reason: why.
    """
    match status:
        case Status.FULFILLED | Status.THROTTLED:
            return ""
        case Status.PENDING:
            return "To do: nothing yet. EC2 takes up to five minutes to provide it; what fails is bought again."
        case Status.ASTRAY:
            return "To do: what the reason says. Until then this stack can neither grow nor give back that part."
        case Status.UNSUPPORTED:
            return (
                "To do: ask for a type that the zone offers, if this does not pass. odcr asks again every ten minutes."
            )
        case Status.SHORT:
            return "To do: nothing, every run asks again. If time runs out, add another type or zone to odcr_capacity."
        case Status.EXCESS if announces_release(reason):
            return "To do: if that is not meant, raise Target_Capacity at once."
        case Status.EXCESS:
            return "To do: raise Target_Capacity, or reduce or cancel the reservations in the EC2 console."
        case Status.QUOTA_EXCEEDED:
            return (
                f"To do: in Service Quotas, {_region(key)}, Amazon EC2, raise 'Running On-Demand "
                f"{quota_of(key.instance_type)} instances'. It counts vCPUs."
            )
        case Status.INVALID:
            return "To do: correct or delete the row in odcr_capacity, or its row in odcr_option."
        case Status.FAILED:
            return "To do: nothing at first, the next run tries again. If it lasts, look at the run in Step Functions."


def quota_of(instance_type: str) -> str:
    """Which On-Demand quota an instance type counts towards, as Service Quotas names it."""
    return next((name for prefix, name in _QUOTAS.items() if instance_type.startswith(prefix)), _STANDARD)


def _region(key: TargetKey) -> str:
    return region_of(key.availability_zone) or key.availability_zone
