"""FindShortfalls: compares the targets with what EC2 holds, and plans which are asked for and how."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.asking import plan
from odcr.domain.bounds import bounded
from odcr.domain.budget import Budget, Spent, spent
from odcr.domain.comparison import find_shortfalls
from odcr.domain.outcome import Outcome
from odcr.domain.pools import with_strangers
from odcr.domain.prices import PriceList, usual_currency
from odcr.domain.regions import (
    Findings,
    groups_to_ask,
    outcomes_of_unseen,
    regions_by_id,
    regions_to_ask,
    with_unseen_members,
)
from odcr.domain.run_share import RunShare
from odcr.domain.spending import shared_out
from odcr.domain.target import Target
from odcr.domain.weights import needing_vcpus, outcomes_of_unweighed, with_weights
from odcr.domain.wire import ROOM, instant, number, optional, required, size_of
from odcr.gateways.ec2 import Ec2Gateway
from odcr.gateways.ec2_regions import known_regions, look, look_at_instances, look_up_vcpus, partition_of
from odcr.gateways.schedule import OFF, read_schedule
from odcr.gateways.spend_ledger import SpendLedger
from odcr.observability import logger
from odcr.settings import AskSettings, BucketSettings, ReleaseSettings, SpendSettings, StackSettings, TagSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation.

    Args:
        event: `Targets`, `Rejected`, `Prices`, `Complete` and `InstancesDue` as LoadTargets returns them; `Execution`,
            the run; `StartedAt`, when it started, and `AskSeconds`, how long after that it may send requests; `Input`,
            the execution's own input; `Plan`, whether to leave the ledger of spending alone.
        context: Lambda's.

    Returns:
        `Branches`, which targets are asked for and how; `Observed` and `Rejected`, the outcomes of targets that need
        no asking; `Next`, whether another run follows while something is short; `Failures`, how many runs have failed
        before that one; `Left`, whether it has something left to do; `Instances`, a look at the account's instances, or
        null.

    Raises:
        InvalidSettings, InvalidEvent: see these classes.
    """
    started = instant(event, "StartedAt")
    ask_until = started + timedelta(seconds=number(event, "AskSeconds"))
    share, settings = RunShare.from_event(event), StackSettings.load()
    ec2 = Ec2Gateway(settings.owner, settings.account)
    currency = usual_currency(partition_of(settings.region))
    budget = Budget(SpendSettings.load().cap, PriceList.from_known(share.prices), currency)
    execution = required(event, "Execution", str)
    is_plan = optional(event, "Plan", bool, False)
    ledger = None if budget.cap is None or is_plan else SpendLedger(BucketSettings.load().table, execution)
    # Opened before the look at EC2: from now on no other run's attempts can spend anything.
    unshown = ledger.open() if ledger else Decimal(0)
    view = _look(ec2, share, settings.region)
    share = view.share
    now = datetime.fromtimestamp(time.time(), UTC)
    comparison = find_shortfalls(
        share,
        view.findings,
        view.unseen,
        settings.region,
        releases=ReleaseSettings.load().is_on,
        now=now,
        stack_tags=TagSettings.load().tags,
    )
    is_due = optional(event, "InstancesDue", bool, False) and bool(comparison.unused)
    # Only once an hour: an account may have thousands of instances.
    instances = look_at_instances(ec2, comparison.unused, is_partial=not share.is_complete) if is_due else None
    instances_field = instances.to_event() if instances else None
    targets = {target.key: target for target in view.targets} | comparison.targets
    spent_before = Spent()
    if budget.cap is not None:
        spent_before = spent(chain.from_iterable(view.findings.reservations.values()), targets.values(), budget)
        spent_before = replace(spent_before, amount=max(spent_before.amount, unshown))
    has_caps = budget.cap is not None or any(target.terms.max_hourly_cost is not None for target in targets.values())
    room = ROOM - (size_of(instances_field) if instances_field else 0)
    fitting = bounded(comparison, room, has_caps=has_caps)
    is_all = len(fitting.shortfalls) == len(comparison.shortfalls)
    affordable = shared_out(
        fitting,
        targets,
        budget,
        spent_before,
        why_closed="" if ledger is None else _why_closed(ledger, share, budget, spent_before, is_shown=not unshown),
    )
    schedule = read_schedule(settings.stack_name, now) if affordable.shortfalls or comparison.is_blind else OFF
    failures = optional(optional(event, "Input", dict, {}), "Failures", int, None)
    if failures is not None and schedule.is_known and not schedule.is_on:
        # The schedule or the previous run started this one, and somebody has switched the schedule off since.
        affordable.shortfalls.clear()
    goes_on = schedule.lets_asking_go_on(failures)
    planned = plan(
        affordable.shortfalls,
        targets,
        AskSettings.load(),
        now,
        ask_until,
        is_alone=schedule.is_each_minute,
        are_all=is_all,
        is_blind=comparison.is_blind and goes_on,
    )
    logger.info(
        "Targets compared",
        targets=len(view.targets),
        short=len(comparison.shortfalls),
        unseen=len(view.unseen),
        worked_on=len(affordable.shortfalls),
    )
    return {
        "Branches": planned.to_event(started, ask_until),
        "Observed": [outcome.to_event() for outcome in affordable.observed],
        "Rejected": [outcome.to_event() for outcome in affordable.rejected],
        "Next": goes_on and (planned.is_pressing or not schedule.is_each_minute),
        "Failures": 0 if schedule.is_known else (failures or 0) + 1,
        "Left": comparison.is_blind or not is_all or planned.asked < len(affordable.shortfalls),
        "Instances": instances_field,
    }


@dataclass(frozen=True, slots=True)
class _View:
    """What EC2 shows, and the targets completed with it."""

    findings: Findings
    targets: list[Target]
    unseen: list[Outcome]
    """Outcomes of targets whose Region does not answer, or whose weights are unknown."""
    share: RunShare
    """The run's share without targets whose weights are unknown."""


def _look(ec2: Ec2Gateway, share: RunShare, home: str) -> _View:
    """Looks into all Regions, and completes the targets with zones, other reservations and weights."""
    findings = look(
        ec2,
        regions_to_ask(share.targets, share.rejected, home),
        regions_by_id(share.targets, share.rejected, home),
        groups_to_ask(share.targets, home),
    )
    targets = [with_unseen_members(target, findings, home, known_regions(), partition_of) for target in share.targets]
    targets = with_strangers(targets, chain.from_iterable(findings.reservations.values()))
    unseen = outcomes_of_unseen(targets, findings, home, known_regions(), partition_of)
    vcpus = look_up_vcpus(ec2, needing_vcpus(targets, findings, home))
    unweighed = outcomes_of_unweighed(targets, vcpus, findings, home)
    targets = with_weights(targets, vcpus, findings, home)
    weighed = _without(targets, unweighed)
    return _View(findings, targets, unseen + unweighed, replace(share, targets=weighed))


def _without(targets: Iterable[Target], outcomes: Iterable[Outcome]) -> list[Target]:
    keys = {outcome.key for outcome in outcomes}
    return [target for target in targets if target.key not in keys]


def _why_closed(ledger: SpendLedger, share: RunShare, budget: Budget, before: Spent, *, is_shown: bool) -> str:
    """Why this run may spend nothing under the stack's cap; empty if it may."""
    amount = before.amount if before.unknown is None else budget.cap or before.amount
    if not ledger.settle(amount, is_shown=is_shown):
        return "Another run shares out MaxHourlySpend; the next one asks again."
    if not share.is_complete:
        return "One run cannot look at all targets, so their cost is unknown and MaxHourlySpend allows no purchase."
    return ""
