"""What an attempt holds in one pool: what EC2 shows, unless it lags, and what the attempt changes."""

from collections.abc import Sequence
from dataclasses import replace

from odcr.domain.astray import search_for_recorded
from odcr.domain.outcome import Outcome, Status
from odcr.domain.ports import Ec2
from odcr.domain.refusal import Changed, OutcomeUnknown, OutOfTime, Refusal
from odcr.domain.reservation import HELD_STATES, Reduction, Reservation, held, ids_of, serving
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.surplus import HeldPool
from odcr.domain.target import ReservationOptions
from odcr.domain.use import use_of
from odcr.domain.zone import region_of


class Holding:
    """What an attempt knows of one pool.

    Args:
        pool: what the run saw there.
        shortfall: the demand that the pool serves.
        ec2: the gateway to EC2.
    """

    def __init__(self, pool: Pool, shortfall: Shortfall, ec2: Ec2) -> None:
        self.pool, self._shortfall, self._ec2 = pool, shortfall, ec2
        self.key = pool.key.pool
        """The key in EC2's spelling."""
        self._reservations: Sequence[Reservation] = ()
        self._held = 0
        self.observed: list[Reservation] = []
        """Everything that the last look showed, in every state."""
        self.is_seen = False
        """Whether EC2 has answered a look."""
        self.astray: Sequence[Reservation] = ()
        """Reservations held for the demand without this stack's tag: somebody removed it, or split them off."""
        self.astray_count = 0
        """Instances held astray, no more than a run recorded: any growth since then is not ours."""
        self.lent = 0
        """Recorded instances that are now lent out as an interruptible reservation."""
        self.lost = 0
        """Recorded instances that are gone."""
        self.refused_creations = 0
        self.unchangeable: dict[str, Refusal] = {}
        """Why EC2 would not change the count of a reservation, by id."""
        self.uncorrected: dict[str, Refusal] = {}
        """Why EC2 would not change something else about a reservation, by id."""
        self.outside_group = set(pool.outside_group)
        """Ids of the reservations that are not in the demand's resource group."""
        self.calls = 0
        """Requests that change capacity in this pool."""
        self.refusals = 0
        """The calls that EC2 definitely refused."""
        self.refusal: Refusal | None = None
        """Why this attempt got no more when it last asked."""
        last_status = pool.last_status if pool.key.group else shortfall.last_status
        self.was_refused = last_status in (Status.SHORT, Status.QUOTA_EXCEEDED)
        """Whether it gave less than it was last asked for. Then the attempt asks for one instance first."""
        self.has_ended = False
        """Whether the last look showed that a known reservation has ended."""
        # More than that may be a surplus that is given back.
        self._wanted = pool.kept if pool.key.group else int(shortfall.target)
        self._least_seen = min(pool.reserved, self._wanted)
        if pool.key.group:
            self._least_seen = pool.reserved if shortfall.reserved <= shortfall.target else 0

    @property
    def reservations(self) -> Sequence[Reservation]:
        """The reservations that this stack holds for the demand; empty before the first look."""
        return self._reservations

    @reservations.setter
    def reservations(self, reservations: Sequence[Reservation]) -> None:
        # Summed up here, as every request needs the sum for all pools.
        self._reservations, self._held = reservations, held(reservations)

    @property
    def managed(self) -> int:
        """Instances that this stack holds; before the first look, as the run saw them."""
        return self._held if self.is_seen else self.pool.reserved

    @property
    def standing(self) -> int:
        """Instances that count for the demand, including those astray; before the first look, as the run saw them."""
        return self.managed + self.astray_count + self.lent

    @property
    def held_pool(self) -> HeldPool:
        """What this stack holds and what was recorded, to find duplicates and surplus."""
        pool = self.pool
        return HeldPool(pool.key.pool, self.reservations, pool.recorded_ids, pool.kept, pool.more_ids, pool.weight)

    @property
    def growable(self) -> list[Reservation]:
        """Reservations that may grow, the oldest first."""
        able = (
            reservation
            for reservation in self.reservations
            if reservation.is_changeable
            and reservation.lasts_for(self._shortfall.options)
            and reservation.id not in self.unchangeable
        )
        return sorted(able, key=lambda reservation: (reservation.created, reservation.id))

    @property
    def lenders(self) -> list[Reservation]:
        """Reservations part of which is lent out."""
        return [reservation for reservation in self.reservations if reservation.lent]

    @property
    def is_answered(self) -> bool:
        """Whether EC2 has told this attempt if it has more."""
        return self.calls > 0 and not isinstance(self.refusal, OutOfTime)

    @property
    def is_unusable(self) -> bool:
        """Whether this is a group's pool in which EC2 refuses, for good, to sell anything."""
        return self.pool.key.group != "" and self.refusal is not None and self.refusal.is_of_the_pool

    def outcome(
        self,
        surplus: Sequence[Reduction],
        most_ids: int,
        options: ReservationOptions,
        *,
        is_met: bool,
        may_have_released: bool,
    ) -> Outcome:
        """The outcome of a group's pool.

        Args:
            surplus: what was bought there beyond the total, and is still held.
            most_ids: how many reservations to name at most.
            options: the group's.
            is_met: whether the group is met, so that a dry pool does not matter.
            may_have_released: whether the run may have given anything back for a lowered target.
        """
        pool, held_now = self.pool, [*self.reservations, *self.astray]
        if not self.is_seen:
            return replace(pool.standing_outcome(options), calls=self.calls, refusals=self.refusals)
        ids, surplus_ids = ids_of(held_now), ids_of(reduction.reservation for reduction in surplus)
        status, reason = self._status(is_met=is_met)
        added = self.managed - pool.reserved
        return Outcome(
            key=pool.key,
            status=status,
            target=self.standing - sum(reduction.reservation.count - reduction.kept for reduction in surplus),
            reserved=self.standing,
            reservation_ids=ids[:most_ids],
            duplicate_ids=tuple(id_ for id_ in surplus_ids if id_ not in pool.recorded_ids)[:most_ids],
            acquired=added if may_have_released else max(0, added),
            calls=self.calls,
            refusals=self.refusals,
            lost=self.lost,
            reason=reason,
            more_ids=max(0, len(ids) - most_ids),
            use=use_of(held_now),
            platform=options.platform,
            tenancy=options.tenancy,
            weight=pool.weight,
        )

    @property
    def is_skipped(self) -> bool:
        """Whether this is a group's pool that may not be asked and never held anything: EC2 may not even know it."""
        pool = self.pool
        is_known = pool.may_buy or pool.is_removed or pool.standing_ids or pool.more_ids
        return bool(pool.key.group) and not (is_known and region_of(pool.key.zone))

    def _status(self, *, is_met: bool) -> tuple[Status, str]:
        if self.pool.remark and self.refusal is None:
            return Status(self.pool.last_status or Status.INVALID), self.pool.remark
        last_status = self.pool.last_status
        if not (is_met or self.is_answered) and last_status in (Status.SHORT, Status.QUOTA_EXCEEDED):
            # Not asked yet in this attempt: keep the status, so that the next one asks for one instance first.
            return Status(last_status), ""
        if self.refusal is not None and (self.is_unusable or not is_met):
            return self.refusal.status, self.refusal.text
        if any(reservation.state == "pending" for reservation in self.reservations):
            return Status.PENDING, ""
        return Status.FULFILLED, ""

    def forget(self) -> None:
        """Discards a look that lagged."""
        self.is_seen, self.lost = False, 0

    def look(self, observed: list[Reservation]) -> None:
        """Takes over what EC2 shows in the pool, unless its answer lags.

        A resize sets an absolute count: starting from too low a count, it would give instances away. And a reservation
        that EC2 does not show yet would be made again. EC2 lags by seconds, so the state machine repeats the item after
        half a minute.

        Raises:
            OutcomeUnknown: if EC2 shows less than is known, and no reservation has ended that would explain it.
        """
        pool, shortfall = self.pool, self._shortfall
        if self.is_skipped:
            self.is_seen = True
            return
        known, known_ids = self.managed, set(ids_of(self.reservations))
        if not self.is_seen:
            recorded = pool.recorded if shortfall.is_fresh else 0
            known = max(recorded, self._least_seen)
            known_ids = {*pool.recorded_ids, *pool.reservation_ids}
            search = search_for_recorded(pool, shortfall, self._wanted, observed, self._ec2)
            observed, self.astray, self.astray_count = search.observed, search.astray, search.astray_count
            self.lent, self.lost = search.lent, search.lost
            known -= min(known, self.astray_count + self.lent)
        seen = serving(observed, self._shortfall.options)
        self.has_ended = any(
            reservation.id in known_ids and reservation.state not in HELD_STATES for reservation in observed
        )
        if held(seen) < known and not self.has_ended:
            # It is not known yet whether anything is gone.
            self.lost = 0
            raise OutcomeUnknown(
                "ObservationLags",
                f"EC2 shows {held(seen)} instances where {known} were known. It is asked again shortly.",
            )
        self.reservations, self.observed, self.is_seen = seen, observed, True

    def check(self, observed: Sequence[Reservation]) -> None:
        """Checks after a wait that nobody has added anything, which a resize would give away.

        Raises:
            Changed: if somebody has. Less than is known is not a change: Describe may lag.
        """
        known = {reservation.id: reservation.count for reservation in self.reservations}
        for reservation in serving(observed, self._shortfall.options):
            if reservation.count > known.get(reservation.id, 0):
                raise Changed("Changed", f"{reservation.id} holds {reservation.count} now.")

    def look_for_duplicates(self, observed: Sequence[Reservation]) -> None:
        """Takes over what EC2 shows, without forgetting what it does not show yet."""
        shown = set(ids_of(observed))
        not_shown_yet = (reservation for reservation in self.reservations if reservation.id not in shown)
        self.reservations = [*serving(observed, self._shortfall.options), *not_shown_yet]

    def take_over(self, reservation: Reservation) -> None:
        """Takes over one reservation as it is now; with a count of 0 it has ended."""
        others = [other for other in self.reservations if other.id != reservation.id]
        self.reservations = [*others, reservation] if reservation.count else others
