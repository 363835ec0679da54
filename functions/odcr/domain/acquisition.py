"""Closing one target's shortfall."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from odcr.domain.attempt import Ec2, Progress, Turns, confirm, give_back, reductions
from odcr.domain.ladder import ask_ladder
from odcr.domain.observation import check, look, serving
from odcr.domain.outcome import Outcome, Status
from odcr.domain.reasons import astray_remark, reason_for_excess, remarks
from odcr.domain.refusal import (
    OF_THE_MOMENT,
    Changed,
    Denied,
    InsufficientInstanceCapacity,
    InvalidTarget,
    NoCapacity,
    NotOffered,
    OutcomeUnknown,
    OutOfTime,
    QuotaExceeded,
    QuotaReached,
    Refusal,
    RequestLimitExceeded,
    RequestRefused,
    TargetNotMet,
    Throttled,
    Unanswered,
    Unsupported,
)
from odcr.domain.release import release
from odcr.domain.reservation import Reservation, duplicates
from odcr.domain.shortfall import Shortfall

MAX_LOOKS = 3
"""How often one attempt looks again because somebody else was there."""


def acquire(
    shortfall: Shortfall,
    execution: str,
    attempt: int,
    ec2: Ec2,
    turns: Turns,
    is_recent: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Asks EC2 until the target is met.

    Args:
        shortfall: the target, and what was held when the run looked.
        execution: the run.
        attempt: how often the state machine has repeated this item; 0 the first time.
        ec2: the way to EC2.
        turns: the target's share of the requests that EC2 takes.
        is_recent: whether the target was read from the table a moment ago; else nothing is released for it.

    Returns:
        The outcome of a target that is met.

    Raises:
        TargetNotMet: of the type by which the state machine decides; its message carries the outcome.
    """
    progress = Progress(shortfall)
    try:
        for number in range(MAX_LOOKS):
            # What a client token does after a refusal is not known, nor for how long EC2 remembers it. After a refusal,
            # the same intent is therefore another occasion; before one, it is the same for whoever has it.
            is_first = attempt == number == 0 and not shortfall.had_trouble
            occasion = "" if is_first else f"{execution}/{attempt}/{number}"
            try:
                return _Closing(progress, attempt, occasion, ec2, turns, is_recent).close()
            except Changed as change:
                changed = change
    except Refusal as refusal:
        raise _error_for(refusal, progress) from None
    reason = f"Somebody else keeps changing the reservations; the next run tries again. ({changed})"
    raise RequestRefused(progress.outcome(Status.FAILED, _told(progress, reason)))


class _Closing:
    """One look at what is there, and the ladder climbed from it.

    Args:
        progress: of the attempt, with what earlier looks achieved.
        attempt, ec2, turns, is_recent: as for `acquire`.
        occasion: tells the client tokens of this look from those of others.
    """

    def __init__(
        self,
        progress: Progress,
        attempt: int,
        occasion: str,
        ec2: Ec2,
        turns: Turns,
        is_recent: Callable[[], bool],
    ) -> None:
        self._progress, self._shortfall = progress, progress.shortfall
        self._attempt, self._occasion = attempt, occasion
        self._ec2, self._turns, self._is_recent = ec2, turns, is_recent
        self._is_first_look = progress.reservations is None
        self._observed: list[Reservation] = []

    def close(self) -> Outcome:
        """Adds what is missing and gives back what is too much.

        Raises:
            Changed: if somebody else was there.
            Refusal: if the target is not met.
        """
        progress, shortfall = self._progress, self._shortfall
        self._observed = look(progress, self._ec2)
        before = progress.reserved
        progress.may_have_released |= shortfall.is_release and self._attempt > 0
        refusal = self._climb(from_one=self._attempt > 0 or shortfall.was_refused)
        if self._is_doubtful(refusal):
            # One quota error between capacity errors says little; two in a row are believed.
            refusal = self._climb(from_one=True)

        if refusal is not None and progress.reserved > before:
            # The state machine may repeat the item at once, from what EC2 shows then.
            look(progress, self._ec2)
        if refusal is not None and progress.reserved < shortfall.target:
            raise refusal
        if progress.excess or any(one.id not in shortfall.reservation_ids for one in progress.held):
            self._give_back_duplicates()
        if shortfall.is_release and progress.excess:
            release(progress, self._ec2, lambda: self._is_recent() and self._turn())
        if progress.reserved < shortfall.target:
            # A reservation that was made, or grown, is not what it was answered to be.
            raise Unanswered(
                "NotHeld", f"EC2 shows {progress.reserved} of {shortfall.target}. It is asked again shortly."
            )
        return progress.outcome(self._status(), _told(progress, observed=self._observed))

    def _status(self) -> Status:
        if self._progress.excess:
            return Status.EXCESS
        if self._progress.is_astray:
            return Status.ASTRAY
        return Status.PENDING if self._progress.is_pending else Status.FULFILLED

    def _turn(self) -> bool:
        is_there = self._turns.allows_another()
        if is_there and self._turns.has_waited:
            check(self._progress, self._ec2)
        return is_there

    def _is_doubtful(self, refusal: Refusal | None) -> bool:
        return (
            isinstance(refusal, QuotaReached)
            and self._progress.calls == 1
            and self._shortfall.last_status != Status.QUOTA_EXCEEDED
        )

    def _climb(self, *, from_one: bool) -> Refusal | None:
        """Asks for what the ladder says; the refusal that counts, or None if there was none.

        Raises:
            Unanswered: if it is not known whether a request had its effect.
            Changed: if what was observed is no longer so.
        """
        missing = max(0, self._shortfall.target - self._progress.reserved)
        ladder = ask_ladder(missing, from_one=from_one)
        shortage: Refusal | None = None
        ask = next(ladder, None)
        while ask is not None:
            try:
                self._add(ask)
                granted = True
            except (NoCapacity, QuotaReached) as refused:
                # A quota, too, may leave room for some of the gap. That the pool is dry is the surer of the two.
                shortage = shortage if isinstance(shortage, NoCapacity) else refused
                granted = False
            except (Unanswered, Changed):
                raise
            except Refusal as other:
                return other
            try:
                ask = ladder.send(granted)
            except StopIteration:
                ask = None
        return shortage

    def _add(self, ask: int) -> None:
        """Adds instances to the oldest reservation that can grow, or makes one.

        A reservation that EC2 will not change is left as it is, and never keeps the target from being met: the next one
        grows, or another is made beside it.

        Raises:
            Changed: if what was to be made is there already, and holds something else.
            Refusal: if nothing was added.
        """
        progress = self._progress
        if adjusting := [one.id for one in progress.held if one.is_adjusting]:
            # It may grow by itself yet: with what is bought beside it, more would be held than was asked for.
            raise Unanswered("Adjusting", f"EC2 has not decided about the last modification of {adjusting[0]}.")
        growable = sorted(
            (one for one in progress.held if one.is_changeable and one.lasts_for(self._shortfall.options)),
            key=lambda one: (one.created, one.id),
        )
        for reservation in growable:
            if reservation.id not in progress.unchangeable and self._grow(reservation, ask):
                return
        self._take_turn()
        # Those that cannot grow count as observed: the next one is another.
        seen = [*self._observed, *progress.held]
        occasion = self._occasion
        if progress.refused_creations:
            occasion += f"/{progress.refused_creations}"
        try:
            created = self._ec2.create(self._shortfall.key, self._shortfall.options, ask, seen, occasion)
        except (Unanswered, Changed):
            raise
        except Refusal:
            progress.refused_creations += 1
            raise
        progress.reservations = [*progress.held, created]
        if created.count != ask:
            # An earlier request of the same intent made it, and it has grown since, of which the ladder knows nothing.
            raise Changed("MadeBefore", f"{created.id} holds {created.count} already.")

    def _grow(self, reservation: Reservation, ask: int) -> bool:
        """Grows a reservation; False if EC2 will not change this one."""
        self._take_turn()
        try:
            self._ec2.resize(reservation, reservation.count + ask)
        except OF_THE_MOMENT:
            raise
        except Refusal as refusal:
            if isinstance(refusal, Changed) and self._is_first_look:
                # Has it ended? The next look tells; if that shows it as it was, it is the reservation.
                raise
            self._progress.unchangeable[reservation.id] = refusal
            return False
        self._progress.take_over(replace(reservation, count=reservation.count + ask))
        return True

    def _take_turn(self) -> None:
        if not self._turn():
            raise OutOfTime()
        self._progress.calls += 1

    def _give_back_duplicates(self) -> None:
        """Gives back what was bought twice, and no more than that.

        A creation whose answer was lost, and that EC2 did not show when it was made again, is seen only afterwards.
        """
        progress, shortfall = self._progress, self._shortfall
        observed = self._ec2.find(shortfall.key)
        shown = {reservation.id for reservation in observed}
        not_shown_yet = (reservation for reservation in progress.held if reservation.id not in shown)
        progress.reservations = [*serving(observed, shortfall), *not_shown_yet]
        twice = duplicates(progress.held, shortfall.recorded_ids, shortfall.more_ids)
        spare = [one for one in twice if one.can_be_given_back]
        planned = reductions(spare, progress.excess, lambda one: one.count)
        before = progress.managed
        try:
            if planned and confirm(progress, planned, self._ec2, self._turn):
                give_back(progress, planned, self._ec2, self._turn)
        finally:
            progress.returned += before - progress.managed


_ERRORS: dict[type[Refusal], type[TargetNotMet]] = {
    NoCapacity: InsufficientInstanceCapacity,
    OutOfTime: InsufficientInstanceCapacity,
    Throttled: RequestLimitExceeded,
    QuotaReached: QuotaExceeded,
    NotOffered: InvalidTarget,
    Unsupported: InvalidTarget,
    Unanswered: OutcomeUnknown,
    Denied: RequestRefused,
}


def _error_for(refusal: Refusal, progress: Progress) -> TargetNotMet:
    error = _ERRORS[type(refusal)]
    status = Status.UNSUPPORTED if isinstance(refusal, Unsupported) else error.status
    shortfall = progress.shortfall
    missing = f"{shortfall.target - progress.reserved} of {shortfall.target} missing"
    if isinstance(refusal, NoCapacity):
        hint = f" EC2's hint, which nothing proves: {refusal.other_zones}." if refusal.other_zones else ""
        reason = f"EC2 has no more {shortfall.key}: {missing}. Every run asks again.{hint}"
    elif isinstance(refusal, OutOfTime):
        reason = f"The time was up before all was asked for: {missing}. It goes on from here."
    else:
        reason = refusal.text
    return error(progress.outcome(status, _told(progress, reason)))


def _told(progress: Progress, reason: str = "", observed: Sequence[Reservation] = ()) -> str:
    """What happened to what was held, the reason why it is not as it should be, and what else is remarkable."""
    shortfall = progress.shortfall
    parts = []
    if progress.released:
        parts.append(f"Released {progress.released}, as the target was lowered to {shortfall.target}.")
    if progress.excess and (shortfall.is_release or not reason):
        # It is also the announcement by which the next run may go on.
        parts.append(reason_for_excess(progress.held, shortfall.target, releases=shortfall.is_release))
    if progress.returned:
        parts.append(f"{progress.returned} instances had been bought twice and were given back.")
    if progress.lost:
        added = max(0, progress.managed - shortfall.reserved)
        parts.append(f"{progress.lost} that were held are gone; {added} were bought again.")
    if reason:
        parts.append(reason)
    parts.append(astray_remark(progress.astray, progress.lenders, sum(one.lent for one in progress.lenders)))
    parts += [f"EC2 does not change {one}: {refusal.text}" for one, refusal in progress.unchangeable.items()]
    by_id = {one.id: one for one in (*observed, *progress.held)}
    parts.append(remarks(by_id.values(), shortfall.options))
    return " ".join(part for part in parts if part)
