"""One demand as FindShortfalls sees it: what is held for it, and what to do or to record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import Amount
from odcr.domain.calendar import Rest, is_given_up, judge, rest
from odcr.domain.correction import Wishes
from odcr.domain.outcome import Outcome, Status
from odcr.domain.reasons import (
    astray_remark,
    named,
    reason_for_excess,
    reason_to_give_up,
    remark_on_group,
    remarks,
)
from odcr.domain.records import is_recorded
from odcr.domain.release import announcement, is_due
from odcr.domain.reservation import Reduction, Reservation, held, ids_of
from odcr.domain.seen_pool import SeenPool
from odcr.domain.shortfall import MAY_BE_ASTRAY, Pool, Shortfall
from odcr.domain.surplus import surplus
from odcr.domain.target import Announcement, Judgement, Target, TargetKey, units
from odcr.domain.use import Use, use_of
from odcr.domain.wire import MAX_IDS
from odcr.domain.wording import minute


@dataclass(frozen=True)
class SeenDemand:
    """A demand and its pools.

    Args:
        target: what is wanted, and the record.
        pools: in order of priority.
        wishes: what the stack and the resource groups want of reservations.
        releases: whether to give back what is held above a lowered target.
        now: the time, ISO 8601 in UTC.
    """

    target: Target
    pools: Sequence[SeenPool]
    wishes: Wishes
    releases: bool
    now: str

    @cached_property
    def serving(self) -> list[Reservation]:
        """The reservations that count for the demand."""
        return list(chain.from_iterable(pool.serving for pool in self.pools))

    @cached_property
    def allocation(self) -> Allocation:
        """The pools as they stand, and the total wanted."""
        target = self.target
        return Allocation(
            [pool.state for pool in self.pools], target.capacity, target.strategy, target.allows_overshoot
        )

    @property
    def kept(self) -> Allocation:
        """The pools as they stand, and the total to keep: none if the demand is given up."""
        return replace(self.allocation, total=0) if self.is_given_up else self.allocation

    @property
    def reserved(self) -> Amount:
        """Units held."""
        return self.allocation.held

    @property
    def use(self) -> Use:
        """How much of what is held is in use."""
        return use_of(self.serving)

    @cached_property
    def judgement(self) -> Judgement | None:
        """The verdict that is due."""
        return judge(self.target, self.reserved, ids_of(self.serving), self.now, is_met=self.allocation.is_met)

    @cached_property
    def is_given_up(self) -> bool:
        """Whether to give back what is held because the deadline was missed."""
        return is_given_up(self.target, self.judgement)

    @cached_property
    def rest(self) -> Rest | None:
        """Why nothing is asked for now; None: it is."""
        return rest(self.target, self.reserved, self.now, is_given_up=self.is_given_up)

    @cached_property
    def surplus(self) -> dict[TargetKey, list[Reduction]]:
        """What attempts bought beyond the total, by pool."""
        return self._surplus(can_now=False)

    def _surplus(self, *, can_now: bool) -> dict[TargetKey, list[Reduction]]:
        held_pools, target = [pool.held_pool for pool in self.pools], self.target
        return surplus(held_pools, self.kept, target.last_capacity, has_rivals=target.has_rivals, can_now=can_now)

    @property
    def duplicates(self) -> list[Reservation]:
        """The duplicates of a row."""
        return [] if self.target.key.is_group else self.pools[0].held_pool.duplicates

    @property
    def is_missing(self) -> bool:
        """Whether something is missing that the weights allow to buy."""
        return not self.kept.is_met

    @property
    def _may_release(self) -> bool:
        # A release is announced by reservation id, so the record has to name them all.
        is_named = not self.target.unnamed_ids and len(self.serving) <= MAX_IDS
        return (self.releases or self.is_given_up) and is_named

    @property
    def _shows_all(self) -> bool:
        """Whether EC2 shows all that was recorded."""
        is_all = set(self.target.recorded_ids) <= set(ids_of(self.serving))
        return is_all and self.reserved >= min(self.target.recorded, self.target.capacity)

    @property
    def _may_be_astray(self) -> bool:
        return may_be_astray(self.target, self.serving)

    @property
    def lost(self) -> Amount:
        """Recorded units that are gone."""
        return units((pool.lost, pool.weight) for pool in self.pools)

    def work(self) -> Shortfall | Outcome | None:
        """The work to do, or else the outcome to record; None if the record is up to date."""
        target, others = self.target, list(chain.from_iterable(pool.others for pool in self.pools))
        asks = self.is_missing and not self.rest
        if asks and (reason := self._reason_to_stop_asking(others)):
            return self._outcome_to_record(Status.INVALID, reason)
        is_resting = target.is_resting and self.reserved == target.recorded
        if self.is_missing and is_resting and not (self.rest or self.judgement):
            return None
        if asks and target.key.is_group and self.allocation.to_ask_next() is None:
            # No pool with room can be asked.
            asks = False
        reserved, kept = self.reserved, self.kept
        is_release = self._may_release and reserved > kept.total
        is_release = is_release and is_due(
            replace(target, capacity=kept.total), [pool.held_pool for pool in self.pools], kept
        )
        outside, remark = self._outside_group()
        differs = any(outside.values()) or any(
            self.wishes.differs(reservation, target.options, self.now) for reservation in self.serving
        )
        has_surplus = reserved > kept.total and any(self._surplus(can_now=True).values())
        # A new reservation that was pending has to join its resource group as soon as it is active.
        is_left_alone = target.was_just_tried and target.last_status != Status.PENDING
        corrects = differs and not (self.is_given_up or is_left_alone)
        # A recorded reservation that EC2 does not show is looked up before the record forgets it.
        looks_up = self._may_be_astray or (self.rest is not None and not self._shows_all)
        if asks or is_release or has_surplus or corrects or looks_up:
            return replace(
                self.shortfall(outside, is_release=is_release),
                has_other_work=not asks or corrects or looks_up,
            )
        status, reasons, gone, announced = self._status(others, remark)
        if differs and target.was_just_tried:
            reasons.append(
                f"Its reservations differ from {target.key.option_table}; they are changed within ten minutes, where "
                "EC2 lets them."
            )
        reason = " ".join(part for part in reasons if part)
        return self._outcome_to_record(status, reason, gone, announced)

    def shortfall(self, outside: Mapping[TargetKey, Sequence[str]], *, is_release: bool = False) -> Shortfall:
        """The demand as an item of the Map.

        Args:
            outside: by pool, the reservations that are not in the demand's resource group.
            is_release: whether to give back what is held above the target.
        """
        target = self.target
        is_above = self.reserved > self.kept.total
        pools = tuple(self._pool(pool, outside, is_above=is_above) for pool in self.pools)
        # EC2's answers do not lag if they show as much as the record.
        is_late = target.is_fresh and any(pool.recorded > pool.reserved for pool in pools)
        return Shortfall(
            pools,
            target.capacity,
            target.last_status,
            target.options,
            is_release,
            is_late,
            self.rest,
            self.is_given_up,
            self.judgement,
            strategy=target.strategy,
            allows_overshoot=target.allows_overshoot,
            unit=target.unit,
            last_target=target.last_capacity,
            has_rivals=target.has_rivals,
        )

    def standing(self) -> Outcome:
        """The outcome if nothing is done, without its status and reason, and without the reservations of a row."""
        target, pools = self.target, tuple[Outcome, ...]()
        if target.key.is_group:
            pools = tuple(pool.outcome(self.surplus.get(pool.member.key.pool, ())) for pool in self.pools)
        return Outcome(
            target.key,
            Status.FULFILLED,
            target.capacity,
            self.reserved,
            judgement=self.judgement,
            use=self.use,
            platform=target.options.platform,
            tenancy=target.options.tenancy,
            pools=pools,
            unit=target.unit,
        )

    def _pool(self, seen: SeenPool, outside: Mapping[TargetKey, Sequence[str]], *, is_above: bool) -> Pool:
        member, state, is_group = seen.member, seen.state, self.target.key.is_group
        duplicate_ids: tuple[str, ...] = ()
        if is_above and is_group:
            surplus = self.surplus.get(member.key.pool, ())
            ids = ids_of(reduction.reservation for reduction in surplus)
            duplicate_ids = tuple(id_ for id_ in ids if id_ not in member.last_ids)
        elif is_above:
            duplicate_ids = ids_of(seen.held_pool.duplicates)
        return Pool(
            member.key,
            state.held,
            ids_of(seen.serving),
            member.last_reserved,
            member.last_ids,
            duplicate_ids,
            member.more_ids,
            tuple(outside.get(member.key.pool, ())),
            member.last_kept if is_group else member.last_reserved,
            state.weight,
            state.least,
            state.most,
            member.last_status if is_group else None,
            state.may_buy,
            member.is_removed,
            member.fault or (member.last_reason if member.is_resting else ""),
        )

    def _outcome_to_record(
        self, status: Status, reason: str, gone: Amount = 0, announced: Announcement | None = None
    ) -> Outcome | None:
        """The outcome if nothing is done; None if the record says the same."""
        outcome = replace(self.standing(), status=status, reason=reason, lost=gone, announced=announced)
        if not self.target.key.is_group:
            managed = chain.from_iterable(pool.managed for pool in self.pools)
            duplicates = self.duplicates if self.reserved > self.kept.total or status is Status.INVALID else []
            outcome = replace(outcome, reservation_ids=ids_of(managed), duplicate_ids=ids_of(duplicates))
        # An excess is always recorded: its target may have changed, and the reason with it.
        if self.judgement or status == Status.EXCESS or not is_recorded(self.target, outcome):
            return outcome
        return None

    def _outside_group(self) -> tuple[dict[TargetKey, list[str]], str]:
        """By pool, the reservations that have to join the resource group; and why some cannot."""
        ids, remarks_on_pools = {}, []
        for pool in self.pools:
            ids[pool.member.key.pool], remark = self.wishes.outside_group(self.target, pool.member.key, pool.serving)
            remarks_on_pools.append(remark)
        return ids, next(filter(None, remarks_on_pools), "")

    def _status(
        self, others: Sequence[Reservation], remark: str
    ) -> tuple[Status, list[str], Amount, Announcement | None]:
        """The status if nothing is done, its reasons, the units gone, and the release to announce."""
        target, serving, kept = self.target, self.serving, self.kept
        status, announced, reasons = Status.FULFILLED, None, list[str]()
        # While EC2's answers may lag, nothing counts as gone.
        gone = 0 if target.is_fresh and self.reserved < target.recorded else self.lost
        lenders = [reservation for reservation in serving if reservation.lent]
        if gone:
            reasons.append(f"{gone} that were held are gone; as many are held in {named(serving)}.")
        if self.rest and (self.is_missing or self.is_given_up):
            status = self.rest.status
            reasons = [f"{gone} that were held are gone."] if gone else []
            reasons.append(self.rest.reason)
        elif self.is_missing:
            status, why = self._why_not_asked()
            reasons.append(why)
        elif kept.is_excess:
            status = Status.EXCESS
        elif others:
            status = Status.EXCESS
            reasons.append(
                f"Nothing is given back unasked, so cancel these unless you want them: {self._others(others)}."
            )
        elif lenders:
            status = Status.ASTRAY
            reasons.append(astray_remark(target.key, [], lenders, sum(reservation.lent for reservation in lenders)))
        elif any(reservation.state == "pending" for reservation in serving):
            status = Status.PENDING
            reasons.append("EC2 is still providing some of it, which can take five minutes and may fail.")
        elif kept.total == 0:
            reasons.append("The target is 0, so nothing is reserved.")
        if kept.is_excess:
            announced = announcement(serving, self.reserved, kept.total) if self._may_release else None
            to_give = reason_to_give_up if self.is_given_up else reason_for_excess
            reasons.append(to_give(serving, kept, announced))
        remarkable = chain.from_iterable(pool.remarkable for pool in self.pools)
        reasons += [remark_on_group(target, self.allocation), remark, remarks(remarkable, target.options)]
        return status, reasons, gone, announced

    def _why_not_asked(self) -> tuple[Status, str]:
        """The status and reason of a group that is short while no pool with room can be asked."""
        if self.allocation.is_full:
            return Status.INVALID, ""
        resting = [pool.member for pool in self.pools if pool.member.is_resting]
        if any(member.last_status == Status.UNSUPPORTED for member in resting):
            return Status.UNSUPPORTED, f"{resting[0].key}: {resting[0].last_reason}"
        faulty = (pool.member for pool in self.pools if pool.member.fault or pool.member.is_resting)
        return Status.INVALID, next((f"{member.key}: {member.fault or member.last_reason}" for member in faulty), "")

    def _reason_to_stop_asking(self, others: Sequence[Reservation]) -> str:
        """Why to buy nothing although the demand is short, and what to do; empty if there is no reason."""
        target = self.target
        held_otherwise = units((held(pool.others), pool.weight) for pool in self.pools)
        if target.capacity <= held_otherwise:
            # Otherwise the target would be bought again after each change of options.
            table = target.key.option_table
            return f"Cancel these in EC2, or correct {table}; nothing is bought until then: {self._others(others)}."
        end = target.options.end_date
        if end is not None and end[:19] <= self.now[:19]:
            return (
                f"End_Date in {target.key.option_table} was {minute(end)}: nothing is asked for any more. Set a later "
                "one, or NULL, or delete the row."
            )
        return ""

    @staticmethod
    def _others(others: Sequence[Reservation]) -> str:
        kind = "another platform, tenancy or placement group"
        return f"{held(others)} are held in {named(others)} with {kind} than the row asks for"


def may_be_astray(target: Target, serving: Sequence[Reservation]) -> bool:
    """Whether to look for recorded reservations that EC2 does not show, even if nothing is missing."""
    return target.last_status in MAY_BE_ASTRAY and not set(target.recorded_ids) <= set(ids_of(serving))
