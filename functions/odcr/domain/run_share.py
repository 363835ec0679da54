"""The targets that one run looks at. The tables may have more than fit between two states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.prices import ListPrice
from odcr.domain.target import Target
from odcr.domain.wire import ROOM, InvalidEvent, fitting, in_turns, required, size_of

_REJECTED_ROOM = ROOM // 8
_WAITING_ROOM = ROOM // 2
_PRICES_ROOM = ROOM // 3
MAX_TARGET_BYTES = 30_000
"""Bytes of one row. Ids and texts are cut, so no real row comes near."""
MAX_GROUP_BYTES = 2 * MAX_TARGET_BYTES
"""Bytes of one group. It has at most 40 members, most of them with one reservation."""

_SETTLED = (Status.FULFILLED, Status.EXCESS, Status.INVALID)
"""Asking EC2 does not help a target with one of these."""


@dataclass(frozen=True, slots=True)
class RunShare:
    """What LoadTargets passes on in one run."""

    targets: list[Target]
    """The least recently tried first."""
    rejected: list[Outcome]
    """Outcomes of invalid rows."""
    is_complete: bool
    """Whether these are all targets and all rejected rows."""
    prices: list[ListPrice]
    """The known prices that caps need."""

    def to_event(self) -> dict[str, Any]:
        """The share as a JSON object."""
        return {
            "Targets": [target.to_event() for target in self.targets],
            "Rejected": [outcome.to_event() for outcome in self.rejected],
            "Complete": self.is_complete,
            "Prices": [price.to_event() for price in self.prices],
        }

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "RunShare":
        """Reads the share.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        return cls(
            [_target_from(target) for target in required(event, "Targets", list)],
            [Outcome.from_event(outcome) for outcome in required(event, "Rejected", list)],
            required(event, "Complete", bool),
            [ListPrice.from_event(price) for price in required(event, "Prices", list)],
        )


def _target_from(event: Mapping[str, Any]) -> Target:
    target = Target.from_event(event)
    if not (target.key.is_group or isinstance(target.capacity, int)):
        raise InvalidEvent("'TargetCapacity' must be int, not float. Fix the event.")
    return target


def share_of_run(
    targets: Sequence[Target], rejected: Sequence[Outcome], seed: str, prices: Sequence[ListPrice]
) -> RunShare:
    """As many targets as fit into 256 KiB: some 1,200 rows, usually all.

    Args:
        targets: all targets, the least recently tried first.
        rejected: outcomes of invalid rows to record.
        seed: the execution's name, so that a repeated step has the same share.
        prices: the prices that caps need, the most important first. They get a third of the room.

    Returns:
        If not all fit, the targets that wait for capacity, and a random choice of the others.
    """
    # Measured once, because there may be thousands.
    sized = [(target, size_of(target.to_event())) for target in targets]
    rejected = [*(_too_large(target) for target, size in sized if size > _most_bytes(target)), *rejected]
    sized = [(target, size) for target, size in sized if size <= _most_bytes(target)]
    some_rejected, left = fitting(
        in_turns(rejected, _REJECTED_ROOM, _outcome_bytes, seed), _REJECTED_ROOM, _outcome_bytes
    )
    some_prices, left_of_prices = fitting(prices, _PRICES_ROOM, _price_bytes)
    room = ROOM - _REJECTED_ROOM + left - (_PRICES_ROOM - left_of_prices)
    if sum(size for _, size in sized) <= room:
        fit = [target for target, _ in sized]
        return RunShare(fit, some_rejected, len(some_rejected) == len(rejected), some_prices)

    waiting = [item for item in sized if _waits(item[0])]
    settled = [item for item in sized if not _waits(item[0])]
    first, left = fitting(waiting, _WAITING_ROOM, _size)
    room += left - _WAITING_ROOM
    others, _ = fitting(in_turns(settled, room, _size, seed), room, _size)
    chosen = {target.key for target, _ in (*first, *others)}
    return RunShare(
        [target for target, _ in sized if target.key in chosen], some_rejected, is_complete=False, prices=some_prices
    )


def _size(sized: tuple[Target, int]) -> int:
    return sized[1]


def _waits(target: Target) -> bool:
    held = target.recorded if target.key.is_group else target.current
    return target.capacity > held or target.last_status not in _SETTLED


def _too_large(target: Target) -> Outcome:
    what, tables = ("row", "odcr_option") if not target.key.is_group else ("group", "odcr_group, odcr_group_member")
    reason = (
        f"Nothing is bought: the {what} and its record take more than {_most_bytes(target)} bytes, which no run can "
        f"carry. Look at its rows in {tables} and odcr_status."
    )
    return with_record_kept(target, Status.FAILED, reason)


def _most_bytes(target: Target) -> int:
    return MAX_GROUP_BYTES if target.key.is_group else MAX_TARGET_BYTES


def _price_bytes(price: ListPrice) -> int:
    return size_of(price.to_event())


def _outcome_bytes(outcome: Outcome) -> int:
    return size_of(outcome.to_event())
