"""Checks on the runs: schedule, last run, lease, mail subscription, alarms."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from odcr_cli.checks.inputs import CheckInputs, moment_in
from odcr_cli.checks.line import Level, Line, NotAsked, ask_aws
from odcr_cli.demands import Demand
from odcr_cli.formatting import format_moment, printable
from odcr_cli.schedule import ScheduleStatus, schedule_of

_OLD = timedelta(minutes=20)
"""A run ends within 15 minutes (TimeoutSeconds of the state machine), and the next one follows at once."""


def check_schedule(inputs: CheckInputs) -> Iterator[Line]:
    """https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html"""
    name = "schedule"
    schedule = ask_aws("scheduler:GetSchedule", lambda: schedule_of(inputs.account, inputs.source.stack.name))
    start, end, status = schedule.start, schedule.end, schedule.status(inputs.source.now())
    if status is ScheduleStatus.OFF:
        yield Line(name, Level.ERROR, "The schedule is disabled: no run starts.", "Deploy with ScheduleState ENABLED.")
    elif end is not None and status is ScheduleStatus.OVER:
        yield Line(
            name, Level.ERROR, f"The schedule ended at {format_moment(end)}.", "Deploy with a later ScheduleEnd."
        )
    elif start is not None and status is ScheduleStatus.NOT_STARTED:
        yield Line(name, Level.WARNING, f"No run starts before {format_moment(start)}.", "ScheduleStart says so.")
    else:
        until = f" until {format_moment(end)}" if end else ""
        yield Line(name, Level.OK, f"Runs start by {schedule.expression}{until}.")
    for demand in inputs.demands:
        yield from _within(name, demand, start, end)


def _within(name: str, demand: Demand, start: datetime | None, end: datetime | None) -> Iterator[Line]:
    deadline = moment_in(demand.options, "Deadline")
    if deadline is None:
        return
    text = f"{printable(demand.name)}: its deadline {format_moment(deadline)}"
    if end is not None and deadline > end:
        yield Line(name, Level.ERROR, f"{text} is after the schedule's end.", "Deploy with a later ScheduleEnd.")
    if start is not None and deadline < start:
        yield Line(
            name, Level.ERROR, f"{text} is before the schedule's start.", "Deploy with an earlier ScheduleStart."
        )


def check_last_run(inputs: CheckInputs) -> Iterator[Line]:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""
    name = "last run"
    runs = inputs.runs[:20]
    if not runs:
        yield Line(
            name, Level.ERROR, "There has been no run yet.", "Is the schedule enabled? Start one by hand to see."
        )
        return
    now, newest = inputs.source.now(), runs[0]
    ended = [run for run in runs if run["status"] != "RUNNING"]
    if now - newest["startDate"] > _OLD:
        seen = (
            f"The last run started at {format_moment(newest['startDate'])}, {_minutes(now - newest['startDate'])} ago."
        )
        yield Line(name, Level.ERROR, seen, "Is the schedule enabled? See docs/how-to/alarms.md.")
    failed = [run for run in ended if run["status"] != "SUCCEEDED"]
    if ended and ended[0]["status"] != "SUCCEEDED":
        seen = f"The last run that ended is {ended[0]['status']}: {ended[0]['name']}."
        yield Line(name, Level.ERROR, seen, f"`odcr runs show {ended[0]['name']}` says why.")
    elif failed:
        seen = f"{len(failed)} of the last {len(ended)} runs failed; the last one succeeded."
        yield Line(name, Level.WARNING, seen, f"`odcr runs show {failed[0]['name']}` says why.")
    elif now - newest["startDate"] <= _OLD:
        yield Line(
            name,
            Level.OK,
            f"The last run started at {format_moment(newest['startDate'])}; none of {len(ended)} failed.",
        )


def check_lease(inputs: CheckInputs) -> Iterator[Line]:
    """Whether a run that has ended still holds the lease: docs/explanation/architecture.md, "One run at a time"."""
    name = "lease"
    row = next((row for row in inputs.rows("odcr_lease") if row.get("Name") == "run"), {})
    holder, expires = str(row.get("Holder") or ""), moment_in(row, "Expires")
    if not holder or expires is None:
        yield Line(name, Level.OK, "No run holds the lease.")
        return
    try:
        status = next((str(run["status"]) for run in inputs.runs if run["name"] == holder), "gone")
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"{printable(holder)} holds the lease: {error}.", error.advice)
        return
    run = f"The run {printable(holder)}"
    if status == "RUNNING":
        yield Line(name, Level.OK, f"{run} holds the lease, and is still running.")
    elif expires > inputs.source.now():
        seen = f"{run} is {status} but holds the lease; no other run works until {format_moment(expires)}."
        yield Line(name, Level.WARNING, seen, "Nothing to do: the first run after that takes it.")
    else:
        seen = f"{run} never released the lease. It expired at {format_moment(expires)}, and no run has taken it since."
        yield Line(name, Level.WARNING, seen, 'Do runs start? See "schedule" and "last run".')


def check_subscription(inputs: CheckInputs) -> Iterator[Line]:
    """https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""
    name = "mail"
    topic = inputs.source.stack.output("AlertTopicArn")
    subscriptions = ask_aws(
        "sns:ListSubscriptionsByTopic",
        lambda: inputs.account.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic),
    )
    waiting = [
        subscription
        for subscription in subscriptions
        if subscription["SubscriptionArn"] in ("PendingConfirmation", "Deleted")
    ]
    for subscription in waiting:
        seen = f"{printable(subscription.get('Endpoint', ''))} has not confirmed, so it gets no mail."
        yield Line(name, Level.ERROR, seen, "Open AWS's mail and confirm, or subscribe again.")
    if len(subscriptions) > len(waiting):
        yield Line(name, Level.OK, f"{len(subscriptions) - len(waiting)} subscribers are told of changes and alarms.")
    elif not subscriptions:
        yield Line(name, Level.WARNING, "Nobody is told of changes and alarms.", "Deploy with an AlertEmail.")


def check_alarms(inputs: CheckInputs) -> Iterator[Line]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    name = "alarms"
    prefix = f"{inputs.source.stack.name}-"
    alarms = ask_aws(
        "cloudwatch:DescribeAlarms",
        lambda: inputs.account.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix),
    )
    raised = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    for alarm in raised:
        seen = f"{alarm['AlarmName']} is raised: {printable(alarm.get('StateReason', ''))[:160]}"
        yield Line(name, Level.WARNING, seen, "docs/how-to/alarms.md says what to do.")
    if not alarms:
        yield Line(name, Level.WARNING, f"There are no alarms {prefix}...", "Deploy the stack again.")
    elif not raised:
        yield Line(name, Level.OK, f"None of {len(alarms)} alarms is raised.")


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"
