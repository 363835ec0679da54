"""FindShortfalls: compares the targets with what EC2 holds, and plans which are asked for and how."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.asking import plan
from odcr.domain.bounds import bounded
from odcr.domain.budget import Budget, Spent, spent
from odcr.domain.comparison import Comparison, find_shortfalls
from odcr.domain.matching import with_tagged_pools
from odcr.domain.outcome import Outcome
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
from odcr.domain.target import Target, TargetKey
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
    started, execution = instant(event, "StartedAt"), required(event, "Execution", str)
    ask_until = started + timedelta(seconds=number(event, "AskSeconds"))
    share, settings = RunShare.from_event(event), StackSettings.load()
    ec2 = Ec2Gateway(settings.owner, settings.account)
    currency = usual_currency(partition_of(settings.region))
    budget = Budget(SpendSettings.load().cap, PriceList.from_known(share.prices), currency)
    is_plan = optional(event, "Plan", bool, False)
    ledger = None if budget.cap is None or is_plan else SpendLedger(BucketSettings.load().table, execution)
    # Opened before the look at EC2: from now on no other run's attempts can spend anything.
    unshown = ledger.open() if ledger else Decimal(0)
    view = _look(ec2, share, settings.region)
    now = datetime.fromtimestamp(time.time(), UTC)
    comparison = find_shortfalls(
        view.share,
        view.findings,
        view.unseen,
        settings.region,
        releases=ReleaseSettings.load().is_on,
        now=now,
        stack_tags=TagSettings.load().tags,
    )
    targets = {target.key: target for target in view.targets} | comparison.targets
    instances = _instances(event, ec2, comparison, view.share)
    room = ROOM - (size_of(instances) if instances else 0)
    fitting = bounded(comparison, room, has_caps=_has_caps(budget, targets.values()))
    is_all = len(fitting.shortfalls) == len(comparison.shortfalls)
    affordable = _shared_out(fitting, view, targets, budget, ledger, unshown)
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
        "Instances": instances,
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
    targets = with_tagged_pools(targets, chain.from_iterable(findings.reservations.values()))
    unseen = outcomes_of_unseen(targets, findings, home, known_regions(), partition_of)
    vcpus = look_up_vcpus(ec2, needing_vcpus(targets, findings, home))
    unweighed = outcomes_of_unweighed(targets, vcpus, findings, home)
    targets = with_weights(targets, vcpus, findings, home)
    weighed = _without(targets, unweighed)
    return _View(findings, targets, unseen + unweighed, replace(share, targets=weighed))


def _without(targets: Iterable[Target], outcomes: Iterable[Outcome]) -> list[Target]:
    keys = {outcome.key for outcome in outcomes}
    return [target for target in targets if target.key not in keys]


def _instances(
    event: dict[str, Any], ec2: Ec2Gateway, comparison: Comparison, share: RunShare
) -> dict[str, Any] | None:
    """A look at the account's instances if one is due: once an hour, as there may be thousands."""
    if not (optional(event, "InstancesDue", bool, False) and comparison.unused):
        return None
    return look_at_instances(ec2, comparison.unused, is_partial=not share.is_complete).to_event()


def _has_caps(budget: Budget, targets: Iterable[Target]) -> bool:
    return budget.cap is not None or any(target.terms.max_hourly_cost is not None for target in targets)


def _shared_out(
    comparison: Comparison,
    view: _View,
    targets: Mapping[TargetKey, Target],
    budget: Budget,
    ledger: SpendLedger | None,
    unshown: Decimal,
) -> Comparison:
    """The comparison with a limit on each shortfall, as far as there is a cap.

    Args:
        comparison: what the run can work on.
        view: what EC2 shows.
        targets: the targets by key.
        budget: the stack's cap and the prices.
        ledger: what runs spend under the stack's cap; None: there is no such cap, or nothing is bought.
        unshown: the hourly cost that the ledger counts because EC2 may not show it yet.
    """
    if budget.cap is None:
        return shared_out(comparison, targets, budget, Spent(), why_closed="")
    before = spent(chain.from_iterable(view.findings.reservations.values()), targets.values(), budget)
    before = replace(before, amount=max(before.amount, unshown))
    why_closed = _why_closed(ledger, view.share, budget, before, is_shown=not unshown) if ledger else ""
    return shared_out(comparison, targets, budget, before, why_closed=why_closed)


def _why_closed(ledger: SpendLedger, share: RunShare, budget: Budget, before: Spent, *, is_shown: bool) -> str:
    """Why this run may spend nothing under the stack's cap; empty if it may."""
    amount = before.amount if before.unknown is None else budget.cap or before.amount
    if not ledger.settle(amount, is_shown=is_shown):
        return "Another run shares out MaxHourlySpend; the next one asks again."
    if not share.is_complete:
        return "One run cannot look at all targets, so their cost is unknown and MaxHourlySpend allows no purchase."
    return ""
