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

In all other states it has ended, failed or not begun:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""

COMING_STATES = frozenset({"assessing", "scheduled", "delayed"})
"""The states of a future-dated reservation that has not begun."""

UNREADABLE = "unreadable"
"""Our state for a reservation that EC2 describes only in part. It counts for nobody, and whatever it may be for is not
bought. Its key has an empty type if that is unknown, the Region for an unknown zone, and no group if no tag names one.
"""


class Kind(StrEnum):
    """What sort of reservation it is. The value is the text for people."""

    ORDINARY = "an On-Demand Capacity Reservation"
    FLEET = "managed by a Capacity Reservation Fleet"
    BLOCK = "a Capacity Block, which On-Demand instances cannot use"
    OUTPOST = "on an Outpost"
    PLACEMENT_GROUP = "for one placement group only"
    INTERRUPTIBLE = "interruptible, so its instances may be ended"


_COUNTED = frozenset({Kind.ORDINARY, Kind.FLEET, Kind.PLACEMENT_GROUP})
"""On-Demand instances can run in these. The others are mentioned, but do not count."""

_CHANGEABLE = frozenset({Kind.ORDINARY, Kind.PLACEMENT_GROUP})


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation of this account."""

    id: str
    key: TargetKey
    count: int
    """Instances held, used or not."""
    state: str
    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    created: str = ""
    """When it was made, ISO 8601. The oldest one grows."""
    in_use: int = 0
    """Instances running in it."""
    is_adopted: bool = False
    """Whether a person tagged it, or moved it here from another demand. The system did not make it for this demand, and
    never gives it back."""
    made: str = ""
    """The client token that it was made with. A part that a person split off may have the same one."""
    match_criteria: str = "open"
    ends: str | None = None
    """When it ends, ISO 8601 in UTC; None: only when it is cancelled."""
    kind: Kind = Kind.ORDINARY
    is_managed: bool = True
    """Whether it has this stack's tag."""
    is_committed: bool = False
    """Whether EC2 refuses to reduce or cancel it, as its commitment has not ended."""
    lent: int = 0
    """Instances that its owner lends to others as an interruptible reservation."""
    is_adjusting: bool = False
    """Whether EC2 has accepted its last modification and not decided on it: `AdjustmentStatus` is `requested`."""
    placement_group: str = ""
    """The name of its placement group; empty: none."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_held(self) -> bool:
        """Whether its instances count as held."""
        return self.state in HELD_STATES and self.kind in _COUNTED

    @property
    def unused(self) -> int:
        """Instances held while nothing runs in them."""
        return max(0, self.count - self.in_use) if self.state == "active" else 0

    @property
    def is_changeable(self) -> bool:
        """Whether its count can be changed, as far as Describe tells. A fleet changes the count of its own ones."""
        return self.state == "active" and self.kind in _CHANGEABLE

    @property
    def may_be_released(self) -> bool:
        """Whether it is this stack's to give back: not if a person tagged it, or it is committed or lent out."""
        return self.kind in _CHANGEABLE and not (self.is_adopted or self.is_committed or self.lent)

    @property
    def can_be_given_back(self) -> bool:
        """Whether this stack may reduce or cancel it now."""
        return self.is_changeable and self.may_be_released

    def serves(self, options: ReservationOptions) -> bool:
        """Whether it is what these options ask for, in all that EC2 cannot change later."""
        return self.fits(options) and self.placement_group == options.placement_group

    def fits(self, options: ReservationOptions) -> bool:
        """Whether it has their platform and tenancy."""
        return self.platform == options.platform and self.tenancy == options.tenancy

    def is_for_another_group(self, options: ReservationOptions) -> bool:
        """Whether a person put it under the system's care, and it is for a placement group that they do not name."""
        is_other = self.placement_group != options.placement_group
        return self.kind is Kind.PLACEMENT_GROUP and self.is_adopted and is_other

    def lasts_for(self, options: ReservationOptions) -> bool:
        """Whether it ends no earlier than they ask."""
        return self.ends is None or (options.end_date is not None and options.end_date[:19] <= self.ends[:19])


def held(reservations: Iterable[Reservation]) -> int:
    """Instances that these reservations hold together, without those that do not count."""
    return sum(reservation.count for reservation in reservations if reservation.is_held)


def serving(reservations: Iterable[Reservation], options: ReservationOptions) -> list[Reservation]:
    """Those that hold what a demand with these options wants."""
    return [reservation for reservation in reservations if reservation.is_held and reservation.serves(options)]


def ids_of(reservations: Iterable[Reservation]) -> tuple[str, ...]:
    """Their ids, in their order."""
    return tuple(reservation.id for reservation in reservations)


def lost(expected: int, known_ids: Collection[str], reservations: Iterable[Reservation], more_ids: int) -> int:
    """Recorded instances that are gone, even if others have replaced them.

    Args:
        expected: instances recorded, up to the target: what somebody gave up on purpose is not lost.
        known_ids: the recorded reservations. Without any there is nothing to compare.
        reservations: what is held now.
        more_ids: recorded reservations that are not named. While there are any, everything held may be one of them.
    """
    if not known_ids:
        return 0
    return max(
        0, expected - held(reservation for reservation in reservations if more_ids or reservation.id in known_ids)
    )


def duplicates(reservations: Iterable[Reservation], known_ids: Collection[str], more_ids: int) -> list[Reservation]:
    """The reservations that can only have been bought twice, newest first.

    A target has one reservation, which grows. If Create's answer is lost and Describe lags, the retry makes a second
    one: the system made it, and no run has recorded it. If none is recorded, the oldest is the one to keep. Several
    with one client token are parts of one that a person split, as EC2 makes one reservation per token.

    Args:
        reservations: all that serve one target.
        known_ids: the recorded reservations, without duplicates.
        more_ids: recorded reservations that are not named. While there are any, or more reservations than can be named,
            nothing counts as a duplicate: it may be one of these.
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
    """A reservation that has to hold less."""

    reservation: Reservation
    kept: int
    """Instances to keep; 0: cancel it."""


def reductions(
    reservations: Iterable[Reservation], excess: int, spare: Callable[[Reservation], int]
) -> list[Reduction]:
    """Which reservations give how much: each as much as it can, until the excess is gone.

    Args:
        reservations: in the order in which to take from them.
        excess: instances to give back.
        spare: how many instances a reservation can give.

    Returns:
        One reduction for each reservation that gives any.
    """
    taken = []
    for reservation in reservations:
        given = min(excess, spare(reservation))
        if given > 0:
            taken.append(Reduction(reservation, reservation.count - given))
            excess -= given
    return taken


def client_token(
    owner: str, key: TargetKey, options: ReservationOptions, observed_ids: Iterable[str], count: int, occasion: str
) -> str:
    """A client token that is the same for the same intent, and different for any other.

    EC2 answers a second request with the same token and parameters with the first reservation, within one zone:
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html

    Args:
        owner: the stack that asks.
        key: what is asked for.
        options: the kind of reservation.
        observed_ids: every reservation of this stack for the key, seen before asking, including ended ones. Once one is
            cancelled the ids differ, so a new one can be made.
        count: instances asked for.
        occasion: tells two requests with the same intent apart.

    Returns:
        64 ASCII characters, the longest token that EC2 accepts.
    """
    intent = [
        owner,
        key.instance_type,
        # The name, also if the row has the id: it is the same pool.
        key.zone,
        # A resource group and tags can be changed later, so they do not make another intent.
        repr(replace(options, resource_group="", tags="")),
        *sorted(set(observed_ids)),
        str(count),
        occasion,
        # A row and several groups may share a pool.
        *([key.group] if key.group else []),
    ]
    return hashlib.sha256("\n".join(intent).encode()).hexdigest()


def may_be_for(reservation: Reservation, key: TargetKey) -> bool:
    """Whether a reservation that EC2 describes only in part may count for a row, or for a group's pool."""
    pool, unsure = key.pool, reservation.key
    # Without a group's tag it may be for a row; or it is the tags that EC2 did not describe.
    if reservation.state != UNREADABLE or unsure.group not in ("", pool.group):
        return False
    return unsure.instance_type in ("", pool.instance_type) and unsure.availability_zone in (
        pool.zone,
        region_of(pool.zone),
    )


def readable(observed: Iterable[Reservation], key: TargetKey) -> list[Reservation]:
    """The reservations that EC2 describes in full.

    Raises:
        OutcomeUnknown: if one of the others may count for the target.
    """
    described = []
    for reservation in observed:
        if may_be_for(reservation, key):
            raise OutcomeUnknown("IncompleteDescription", why_unreadable(reservation))
        if reservation.state != UNREADABLE:
            described.append(reservation)
    return described


def why_unreadable(reservation: Reservation) -> str:
    """Why nothing is bought where EC2 describes a reservation only in part."""
    name = reservation.id or "a reservation without an id"
    return (
        f"Nothing is bought: EC2 describes {name} only in part, so it is unclear how much is held. Look at it in the "
        "EC2 console."
    )
