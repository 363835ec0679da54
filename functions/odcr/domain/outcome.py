"""How a target stands, and what a run found or achieved for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any

from odcr.domain.amounts import Amount
from odcr.domain.target import USUAL_OPTIONS, Announcement, Judgement, Member, Target, TargetKey, Unit, group_key
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import As, Event, optional
from odcr.domain.wording import MAX_REASON


class Status(StrEnum):
    """The one word that says how a target stands after a run."""

    FULFILLED = "FULFILLED"
    """As much is held as was asked for."""
    PENDING = "PENDING"
    """As much is held as was asked for, but EC2 is still providing some of it, and that may fail."""
    ASTRAY = "ASTRAY"
    """As much is held as was asked for, but some of it has left this stack's hands; a person has to say what it is."""
    SHORT = "SHORT"
    """EC2 has no more at the moment; every run asks again."""
    EXCESS = "EXCESS"
    """More is held than is asked for; nothing is given back unasked."""
    THROTTLED = "THROTTLED"
    """EC2 took no more requests; the next run asks again."""
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    """The account may hold no more; a person has to raise the quota."""
    UNSUPPORTED = "UNSUPPORTED"
    """EC2 does not offer it, which has been seen to pass: it is asked again, but seldom."""
    INVALID = "INVALID"
    """The row makes no sense or EC2 does not know it; a person has to correct it."""
    CAPPED = "CAPPED"
    """More would cost more than a cap allows; nothing is given back for it."""
    WAITING = "WAITING"
    """Nothing is asked for before the row's Start_At."""
    STOPPED = "STOPPED"
    """Nothing is asked for any more: the deadline has passed, and the row says to stop then."""
    FAILED = "FAILED"
    """Something else went wrong, and the reason says what; the next run tries again."""

    @property
    def is_met(self) -> bool:
        """Whether all that is wanted is held."""
        return self in (Status.FULFILLED, Status.EXCESS, Status.ASTRAY)

    @property
    def rests(self) -> bool:
        """Whether nothing is asked for, as the row says, so that what is missing is no shortage."""
        return self in (Status.WAITING, Status.STOPPED)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all targets, as they stand after a run."""

    wanted: int
    """Instances that the rows ask for."""
    held: int
    """Instances held, an excess included."""
    missing: int
    """Instances wanted and not held; one target's excess does not make up for another's shortage."""
    unmet: int
    """Targets of which not all is held."""
    longest_shortage_minutes: int
    """How long the one among them that has waited longest has not been met; 0 if all are."""
    unused: int = 0
    """Instances held in which nothing runs."""
    longest_unused_minutes: int = 0
    """How long some of a target has been unused without a break, of the target for which that is longest."""
    hourly_cost: Decimal | None = None
    """What an hour of all that is held costs; None if no price is known. In the stack's own currency."""
    unpriced: int = 0
    """Instances held whose price is unknown, so that they are not in it."""


@dataclass(frozen=True, slots=True)
class Outcome(Event):
    """How one target stands, and what it took."""

    key: Annotated[TargetKey, As(flat=True)]
    status: Status
    target: Annotated[Amount | None, As("TargetCapacity")]
    """Units wanted, which of a row are instances; None if the row does not say. Of a group's pool: instances held there
    that were not bought too much."""
    reserved: Amount
    """Units held; of a group's pool, instances."""
    reservation_ids: tuple[str, ...] = ()
    duplicate_ids: tuple[str, ...] = ()
    """Those among them that were bought twice and are still to be given back."""
    acquired: Amount = 0
    """Units that this run added; below 0, those that it gave back because the target was lowered."""
    calls: int = 0
    """Requests for capacity that the run made."""
    reason: Annotated[str, As(longest=MAX_REASON)] = ""
    lost: Amount = 0
    """Units that the last run recorded and that are gone, also if others were bought in their place."""
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Reservations beside `reservation_ids`, which are not named."""
    refusals: int = 0
    """Requests among `calls` that EC2 definitely refused."""
    announced: Announcement | None = None
    """The release that the next run may make."""
    judgement: Judgement | None = None
    """The verdict on the demand's deadline, of the one run that comes to it."""
    use: Annotated[Use, As(flat=True)] = NO_USE
    """What is in use and unused of what is held."""
    is_use_known: Annotated[bool, As("UseKnown")] = True
    """Whether the run saw that. If not, it stays as it is recorded."""
    platform: str = USUAL_OPTIONS.platform
    """Of what is held, so that its price can be found."""
    tenancy: str = USUAL_OPTIONS.tenancy
    pools: tuple["Outcome", ...] = ()
    """How each pool of a group stands, in instances. The group's own `reservation_ids` are empty."""
    weight: Amount | None = None
    """Of a group's pool: the units that an instance counts for."""
    unit: Unit = Unit.instances

    @property
    def rows(self) -> tuple["Outcome", ...]:
        """It, and its pools below it: each is a row of the status table."""
        return (self, *self.pools)

    @property
    def ids(self) -> tuple[str, ...]:
        """The reservations in all its pools, as far as they are named."""
        return tuple(chain(self.reservation_ids, *(pool.reservation_ids for pool in self.pools)))

    @property
    def added(self) -> int:
        """Instances that this run added."""
        return sum(max(0, int(pool.acquired)) for pool in self.pools or (self,))

    @property
    def given_back(self) -> int:
        """Instances that this run gave back because the target was lowered."""
        return sum(max(0, -int(pool.acquired)) for pool in self.pools or (self,))

    @property
    def was_tried(self) -> bool:
        """Whether EC2 was asked for anything. What was only looked at makes no record fresh: EC2 may lag behind no more
        than it did, and a target that is looked at again and again would never be believed to hold less."""
        return self.calls > 0 or self.acquired != 0

    @property
    def is_short(self) -> bool:
        """Whether something is missing: a target that cannot be looked at is not short if all of it was held."""
        is_covered = self.target is not None and 0 <= self.target <= self.reserved
        # A group may be met with less, where no weight fits the rest.
        is_covered = is_covered or (self.key.is_group and self.status is Status.PENDING)
        return not (self.status.is_met or self.status.rests or is_covered)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outcome as a run has recorded it, compared with the record before."""

    outcome: Outcome
    gained: Amount
    """Units held that were not recorded before, whoever added them: also what an attempt bought that died."""
    met_since: datetime | None
    """Since when all that is wanted is held, in UTC."""


_OF = (
    "InstanceType",
    "AvailabilityZone",
    "ZoneName",
    "GroupName",
    "TargetCapacity",
    "Judgement",
    "Platform",
    "Tenancy",
    "Unit",
)
"""What a shortfall says of itself, and its outcome need not say again."""


_OF_ALL_POOLS = ("GroupName", "Platform", "Tenancy")
"""What the pools of a group have in common with it."""


def to_round(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is kept beside its shortfall, which says already what it is of."""
    left = {name: value for name, value in outcome.to_event().items() if name not in _OF}
    if outcome.pools:
        pools = left["Pools"]
        left["Pools"] = [{name: value for name, value in pool.items() if name not in _OF_ALL_POOLS} for pool in pools]
    return left


def from_round(left: Mapping[str, Any], item: Mapping[str, Any]) -> Outcome:
    """Reads what `to_round` wrote.

    Args:
        left: that.
        item: the shortfall.

    Raises:
        InvalidEvent: if a field is missing or of another type.
    """
    event = {**what_of(item), **left}
    if pools := optional(event, "Pools", list, None):
        common = {name: event[name] for name in _OF_ALL_POOLS if name in event}
        event["Pools"] = [{**common, **pool} if isinstance(pool, Mapping) else pool for pool in pools]
    return Outcome.from_event(event)


def what_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say what an outcome, or a shortfall, is of."""
    said = {name: event[name] for name in _OF if name in event}
    (first, *_) = event.get("Pools") or (event,)
    if group := first.get("GroupName"):
        said |= group_key(group).to_event()
    return said


def with_record_kept(target: Target, status: Status, reason: str) -> Outcome:
    """The outcome of a target of which this run does not know what is held: the record of that stays as it is."""
    return Outcome(
        target.key,
        status,
        target.capacity,
        target.recorded if target.key.is_group else target.last_reserved,
        target.last_ids,
        reason=reason,
        more_ids=target.more_ids,
        is_use_known=False,
        platform=target.options.platform,
        tenancy=target.options.tenancy,
        pools=tuple(member_as_recorded(member, target) for member in target.members),
        unit=target.unit,
    )


def member_as_recorded(member: Member, target: Target) -> Outcome:
    """The outcome of a group's pool of which this run does not know what is held."""
    return Outcome(
        member.key,
        Status(member.last_status) if member.last_status else Status.FULFILLED,
        member.last_kept,
        member.last_reserved,
        member.last_ids,
        reason=member.last_reason,
        more_ids=member.more_ids,
        is_use_known=False,
        platform=target.options.platform,
        tenancy=target.options.tenancy,
        weight=member.recorded_weight,
    )
