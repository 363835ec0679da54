"""One pool of a demand as a run sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from odcr.domain.allocation import Place
from odcr.domain.amounts import Amount
from odcr.domain.outcome import Outcome, Status
from odcr.domain.reservation import Reduction, Reservation, held, ids_of, lost
from odcr.domain.stock import Stock
from odcr.domain.target import Member, Target
from odcr.domain.use import use_of
from odcr.domain.wire import MAX_IDS
from odcr.domain.wording import MAX_REASON


@dataclass(frozen=True)
class SeenPool:
    """One pool of a demand, and what EC2 shows in it.

    Args:
        member: what the tables say.
        target: the demand.
        managed: what this stack holds there for it.
        uncounted: reservations of another kind, which count for nothing.
    """

    member: Member
    target: Target
    managed: Sequence[Reservation] = ()
    uncounted: Sequence[Reservation] = ()

    @cached_property
    def serving(self) -> list[Reservation]:
        """Those that count for the demand."""
        return [one for one in self.managed if one.serves(self.target.options)]

    @cached_property
    def others(self) -> list[Reservation]:
        """Those that hold something else than the demand wants."""
        options = self.target.options
        return [one for one in self.managed if not (one.serves(options) or one.is_for_another_group(options))]

    @property
    def remarkable(self) -> list[Reservation]:
        """All of which something may be said."""
        options = self.target.options
        return [*self.serving, *self.uncounted, *(one for one in self.managed if one.is_for_another_group(options))]

    @property
    def weight(self) -> Amount:
        """Units that an instance counts for."""
        return 1 if self.member.weight is None else self.member.weight

    @property
    def place(self) -> Place:
        """As it stands."""
        one = self.member
        may_buy = not (one.fault or one.is_removed or one.is_resting)
        return Place(
            one.key.pool, held(self.serving), self.weight, one.least, one.most, may_buy, is_removed=one.is_removed
        )

    @property
    def stock(self) -> Stock:
        """What is held, beside what was recorded."""
        one = self.member
        return Stock(one.key.pool, self.serving, one.last_ids, one.last_kept, one.more_ids, self.weight)

    @property
    def lost(self) -> int:
        """Instances that were recorded and are gone."""
        expected = self.member.last_kept
        if not self.target.key.is_group:
            expected = min(self.member.last_reserved, int(self.target.capacity))
        return lost(expected, self.member.last_ids, self.serving, self.member.more_ids)

    def outcome(self, too_much: Sequence[Reduction]) -> Outcome:
        """How a group's pool stands that is only looked at.

        Args:
            too_much: what was bought too much there.
        """
        one, reserved = self.member, held(self.serving)
        status, reason = Status.FULFILLED, ""
        if one.fault:
            status, reason = Status.INVALID, one.fault
        elif one.is_resting and one.last_status:
            status, reason = Status(one.last_status), one.last_reason
        elif one.is_removed:
            reason = "No member of the group any more: what is held counts while it is held, and is given back first."
        elif any(each.state == "pending" for each in self.serving):
            status = Status.PENDING
        ids = ids_of(self.serving)
        most = MAX_IDS // max(1, len(self.target.members))
        return Outcome(
            one.key,
            status,
            reserved - sum(each.reservation.count - each.kept for each in too_much),
            reserved,
            ids[:most],
            ids_of(each.reservation for each in too_much if each.reservation.id not in one.last_ids)[:most],
            reason=reason[:MAX_REASON],
            lost=self.lost,
            more_ids=max(0, len(ids) - most),
            use=use_of(self.serving),
            platform=self.target.options.platform,
            tenancy=self.target.options.tenancy,
            weight=self.weight,
        )
