"""Capacity Reservations as EC2 describes them: what they hold, whose they are, and which demand they count for.

The rules are the product's: docs/how-to/look-after-reservations.md and docs/how-to/demands.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from odcr_cli.demands import Demand, Pool
from odcr_cli.door import folded
from odcr_cli.trouble import Trouble

OWNER_TAG = "odcr:stack"
GROUP_TAG = "odcr:group"
MADE_TAG = "odcr:made"
HELD_STATES = frozenset({"active", "pending"})
COMING_STATES = frozenset({"assessing", "scheduled", "delayed"})
_TOKEN_LENGTH = 64
"""Of the client token in `odcr:made`; what a person wrote there is no promise of the system."""


class Whose(StrEnum):
    """Who looks after a reservation."""

    OURS = "this stack"
    ANOTHERS = "another stack"
    NOBODYS = "nobody"
    """It bears no tag of a stack."""
    ANOTHER_ACCOUNTS = "another account"


class Kind(StrEnum):
    """What a reservation is, by the fields that tell.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
    """

    ORDINARY = "ordinary"
    FLEET = "of a fleet"
    BLOCK = "a Capacity Block"
    OUTPOST = "on an Outpost"
    PLACEMENT_GROUP = "for a placement group"
    INTERRUPTIBLE = "interruptible"

    @property
    def is_counted(self) -> bool:
        """Whether instances that a demand asks for can run in it."""
        return self in (Kind.ORDINARY, Kind.FLEET, Kind.PLACEMENT_GROUP)

    @property
    def is_changeable(self) -> bool:
        """Whether its count is its owner's to change; a fleet's is the fleet's."""
        return self in (Kind.ORDINARY, Kind.PLACEMENT_GROUP)


@dataclass(frozen=True)
class Reservation:
    """One Capacity Reservation."""

    id: str
    region: str
    instance_type: str
    zone: str
    """By name."""
    zone_id: str
    count: int
    unused: int
    """Instances that could run in it now and do not."""
    state: str
    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    match_criteria: str = "open"
    created: datetime | None = None
    ends: datetime | None = None
    """None: when it is cancelled."""
    kind: Kind = Kind.ORDINARY
    whose: Whose = Whose.NOBODYS
    is_made: bool = False
    """Whether odcr made it, for the demand that it counts for now; else a person put it under its care."""
    is_committed: bool = False
    """EC2 neither reduces nor cancels it before its commitment ends."""
    lent: int = 0
    """Instances lent out as an interruptible reservation."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def group(self) -> str:
        """The group that it counts for; empty: the row of its pool."""
        return self.tags.get(GROUP_TAG, "")

    @property
    def pool(self) -> str:
        """The type and the zone."""
        return f"{self.instance_type} {self.zone}"

    @property
    def is_held(self) -> bool:
        """Whether its instances count as held."""
        return self.state in HELD_STATES and self.kind.is_counted and self.whose is not Whose.ANOTHER_ACCOUNTS

    @property
    def used(self) -> int:
        """Instances that run in it."""
        return self.count - self.unused if self.state == "active" else 0

    def is_in(self, pool: Pool) -> bool:
        """Whether it is of the pool's type and zone, which a row may name by its id."""
        place = folded(pool.zone)
        return folded(pool.instance_type) == self.instance_type and place in (self.zone, self.zone_id)

    def fits(self, demand: Demand) -> bool:
        """Whether it is of the demand's platform and tenancy, which EC2 never changes."""
        wanted = (demand.options.get("Platform") or "Linux/UNIX", demand.options.get("Tenancy") or "default")
        return (self.platform, self.tenancy) == wanted


def reservations_of(
    described: Iterable[Mapping[str, Any]], owner: str, account: str, now: datetime
) -> list[Reservation]:
    """Reservations as a source lists them, those that have ended left out.

    Args:
        described: DescribeCapacityReservations' items, with the field `Region`.
        owner: the value of the stack's tag.
        account: its id.
        now: the time.
    """
    every = [_reservation(one, owner, account, now) for one in described]
    return [one for one in every if one.state in HELD_STATES | COMING_STATES | {"cancelling"}]


def serving(demand: Demand, reservations: Iterable[Reservation]) -> list[Reservation]:
    """What this stack holds for a demand."""
    return [
        one
        for one in reservations
        if one.whose is Whose.OURS
        and one.group == (demand.name if demand.is_group else "")
        and any(one.is_in(pool) for pool in demand.pools)
    ]


def demand_of(reservation: Reservation, demands: Sequence[Demand]) -> Demand | None:
    """The demand that a reservation of this stack counts for; None if nobody wants it."""
    for demand in demands:
        if serving(demand, [reservation]):
            return demand
    return None


def _reservation(described: Mapping[str, Any], owner: str, account: str, now: datetime) -> Reservation:
    tags = {str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in described.get("Tags", [])}
    count, state = int(described.get("TotalInstanceCount", 0)), str(described.get("State", ""))
    available = int(described.get("AvailableInstanceCount", 0))
    committed_until = described.get("CommitmentInfo", {}).get("CommitmentEndDate")
    return Reservation(
        str(described.get("CapacityReservationId", "")),
        str(described.get("Region", "")),
        str(described.get("InstanceType", "")),
        str(described.get("AvailabilityZone", "")),
        str(described.get("AvailabilityZoneId", "")),
        count,
        max(0, min(count, available)) if state == "active" else 0,
        state,
        str(described.get("InstancePlatform", "Linux/UNIX")),
        str(described.get("Tenancy", "default")),
        str(described.get("InstanceMatchCriteria", "open")),
        described.get("CreateDate"),
        described.get("EndDate"),
        _kind(described),
        _whose(described, tags, owner, account),
        _is_made(tags),
        committed_until is not None and committed_until > now,
        int(described.get("InterruptibleCapacityAllocation", {}).get("InstanceCount", 0)),
        tags,
    )


def _whose(described: Mapping[str, Any], tags: Mapping[str, str], owner: str, account: str) -> Whose:
    if described.get("OwnerId", account) != account:
        return Whose.ANOTHER_ACCOUNTS
    tag = tags.get(OWNER_TAG)
    if tag is None:
        return Whose.NOBODYS
    return Whose.OURS if tag == owner else Whose.ANOTHERS


def _is_made(tags: Mapping[str, str]) -> bool:
    token, _, group = tags.get(MADE_TAG, "").partition("/")
    return len(token) == _TOKEN_LENGTH and group == tags.get(GROUP_TAG, "")


def _kind(described: Mapping[str, Any]) -> Kind:
    if described.get("ReservationType") == "capacity-block":
        return Kind.BLOCK
    if described.get("Interruptible"):
        return Kind.INTERRUPTIBLE
    for name, kind in (
        ("OutpostArn", Kind.OUTPOST),
        ("PlacementGroupArn", Kind.PLACEMENT_GROUP),
        ("CapacityReservationFleetId", Kind.FLEET),
    ):
        if described.get(name):
            return kind
    return Kind.ORDINARY


def units_of_one(reservation: Reservation, demand: Demand) -> Decimal:
    """Units of its demand that one instance of a reservation counts for.

    Raises:
        Trouble: if it is not recorded yet how many vCPUs the type has; the first run that looks at the pool does it.
    """
    pool = next(pool for pool in demand.pools if reservation.is_in(pool))
    if not demand.is_group:
        return Decimal(1)
    if pool.weight is None and demand.unit != "instances":
        raise Trouble(
            f"How many {demand.unit} one {pool.name} counts for is not recorded yet. Repeat the command after the next "
            "run."
        )
    return pool.weight or Decimal(1)
