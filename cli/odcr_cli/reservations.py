"""Capacity Reservations as EC2 describes them: what they hold, whose they are, which demand they count for.

The rules are the product's: docs/how-to/look-after-reservations.md and docs/how-to/demands.md.
"""

from collections.abc import Iterable, Mapping
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
"""The length of the client token in `odcr:made`; a value that a person wrote differs."""


class Whose(StrEnum):
    """Who looks after a reservation."""

    OURS = "this stack"
    ANOTHERS = "another stack"
    NOBODYS = "nobody"
    """It has no stack's tag."""
    ANOTHER_ACCOUNTS = "another account"


class Kind(StrEnum):
    """The kind of a reservation, derived from its fields.

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
        """Whether instances of a demand can run in it."""
        return self in (Kind.ORDINARY, Kind.FLEET, Kind.PLACEMENT_GROUP)

    @property
    def is_changeable(self) -> bool:
        """Whether odcr may change its count; only the fleet may change a fleet's."""
        return self in (Kind.ORDINARY, Kind.PLACEMENT_GROUP)


@dataclass(frozen=True)
class Reservation:
    """One Capacity Reservation."""

    id: str
    region: str
    instance_type: str
    zone: str
    """The zone's name."""
    zone_id: str
    count: int
    unused: int
    """The instances that could run in it but do not."""
    state: str
    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    match_criteria: str = "open"
    created: datetime | None = None
    ends: datetime | None = None
    """None if it ends only when cancelled."""
    kind: Kind = Kind.ORDINARY
    whose: Whose = Whose.NOBODYS
    is_made: bool = False
    """Whether odcr made it for the demand that it counts for; if not, it was adopted."""
    is_committed: bool = False
    """Whether EC2 refuses to reduce or cancel it until its commitment ends."""
    lent: int = 0
    """The instances lent out as an interruptible reservation."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def group(self) -> str:
        """The group that it counts for; empty if it counts for its pool's target."""
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
        """The instances that run in it."""
        return self.count - self.unused if self.state == "active" else 0

    def is_in(self, pool: Pool) -> bool:
        """Whether it has the pool's type and zone; the pool may name the zone by its id."""
        place = folded(pool.zone)
        return folded(pool.instance_type) == self.instance_type and place in (self.zone, self.zone_id)

    def fits(self, demand: Demand) -> bool:
        """Whether it has the demand's platform and tenancy, which EC2 cannot change."""
        wanted = (demand.options.get("Platform") or "Linux/UNIX", demand.options.get("Tenancy") or "default")
        return (self.platform, self.tenancy) == wanted


def parse_reservations(
    described: Iterable[Mapping[str, Any]], owner: str, account: str, now: datetime
) -> list[Reservation]:
    """Parses reservations as a source lists them; ended ones are left out.

    Args:
        described: DescribeCapacityReservations' items, with the field `Region`.
        owner: the value of the stack's tag.
        account: the stack's account id.
        now: the current time.
    """
    every = [_reservation(item, owner, account, now) for item in described]
    return [reservation for reservation in every if reservation.state in HELD_STATES | COMING_STATES | {"cancelling"}]


def reservations_for(demand: Demand, reservations: Iterable[Reservation]) -> list[Reservation]:
    """This stack's reservations that count for a demand."""
    return [
        reservation
        for reservation in reservations
        if reservation.whose is Whose.OURS
        and reservation.group == (demand.name if demand.is_group else "")
        and any(reservation.is_in(pool) for pool in demand.pools)
    ]


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


def units_per_instance(reservation: Reservation, demand: Demand) -> Decimal:
    """The demand's units that an instance of a reservation counts for.

    Raises:
        Trouble: if the type's vCPUs are not recorded yet; the first run that looks at the pool records them.
    """
    pool = next(pool for pool in demand.pools if reservation.is_in(pool))
    if not demand.is_group:
        return Decimal(1)
    if pool.weight is None and demand.unit != "instances":
        raise Trouble(
            f"It is not recorded yet how many {demand.unit} one {pool.name} has. Repeat the command after the next run."
        )
    return pool.weight or Decimal(1)
