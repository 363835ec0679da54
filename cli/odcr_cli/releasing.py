"""Giving capacity back, step by step, so that a command that dies halfway can be repeated.

What is wanted is lowered first, else the next run would buy again what is given back. Then the runs that may have read
the old number have to end. Only then is EC2 asked, about each reservation anew: its count is absolute.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from odcr_cli.account import Account
from odcr_cli.demands import Demand
from odcr_cli.door import Change, Changed
from odcr_cli.formatting import format_count
from odcr_cli.release_plan import Reduction, Retained, instances_to_give
from odcr_cli.reservations import parse_reservations
from odcr_cli.source import LiveSource
from odcr_cli.trouble import Trouble, aws_errors_as_trouble


@dataclass(frozen=True)
class ReleaseResult:
    """The result of a reduction."""

    reduction: Reduction
    count: int
    """The instances given back."""
    problem: str = ""
    """EC2's message, if it refused."""
    in_use: int = 0
    """The instances that came into use meanwhile, so they stay."""

    @property
    def left(self) -> Retained | None:
        """The reservation and why it kept some instances; None if it kept none."""
        reason = self.problem or (f"{self.in_use} of its instances came into use meanwhile" if self.in_use else "")
        return Retained(self.reduction.reservation, reason) if reason else None


def lowering(demand: Demand, keep: Decimal) -> Change | None:
    """The change that lowers wanted to `keep`; None if no more is wanted."""
    if not demand.is_there or demand.wanted <= keep:
        return None
    if demand.is_group:
        key: dict[str, Any] = {"Group_Name": demand.name}
        return Change(
            "odcr_group",
            key | {"TotalTargetCapacity": format_count(keep)},
            key | {"TotalTargetCapacity": format_count(demand.wanted)},
        )
    pool = demand.pools[0]
    key = {"InstanceType": pool.instance_type, "AvailabilityZone": pool.zone}
    return Change("odcr_capacity", key | {"Target_Capacity": int(keep)}, key | {"Target_Capacity": int(demand.wanted)})


def checked(changed: Changed, name: str) -> None:
    """Checks that the number was lowered.

    Raises:
        Trouble: if it was not.
    """
    if changed.is_committed:
        return
    if changed.conflicts:
        raise Trouble(f"Somebody else has just changed {name}. Check it with `odcr status`, and repeat the command.")
    reasons = "; ".join(str(problem["Reason"]) for problem in changed.problems)
    raise Trouble(f"{name} was not lowered, so nothing was given back: {reasons}")


def still_wanted(demand: Demand, again: Demand | None, keep: Decimal) -> None:
    """Checks that no more than `keep` is wanted of a demand.

    Args:
        demand: the demand when the release began.
        again: the demand now; None if it is gone.
        keep: the units to keep.

    Raises:
        Trouble: if somebody has raised it meanwhile.
    """
    if again is not None and again.is_there and again.wanted > keep:
        raise Trouble(
            f"Somebody has raised {demand.name} to {format_count(again.wanted)} meanwhile, so nothing more is given "
            "back. Look at it with `odcr status`, and repeat the command if you still want to."
        )


def may_give_back(account: Account, reductions: tuple[Reduction, ...]) -> None:
    """Checks that the caller may reduce and cancel reservations.

    Raises:
        Trouble: if not, with the missing right.
    """
    if not reductions:
        return
    id_ = reductions[0].reservation.id
    client = account.client("ec2", reductions[0].reservation.region)
    _dry(client.cancel_capacity_reservation, CapacityReservationId=id_)
    _dry(client.modify_capacity_reservation, CapacityReservationId=id_, InstanceCount=1)


def _dry(call: Callable[..., Any], **arguments: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html: a dry run always raises."""
    try:
        call(DryRun=True, **arguments)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "UnauthorizedOperation":
            with aws_errors_as_trouble():
                raise


def give_back(
    account: Account, live: LiveSource, reductions: tuple[Reduction, ...], look: Callable[[], None]
) -> Iterator[ReleaseResult]:
    """Reduces or cancels each reservation, given its current state. A refusal does not stop the others.

    Args:
        account: the account, with the caller's rights.
        live: the stack.
        reductions: what to give back.
        look: called before each, to check that releasing is still wanted; raises if not.
    """
    for reduction in reductions:
        reservation = reduction.reservation
        look()
        try:
            with aws_errors_as_trouble():
                yield _reduce(account.client("ec2", reservation.region), live, reduction)
        except Trouble as trouble:
            yield ReleaseResult(reduction, 0, str(trouble))


def _reduce(client: Any, live: LiveSource, reduction: Reduction) -> ReleaseResult:
    id_ = reduction.reservation.id
    described = client.describe_capacity_reservations(CapacityReservationIds=[id_])["CapacityReservations"]
    seen = parse_reservations(described, live.stack.owner, live.stack.account, live.now())
    count = instances_to_give(reduction, seen[0] if seen else None)
    in_use = max(0, seen[0].used - reduction.kept) if seen else 0
    if not count:
        return ReleaseResult(reduction, 0, in_use=in_use)
    left = seen[0].count - count
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html
    if left:
        client.modify_capacity_reservation(CapacityReservationId=id_, InstanceCount=left)
    else:
        client.cancel_capacity_reservation(CapacityReservationId=id_)
    return ReleaseResult(reduction, count, in_use=in_use)
