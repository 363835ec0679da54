"""Capacity Reservations as EC2 reports them, and the token of a new one."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from odcr.domain.refusal import OutcomeUnknown
from odcr.domain.target import ReservationOptions, TargetKey
from odcr.domain.wire import MAX_IDS
from odcr.domain.zone import region_of

HELD_STATES = frozenset({"active", "pending"})
"""The states in which a reservation holds capacity, or is about to.

All others have ended, failed or not begun:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""

COMING_STATES = frozenset({"assessing", "scheduled", "delayed"})
"""The states of a future-dated reservation that has not begun."""

UNREADABLE = "unreadable"
"""The state of a reservation that is described in part only. It counts as held by nobody, and keeps what it may be for
from being bought blindly. Its key has an empty type if EC2 did not say it, the Region for an unknown zone, and no group
if its tags do not say one."""


class Kind(StrEnum):
    """What a reservation is, by the fields that API_CapacityReservation has for it. The value is what people read."""

    ORDINARY = "an On-Demand Capacity Reservation"
    FLEET = "managed by a Capacity Reservation Fleet"
    BLOCK = "a Capacity Block, which On-Demand instances cannot use"
    OUTPOST = "on an Outpost"
    PLACEMENT_GROUP = "for one placement group only"
    INTERRUPTIBLE = "interruptible, so its instances may be ended"


_COUNTED = frozenset({Kind.ORDINARY, Kind.FLEET, Kind.PLACEMENT_GROUP})
"""Instances that a row asks for can run in these. The others serve something else, so they are told and not counted."""

_CHANGEABLE = frozenset({Kind.ORDINARY, Kind.PLACEMENT_GROUP})


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation of this account."""

    id: str
    key: TargetKey
    count: int
    """Instances that it reserves, used or not."""
    state: str
    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    created: str = ""
    """When it was made, ISO 8601: the oldest is the one that grows."""
    in_use: int = 0
    """Instances that run in it."""
    is_adopted: bool = False
    """A person tagged it, or moved it here from another demand; the system did not make it for this one, and never
    gives it back."""
    made: str = ""
    """The client token that it was made with. A part that a person split off may bear the same."""
    match_criteria: str = "open"
    ends: str | None = None
    """When it ends by itself, ISO 8601 in UTC; None: when it is cancelled."""
    kind: Kind = Kind.ORDINARY
    is_managed: bool = True
    """Whether it bears this stack's tag."""
    is_committed: bool = False
    """Until its commitment ends, EC2 neither reduces nor cancels it."""
    lent: int = 0
    """Instances that its owner made available to others as an interruptible reservation."""
    is_adjusting: bool = False
    """Its last modification is accepted and not decided: `AdjustmentStatus` is `requested`."""
    placement_group: str = ""
    """The name of the placement group that it is for; empty: none."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_held(self) -> bool:
        """Whether its instances count as held."""
        return self.state in HELD_STATES and self.kind in _COUNTED

    @property
    def unused(self) -> int:
        """Instances that could run in it now and do not."""
        return max(0, self.count - self.in_use) if self.state == "active" else 0

    @property
    def is_changeable(self) -> bool:
        """Whether EC2 lets its count be changed, as far as describe tells; a fleet's count is the fleet's to change."""
        return self.state == "active" and self.kind in _CHANGEABLE

    @property
    def may_be_released(self) -> bool:
        """Whether it is this stack's to give back: what a person tagged is not, nor what is committed or lent out."""
        return self.kind in _CHANGEABLE and not (self.is_adopted or self.is_committed or self.lent)

    @property
    def can_be_given_back(self) -> bool:
        """Whether this stack may reduce or cancel it now."""
        return self.is_changeable and self.may_be_released

    def serves(self, options: ReservationOptions) -> bool:
        """Whether instances of these options can run in it; none of this can be changed later."""
        return self.fits(options) and self.placement_group == options.placement_group

    def fits(self, options: ReservationOptions) -> bool:
        """Whether it is of their platform and tenancy."""
        return self.platform == options.platform and self.tenancy == options.tenancy

    def is_for_another_group(self, options: ReservationOptions) -> bool:
        """Whether a person made it for a placement group that these options do not name."""
        is_other = self.placement_group != options.placement_group
        return self.kind is Kind.PLACEMENT_GROUP and self.is_adopted and is_other

    def lasts_for(self, options: ReservationOptions) -> bool:
        """Whether it ends no earlier than is wanted."""
        return self.ends is None or (options.end_date is not None and options.end_date[:19] <= self.ends[:19])


def held(reservations: Iterable[Reservation]) -> int:
    """Instances that these reservations hold together."""
    return sum(reservation.count for reservation in reservations if reservation.is_held)


def ids_of(reservations: Iterable[Reservation]) -> tuple[str, ...]:
    """Their ids, in their order."""
    return tuple(reservation.id for reservation in reservations)


def lost(expected: int, known_ids: Collection[str], reservations: Iterable[Reservation], more_ids: int = 0) -> int:
    """Instances that a run recorded and that are gone, also if others have taken their place since.

    Args:
        expected: as many as the record and the target both have; what somebody gave up on purpose is not lost.
        known_ids: the reservations that the run recorded; without any there is nothing to compare.
        reservations: what is held now.
        more_ids: those that it recorded without naming them; while there are any, what is held now may be these.
    """
    if not known_ids:
        return 0
    return max(
        0, expected - held(reservation for reservation in reservations if more_ids or reservation.id in known_ids)
    )


def duplicates(reservations: Iterable[Reservation], known_ids: Collection[str], more_ids: int = 0) -> list[Reservation]:
    """Those that can only be a purchase made twice, newest first; pending ones cannot be given back yet.

    A target has one reservation, which grows. Another one that the system made, and that no run has recorded, is what a
    creation left whose answer was lost while EC2 did not show it either. If none is recorded, the oldest is what there
    is to be. What bears another one's client token was split off from that one, for EC2 makes one of each token.

    Args:
        reservations: all that serve one target.
        known_ids: those that a run recorded, and not as bought twice.
        more_ids: those that it recorded without naming them. While there are any, or more than can be named, none is
            taken for bought twice: it may be one of these.
    """
    by_age = sorted(reservations, key=lambda reservation: (reservation.created, reservation.id), reverse=True)
    if more_ids or len(by_age) > MAX_IDS:
        return []
    is_any_known = any(reservation.id in known_ids for reservation in by_age)
    candidates = by_age if is_any_known else by_age[:-1]
    tokens = [reservation.made for reservation in by_age if reservation.made]
    return [
        reservation
        for reservation in candidates
        if not reservation.is_adopted
        and reservation.id not in known_ids
        and (not reservation.made or tokens.count(reservation.made) == 1)
    ]


@dataclass(frozen=True, slots=True)
class Reduction:
    """A reservation that is to hold less."""

    reservation: Reservation
    kept: int
    """Instances that it holds afterwards; with 0 it is cancelled."""


def reductions(
    reservations: Iterable[Reservation], excess: int, spare: Callable[[Reservation], int]
) -> list[Reduction]:
    """Which reservations give how much: the first ones all that they can, until the excess is gone.

    Args:
        reservations: in the order in which they are to give.
        excess: instances to give back.
        spare: how many instances a reservation can give.

    Returns:
        At most `excess` instances, in one reduction for each reservation that gives any.
    """
    found = []
    for reservation in reservations:
        given = min(excess, spare(reservation))
        if given > 0:
            found.append(Reduction(reservation, reservation.count - given))
            excess -= given
    return found


def client_token(
    owner: str, key: TargetKey, options: ReservationOptions, observed_ids: Iterable[str], count: int, occasion: str = ""
) -> str:
    """A token that is the same for the same intent, and another for any other.

    EC2 answers a repeated request with the same token and parameters with the first reservation. A token counts within
    a zone, so the zone is part of it:
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html

    Args:
        owner: the stack that asks.
        key: what is asked for.
        options: the kind of reservation.
        observed_ids: every reservation of this stack for the key, ended ones too, as they were seen before asking. A
            reservation that was cancelled changes them, so that a new one can be made.
        count: instances asked for.
        occasion: tells two requests of the same intent apart.

    Returns:
        64 ASCII characters, which is as long as a token may be.
    """
    intent = [
        owner,
        key.instance_type,
        # One pool is one intent, whether the row names the zone or gives its id.
        key.zone,
        # What can be changed while it stands makes no other intent.
        repr(replace(options, resource_group="", tags="")),
        *sorted(set(observed_ids)),
        str(count),
        occasion,
        # A row and several groups may have the same pool.
        *([key.group] if key.group else []),
    ]
    return hashlib.sha256("\n".join(intent).encode()).hexdigest()


def may_be_for(reservation: Reservation, key: TargetKey) -> bool:
    """Whether a reservation that is described in part only may hold something for a row, or for a group's pool."""
    pool, unsure = key.pool, reservation.key
    # Without the tag of a group it may be a row's, or its tags may be what is not described.
    if reservation.state != UNREADABLE or unsure.group not in ("", pool.group):
        return False
    return unsure.instance_type in ("", pool.instance_type) and unsure.availability_zone in (
        pool.zone,
        region_of(pool.zone),
    )


def readable(observed: Iterable[Reservation], key: TargetKey) -> list[Reservation]:
    """What was observed for one target.

    Raises:
        OutcomeUnknown: if there may be more, of which EC2 does not say enough.
    """
    found = []
    for reservation in observed:
        if may_be_for(reservation, key):
            raise OutcomeUnknown("IncompleteDescription", why_unreadable(reservation))
        if reservation.state != UNREADABLE:
            found.append(reservation)
    return found


def why_unreadable(reservation: Reservation) -> str:
    name = reservation.id or "a reservation without an id"
    return (
        f"Nothing is bought, for it cannot be told how much is held: EC2 describes {name} in part only. Look at it in "
        "the EC2 console."
    )
