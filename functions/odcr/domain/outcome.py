"""How a target stands after a run, and what the run did for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import Annotated, Any

from odcr.domain.amounts import Amount
from odcr.domain.event_codec import As, Event
from odcr.domain.target import USUAL_OPTIONS, Announcement, Judgement, Member, Target, TargetKey, Unit, group_key
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import optional
from odcr.domain.wording import MAX_REASON


class Status(StrEnum):
    """How a target stands after a run, in one word."""

    FULFILLED = "FULFILLED"
    """Everything wanted is held."""
    PENDING = "PENDING"
    """Everything wanted is held, but EC2 is still providing some of it, which may fail."""
    ASTRAY = "ASTRAY"
    """Everything wanted is held, but some of it is no longer under this stack's control; a person has to look."""
    SHORT = "SHORT"
    """EC2 has no more at the moment; every run asks again."""
    EXCESS = "EXCESS"
    """More is held than wanted; nothing is given back unasked."""
    THROTTLED = "THROTTLED"
    """EC2 took no more requests; the next run asks again."""
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    """The account may hold no more; a person has to raise the quota."""
    UNSUPPORTED = "UNSUPPORTED"
    """EC2 does not offer it. That may pass, so it is asked again now and then."""
    INVALID = "INVALID"
    """The row makes no sense, or EC2 does not know what it names; a person has to correct it."""
    CAPPED = "CAPPED"
    """A cap allows no more; nothing is given back for it."""
    WAITING = "WAITING"
    """Nothing is asked for before the row's Start_At."""
    STOPPED = "STOPPED"
    """Nothing more is asked for: the deadline has passed, and the row says to stop then."""
    FAILED = "FAILED"
    """Something else went wrong, as the reason says; the next run tries again."""

    @property
    def is_met(self) -> bool:
        """Whether everything wanted is held."""
        return self in (Status.FULFILLED, Status.EXCESS, Status.ASTRAY)

    @property
    def rests(self) -> bool:
        """Whether the row says to ask for nothing now, so that what is missing is not a shortage."""
        return self in (Status.WAITING, Status.STOPPED)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all targets after a run."""

    wanted: int
    """Instances wanted."""
    held: int
    """Instances held, including any excess."""
    missing: int
    """Instances missing. One target's excess does not make up for another's shortage."""
    unmet: int
    """Targets that are not met."""
    longest_shortage_minutes: int
    """Minutes that the longest-waiting target has not been met; 0 if all are met."""
    unused: int = 0
    """Instances held while nothing runs in them."""
    longest_unused_minutes: int = 0
    """Longest time in minutes that a target has had unused capacity without a break."""
    hourly_cost: Decimal | None = None
    """Hourly cost of everything held, in the stack's currency; None if no price is known."""
    unpriced: int = 0
    """Instances held at an unknown price, which the cost leaves out."""


@dataclass(frozen=True, slots=True)
class Outcome(Event):
    """How one demand, or a pool of a group, stands, and what the run did for it."""

    key: Annotated[TargetKey, As(flat=True)]
    status: Status
    target: Annotated[Amount | None, As("TargetCapacity")]
    """Units wanted, instances for a row; None if the row does not say. For a group's pool, instances held there without
    a surplus."""
    reserved: Amount
    """Units held; instances for a row or a group's pool."""
    reservation_ids: tuple[str, ...] = ()
    duplicate_ids: tuple[str, ...] = ()
    """The duplicates among `reservation_ids` that are still to be given back."""
    acquired: Amount = 0
    """Units that this run added; if negative, units given back because the target was lowered."""
    calls: int = 0
    """Requests of this run that change capacity."""
    reason: Annotated[str, As(longest=MAX_REASON)] = ""
    lost: Amount = 0
    """Recorded units that are gone, even if others have replaced them."""
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Reservations that `reservation_ids` does not name."""
    refusals: int = 0
    """The calls that EC2 definitely refused."""
    announced: Announcement | None = None
    """The release that the next run may make."""
    judgement: Judgement | None = None
    """The verdict on the deadline, in the one run that gives it."""
    use: Annotated[Use, As(flat=True)] = NO_USE
    is_use_known: Annotated[bool, As("UseKnown")] = True
    """Whether the run saw the use. If not, the recorded one stays."""
    platform: str = USUAL_OPTIONS.platform
    """The platform of what is held, to find its price."""
    tenancy: str = USUAL_OPTIONS.tenancy
    pools: tuple["Outcome", ...] = ()
    """The outcomes of a group's pools, in instances. The group's own `reservation_ids` are empty."""
    weight: Amount | None = None
    """Units per instance of a group's pool."""
    unit: Unit = Unit.instances

    @property
    def rows(self) -> tuple["Outcome", ...]:
        """The outcome and those of its pools: each is a row of odcr_status."""
        return (self, *self.pools)

    @property
    def ids(self) -> tuple[str, ...]:
        """The named reservations of all its pools."""
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
        """Whether EC2 was asked to change anything. A mere look does not make the record fresh: otherwise a target that
        every run looks at would never be believed to hold less."""
        return self.calls > 0 or self.acquired != 0

    @property
    def is_short(self) -> bool:
        """Whether something is missing. A target that could not be looked at is not, if its record has everything."""
        is_covered = self.target is not None and 0 <= self.target <= self.reserved
        # A group may be met with less, if no weight fits the rest.
        is_covered = is_covered or (self.key.is_group and self.status is Status.PENDING)
        return not (self.status.is_met or self.status.rests or is_covered)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded outcome, compared with the record before it."""

    outcome: Outcome
    gained: Amount
    """Units held that were not recorded before, including those bought by an attempt that died."""
    met_since: datetime | None
    """Since when everything wanted is held, in UTC."""


_SHARED_WITH_SHORTFALL = (
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
"""Fields that a shortfall has too, so that its outcome leaves them out."""

_SHARED_WITH_POOLS = ("GroupName", "Platform", "Tenancy")
"""Fields that are the same for a group and its pools."""


def to_round(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it stands beside its shortfall, without the fields that the shortfall has."""
    event = _without(outcome.to_event(), _SHARED_WITH_SHORTFALL)
    if outcome.pools:
        event["Pools"] = [_without(pool, _SHARED_WITH_POOLS) for pool in event["Pools"]]
    return event


def _without(event: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def from_round(event: Mapping[str, Any], item: Mapping[str, Any]) -> Outcome:
    """Reads what `to_round` wrote.

    Args:
        event: what it wrote.
        item: the shortfall.

    Raises:
        InvalidEvent: if a field is missing or of another type.
    """
    whole = {**shared_fields(item), **event}
    if pools := optional(whole, "Pools", list, None):
        common = {name: whole[name] for name in _SHARED_WITH_POOLS if name in whole}
        whole["Pools"] = [{**common, **pool} if isinstance(pool, Mapping) else pool for pool in pools]
    return Outcome.from_event(whole)


def shared_fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a shortfall that its outcome has too; for a group's, the key of the group."""
    shared = {name: item[name] for name in _SHARED_WITH_SHORTFALL if name in item}
    (first, *_) = item.get("Pools") or (item,)
    if group := first.get("GroupName"):
        shared |= group_key(group).to_event()
    return shared


def with_record_kept(target: Target, status: Status, reason: str) -> Outcome:
    """The outcome of a target if this run does not know what is held. What is recorded of that stays as it is."""
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
    """The outcome of a group's pool if this run does not know what is held there."""
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
