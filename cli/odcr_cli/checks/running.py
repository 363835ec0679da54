"""Whether runs come, and what they say: schedule, last run, lease, alarms, the mail's subscription."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from odcr_cli.answers import moment, plain
from odcr_cli.checks.line import Level, Line, NotAsked, ask
from odcr_cli.checks.look import Look, moment_in
from odcr_cli.demands import Demand
from odcr_cli.schedule import Standing, schedule_of

_OLD = timedelta(minutes=20)
"""A run ends after 15 minutes at the latest (TimeoutSeconds of the state machine), and the next one follows."""


def check_schedule(look: Look) -> Iterator[Line]:
    """https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html"""
    name = "schedule"
    try:
        found = ask("scheduler:GetSchedule", lambda: schedule_of(look.account, look.source.stack.name))
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"The schedule was not asked: {error}.", _grant(error))
        return
    start, end, standing = found.start, found.end, found.standing(look.source.now())
    if standing is Standing.OFF:
        yield Line(name, Level.ERROR, "The schedule is disabled: no run starts.", "Deploy with ScheduleState ENABLED.")
    elif end is not None and standing is Standing.OVER:
        yield Line(name, Level.ERROR, f"The schedule ended at {moment(end)}.", "Deploy with a later ScheduleEnd.")
    elif start is not None and standing is Standing.NOT_STARTED:
        yield Line(name, Level.WARNING, f"No run starts before {moment(start)}.", "ScheduleStart says so.")
    else:
        until = f" until {moment(end)}" if end else ""
        yield Line(name, Level.OK, f"Runs start by {found.expression}{until}.")
    for demand in look.demands:
        yield from _within(name, demand, start, end)


def _within(name: str, demand: Demand, start: datetime | None, end: datetime | None) -> Iterator[Line]:
    deadline = moment_in(demand.options, "Deadline")
    if deadline is None:
        return
    text = f"{plain(demand.name)}: its deadline {moment(deadline)}"
    if end is not None and deadline > end:
        yield Line(name, Level.ERROR, f"{text} is after the schedule's end.", "Deploy with a later ScheduleEnd.")
    if start is not None and deadline < start:
        yield Line(
            name, Level.ERROR, f"{text} is before the schedule's start.", "Deploy with an earlier ScheduleStart."
        )


def check_last_run(look: Look) -> Iterator[Line]:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""
    name = "last run"
    try:
        runs = look.runs[:20]
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"The runs were not asked: {error}.", _grant(error))
        return
    if not runs:
        yield Line(name, Level.ERROR, "There was no run yet.", "Is the schedule enabled? Start one by hand to see.")
        return
    now, newest = look.source.now(), runs[0]
    ended = [one for one in runs if one["status"] != "RUNNING"]
    if now - newest["startDate"] > _OLD:
        seen = f"The last run started at {moment(newest['startDate'])}, {_minutes(now - newest['startDate'])} ago."
        yield Line(name, Level.ERROR, seen, "Is the schedule enabled? See docs/how-to/alarms.md.")
    failed = [one for one in ended if one["status"] != "SUCCEEDED"]
    if ended and ended[0]["status"] != "SUCCEEDED":
        seen = f"The last run that ended is {ended[0]['status']}: {ended[0]['name']}."
        yield Line(name, Level.ERROR, seen, f"`odcr runs show {ended[0]['name']}` says why.")
    elif failed:
        seen = f"{len(failed)} of the last {len(ended)} runs failed; the last one succeeded."
        yield Line(name, Level.WARNING, seen, f"`odcr runs show {failed[0]['name']}` says why.")
    elif now - newest["startDate"] <= _OLD:
        yield Line(
            name, Level.OK, f"The last run started at {moment(newest['startDate'])}; none of {len(ended)} failed."
        )


def check_lease(look: Look) -> Iterator[Line]:
    """Whether a run that no longer runs holds the lease: docs/explanation/architecture.md, "One run at a time"."""
    name = "lease"
    row = next((one for one in look.rows("odcr_lease") if one.get("Name") == "run"), {})
    holder, expires = str(row.get("Holder") or ""), moment_in(row, "Expires")
    if not holder or expires is None:
        yield Line(name, Level.OK, "No run holds the lease.")
        return
    try:
        status = next((str(one["status"]) for one in look.runs if one["name"] == holder), "gone")
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"{plain(holder)} holds the lease: {error}.", _grant(error))
        return
    if status == "RUNNING":
        yield Line(name, Level.OK, f"The run {plain(holder)} holds the lease, and runs.")
    elif expires > look.source.now():
        seen = f"The run {plain(holder)} holds the lease and is {status}; no other works until {moment(expires)}."
        yield Line(name, Level.WARNING, seen, "Nothing to do: the first run after that takes it.")
    else:
        seen = f"The run {plain(holder)} left the lease, which expired at {moment(expires)}, and no run took it since."
        yield Line(name, Level.WARNING, seen, 'Do runs start? See "schedule" and "last run".')


def check_subscription(look: Look) -> Iterator[Line]:
    """https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""
    name = "mail"
    topic = look.source.stack.output("AlertTopicArn")
    try:
        found = ask(
            "sns:ListSubscriptionsByTopic",
            lambda: look.account.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic),
        )
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"The subscriptions were not asked: {error}.", _grant(error))
        return
    waiting = [one for one in found if one["SubscriptionArn"] in ("PendingConfirmation", "Deleted")]
    for one in waiting:
        seen = f"{plain(one.get('Endpoint', ''))} has not confirmed, and is told nothing."
        yield Line(name, Level.ERROR, seen, "Open AWS's mail and confirm, or subscribe again.")
    if len(found) > len(waiting):
        yield Line(name, Level.OK, f"{len(found) - len(waiting)} subscribers are told of changes and alarms.")
    elif not found:
        yield Line(name, Level.WARNING, "Nobody is told of changes and alarms.", "Deploy with an AlertEmail.")


def check_alarms(look: Look) -> Iterator[Line]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    name = "alarms"
    prefix = f"{look.source.stack.name}-"
    try:
        found = ask(
            "cloudwatch:DescribeAlarms",
            lambda: look.account.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix),
        )
    except NotAsked as error:
        yield Line(name, Level.WARNING, f"The alarms were not asked: {error}.", _grant(error))
        return
    raised = [one for one in found if one["StateValue"] == "ALARM"]
    for one in raised:
        seen = f"{one['AlarmName']} is raised: {plain(one.get('StateReason', ''))[:160]}"
        yield Line(name, Level.WARNING, seen, "docs/how-to/alarms.md says what to do.")
    if not found:
        yield Line(name, Level.WARNING, f"There are no alarms {prefix}...", "Deploy the stack again.")
    elif not raised:
        yield Line(name, Level.OK, f"None of {len(found)} alarms is raised.")


def _grant(error: NotAsked) -> str:
    return f"Ask for the right {error.right}." if error.right else "Look in the console."


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"
