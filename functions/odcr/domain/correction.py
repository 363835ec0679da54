"""Changes to a standing reservation besides its count: its end, its match criteria, its tags and its resource group.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from odcr.domain.attempt import Attempt
from odcr.domain.holding import Holding
from odcr.domain.pace import Action
from odcr.domain.refusal import OutOfTime, Refusal
from odcr.domain.reservation import Reservation
from odcr.domain.tags import ASKED_TAG, asked, not_given_any_more, parsed_asked, standing_tags
from odcr.domain.target import ReservationOptions, Target, TargetKey
from odcr.domain.wording import brief, quoted
from odcr.domain.zone import is_ordinary_zone


@dataclass(frozen=True, slots=True)
class Correction:
    """What to change about one reservation so that it follows its row."""

    to_modify: ReservationOptions | None
    """Options with the match criteria and the end to set; None if they are right."""
    tags: Mapping[str, str]
    """Tags to set."""
    removed: tuple[str, ...]
    """Keys of tags to remove."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.to_modify or self.tags or self.removed)


def correction_of(
    reservation: Reservation, options: ReservationOptions, stack_tags: Mapping[str, str], now: str
) -> Correction | None:
    """What to change about a reservation; None if nothing has to be changed, or can be.

    The end and the match criteria follow the row when the row changes. What a person changed in EC2 stays, and so do
    those of a reservation that a person put under the system's care.

    Args:
        reservation: one of this stack that serves the options.
        options: what the row says.
        stack_tags: the tags of every reservation of the stack.
        now: the time, ISO 8601 in UTC. EC2 accepts no end in the past.
    """
    if not reservation.is_changeable or not reservation.is_managed:
        return None
    wanted = standing_tags(options, stack_tags)
    to_modify = None
    if (before := parsed_asked(reservation.tags.get(ASKED_TAG, ""))) is not None:
        # Each by itself: what did not change in the row stays as it is in EC2.
        match_criteria, end_date = before
        target = replace(options, match_criteria=reservation.match_criteria, end_date=_end_of(reservation))
        if options.match_criteria != match_criteria and not reservation.in_use:
            match_criteria = options.match_criteria
            target = replace(target, match_criteria=match_criteria)
        is_end_changed = asked("", options.end_date) != asked("", end_date)
        if is_end_changed and (options.end_date is None or options.end_date[:19] > now[:19]):
            end_date = options.end_date
            target = replace(target, end_date=end_date)
        wanted[ASKED_TAG] = asked(match_criteria, end_date)
        if (target.match_criteria, target.end_date) != (reservation.match_criteria, _end_of(reservation)):
            to_modify = target
    tags = {key: value for key, value in wanted.items() if reservation.tags.get(key) != value}
    removed = tuple(not_given_any_more(reservation.tags, wanted))
    correction = Correction(to_modify, tags, removed)
    return None if correction.is_empty else correction


def _end_of(reservation: Reservation) -> str | None:
    return reservation.ends and reservation.ends[:19]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What reservations should be like besides what their rows say."""

    stack_tags: Mapping[str, str]
    groups: Mapping[tuple[str, str], set[str] | Refusal]
    """The ids of the reservations in each resource group, by Region and name of the group."""

    def differs(self, reservation: Reservation, options: ReservationOptions, now: str) -> bool:
        """Whether something about a reservation has to be changed, and can be."""
        return correction_of(reservation, options, self.stack_tags, now) is not None

    def outside_group(self, target: Target, pool: TargetKey, serving: Sequence[Reservation]) -> tuple[list[str], str]:
        """The reservations of a pool that have to join the target's resource group; or why they cannot."""
        group, zone = target.options.resource_group, pool.zone
        if not group:
            return [], ""
        if not is_ordinary_zone(zone):
            return (
                [],
                f"Resource_Group has no effect: {brief(zone)} is a Local Zone, whose reservations cannot join one.",
            )
        members = self.groups.get((pool.region, group))
        if isinstance(members, Refusal):
            return [], f"The resource group {quoted(group)} cannot be looked at. {members.text}"
        if members is None:
            return [], ""
        return [reservation.id for reservation in serving if reservation.id not in members], ""


NO_WISHES = Wishes({}, {})


def correct(attempt: Attempt, *, is_new_only: bool = False) -> None:
    """Changes what differs from the row. If EC2 refuses a change, the others are made all the same.

    Args:
        attempt: an attempt that has looked at EC2.
        is_new_only: whether to correct only the reservations that this run has made.

    Raises:
        Changed: if somebody has added anything meanwhile.
        Refusal: if EC2 does not answer a look.
    """
    try:
        for holding in attempt.holdings:
            for reservation in tuple(holding.reservations):
                if is_new_only and reservation.id in attempt.shortfall.reservation_ids:
                    continue
                _correct(attempt, holding, reservation)
                _join(attempt, holding, reservation)
    except OutOfTime:
        return


def _correct(attempt: Attempt, holding: Holding, reservation: Reservation) -> None:
    correction = correction_of(reservation, attempt.shortfall.options, attempt.stack_tags, attempt.now)
    if correction is None:
        return
    if correction.to_modify is not None:
        options = correction.to_modify
        if not _send(attempt, holding, reservation, Action.MODIFY, lambda: attempt.ec2.adjust(reservation, options)):
            return
        reservation = replace(reservation, ends=options.end_date, match_criteria=options.match_criteria)
        holding.take_over(reservation)
    if correction.tags or correction.removed:
        tags, removed, tagged = correction.tags, correction.removed, reservation
        if _send(attempt, holding, tagged, Action.TAG, lambda: attempt.ec2.tag(tagged, tags, removed)):
            kept = {key: value for key, value in tagged.tags.items() if key not in removed}
            holding.take_over(replace(tagged, tags={**kept, **tags}))


def _join(attempt: Attempt, holding: Holding, reservation: Reservation) -> None:
    group = attempt.shortfall.options.resource_group
    if not group or reservation.id not in holding.outside_group:
        return
    if _send(attempt, holding, reservation, Action.GROUP, lambda: attempt.ec2.join(reservation, group)):
        holding.outside_group.discard(reservation.id)


def _send(
    attempt: Attempt, holding: Holding, reservation: Reservation, action: Action, request: Callable[[], None]
) -> bool:
    """Sends a request; False if EC2 refuses it, or has refused one for this reservation before."""
    if reservation.id in holding.uncorrected:
        return False
    attempt.await_request(holding, action)
    try:
        attempt.send(holding, request)
    except Refusal as refusal:
        holding.uncorrected[reservation.id] = refusal
        return False
    return True
