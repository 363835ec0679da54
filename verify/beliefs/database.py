"""The database's logins, and the alarm."""

import json
from typing import Any

from odcr_cli.checks.line import ask_aws
from verify.belief import Belief, Seen, as_assumed, compared, differs, not_asked
from verify.beliefs.refusals import unoffered
from verify.subject import NotInTime, SetRow, Subject

_ALARM_SECONDS = 900


def query_editor(subject: Subject) -> Seen:
    """Runs a statement by the Data API with odcr's own login, as the Query Editor does."""
    stack = subject.account.stack
    answer = ask_aws(
        "rds-data:ExecuteStatement",
        lambda: subject.client("rds-data").execute_statement(
            resourceArn=stack.output("DatabaseClusterArn"),
            secretArn=stack.output("DatabaseSecretArn"),
            database=stack.output("DatabaseName"),
            sql="SELECT COUNT(*) FROM odcr_capacity",
        ),
    )
    return as_assumed(f"it counts {answer['records'][0][0]['longValue']} rows")


def rotation(subject: Subject) -> Seen:
    """Rotates the secret, then starts a run."""
    secrets = subject.client("secretsmanager")
    arn = subject.account.stack.output("DatabaseSecretArn")
    before = _password(secrets, arn)
    secrets.rotate_secret(SecretId=arn)
    try:
        subject.wait(lambda: _password(secrets, arn) != before or None, "the new password", 300)
    except NotInTime as error:
        return differs(str(error))
    ended = subject.run()
    return compared(
        f"the password has changed, and the next run {ended['status']}", is_so=ended["status"] == "SUCCEEDED"
    )


def _password(secrets: Any, arn: str) -> str:
    return str(json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["password"])


def alarm(subject: Subject) -> Seen:
    """Wants a row that cannot be met for more than a minute, with ShortageAlarmMinutes 1."""
    unoffered_pool = unoffered(subject)
    if unoffered_pool is None:
        return not_asked("every cheap type is offered in every zone here, so no row stays short for sure")
    instance_type, zone = unoffered_pool
    subject.guard.must_be_cheap(instance_type, 1)
    key = {"InstanceType": instance_type, "AvailabilityZone": zone}
    subject.door.change([SetRow("odcr_capacity", key | {"Target_Capacity": 1})])
    name = f"{subject.name}-long-shortage"
    cloudwatch = subject.client("cloudwatch")

    def raised() -> str | None:
        subject.run()
        (described,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        if described["StateValue"] != "ALARM":
            return None
        history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
        return history[0]["HistorySummary"] if history else "no action is in its history yet"

    try:
        summary = subject.wait(raised, name, _ALARM_SECONDS)
    except NotInTime as error:
        return differs(str(error))
    finally:
        subject.door.change([SetRow("odcr_capacity", key | {"Target_Capacity": 0})])
    return as_assumed(f"{name} was raised: {summary[:200]}")


BELIEFS = (
    Belief(
        "query editor",
        "The Data API takes odcr's own login from its secret, and sees the tables.",
        "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html",
        "DataApi in template.yaml, and docs/how-to/own-network-and-database.md.",
        query_editor,
        local=False,
    ),
    Belief(
        "rotation",
        "Secrets Manager changes the password by RotateSecret, and the next run logs in with the new one.",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html",
        "functions/odcr/gateways/secret_rotation.py.",
        rotation,
    ),
    Belief(
        "alarm",
        "A target that stays short for longer than ShortageAlarmMinutes raises an alarm, which publishes to the topic.",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
        "LongShortageAlarm and AlertTopicPolicy in template.yaml.",
        alarm,
        local=False,
    ),
)
