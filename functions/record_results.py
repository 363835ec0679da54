"""RecordResults: writes the truth, status and history, and releases the lease."""

import time
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.costs import costs_of, start_of_update, totals_of
from odcr.domain.events import events_of
from odcr.domain.messages import announcements
from odcr.domain.misfits import InstanceLook
from odcr.domain.outbox import to_send
from odcr.domain.outcome import Outcome, Status, Totals
from odcr.domain.rounds import outcome_so_far
from odcr.domain.wire import ROOM, fitting, lists, optional, required, size_of
from odcr.gateways.database import transaction
from odcr.gateways.history import changes_of, delete_old_history
from odcr.gateways.lease import has_recorded, holds_lease, mark_looked, mark_recorded, release_lease
from odcr.gateways.outbox import put_in_outbox, still_to_be_sent, take_out_of_outbox
from odcr.gateways.price_table import read_prices
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record
from odcr.observability import logger, metrics
from odcr.settings import AlarmSettings, DatabaseSettings, EventSettings, HistorySettings, StackSettings


class LeaseLost(Exception):  # noqa: N818 - the name is what the state machine shows
    """Another run took over: what this one knows is older than what that one writes."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation; repeating it has no further effect.

    Args:
        event: `Execution`; `Branches`, lists of the shortfalls with their `Outcome`, as the Map returns them;
            `Observed` and `Rejected` as FindShortfalls returns them; `Next`, whether a run is to follow while something
            is short, `Failures`, what it is told then, and `Left`, whether something was left to it; `Instances`, what
            it saw of the account's instances, or null. Or
            `{"Execution": str, "Failure": str}`, the name of the error that ended the run: then it only releases the
            lease. Or `{"Execution": str, "Announced": int}`: takes what has that Id and was sent out of the outbox.
        context: Lambda's.

    Returns:
        `{"Changes": [...], "Announcements": [...]}`: of the changes as many as fit, and what AnnounceChanges has to
        do: `{"NextRun": true, "Failures": int}` if a run is to follow; `{"UpdatePrices": str}` if prices are lacking
        that UpdatePrices may find, with the name of its execution; then the mails, `{"Id", "Subject", "Message"}`, and
        the events, `{"Id", "Entries"}`, that are to be sent, each stream's oldest first.

    Raises:
        LeaseLost: if another run holds the lease and this one's results are not written.
        DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    if (announced := optional(event, "Announced", int, None)) is not None:
        with transaction(DatabaseSettings.load().secret_arn) as cursor:
            take_out_of_outbox(cursor, announced)
        return {"Changes": [], "Announcements": []}
    if (failure := optional(event, "Failure", str, None)) is not None:
        with transaction(DatabaseSettings.load().secret_arn) as cursor:
            release_lease(cursor, execution)
        logger.error("The run failed", execution=execution, failure=failure)
        return {"Changes": [], "Announcements": []}
    items = [item for branch in lists(event, "Branches") for item in branch]
    attempted = [outcome for item in items if (outcome := outcome_so_far(item))]
    seen = [Outcome.from_event(outcome) for name in ("Observed", "Rejected") for outcome in required(event, name, list)]
    is_next, failures = required(event, "Next", bool), required(event, "Failures", int)
    is_left = required(event, "Left", bool) or len(attempted) < len(items)
    seen_instances = optional(event, "Instances", dict, None)
    instances = None if seen_instances is None else InstanceLook.from_event(seen_instances)
    settings, tells_unused = StackSettings.load(), AlarmSettings.load().watches_unused
    history_days, bus = HistorySettings.load().days, EventSettings.load().bus
    with transaction(DatabaseSettings.load().secret_arn) as cursor:
        is_first = holds_lease(cursor, execution)
        if not (is_first or has_recorded(cursor, execution)):
            raise LeaseLost("The lease expired and another run took it. It records what EC2 says now.")
        prices = read_prices(cursor)
        recorded = record(cursor, execution, attempted, seen, instances, prices) if is_first else []
        standings = update_costs(cursor, prices)
        costs = costs_of(standings, prices, settings.region)
        if is_first:
            if instances:
                mark_looked(cursor, execution)
            delete_old_history(cursor, history_days)
            releases = {one.key: one.announced for one in (*attempted, *seen) if one.announced}
            mails = announcements(settings.owner, changes_of(cursor, execution), releases, costs)
            events = events_of(settings.owner, execution, recorded) if bus else []
            put_in_outbox(cursor, execution, mails, events)
            mark_recorded(cursor, execution)
            release_lease(cursor, execution)
        changes = changes_of(cursor, execution)
        waiting = still_to_be_sent(cursor, with_events=bool(bus))

    _emit(attempted, totals_of(standings, costs), tells_unused=tells_unused)
    if costs.others:
        logger.warning("HourlyCost leaves out other currencies", others=[str(cost) for cost in costs.others])
    logger.info("Results recorded", execution=execution, attempted=len(attempted), changes=len(changes))
    is_short = is_left or any(one.is_short and (one.was_tried or one.status is not Status.CAPPED) for one in attempted)
    follows: list[dict[str, Any]] = [{"NextRun": True, "Failures": failures}] if is_next and is_short else []
    update = start_of_update(standings, prices, datetime.fromtimestamp(time.time(), UTC))
    follows += [{"UpdatePrices": update}] if update else []
    items = to_send(waiting, execution, bus, ROOM)
    told, _ = fitting((change.to_event() for change in changes), ROOM - size_of(items), size_of)
    return {"Changes": told, "Announcements": follows + items}


def _emit(attempted: list[Outcome], standing: Totals, *, tells_unused: bool) -> None:
    counts = {
        "InstancesWanted": standing.wanted,
        "InstancesHeld": standing.held,
        "InstancesMissing": standing.missing,
        "InstancesUnused": standing.unused,
        "TargetsUnmet": standing.unmet,
        "InstancesAcquired": sum(outcome.added for outcome in attempted),
    }
    # A metric costs something only when it is sent.
    if released := sum(outcome.given_back for outcome in attempted):
        counts["InstancesReleased"] = released
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    # CloudWatch knows no unit of minutes.
    metrics.add_metric("LongestShortageMinutes", MetricUnit.NoUnit, standing.longest_shortage_minutes)
    if tells_unused:
        metrics.add_metric("LongestUnusedMinutes", MetricUnit.NoUnit, standing.longest_unused_minutes)
    if standing.hourly_cost is not None:
        # Nor one of currencies.
        metrics.add_metric("HourlyCost", MetricUnit.NoUnit, float(standing.hourly_cost))
