"""FindShortfalls: compares the targets with what EC2 holds."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain import regions
from odcr.domain.asking import plan
from odcr.domain.comparison import bounded, compare
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pools import (
    certain,
    conflicts,
    locate,
    locate_rejected,
    region_of_row,
    regions_by_id,
    set_apart,
    with_record,
)
from odcr.domain.target import Target
from odcr.domain.wire import instant, number, optional, required
from odcr.gateways.ec2 import Ec2Gateway
from odcr.gateways.ec2_regions import Findings, known_regions, look, partition_of
from odcr.gateways.schedule import OFF, read_schedule
from odcr.observability import logger
from odcr.settings import AskSettings, ReleaseSettings, StackSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation.

    Args:
        event: `Targets`, `Rejected` and `Complete` as LoadTargets returns them; `StartedAt`, when the run started, and
            `AskSeconds`, how long after that its last request is sent.
        context: Lambda's.

    Returns:
        `Branches`, who is asked for how; `Observed` and `Rejected`, outcomes of the targets that need no asking;
        `Next`, whether a run is to follow while something is short; `Left`, whether something was left to it.

    Raises:
        InvalidSettings, InvalidEvent: see there.
    """
    targets = [Target.from_event(target) for target in required(event, "Targets", list)]
    rejected = [Outcome.from_event(outcome) for outcome in optional(event, "Rejected", list, [])]
    started = instant(event, "StartedAt")
    ask_until = started + timedelta(seconds=number(event, "AskSeconds"))
    home = StackSettings.load().region
    findings = _look(targets, rejected)

    seen = [target for target in targets if region_of_row(target.key, home) not in findings.unseen]
    not_seen = [outcome for target in targets if (outcome := _blind(target, findings, home)) is not None]
    # What is held for these is not known now, so their record stays as it is.
    rejected = [outcome for outcome in rejected if region_of_row(outcome.key, home) not in findings.unseen]

    located = locate(seen, findings.zones, home)
    reservations = [one for region in findings.reservations.values() for one in region]
    clear, rejected, reservations, unclear = set_apart(located.targets, rejected, reservations)
    reservations, comparable = certain(reservations, clear, located.unread)
    seconds = conflicts(comparable)
    comparable = [target for target in comparable if target.key not in {outcome.key for outcome in seconds}]
    comparable, rejected = with_record(comparable, locate_rejected(rejected, findings.zones, home))

    is_complete = optional(event, "Complete", bool, True)
    releases = ReleaseSettings.load().is_on
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    found = compare(comparable, rejected, reservations, is_complete=is_complete, releases=releases, now=now)
    found.observed.extend([*seconds, *located.unsure, *unclear, *not_seen])
    passed = bounded(found)
    schedule = read_schedule(StackSettings.load().stack_name, datetime.now(UTC)) if passed.shortfalls else OFF
    are_all = len(passed.shortfalls) == len(found.shortfalls)
    planned = plan(
        passed.shortfalls,
        {target.key: target for target in targets},
        AskSettings.load(),
        datetime.fromtimestamp(time.time(), UTC),
        ask_until,
        is_alone=schedule.is_each_minute,
        are_all=are_all,
    )
    logger.info(
        "Targets compared",
        targets=len(targets),
        short=len(found.shortfalls),
        not_seen=len(not_seen),
        worked_on=len(passed.shortfalls),
    )
    return {
        "Branches": planned.to_event(started, ask_until),
        "Observed": [outcome.to_event() for outcome in passed.observed],
        "Rejected": [outcome.to_event() for outcome in passed.rejected],
        "Next": schedule.is_on and (planned.is_pressing or not schedule.is_each_minute),
        "Left": not are_all,
    }


def _look(targets: list[Target], rejected: list[Outcome]) -> Findings:
    """Asks all Regions that rows mean, and the stack's own: what is held there is found though no row is left."""
    settings = StackSettings.load()
    ranks: dict[str, int] = {}
    for target in targets:
        if region := region_of_row(target.key, settings.region):
            ranks[region] = min(_rank(target), ranks.get(region, _rank(target)))
    for outcome in rejected:
        ranks.setdefault(region_of_row(outcome.key, settings.region) or settings.region, 2)
    return look(
        Ec2Gateway(settings.owner, settings.account),
        sorted({*ranks, settings.region}),
        zones_of=regions_by_id(targets, rejected, settings.region),
        first=lambda region: ranks.get(region, 2),
    )


def _rank(target: Target) -> int:
    """Of Regions that nobody knows, those come first that have answered before, then those that were never asked."""
    if target.last_reserved or target.last_status not in (None, Status.INVALID, Status.FAILED):
        return 0
    return 1 if target.last_status is None else 2


def _blind(target: Target, findings: Findings, home: str) -> Outcome | None:
    """The outcome of a target whose Region was not seen, or None: it was, or the record says all there is to say."""
    region = region_of_row(target.key, home)
    if region in findings.missing:
        return regions.in_no_region(target, region, [one for one in known_regions() if _is_near(one, home)])
    if region in findings.postponed:
        return regions.waiting_for_its_turn(target, region) if target.last_status is None else None
    if region not in findings.silent:
        return None
    partition, own = partition_of(region), partition_of(home)
    if partition and own and partition != own:
        return regions.in_other_partition(target, region, partition, own)
    return regions.in_silent_region(target, region, findings.silent[region])


def _is_near(region: str, home: str) -> bool:
    return partition_of(region) == partition_of(home)
