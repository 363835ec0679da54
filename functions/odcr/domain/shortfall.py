"""A demand that needs work, as one item of the Map."""

from dataclasses import dataclass
from itertools import chain
from typing import Annotated

from odcr.domain.amounts import Amount
from odcr.domain.calendar import Rest
from odcr.domain.event_codec import As, Event
from odcr.domain.outcome import Outcome, Status
from odcr.domain.target import (
    USUAL_OPTIONS,
    Judgement,
    ReservationOptions,
    Strategy,
    TargetKey,
    Unit,
    group_key,
    units,
)
from odcr.domain.wording import MAX_REASON

MAY_BE_ASTRAY = (Status.ASTRAY, Status.FAILED)
"""After these, a run looks for recorded reservations that EC2 does not show, even if enough is held without them."""


@dataclass(frozen=True, slots=True)
class Pool(Event):
    """One pool of a demand: what the run saw in it, and what the last run recorded."""

    key: Annotated[TargetKey, As(flat=True)]
    reserved: int
    """Instances held when the run looked."""
    reservation_ids: tuple[str, ...] = ()
    recorded: Annotated[int, As(same_as="reserved")] = 0
    """Instances held, as recorded."""
    recorded_ids: Annotated[tuple[str, ...], As(same_as="reservation_ids")] = ()
    duplicate_ids: tuple[str, ...] = ()
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Reservations seen or recorded that are not named. While there are any, nothing is given back."""
    outside_group: tuple[str, ...] = ()
    """Reservations that are not in the demand's resource group."""
    kept: Annotated[int, As(same_as="recorded")] = 0
    """Recorded instances without the surplus of two attempts side by side."""
    weight: Amount = 1
    """Units per instance."""
    least: Annotated[int, As("MinInstances")] = 0
    most: Annotated[int | None, As("MaxInstances")] = None
    last_status: Annotated[str | None, As("PoolStatus")] = None
    """The recorded status of a group's pool; None for a row, whose status is the demand's."""
    may_buy: Annotated[bool, As("Buys")] = True
    """Whether EC2 may be asked for more there."""
    is_removed: Annotated[bool, As("PoolRemoved")] = False
    """Whether it is no longer a member of its group."""
    remark: Annotated[str, As(longest=MAX_REASON)] = ""
    """Why nothing is bought there."""
    price: str = ""
    """Hourly price of an instance under a cap; empty without a cap, or if it is unknown."""

    @property
    def standing_ids(self) -> tuple[str, ...]:
        """The reservations seen or recorded. If the attempt dies, the record has to keep them all."""
        return (*self.reservation_ids, *(id_ for id_ in self.recorded_ids if id_ not in self.reservation_ids))

    def standing_outcome(self, options: ReservationOptions) -> Outcome:
        """How a group's pool stands until an attempt has looked at it."""
        standing = max(self.reserved, self.recorded)
        surplus = max(0, self.recorded - self.kept)
        return Outcome(
            self.key,
            Status(self.last_status or Status.FULFILLED),
            standing - surplus,
            standing,
            self.standing_ids,
            self.duplicate_ids,
            reason=self.remark,
            more_ids=self.more_ids,
            is_use_known=False,
            platform=options.platform,
            tenancy=options.tenancy,
            weight=self.weight,
        )


@dataclass(frozen=True, slots=True)
class Limit(Event):
    """How much a cap lets a demand hold after this run."""

    count: Annotated[int | None, As("Count")]
    """Instances; None for a group, which has `cost` instead."""
    reason: Annotated[str, As(longest=MAX_REASON)]
    """Why it is not more."""
    price: str
    """Hourly price of an instance under the stack's cap; empty without that cap. For a group any text but empty, as its
    pools have prices of their own."""
    cost: str = ""
    """Hourly cost that a group may reach."""


@dataclass(frozen=True, slots=True)
class Shortfall(Event):
    """A demand of which something is missing, or is to be given back, corrected or looked up."""

    pools: Annotated[tuple[Pool, ...], As(flat=True)]
    """Where it may be met: one pool for a row of odcr_capacity, the members of a group in order of priority."""
    target: Annotated[Amount, As("TargetCapacity")]
    """Units wanted in all pools together; instances for a row."""
    last_status: str | None = None
    options: Annotated[ReservationOptions, As(flat=True)] = USUAL_OPTIONS
    is_release: Annotated[bool, As("Release")] = False
    """Whether to give back what is held above the target, as the last run announced."""
    is_fresh: Annotated[bool, As("Fresh")] = False
    """Whether the record is so new that EC2's answers may lag behind it."""
    rest: Rest | None = None
    """Why to ask for nothing; None: ask."""
    is_given_up: Annotated[bool, As("GivenUp")] = False
    """Whether to give back what is held, as the deadline was missed."""
    judgement: Judgement | None = None
    """The verdict of this run on its deadline."""
    limit: Limit | None = None
    has_other_work: Annotated[bool, As("Other")] = False
    """Whether something is to be given back, corrected or looked up even if nothing may be bought."""
    strategy: Strategy = Strategy.prioritized
    allows_overshoot: Annotated[bool, As("Overshoot")] = False
    """Whether to exceed the total by less than one instance where the weights do not add up to it."""
    unit: Unit = Unit.instances
    last_target: Amount | None = None
    """Units of a group that were wanted when it was last recorded."""
    has_rivals: bool = False
    """Whether a run that recorded nothing may just have bought for this group too."""

    @property
    def key(self) -> TargetKey:
        """The key of the row or the group."""
        first = self.pools[0].key
        return group_key(first.group) if first.group else first

    @property
    def reserved(self) -> Amount:
        """Units held when the run looked."""
        return units((pool.reserved, pool.weight) for pool in self.pools)

    @property
    def recorded(self) -> Amount:
        """Units held, as recorded."""
        return units((pool.recorded, pool.weight) for pool in self.pools)

    @property
    def reservation_ids(self) -> tuple[str, ...]:
        """The reservations seen."""
        return tuple(chain.from_iterable(pool.reservation_ids for pool in self.pools))

    @property
    def recorded_ids(self) -> tuple[str, ...]:
        """The recorded reservations."""
        return tuple(chain.from_iterable(pool.recorded_ids for pool in self.pools))

    @property
    def had_trouble(self) -> bool:
        """Whether EC2 may have refused a request of the last run, and may remember its client token."""
        if self.key.is_group:
            # A group may be met although some of its pools have refused.
            return self.last_status is not None
        return self.last_status is not None and self.last_status not in (Status.FULFILLED, Status.EXCESS)

    @property
    def standing(self) -> Amount:
        """Units that count as held until an attempt has looked up what became of the recorded ones.

        The record counts up to the target: more may be duplicates that have been given back since. It counts in full
        while something may be astray, which is never given back; less would be bought again once the target is raised.
        """
        recorded = self.recorded if self.last_status in MAY_BE_ASTRAY else min(self.recorded, self.target)
        return max(self.reserved, recorded)

    @property
    def standing_ids(self) -> tuple[str, ...]:
        """The reservations seen or recorded."""
        return tuple(chain.from_iterable(pool.standing_ids for pool in self.pools))

    @property
    def duplicate_ids(self) -> tuple[str, ...]:
        """The duplicates that the run saw."""
        return tuple(chain.from_iterable(pool.duplicate_ids for pool in self.pools))

    @property
    def more_ids(self) -> int:
        """How many reservations are not named."""
        return sum(pool.more_ids for pool in self.pools)

    def standing_outcome(self) -> Outcome:
        """How the demand stands until an attempt has looked at it, or if nobody knows what the attempt achieved."""
        is_group = self.key.is_group
        return Outcome(
            self.key,
            Status.FAILED,
            self.target,
            self.standing,
            () if is_group else self.standing_ids,
            () if is_group else self.duplicate_ids,
            more_ids=0 if is_group else self.more_ids,
            judgement=self.judgement,
            is_use_known=False,
            platform=self.options.platform,
            tenancy=self.options.tenancy,
            pools=tuple(pool.standing_outcome(self.options) for pool in self.pools) if is_group else (),
            unit=self.unit,
        )
