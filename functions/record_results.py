"""RecordResults: writes what is held, status and history, and releases the lease."""

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
from odcr.gateways.outbox import next_to_send, put_in_outbox, remove_from_outbox
from odcr.gateways.price_table import read_prices
from odcr.gateways.status_costs import update_costs
from odcr.gateways.status_table import record
from odcr.observability import logger, metrics
from odcr.settings import AlarmSettings, DatabaseSettings, EventSettings, HistorySettings, StackSettings


class LeaseLost(Exception):  # noqa: N818 - the name is what the state machine shows
    """Another run took over and records newer results."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation; repeating it has no further effect.

    Args:
        event: one of
            the results: `Execution`; `Branches`, lists of the shortfalls with their `Outcome`, as the Map returns them;
            `Observed`, `Rejected`, `Next`, `Failures`, `Left` and `Instances` as FindShortfalls returns them;
            `{"Execution": str, "Failure": str}`, the name of the error that ended the run: it only releases the lease;
            `{"Execution": str, "Announced": int}`, the Id of a message that was sent: it only leaves the outbox.
        context: Lambda's.

    Returns:
        `{"Changes": [...], "Announcements": [...]}`: as many changes as fit, and what AnnounceChanges has to do:
        `{"NextRun": true, "Failures": int}` if another run follows; `{"UpdatePrices": str}`, the name of an execution,
        if UpdatePrices may find missing prices; then the mails to send, `{"Id", "Subject", "Message"}`, and the events,
        `{"Id", "Entries"}`, the oldest of each first.

    Raises:
        LeaseLost: if another run holds the lease, so that this run's results are not written.
        DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see these classes.
    """
    execution = required(event, "Execution", str)
    if (announced := optional(event, "Announced", int, None)) is not None:
        with transaction(DatabaseSettings.load().secret_arn) as cursor:
            remove_from_outbox(cursor, announced)
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
    instances_field = optional(event, "Instances", dict, None)
    instances = None if instances_field is None else InstanceLook.from_event(instances_field)
    settings, watches_unused = StackSettings.load(), AlarmSettings.load().watches_unused
    history_days, bus = HistorySettings.load().days, EventSettings.load().bus
    with transaction(DatabaseSettings.load().secret_arn) as cursor:
        is_first = holds_lease(cursor, execution)
        if not (is_first or has_recorded(cursor, execution)):
            raise LeaseLost("The lease expired and another run took it. That run records what EC2 says now.")
        prices = read_prices(cursor)
        recorded = record(cursor, execution, attempted, seen, instances, prices) if is_first else []
        standings = update_costs(cursor, prices)
        costs = costs_of(standings, prices, settings.region)
        if is_first:
            if instances:
                mark_looked(cursor, execution)
            delete_old_history(cursor, history_days)
            releases = {outcome.key: outcome.announced for outcome in (*attempted, *seen) if outcome.announced}
            mails = announcements(settings.owner, changes_of(cursor, execution), releases, costs)
            events = events_of(settings.owner, execution, recorded) if bus else []
            put_in_outbox(cursor, execution, mails, events)
            mark_recorded(cursor, execution)
            release_lease(cursor, execution)
        changes = changes_of(cursor, execution)
        waiting = next_to_send(cursor, with_events=bool(bus))

    _emit_metrics(attempted, totals_of(standings, costs), watches_unused=watches_unused)
    if costs.others:
        logger.warning("HourlyCost leaves out other currencies", others=[str(cost) for cost in costs.others])
    logger.info("Results recorded", execution=execution, attempted=len(attempted), changes=len(changes))
    is_short = is_left or any(
        outcome.is_short and (outcome.was_tried or outcome.status is not Status.CAPPED) for outcome in attempted
    )
    starts: list[dict[str, Any]] = [{"NextRun": True, "Failures": failures}] if is_next and is_short else []
    update = start_of_update(standings, prices, datetime.fromtimestamp(time.time(), UTC))
    starts += [{"UpdatePrices": update}] if update else []
    messages = to_send(waiting, execution, bus, ROOM)
    fitting_changes, _ = fitting((change.to_event() for change in changes), ROOM - size_of(messages), size_of)
    return {"Changes": fitting_changes, "Announcements": starts + messages}


def _emit_metrics(attempted: list[Outcome], standing: Totals, *, watches_unused: bool) -> None:
    counts = {
        "InstancesWanted": standing.wanted,
        "InstancesHeld": standing.held,
        "InstancesMissing": standing.missing,
        "InstancesUnused": standing.unused,
        "TargetsUnmet": standing.unmet,
        "InstancesAcquired": sum(outcome.added for outcome in attempted),
    }
    # A metric that is never sent costs nothing.
    if released := sum(outcome.given_back for outcome in attempted):
        counts["InstancesReleased"] = released
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    # CloudWatch has no unit for minutes, nor for currencies.
    metrics.add_metric("LongestShortageMinutes", MetricUnit.NoUnit, standing.longest_shortage_minutes)
    if watches_unused:
        metrics.add_metric("LongestUnusedMinutes", MetricUnit.NoUnit, standing.longest_unused_minutes)
    if standing.hourly_cost is not None:
        metrics.add_metric("HourlyCost", MetricUnit.NoUnit, float(standing.hourly_cost))
