"""Looking into several Regions side by side, so that one that does not answer holds up no other."""

import random
import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from botocore.loaders import create_loader

from odcr.domain.misfits import InstanceLook, MisfitCount, RunningInstance, Unused, look_of
from odcr.domain.refusal import OutcomeUnknown, Refusal
from odcr.domain.regions import Findings
from odcr.domain.reservation import Reservation
from odcr.gateways.ec2_clients import UNKNOWN_SECONDS
from odcr.observability import logger

REGION_SECONDS = 55.0
"""The time that a known Region gets: the EC2 gateway's three attempts take no longer."""

MAX_UNKNOWN = 16
"""Regions unknown to botocore that one run asks: each needs a client, which takes memory and processor time."""

INSTANCE_SECONDS = 8.0
"""The time for counting the instances of all Regions. Short, because the run asks for nothing meanwhile."""

VCPU_SECONDS = 8.0
"""The time in which all Regions must say how many vCPUs their types have. Short for the same reason."""

_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")


class Finder(Protocol):
    """What `look` needs of `Ec2Gateway`."""

    def find_in_region(self, region: str, *, is_known: bool) -> list[Reservation]:
        """The owner's reservations in a Region."""

    def zone_names(self, region: str, *, is_known: bool) -> dict[str, str]:
        """The names of a Region's zones by their ids."""

    def group_members(self, region: str, group: str) -> set[str]:
        """The ids of the reservations in a resource group."""


class InstanceFinder(Protocol):
    """What `look_at_instances` needs of `Ec2Gateway`."""

    def running_instances(self, region: str, types: Sequence[str]) -> Iterator[list[RunningInstance]]:
        """The account's instances of these types that run in no reservation, page by page."""


class TypeFinder(Protocol):
    """What `look_up_vcpus` needs of `Ec2Gateway`."""

    def vcpus(self, region: str, types: Collection[str], *, is_known: bool) -> dict[str, int]:
        """How many vCPUs an instance of each type has; without types that the Region does not have."""


def look(
    finder: Finder, ranks: Mapping[str, int], zones_of: Collection[str], groups: Collection[tuple[str, str]] = ()
) -> Findings:
    """Asks each Region what is held there, and some also for their zones and the members of resource groups.

    Ends within about REGION_SECONDS + 2 * UNKNOWN_SECONDS, whatever the Regions do.

    Args:
        finder: the EC2 gateway. Several threads call its methods.
        ranks: the Regions to ask. Among those that botocore does not know, low ranks come first.
        zones_of: Regions that are also asked for their zones.
        groups: resource groups whose members are asked for, by Region and name; only in known Regions.
    """
    known = sorted(region for region in ranks if region in known_regions())
    others = [region for region in ranks if region not in known_regions()]
    random.shuffle(others)
    others.sort(key=lambda region: ranks[region])
    findings = Findings(postponed=set(others[MAX_UNKNOWN:]))
    _ask(finder, known, zones_of, findings, groups, is_known=True)
    # Last, because a guessed name must cost real Regions neither time nor memory.
    _ask(finder, others[:MAX_UNKNOWN], zones_of, findings, (), is_known=False)
    return findings


def look_at_instances(finder: InstanceFinder, unused: Collection[Unused], *, is_partial: bool) -> InstanceLook:
    """Looks for running instances that cannot use the unused capacity.

    Never raises a Region's error, and ends within about INSTANCE_SECONDS: a Region that has not answered in full by
    then is left for another time.

    Args:
        finder: the EC2 gateway. Several threads call its method.
        unused: the targets that have unused capacity.
        is_partial: whether other targets may have some, too.
    """
    by_region: dict[str, list[Unused]] = {}
    for target in unused:
        if target.key.region in known_regions():
            by_region.setdefault(target.key.region, []).append(target)
    ends = time.monotonic() + INSTANCE_SECONDS

    def count_in(region: str) -> Callable[[], MisfitCount]:
        def count() -> MisfitCount:
            counted = MisfitCount(by_region[region])
            types = sorted({target.key.pool.instance_type for target in by_region[region]})
            for page in finder.running_instances(region, types):
                # Nobody waits for the answer any longer.
                if time.monotonic() > ends:
                    raise OutcomeUnknown("TooMany", f"EC2 described only some within {INSTANCE_SECONDS:.0f} seconds.")
                counted.add(page)
            return counted

        return count

    answers = _side_by_side({region: count_in(region) for region in by_region}, INSTANCE_SECONDS)
    silent = {region: f"{answer}" for region, answer in answers.items() if isinstance(answer, Refusal)}
    if silent:
        logger.warning("Instances not looked at", regions=silent)
    counts = [answer.counts for answer in answers.values() if not isinstance(answer, Refusal)]
    return look_of(counts, silent, is_partial=is_partial)


def look_up_vcpus(finder: TypeFinder, needed: Mapping[str, Collection[str]]) -> dict[str, dict[str, int] | Refusal]:
    """Asks Regions how many vCPUs instances have; each process asks only once for each type.

    Never raises a Region's error, and ends within about VCPU_SECONDS.

    Args:
        finder: the EC2 gateway. Several threads call its method.
        needed: the types, by Region.

    Returns:
        For each Region its answer, or why there is none.
    """

    def in_region(region: str, types: Collection[str]) -> Callable[[], dict[str, int]]:
        return lambda: finder.vcpus(region, types, is_known=region in known_regions())

    answers = _side_by_side({region: in_region(region, types) for region, types in needed.items()}, VCPU_SECONDS)
    silent = {region: f"{answer}" for region, answer in answers.items() if isinstance(answer, Refusal)}
    if silent:
        logger.warning("vCPUs not looked up", regions=silent)
    return answers


@cache
def known_regions() -> Mapping[str, str]:
    """The Regions that botocore knows, with their partitions."""
    return {
        region: partition["id"]
        for partition in _partitions()
        for region in partition["regions"]
        if not region.endswith("-global")
    }


def partition_of(region: str) -> str | None:
    """The partition of a Region; of an unknown one by botocore's patterns, or None."""
    by_pattern = (partition["id"] for partition in _partitions() if re.fullmatch(partition["regionRegex"], region))
    return known_regions().get(region) or next(by_pattern, None)


@cache
def _partitions() -> list[dict[str, Any]]:
    partitions: list[dict[str, Any]] = create_loader().load_data("partitions")["partitions"]
    return partitions


def _ask(
    finder: Finder,
    regions: Collection[str],
    zones_of: Collection[str],
    findings: Findings,
    groups: Collection[tuple[str, str]],
    *,
    is_known: bool,
) -> None:
    def reservations_in(region: str) -> Callable[[], list[Reservation]]:
        return lambda: finder.find_in_region(region, is_known=is_known)

    def zones_in(region: str) -> Callable[[], dict[str, str]]:
        return lambda: finder.zone_names(region, is_known=is_known)

    def members_of(region: str, group: str) -> Callable[[], set[str]]:
        return lambda: finder.group_members(region, group)

    tasks: dict[tuple[str, str], Callable[[], Any]] = {}
    for region in regions:
        tasks["reservations", region] = reservations_in(region)
        if region in zones_of:
            tasks["zones", region] = zones_in(region)
    tasks |= {(group, region): members_of(region, group) for region, group in groups if region in regions}
    # The client's time-outs do not cover creating it, nor the DNS.
    seconds = REGION_SECONDS if is_known else 2 * UNKNOWN_SECONDS
    for (kind, region), answer in _side_by_side(tasks, seconds).items():
        if kind == "zones":
            findings.zones[region] = answer
        elif kind != "reservations":
            findings.groups[region, kind] = answer
        elif not isinstance(answer, Refusal):
            findings.reservations[region] = answer
        elif not is_known and _is_unresolvable(answer):
            findings.missing.add(region)
        else:
            logger.warning("Region cannot be compared", region=region, error=str(answer))
            findings.silent[region] = answer


def _side_by_side(tasks: Mapping[_K, Callable[[], _T]], seconds: float) -> dict[_K, _T | Refusal]:
    """Runs all tasks at once; gives a refusal for each that does not end in time.

    A late task goes on in a daemon thread, which keeps neither the function nor its process from ending.
    """
    answers: SimpleQueue[tuple[_K, _T | BaseException]] = SimpleQueue()
    for key, task in tasks.items():
        threading.Thread(target=_put_answer, args=(key, task, answers), daemon=True).start()
    ends = time.monotonic() + seconds
    late = OutcomeUnknown("NoAnswer", f"No answer within {seconds:.0f} seconds.")
    in_time: dict[_K, _T | Refusal] = {}
    while len(in_time) < len(tasks):
        try:
            key, answer = answers.get(timeout=max(0.0, ends - time.monotonic()))
        except Empty:
            break
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
        in_time[key] = answer
    return {key: in_time.get(key, late) for key in tasks}


def _put_answer(key: _K, task: Callable[[], _T], answers: "SimpleQueue[tuple[_K, _T | BaseException]]") -> None:
    try:
        answers.put((key, task()))
    except Refusal as refusal:
        answers.put((key, refusal))
    except Exception as error:  # noqa: BLE001 - whatever it is, it concerns only one Region
        logger.exception("Looking into a Region failed", key=key)
        answers.put(
            (key, OutcomeUnknown(type(error).__name__, "The answer cannot be read. The function's log has more."))
        )
    except BaseException as end:  # noqa: BLE001 - the caller's thread must end
        answers.put((key, end))


def _is_unresolvable(refusal: Refusal) -> bool:
    """Whether the DNS says that there is no such name. A refused connection or a silent DNS does not count."""
    pending: list[object] = [refusal]
    seen: set[int] = set()
    while pending:
        error = pending.pop()
        if not isinstance(error, BaseException) or id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, socket.gaierror):
            return error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        # botocore keeps the cause in kwargs, urllib3 in the exception itself.
        pending += [error.__cause__, error.__context__, getattr(error, "kwargs", {}).get("error")]
    return False
