"""A demand with something to do, as one item of the Map."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from odcr.domain.outcome import Status
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey
from odcr.domain.wire import cut_ids, optional, parsed_ids, required, texts

MAY_BE_ASTRAY = (Status.ASTRAY, Status.FAILED)
"""After these a run looks for recorded reservations that are not shown, even if enough is held without them."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool of a demand: what the run saw in it, and what the last run recorded."""

    key: TargetKey
    reserved: int
    """Instances held when the run looked."""
    reservation_ids: tuple[str, ...] = ()
    recorded: int = 0
    """Instances held as the last run recorded them."""
    recorded_ids: tuple[str, ...] = ()
    """The reservations that the last run recorded."""
    duplicate_ids: tuple[str, ...] = ()
    """What was bought twice, as the run saw it."""
    more_ids: int = 0
    """Reservations that are, or were, there beside those that are named; while there are any, nothing is given back."""

    @property
    def standing_ids(self) -> tuple[str, ...]:
        """The reservations seen, and those recorded: what an attempt that dies must not make the record forget."""
        return (*self.reservation_ids, *(one for one in self.recorded_ids if one not in self.reservation_ids))


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A demand of which something is missing, was bought twice, or is to be released."""

    pools: tuple[Pool, ...]
    """Where it may be met. A row of odcr_capacity has one."""
    target: int
    """Instances wanted, in all pools together."""
    last_status: str | None = None
    options: ReservationOptions = USUAL_OPTIONS
    is_release: bool = False
    """What is held above the target is to be given back, as the last run announced."""
    is_fresh: bool = False
    """The record is a moment old, and EC2's answers may lag behind it."""

    @property
    def key(self) -> TargetKey:
        """The row's key."""
        return self.pools[0].key

    @property
    def reserved(self) -> int:
        """Instances held when the run looked."""
        return sum(pool.reserved for pool in self.pools)

    @property
    def recorded(self) -> int:
        """Instances held as the last run recorded them."""
        return sum(pool.recorded for pool in self.pools)

    @property
    def reservation_ids(self) -> tuple[str, ...]:
        """The reservations seen."""
        return tuple(chain.from_iterable(pool.reservation_ids for pool in self.pools))

    @property
    def recorded_ids(self) -> tuple[str, ...]:
        """The reservations that the last run recorded."""
        return tuple(chain.from_iterable(pool.recorded_ids for pool in self.pools))

    @property
    def was_refused(self) -> bool:
        """Whether the last run asked for more, and was told that there is none."""
        return self.last_status in (Status.SHORT, Status.QUOTA_EXCEEDED)

    @property
    def had_trouble(self) -> bool:
        """Whether EC2 may have refused a request of the last run, and may remember the client token of it."""
        return self.last_status is not None and self.last_status not in (Status.FULFILLED, Status.EXCESS)

    @property
    def standing(self) -> int:
        """Instances held as long as nobody has looked up what became of the recorded ones."""
        return max(self.reserved, min(self.recorded, self.target))

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

    def to_event(self) -> dict[str, Any]:
        """The shortfall as one item of the Map.

        `Reserved` and `ReservationIds` are what the state machine records if the attempt ends without an outcome.
        """
        (pool,) = self.pools
        event = {
            **pool.key.to_event(),
            "TargetCapacity": self.target,
            "Reserved": self.standing,
            "ReservationIds": cut_ids(pool.standing_ids, pool.more_ids),
            "DuplicateIds": cut_ids(pool.duplicate_ids),
            "LastStatus": self.last_status,
            **self.options.to_event(),
        }
        # Usually the record is right, and the event stays small.
        if self.standing != pool.reserved:
            event["Seen"] = pool.reserved
        if pool.standing_ids != pool.reservation_ids:
            event["SeenIds"] = cut_ids(pool.reservation_ids)
        if pool.recorded != self.standing:
            event["Recorded"] = pool.recorded
        if pool.recorded_ids != pool.standing_ids:
            event["RecordedIds"] = cut_ids(pool.recorded_ids)
        if self.is_release:
            event["Release"] = True
        if self.is_fresh and pool.recorded > pool.reserved:
            event["Fresh"] = True
        return event

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Shortfall":
        """Reads one item of the Map.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        standing = required(event, "Reserved", int)
        standing_ids, more = parsed_ids(texts(event, "ReservationIds"))
        ids, more_seen = parsed_ids(texts(event, "SeenIds"))
        recorded_ids, more_recorded = parsed_ids(texts(event, "RecordedIds"))
        twice, more_twice = parsed_ids(texts(event, "DuplicateIds"))
        pool = Pool(
            key=TargetKey.from_event(event),
            reserved=optional(event, "Seen", int, standing),
            reservation_ids=ids if "SeenIds" in event else standing_ids,
            recorded=optional(event, "Recorded", int, standing),
            recorded_ids=recorded_ids if "RecordedIds" in event else standing_ids,
            duplicate_ids=twice,
            more_ids=max(more, more_seen, more_recorded, more_twice),
        )
        return cls(
            pools=(pool,),
            target=required(event, "TargetCapacity", int),
            last_status=optional(event, "LastStatus", str, None),
            options=ReservationOptions.from_event(event),
            is_release=optional(event, "Release", bool, False),
            is_fresh=optional(event, "Fresh", bool, False),
        )
