"""The reservations of one account in one Region: what they take from the market, and how they change by themselves."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from moto.resourcegroups.models import resourcegroups_backends

from localcloud.capacity_reservations import instances, market
from localcloud.capacity_reservations.exceptions import InsufficientCapacityError, ReservationNotFoundError
from localcloud.capacity_reservations.requests import checked_id
from localcloud.capacity_reservations.reservation import CapacityReservation


class ReservationStore:
    """Stores the reservations for `CapacityReservationBackend`. Callers hold the market's lock."""

    account_id: str
    region_name: str
    partition: str
    tags: dict[str, dict[str, str]]
    create_tags: Callable[[list[str], dict[str, str]], bool]

    def __init__(self) -> None:
        self.capacity_reservations: dict[str, CapacityReservation] = {}
        """All that the account sees, ended and shared ones included, in order of creation."""
        self.capacity_reservation_tokens: dict[tuple[str, str], tuple[Any, str]] = {}
        """The request and the reservation's id, by zone and client token. EC2 documents only that
        another Region or zone is another token space; how long it remembers is unknown, so this never forgets:
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Run_Instance_Idempotency.html
        """
        self._nothing_changes_before = -math.inf

    def put_capacity_reservation(self, reservation: CapacityReservation) -> None:
        """Makes this its newest version."""
        self.capacity_reservations[reservation.id] = reservation
        self._nothing_changes_before = min(self._nothing_changes_before, reservation.changes_at)
        market.current().noted(self, reservation)

    def settle_capacity_reservations(self) -> None:
        """Makes the changes that are due."""
        now = market.current().now()
        if now < self._nothing_changes_before:
            return
        self._nothing_changes_before = math.inf
        for reservation in list(self.capacity_reservations.values()):
            changing = reservation
            while changing.changes_at <= now:
                before, changing = changing, self._next(changing)
                self.put_ended(before, changing)
            self._nothing_changes_before = min(self._nothing_changes_before, changing.changes_at)

    def forget_capacity_reservations(self) -> None:
        """Empties everything, as if nothing had ever been reserved; tags and members of groups as well."""
        for reservation_id in self.capacity_reservations:
            self.tags.pop(reservation_id, None)
        for group in resourcegroups_backends[self.account_id][self.region_name].groups.by_name.values():
            vars(group).pop("reservations", None)
        ReservationStore.__init__(self)

    def absorb_instances(self, reservation: CapacityReservation) -> None:
        """Lets running instances into a reservation that fits them now."""
        if reservation.state == "active":
            resized = self._resized(reservation, reservation.instance_count)
            if resized is not None and resized is not reservation:
                self.put_capacity_reservation(replace(resized, at=market.current().now()))

    def existing(self, given_id: Any) -> CapacityReservation:
        reservation = self.capacity_reservations.get(checked_id(given_id))
        if reservation is None or not reservation.is_visible(market.current().now()):
            raise ReservationNotFoundError(str(given_id))
        return reservation

    def grown(self, after: CapacityReservation, held: int) -> CapacityReservation:
        """The reservation with the instances that it absorbs; takes or gives back the difference in capacity."""
        more = after.instance_count - held
        if more > 0:
            more -= len(instances.joining(self, after))
            market.current().admit(self, after.instance_type, more, after)
        resized = self._resized(after, held)
        if resized is None:
            raise InsufficientCapacityError(after.instance_type, after.availability_zone)
        return resized

    def put_ended(self, before: CapacityReservation, after: CapacityReservation) -> None:
        """Stores it. If it has ended, the instances that do not run become free."""
        self.put_capacity_reservation(after)
        if before.holds and not after.holds:
            left = after.instance_count - instances.leave_all(self, after)
            market.current().give_back(after.instance_type, after.availability_zone, left)

    def _resized(self, after: CapacityReservation, held: int) -> CapacityReservation | None:
        """The reservation with the instances that it absorbs; None if the pool lacks the capacity for the rest.

        Args:
            after: as it is to be.
            held: how many instances it has until now.
        """
        supply, instance_type, zone = market.current(), after.instance_type, after.availability_zone
        joining = instances.joining(self, after)
        more = after.instance_count - held - len(joining)
        if more > 0 and not supply.take(instance_type, zone, more):
            return None
        supply.give_back(instance_type, zone, max(0, -more))
        for instance in joining:
            instance.capacity_reservation_id = after.id
        return replace(after, in_use=after.in_use + len(joining)) if joining else after

    def _next(self, before: CapacityReservation) -> CapacityReservation:
        """The reservation after its next change by itself."""
        at = max(before.at, before.changes_at)
        if before.state == "active" and before.adjusted_at == before.changes_at:
            after, status = before.after_adjustment, "applied"
            resized = after and self._resized(replace(after, in_use=before.in_use), before.instance_count)
            if resized is None:
                resized, status = before, "rejected"
            return replace(resized, adjustment_status=status, adjusted_at=math.inf, after_adjustment=None, at=at)
        if before.state == "active":
            return replace(before, state="expired", at=at)
        started = market.current().date() if before.after_pending == "active" else None
        after = replace(before, state=before.after_pending, at=at, start_date=started)
        resized = self._resized(after, after.instance_count) if after.state == "active" else None
        return resized or after
