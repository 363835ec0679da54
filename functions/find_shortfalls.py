"""FindShortfalls: compares the targets with what EC2 holds."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.asking import plan
from odcr.domain.bounds import bounded
from odcr.domain.budget import Budget, Spent, spent
from odcr.domain.comparison import find_shortfalls
from odcr.domain.pools import with_strangers
from odcr.domain.prices import PriceList, usual_currency
from odcr.domain.regions import (
    groups_to_ask,
    outcomes_of_unseen,
    regions_by_id,
    regions_to_ask,
    with_unseen_members,
)
from odcr.domain.run_share import RunShare
from odcr.domain.spending import shared_out
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
            the run; `StartedAt`, when it started, and `AskSeconds`, how long after that its last request is sent;
            `Input`, the execution's own.
        context: Lambda's.

    Returns:
        `Branches`, who is asked for how; `Observed` and `Rejected`, outcomes of the targets that need no asking;
        `Next`, whether a run is to follow while something is short, `Failures`, what it is told of those before it, and
        `Left`, whether something was left to it; `Instances`, what was seen of the account's instances, or null.

    Raises:
        InvalidSettings, InvalidEvent: see there.
    """
    started = instant(event, "StartedAt")
    ask_until = started + timedelta(seconds=number(event, "AskSeconds"))
    share, settings = RunShare.from_event(event), StackSettings.load()
    targets, rejected, home = share.targets, share.rejected, settings.region
    ec2 = Ec2Gateway(settings.owner, settings.account)
    partition = partition_of(home)
    budget = Budget(SpendSettings.load().cap, PriceList.from_known(share.prices), usual_currency(partition))
    execution = required(event, "Execution", str)
    is_plan = optional(event, "Plan", bool, False)
    ledger = None if budget.cap is None or is_plan else SpendLedger(BucketSettings.load().table, execution)
    # Before EC2 is looked at: from now on no other run's attempts can spend anything.
    not_shown = ledger.open() if ledger else Decimal(0)
    findings = look(
        ec2,
        regions_to_ask(targets, rejected, home),
        regions_by_id(targets, rejected, home),
        groups_to_ask(targets, home),
    )
    targets = [with_unseen_members(one, findings, home, known_regions(), partition_of) for one in targets]
    targets = with_strangers(targets, chain.from_iterable(findings.reservations.values()))
    not_seen = outcomes_of_unseen(targets, findings, home, known_regions(), partition_of)
    vcpus = look_up_vcpus(ec2, needing_vcpus(targets, findings, home))
    not_seen += (unweighed := outcomes_of_unweighed(targets, vcpus, findings, home))
    targets = with_weights(targets, vcpus, findings, home)
    not_counted = {one.key for one in unweighed}
    share = replace(share, targets=[one for one in targets if one.key not in not_counted])
    now = datetime.fromtimestamp(time.time(), UTC)
    found = find_shortfalls(
        share,
        findings,
        not_seen,
        home,
        releases=ReleaseSettings.load().is_on,
        now=now,
        stack_tags=TagSettings.load().tags,
    )
    is_due = optional(event, "InstancesDue", bool, False) and bool(found.unused)
    # Once an hour, for an account may have thousands of instances.
    instances = look_at_instances(ec2, found.unused, is_partial=not share.is_complete).to_event() if is_due else None
    located = {target.key: target for target in targets} | found.targets
    before = Spent()
    if budget.cap is not None:
        before = spent(chain.from_iterable(findings.reservations.values()), located.values(), budget)
        before = replace(before, amount=max(before.amount, not_shown))
    has_caps = budget.cap is not None or any(one.terms.max_hourly_cost is not None for one in located.values())
    fitting = bounded(found, ROOM - (size_of(instances) if instances else 0), has_caps=has_caps)
    is_all = len(fitting.shortfalls) == len(found.shortfalls)
    passed = shared_out(
        fitting,
        located,
        budget,
        before,
        why_closed="" if ledger is None else _why_closed(ledger, share, budget, before, is_shown=not not_shown),
    )
    schedule = read_schedule(settings.stack_name, now) if passed.shortfalls or found.is_blind else OFF
    failures = optional(optional(event, "Input", dict, {}), "Failures", int, None)
    if failures is not None and schedule.is_known and not schedule.is_on:
        # Started by the schedule, or by a run before it, and meanwhile somebody switched the schedule off.
        passed.shortfalls.clear()
    goes_on = schedule.lets_asking_go_on(failures)
    planned = plan(
        passed.shortfalls,
        located,
        AskSettings.load(),
        now,
        ask_until,
        is_alone=schedule.is_each_minute,
        are_all=is_all,
        is_blind=found.is_blind and goes_on,
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
        "Next": goes_on and (planned.is_pressing or not schedule.is_each_minute),
        "Failures": 0 if schedule.is_known else (failures or 0) + 1,
        "Left": found.is_blind or not is_all or planned.asked < len(passed.shortfalls),
        "Instances": instances,
    }


def _why_closed(ledger: SpendLedger, share: RunShare, budget: Budget, before: Spent, *, is_shown: bool) -> str:
    """Why this run may spend nothing under the stack's cap; empty if it may."""
    amount = before.amount if before.unknown is None else budget.cap or before.amount
    if not ledger.settle(amount, is_shown=is_shown):
        return "Another run shares out MaxHourlySpend; the next one asks again."
    if not share.is_complete:
        return "More targets than one run can look at: what all of them cost is not known, so MaxHourlySpend stops it."
    return ""
