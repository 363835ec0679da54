"""A demand with something to do, as one item of the Map."""

from dataclasses import dataclass
from itertools import chain
from typing import Annotated

from odcr.domain.amounts import Amount
from odcr.domain.calendar import Rest
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
from odcr.domain.wire import As, Event
from odcr.domain.wording import MAX_REASON

MAY_BE_ASTRAY = (Status.ASTRAY, Status.FAILED)
"""After these a run looks for recorded reservations that are not shown, even if enough is held without them."""


@dataclass(frozen=True, slots=True)
class Pool(Event):
    """One pool of a demand: what the run saw in it, and what the last run recorded."""

    key: Annotated[TargetKey, As(flat=True)]
    reserved: int
    """Instances held when the run looked."""
    reservation_ids: tuple[str, ...] = ()
    recorded: Annotated[int, As(same_as="reserved")] = 0
    """Instances held as the last run recorded them."""
    recorded_ids: Annotated[tuple[str, ...], As(same_as="reservation_ids")] = ()
    """The reservations that the last run recorded."""
    duplicate_ids: tuple[str, ...] = ()
    """What was bought twice, as the run saw it."""
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Reservations that are, or were, there beside those that are named; while there are any, nothing is given back."""
    outside_group: tuple[str, ...] = ()
    """Reservations seen that are not in the demand's resource group."""
    kept: Annotated[int, As(same_as="recorded")] = 0
    """Those of the instances recorded that two attempts side by side had not bought too much."""
    weight: Amount = 1
    """Units that an instance counts for."""
    least: Annotated[int, As("MinInstances")] = 0
    most: Annotated[int | None, As("MaxInstances")] = None
    last_status: Annotated[str | None, As("PoolStatus")] = None
    """Of a group's pool, which has one of its own."""
    may_buy: Annotated[bool, As("Buys")] = True
    """Whether EC2 may be asked for more there."""
    is_removed: Annotated[bool, As("PoolRemoved")] = False
    """It is no member of its group any more."""
    remark: Annotated[str, As(longest=MAX_REASON)] = ""
    """Why nothing is bought there."""
    price: str = ""
    """What an instance costs for an hour, where a cap is to be kept; empty: none is, or it is unknown."""

    @property
    def standing_ids(self) -> tuple[str, ...]:
        """The reservations seen, and those recorded: what an attempt that dies must not make the record forget."""
        return (*self.reservation_ids, *(one for one in self.recorded_ids if one not in self.reservation_ids))

    def standing_outcome(self, options: ReservationOptions) -> Outcome:
        """How a group's pool stands as long as nobody has looked up what became of it."""
        standing = max(self.reserved, self.recorded)
        return Outcome(
            self.key,
            Status(self.last_status or Status.FULFILLED),
            standing - max(0, self.recorded - self.kept),
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
    """How much a demand may hold after this run, because of a cap."""

    count: Annotated[int | None, As("Count")]
    """Instances; None: of a group, which has `cost`."""
    reason: Annotated[str, As(longest=MAX_REASON)]
    """Why it is no more."""
    price: str = ""
    """What an instance costs for an hour, if the stack's cap has to be kept; empty: it has none. Of a group, anything
    but empty: its pools have their prices."""
    cost: str = ""
    """What all that a group holds may cost for an hour."""


@dataclass(frozen=True, slots=True)
class Shortfall(Event):
    """A demand of which something is missing, was bought twice, or is to be released."""

    pools: Annotated[tuple[Pool, ...], As(flat=True)]
    """Where it may be met. A row of odcr_capacity has one; those of a group come the most wanted first."""
    target: Annotated[Amount, As("TargetCapacity")]
    """Units wanted, in all pools together; of a row these are instances."""
    last_status: str | None = None
    options: Annotated[ReservationOptions, As(flat=True)] = USUAL_OPTIONS
    is_release: Annotated[bool, As("Release")] = False
    """What is held above the target is to be given back, as the last run announced."""
    is_fresh: Annotated[bool, As("Fresh")] = False
    """The record is a moment old, and EC2's answers may lag behind it."""
    rest: Rest | None = None
    """Why nothing is asked for: it is only looked at, corrected, or released."""
    is_given_up: Annotated[bool, As("GivenUp")] = False
    """Its deadline was missed, and what is held for it is given back."""
    judgement: Judgement | None = None
    """The verdict that the run has come to."""
    limit: Limit | None = None
    """What a cap lets it hold."""
    has_other_work: Annotated[bool, As("Other")] = False
    """Something is to be given back, corrected or looked up, though nothing may be bought."""
    strategy: Strategy = Strategy.prioritized
    allows_overshoot: Annotated[bool, As("Overshoot")] = False
    """Whether a rest that no weight fits is covered by the smallest that covers it."""
    unit: Unit = Unit.instances
    last_target: Amount | None = None
    """Of a group: units that were wanted when the last run recorded it."""
    has_rivals: bool = False
    """Of a group: a run that recorded nothing may have bought a moment ago, beside those that did."""

    @property
    def key(self) -> TargetKey:
        """The demand's key: a row's, or a group's."""
        first = self.pools[0].key
        return group_key(first.group) if first.group else first

    @property
    def reserved(self) -> Amount:
        """Units held when the run looked."""
        return units((pool.reserved, pool.weight) for pool in self.pools)

    @property
    def recorded(self) -> Amount:
        """Units held as the last run recorded them."""
        return units((pool.recorded, pool.weight) for pool in self.pools)

    @property
    def reservation_ids(self) -> tuple[str, ...]:
        """The reservations seen."""
        return tuple(chain.from_iterable(pool.reservation_ids for pool in self.pools))

    @property
    def recorded_ids(self) -> tuple[str, ...]:
        """The reservations that the last run recorded."""
        return tuple(chain.from_iterable(pool.recorded_ids for pool in self.pools))

    @property
    def had_trouble(self) -> bool:
        """Whether EC2 may have refused a request of the last run, and may remember the client token of it.

        A group may be met although some of its pools have refused.
        """
        if self.key.is_group:
            return self.last_status is not None
        return self.last_status is not None and self.last_status not in (Status.FULFILLED, Status.EXCESS)

    @property
    def standing(self) -> Amount:
        """Units held as long as nobody has looked up what became of the recorded ones.

        Above the target may be what was bought twice, and was given back since. What may be astray is never given back,
        and counts for no more than was recorded: less would be bought anew once the target is raised.
        """
        recorded = self.recorded if self.last_status in MAY_BE_ASTRAY else min(self.recorded, self.target)
        return max(self.reserved, recorded)

    @property
    def standing_ids(self) -> tuple[str, ...]:
        """The reservations seen, and those recorded."""
        return tuple(chain.from_iterable(pool.standing_ids for pool in self.pools))

    @property
    def duplicate_ids(self) -> tuple[str, ...]:
        """What was bought twice, as the run saw it."""
        return tuple(chain.from_iterable(pool.duplicate_ids for pool in self.pools))

    @property
    def more_ids(self) -> int:
        """Reservations beside those that are named."""
        return sum(pool.more_ids for pool in self.pools)
