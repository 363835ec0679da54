"""Running instances that cannot use what is held for their type and zone, and why not.

Which instances use a reservation, and which of their attributes have to match:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-using.html and
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecification.html

Where AWS does not say whether an instance could use a reservation, it is taken for one that can: a wrong warning
costs more than a missing one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from odcr.domain.reservation import Reservation, ids_of
from odcr.domain.target import ReservationOptions, TargetKey
from odcr.domain.wire import As, Event, fitting, size_of
from odcr.domain.zone import region_of

MAX_SENTENCE = 250
"""Characters of what is said of one target's misfits."""

_MAX_REASONS = 3
"""Reasons that a sentence names; the rest is summed up."""

_ROOM = 20_000
"""Bytes that all sentences of a run take together."""

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
"""Platforms that have one name where instances are billed and where capacity is reserved. Of the others, such as "Red
Hat BYOL Linux", AWS does not say which reservations they match:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html"""

Why = tuple[str, str]
"""Why instances cannot use a reservation, said of one instance and of several."""

_TAKES_NONE = ("takes no reservation (preference none)", "take no reservation (preference none)")
_NAMES_ANOTHER = ("names another reservation", "name another reservation")
_DOES_NOT_NAME_IT = ("does not name it (targeted)", "do not name it (targeted)")
_OUTSIDE_GROUP = ("is outside its placement group", "are outside its placement group")


@dataclass(frozen=True, slots=True)
class Unused:
    """A row, or a group's pool, part of whose capacity is unused."""

    key: TargetKey
    options: ReservationOptions
    reservations: tuple[Reservation, ...]
    """Those that have room for instances."""

    @property
    def is_open(self) -> bool:
        """Whether instances that name no reservation can use it."""
        return any(reservation.match_criteria == "open" for reservation in self.reservations)


@dataclass(frozen=True, slots=True)
class RunningInstance:
    """An On-Demand instance that runs in no reservation."""

    pool: TargetKey
    platform: str
    """As EC2 bills it, by a name that may be another than that of a reservation's platform."""
    tenancy: str = "default"
    placement_group: str = ""
    preference: str = "open"
    """What it says of reservations that it does not name; empty if it names one."""
    named: str = ""
    """The id of the reservation that it names; empty if it names none, or a resource group."""


@dataclass(frozen=True, slots=True)
class Misfits(Event):
    """What is said of the running instances that cannot use what is held for one target."""

    key: Annotated[TargetKey, As(flat=True)]
    sentence: Annotated[str, As(longest=MAX_SENTENCE)]


@dataclass(frozen=True, slots=True)
class InstanceLook(Event):
    """What one look at the account's running instances has shown."""

    misfits: tuple[Misfits, ...] = ()
    silent: str = ""
    """The Regions that did not answer in time, with blanks between them: what is recorded there stays."""
    is_partial: Annotated[bool, As("Partial")] = False
    """Whether there may be more to say than is said, so that what is recorded stays."""

    def sentence(self, key: TargetKey, recorded: str | None) -> str | None:
        """What is to be said of a target from now on; None: nothing.

        Args:
            key: the target.
            recorded: what was said until now.
        """
        if said := next((misfits.sentence for misfits in self.misfits if misfits.key == key), None):
            return said
        return recorded if self.is_partial or region_of(key.zone) in self.silent.split() else None


def why_not(instance: RunningInstance, unused: Unused) -> Why | None:
    """Why an instance of the target's type and zone cannot use what is held for it; None if it can, for all we know."""
    options = unused.options
    if instance.platform != options.platform and {instance.platform, options.platform} <= NAMED_ALIKE:
        return f"is {instance.platform}", f"are {instance.platform}"
    if instance.tenancy != options.tenancy:
        return f"has tenancy {instance.tenancy}", f"have tenancy {instance.tenancy}"
    if options.placement_group and instance.placement_group != options.placement_group:
        return _OUTSIDE_GROUP
    if instance.preference == "none":
        return _TAKES_NONE
    if instance.named:
        return None if instance.named in ids_of(unused.reservations) else _NAMES_ANOTHER
    return None if unused.is_open or instance.preference != "open" else _DOES_NOT_NAME_IT


class MisfitCount:
    """Counts the misfits of some targets, one page of instances after another.

    A row and several groups may have the same pool: an instance that can use what is held for one of them is no misfit.

    Args:
        unused: the targets.
    """

    def __init__(self, unused: Iterable[Unused]) -> None:
        self._unused: dict[tuple[str, str], list[Unused]] = {}
        for target in unused:
            self._unused.setdefault(_place(target.key.pool), []).append(target)
        self._counts: dict[TargetKey, Counter[Why]] = {}

    def add(self, instances: Iterable[RunningInstance]) -> None:
        """Counts those among the instances that are misfits."""
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
        """How many there are, by target and reason."""
        return self._counts


def _place(pool: TargetKey) -> tuple[str, str]:
    return pool.instance_type, pool.zone


def look_of(
    counts: Iterable[Mapping[TargetKey, Mapping[Why, int]]], silent: Iterable[str], *, is_partial: bool
) -> InstanceLook:
    """What is said of all misfits together, as far as there is room; the targets with most of them first.

    Args:
        counts: of each Region that answered.
        silent: those that did not.
        is_partial: whether other targets were not looked at.
    """
    by_target = [(key, why) for region in counts for key, why in region.items()]
    by_target.sort(key=lambda item: -sum(item[1].values()))
    all_misfits = (Misfits(key, _sentence(why)) for key, why in by_target)
    kept, _ = fitting(all_misfits, _ROOM, lambda misfits: size_of(misfits.to_event()))
    return InstanceLook(tuple(kept), " ".join(sorted(silent)), is_partial or len(kept) < len(by_target))


def _sentence(why: Mapping[Why, int]) -> str:
    """E.g. `5 run beside it and cannot use it: 3 are Windows, 2 do not name it (targeted).`"""
    ordered = sorted(why.items(), key=lambda item: (-item[1], item[0]))
    reasons = [_counted(count, *reason) for reason, count in ordered[:_MAX_REASONS]]
    if rest := sum(count for _, count in ordered[_MAX_REASONS:]):
        reasons.append(f"{rest} for other reasons")
    return f"{_counted(sum(why.values()), 'runs', 'run')} beside it and cannot use it: {', '.join(reasons)}."


def _counted(count: int, of_one: str, of_several: str) -> str:
    return f"{count} {of_one if count == 1 else of_several}"


def unused_of(key: TargetKey, options: ReservationOptions, serving: Sequence[Reservation]) -> Unused | None:
    """What is unused of a target; None if all of it is in use.

    Args:
        key: the target.
        options: what its row asks for.
        serving: the reservations that count for it.
    """
    with_room = tuple(reservation for reservation in serving if reservation.unused)
    return Unused(key, options, with_room) if with_room else None
