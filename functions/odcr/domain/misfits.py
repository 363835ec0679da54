"""Misfits: running instances that cannot use what is held for their type and zone, and why not.

Which instances use a reservation, and which of their attributes have to match:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-using.html and
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecification.html

Where AWS does not say whether an instance can use a reservation, we assume it can: a wrong warning is worse than none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from odcr.domain.event_codec import As, Event
from odcr.domain.reservation import Reservation, ids_of
from odcr.domain.target import ReservationOptions, TargetKey
from odcr.domain.wire import fitting, size_of
from odcr.domain.zone import region_of

MAX_SENTENCE = 250
"""Characters of the sentence on one target's misfits."""

_MAX_REASONS = 3
"""Reasons named in a sentence; the rest is summed up."""

_ROOM = 20_000
"""Bytes of all sentences of a run together."""

NAMED_ALIKE = frozenset(
    {
        "Linux/UNIX",
        "Red Hat Enterprise Linux",
        "SUSE Linux",
        "Ubuntu Pro",
        "Windows",
        "Windows with SQL Server Enterprise",
        "Windows with SQL Server Standard",
        "Windows with SQL Server Web",
    }
)
"""Platforms with the same name in billing and in Capacity Reservations. AWS does not say which reservations the others
match, such as "Red Hat BYOL Linux": https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html"""

Why = tuple[str, str]
"""Why instances cannot use a reservation, in the singular and in the plural."""

_TAKES_NONE = ("takes no reservation (preference none)", "take no reservation (preference none)")
_NAMES_ANOTHER = ("names another reservation", "name another reservation")
_DOES_NOT_NAME_IT = ("does not name it (targeted)", "do not name it (targeted)")
_OUTSIDE_GROUP = ("is outside its placement group", "are outside its placement group")


@dataclass(frozen=True, slots=True)
class Unused:
    """A row or a group's pool that holds unused capacity."""

    key: TargetKey
    options: ReservationOptions
    reservations: tuple[Reservation, ...]
    """The reservations with unused capacity."""

    @property
    def is_open(self) -> bool:
        """Whether instances that name no reservation can use one of them."""
        return any(reservation.match_criteria == "open" for reservation in self.reservations)


@dataclass(frozen=True, slots=True)
class RunningInstance:
    """An On-Demand instance that runs in no reservation."""

    pool: TargetKey
    platform: str
    """The platform's name in billing, which may differ from that of a reservation's platform."""
    tenancy: str = "default"
    placement_group: str = ""
    preference: str = "open"
    """Its `CapacityReservationPreference`; empty if it names a reservation."""
    named_reservation: str = ""
    """The id of the reservation that it names; empty if it names none, or a resource group."""


@dataclass(frozen=True, slots=True)
class Misfits(Event):
    """The sentence on the misfits of one target."""

    key: Annotated[TargetKey, As(flat=True)]
    sentence: Annotated[str, As(longest=MAX_SENTENCE)]


@dataclass(frozen=True, slots=True)
class InstanceLook(Event):
    """What one look at the account's running instances has shown."""

    misfits: tuple[Misfits, ...] = ()
    silent: str = ""
    """The Regions that did not answer in time, separated by blanks. Their recorded sentences stay."""
    is_partial: Annotated[bool, As("Partial")] = False
    """Whether misfits may be left out, so that recorded sentences stay."""

    def sentence(self, key: TargetKey, recorded: str | None) -> str | None:
        """The sentence to record for a target; None: none.

        Args:
            key: the target.
            recorded: the sentence recorded so far.
        """
        if sentence := next((misfits.sentence for misfits in self.misfits if misfits.key == key), None):
            return sentence
        return recorded if self.is_partial or region_of(key.zone) in self.silent.split() else None


def why_not(instance: RunningInstance, unused: Unused) -> Why | None:
    """Why an instance of the target's type and zone cannot use what is held; None if it can, or that is not known."""
    options = unused.options
    if instance.platform != options.platform and {instance.platform, options.platform} <= NAMED_ALIKE:
        return f"is {instance.platform}", f"are {instance.platform}"
    if instance.tenancy != options.tenancy:
        return f"has tenancy {instance.tenancy}", f"have tenancy {instance.tenancy}"
    if options.placement_group and instance.placement_group != options.placement_group:
        return _OUTSIDE_GROUP
    if instance.preference == "none":
        return _TAKES_NONE
    if instance.named_reservation:
        return None if instance.named_reservation in ids_of(unused.reservations) else _NAMES_ANOTHER
    return None if unused.is_open or instance.preference != "open" else _DOES_NOT_NAME_IT


class MisfitCount:
    """Counts the misfits of some targets, one page of instances after another.

    A row and several groups may share a pool. An instance that can use what is held for any of them is not a misfit.

    Args:
        unused: the targets with unused capacity.
    """

    def __init__(self, unused: Iterable[Unused]) -> None:
        self._unused: dict[tuple[str, str], list[Unused]] = {}
        for target in unused:
            self._unused.setdefault(_place(target.key.pool), []).append(target)
        self._counts: dict[TargetKey, Counter[Why]] = {}

    def add(self, instances: Iterable[RunningInstance]) -> None:
        """Counts the misfits among these instances."""
        for instance in instances:
            reasons = [
                (unused.key, why_not(instance, unused)) for unused in self._unused.get(_place(instance.pool), ())
            ]
            misfits = [(key, why) for key, why in reasons if why]
            if len(misfits) < len(reasons):
                continue
            for key, why in misfits:
                self._counts.setdefault(key, Counter())[why] += 1

    @property
    def counts(self) -> Mapping[TargetKey, Mapping[Why, int]]:
        """The number of misfits by target and reason."""
        return self._counts


def _place(pool: TargetKey) -> tuple[str, str]:
    return pool.instance_type, pool.zone


def look_of(
    counts: Iterable[Mapping[TargetKey, Mapping[Why, int]]], silent: Iterable[str], *, is_partial: bool
) -> InstanceLook:
    """The sentences on all misfits that there is room for, targets with the most misfits first.

    Args:
        counts: the counts of each Region that answered.
        silent: the Regions that did not answer.
        is_partial: whether there are targets that were not looked at.
    """
    by_target = [(key, why) for region in counts for key, why in region.items()]
    by_target.sort(key=lambda item: -sum(item[1].values()))
    all_misfits = (Misfits(key, _sentence(why)) for key, why in by_target)
    kept, _ = fitting(all_misfits, _ROOM, lambda misfits: size_of(misfits.to_event()))
    return InstanceLook(tuple(kept), " ".join(sorted(silent)), is_partial or len(kept) < len(by_target))


def _sentence(why: Mapping[Why, int]) -> str:
    """Such as `5 run beside it and cannot use it: 3 are Windows, 2 do not name it (targeted).`"""
    ordered = sorted(why.items(), key=lambda item: (-item[1], item[0]))
    reasons = [_counted(count, *reason) for reason, count in ordered[:_MAX_REASONS]]
    if rest := sum(count for _, count in ordered[_MAX_REASONS:]):
        reasons.append(f"{rest} for other reasons")
    return f"{_counted(sum(why.values()), 'runs', 'run')} beside it and cannot use it: {', '.join(reasons)}."


def _counted(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"


def unused_of(key: TargetKey, options: ReservationOptions, serving: Sequence[Reservation]) -> Unused | None:
    """The unused capacity of a target; None if all of it is in use.

    Args:
        key: the target.
        options: what its row asks for.
        serving: the reservations that count for it.
    """
    with_room = tuple(reservation for reservation in serving if reservation.unused)
    return Unused(key, options, with_room) if with_room else None
