"""Giving capacity back, step by step, so that a command that dies halfway can be repeated.

What is wanted is lowered first, else the next run would buy again what is given back. Then the runs that may have read
the old number have to end. Only then is EC2 asked, about each reservation anew: its count is absolute.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from odcr_cli.account import Account
from odcr_cli.answers import amount
from odcr_cli.demands import Demand
from odcr_cli.door import Change, Changed
from odcr_cli.giving_back import Left, Reduction, now_given
from odcr_cli.reservations import reservations_of
from odcr_cli.source import Live
from odcr_cli.trouble import Trouble, in_words

AGE_SECONDS = 120
"""Nothing is bought for a row that was lowered longer ago: docs/how-to/demands.md, "Change your mind"."""

_BAD_ENDS: Final = ("FAILED", "TIMED_OUT", "ABORTED")
_NEWEST = 10
"""Runs of each of these that are looked at; the newest has the most time left."""
_LOOK_SECONDS = 5
_RETRIED_LIST_SECONDS = 5
"""ListExecutions is eventually consistent: an execution that has just been started may be missing in one answer.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""


@dataclass(frozen=True)
class Given:
    """What became of one reduction."""

    reduction: Reduction
    count: int
    """Instances given back."""
    problem: str = ""
    """EC2's words, if it refused."""
    in_use: int = 0
    """Instances of it that came into use meanwhile, and so stay."""

    @property
    def left(self) -> Left | None:
        """What it has still of what it was to give, and why; None if that is nothing."""
        reason = self.problem or (f"{self.in_use} of it came into use meanwhile" if self.in_use else "")
        return Left(self.reduction.reservation, reason) if reason else None


def lowering(demand: Demand, keep: Decimal) -> Change | None:
    """The change that makes no more than that wanted; None if no more is."""
    if not demand.is_there or demand.wanted <= keep:
        return None
    if demand.is_group:
        key: dict[str, Any] = {"Group_Name": demand.name}
        return Change(
            "odcr_group",
            key | {"TotalTargetCapacity": amount(keep)},
            key | {"TotalTargetCapacity": amount(demand.wanted)},
        )
    pool = demand.pools[0]
    key = {"InstanceType": pool.instance_type, "AvailabilityZone": pool.zone}
    return Change("odcr_capacity", key | {"Target_Capacity": int(keep)}, key | {"Target_Capacity": int(demand.wanted)})


def checked(changed: Changed, name: str) -> None:
    """Nothing, if the number was lowered.

    Raises:
        Trouble: if it was not, with why.
    """
    if changed.is_committed:
        return
    if changed.conflicts:
        raise Trouble(f"Somebody else has just changed {name}. Look at it with `odcr status`, and repeat the command.")
    reasons = "; ".join(str(one["Reason"]) for one in changed.problems)
    raise Trouble(f"{name} was not lowered, so nothing was given back: {reasons}")


def wait_for_runs(
    live: Live,
    told: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Waits until no run works any more that may have read what was wanted before, nor a function of one that is over.

    Args:
        live: where they run.
        told: is told what is waited for.
        sleep, clock: of this machine; AWS's own clock is not compared with it.
    """
    since = clock()
    at_least = seconds_after_bad_end(live)
    waited_for = running(live)
    sleep(_RETRIED_LIST_SECONDS)
    waited_for |= running(live)
    if waited_for:
        told(f"Waiting for {len(waited_for)} run(s) that may have read the old number")
    ended = set()
    for arn in waited_for:
        while (status := _status(live, arn)) == "RUNNING":
            sleep(_LOOK_SECONDS)
        ended.add(status)
    if ended - {"SUCCEEDED"}:
        at_least = AGE_SECONDS
    if (left := at_least - (clock() - since)) > 0:
        # Its functions may go on for a while, and then they take no row for true that is older.
        told(f"A run has ended otherwise than well: waiting {left:.0f} s until its functions have, too")
        sleep(left)


def seconds_after_bad_end(live: Live) -> float:
    """How long functions of runs that are over may go on to buy; 0 if all have ended well, or long ago.

    A function that is at work when its execution is stopped or fails goes on, by what the execution has read.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html lists the newest first.
    """
    client = live.account.client("stepfunctions")
    found = 0.0
    for status in _BAD_ENDS:
        with in_words():
            answer = client.list_executions(
                stateMachineArn=live.stack.output("StateMachineArn"), statusFilter=status, maxResults=_NEWEST
            )
        for one in answer["executions"]:
            age = (_answered_at(answer) - one["startDate"]).total_seconds()
            found = max(found, AGE_SECONDS - max(0.0, age))
    return found


def _answered_at(answer: Any) -> datetime:
    """The moment of an answer by AWS's clock, for this machine's may go wrong by minutes."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    # https://www.rfc-editor.org/rfc/rfc9110#name-date
    return parsedate_to_datetime(date) if date else datetime.now(UTC)


def still_wanted(demand: Demand, again: Demand | None, keep: Decimal) -> None:
    """Nothing, if no more than `keep` is wanted of a demand.

    Args:
        demand: as it was when the release began.
        again: as it is now; None if it is gone.
        keep: what is to be kept.

    Raises:
        Trouble: if somebody has raised it meanwhile, and so wants what would be given back.
    """
    if again is not None and again.is_there and again.wanted > keep:
        raise Trouble(
            f"Somebody has raised {demand.name} to {amount(again.wanted)} meanwhile, so nothing more is given back. "
            "Look at it with `odcr status`, and repeat the command if you still want to."
        )


def may_give_back(account: Account, reductions: tuple[Reduction, ...]) -> None:
    """Nothing, if the caller may reduce and cancel: looked at before anything is lowered.

    Raises:
        Trouble: if not, with the right that is lacked.
    """
    if not reductions:
        return
    id_ = reductions[0].reservation.id
    client = account.client("ec2", reductions[0].reservation.region)
    _dry(client.cancel_capacity_reservation, CapacityReservationId=id_)
    _dry(client.modify_capacity_reservation, CapacityReservationId=id_, InstanceCount=1)


def _dry(call: Callable[..., Any], **arguments: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html: a dry run is always an error."""
    try:
        call(DryRun=True, **arguments)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "UnauthorizedOperation":
            with in_words():
                raise


def give_back(
    account: Account, live: Live, reductions: tuple[Reduction, ...], look: Callable[[], None] = lambda: None
) -> Iterator[Given]:
    """Reduces or cancels each reservation, as it is now. What EC2 refuses is told, and the others go on.

    Args:
        account: with the caller's rights.
        live: the stack.
        reductions: what is to be given back.
        look: looks once more whether that is still wanted, before each; raises if not.
    """
    for reduction in reductions:
        one = reduction.reservation
        look()
        try:
            with in_words():
                yield _reduce(account.client("ec2", one.region), live, reduction)
        except Trouble as trouble:
            yield Given(reduction, 0, str(trouble))


def _reduce(client: Any, live: Live, reduction: Reduction) -> Given:
    id_ = reduction.reservation.id
    described = client.describe_capacity_reservations(CapacityReservationIds=[id_])["CapacityReservations"]
    seen = reservations_of(described, live.stack.owner, live.stack.account, live.now())
    count = now_given(reduction, seen[0] if seen else None)
    in_use = max(0, seen[0].used - reduction.kept) if seen else 0
    if not count:
        return Given(reduction, 0, in_use=in_use)
    left = seen[0].count - count
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html
    if left:
        client.modify_capacity_reservation(CapacityReservationId=id_, InstanceCount=left)
    else:
        client.cancel_capacity_reservation(CapacityReservationId=id_)
    return Given(reduction, count, in_use=in_use)


def running(live: Live) -> set[str]:
    """The executions that are running."""
    machine = live.stack.output("StateMachineArn")
    found = live.account.pages(
        "stepfunctions", "list_executions", "executions", stateMachineArn=machine, statusFilter="RUNNING"
    )
    return {str(one["executionArn"]) for one in found}


def _status(live: Live, arn: str) -> str:
    with in_words():
        return str(live.account.client("stepfunctions").describe_execution(executionArn=arn)["status"])
