"""One pool of a demand as FindShortfalls sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from odcr.domain.allocation import PoolState
from odcr.domain.amounts import Amount
from odcr.domain.outcome import Outcome, Status
from odcr.domain.reservation import Reduction, Reservation, held, ids_of, lost
from odcr.domain.surplus import HeldPool
from odcr.domain.target import Member, Target
from odcr.domain.use import use_of
from odcr.domain.wire import MAX_IDS
from odcr.domain.wording import MAX_REASON


@dataclass(frozen=True)
class SeenPool:
    """One pool of a demand, and what EC2 shows in it.

    Args:
        member: the pool according to the tables.
        target: the demand.
        managed: this stack's reservations there for it.
        uncounted: reservations of a kind that never counts.
    """

    member: Member
    target: Target
    managed: Sequence[Reservation] = ()
    uncounted: Sequence[Reservation] = ()

    @cached_property
    def serving(self) -> list[Reservation]:
        """The reservations that count for the demand."""
        return [reservation for reservation in self.managed if reservation.serves(self.target.options)]

    @cached_property
    def others(self) -> list[Reservation]:
        """The reservations that hold something else than the demand wants."""
        options = self.target.options
        return [
            reservation
            for reservation in self.managed
            if not (reservation.serves(options) or reservation.is_for_another_group(options))
        ]

    @property
    def remarkable(self) -> list[Reservation]:
        """The reservations that a remark may be about."""
        options = self.target.options
        return [
            *self.serving,
            *self.uncounted,
            *(reservation for reservation in self.managed if reservation.is_for_another_group(options)),
        ]

    @property
    def weight(self) -> Amount:
        """Units per instance."""
        return 1 if self.member.weight is None else self.member.weight

    @property
    def state(self) -> PoolState:
        """The pool as it stands, for the allocation."""
        member = self.member
        return PoolState(
            member.key.pool,
            held(self.serving),
            self.weight,
            member.least,
            member.most,
            may_buy=not (member.fault or member.is_removed or member.is_resting),
            is_removed=member.is_removed,
        )

    @property
    def held_pool(self) -> HeldPool:
        """What is held and what was recorded, to find duplicates and surplus."""
        member = self.member
        return HeldPool(member.key.pool, self.serving, member.last_ids, member.last_kept, member.more_ids, self.weight)

    @property
    def lost(self) -> int:
        """Recorded instances that are gone."""
        expected = self.member.last_kept
        if not self.target.key.is_group:
            expected = min(self.member.last_reserved, int(self.target.capacity))
        return lost(expected, self.member.last_ids, self.serving, self.member.more_ids)

    def outcome(self, surplus: Sequence[Reduction]) -> Outcome:
        """The outcome of a group's pool if the run only looks at it.

        Args:
            surplus: what was bought there beyond the total, and is still held.
        """
        member, reserved = self.member, held(self.serving)
        status, reason = Status.FULFILLED, ""
        if member.fault:
            status, reason = Status.INVALID, member.fault
        elif member.is_resting and member.last_status:
            status, reason = Status(member.last_status), member.last_reason
        elif member.is_removed:
            reason = "No longer a member of the group: what is held there still counts, and is given back first."
        elif any(reservation.state == "pending" for reservation in self.serving):
            status = Status.PENDING
        ids, surplus_ids = ids_of(self.serving), ids_of(reduction.reservation for reduction in surplus)
        most = MAX_IDS // max(1, len(self.target.members))
        return Outcome(
            member.key,
            status,
            reserved - sum(reduction.reservation.count - reduction.kept for reduction in surplus),
            reserved,
            ids[:most],
            tuple(id_ for id_ in surplus_ids if id_ not in member.last_ids)[:most],
            reason=reason[:MAX_REASON],
            lost=self.lost,
            more_ids=max(0, len(ids) - most),
            use=use_of(self.serving),
            platform=self.target.options.platform,
            tenancy=self.target.options.tenancy,
            weight=self.weight,
        )
