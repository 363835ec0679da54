"""Deletes everything that a verification made, and reports what is left."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from odcr_cli.account import Account
from odcr_cli.trouble import Trouble
from verify.probe import name_of
from verify.subject import OWN_TAG

_DELETE_SECONDS = 3600
"""Lambda keeps a VPC's network interfaces for some time: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""
_LOOK_SECONDS = 2


@dataclass(frozen=True)
class Kind:
    """A kind of resource: how to find and delete it."""

    name: str
    find: Callable[[Account], list[str]]
    delete: Callable[[Account, str], None]


def clean_up(account: Account, show_line: Callable[[str], None]) -> list[str]:
    """Deletes everything, in an order in which nothing is created again.

    Args:
        account: the account, with the throwaway stack's name in its place.
        show_line: shows a line about each step.

    Returns:
        What is left, as text; empty if nothing is.
    """
    left: list[str] = []
    for kind in KINDS:
        for name in _found(account, kind, show_line):
            show_line(f"Deleting the {kind.name} {name} ...")
            try:
                kind.delete(account, name)
            except (ClientError, BotoCoreError, Trouble) as error:
                show_line(f"  {' '.join(str(error).split())[:200]}")
    for kind in KINDS:
        left += [f"{kind.name} {name}" for name in _found(account, kind, left.append)]
    return left


def _found(account: Account, kind: Kind, show_line: Callable[[str], None]) -> list[str]:
    try:
        return kind.find(account)
    except (ClientError, BotoCoreError, Trouble) as error:
        show_line(f"{kind.name}s could not be looked for: {' '.join(str(error).split())[:200]}")
        return []


# ---- Runs and reservations -----------------------------------------------------------------------------------------


def _schedules(account: Account) -> list[str]:
    schedules = account.pages("scheduler", "list_schedules", "Schedules", NamePrefix=account.place.stack)
    return [schedule["Name"] for schedule in schedules if schedule["State"] == "ENABLED"]


def _disable(account: Account, name: str) -> None:
    client = account.client("scheduler")
    schedule = client.get_schedule(Name=name)
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    client.update_schedule(**{key: schedule[key] for key in kept if key in schedule}, State="DISABLED")


def _runs(account: Account) -> list[str]:
    client = account.client("stepfunctions")
    machines = account.pages("stepfunctions", "list_state_machines", "stateMachines")
    arns = [machine["stateMachineArn"] for machine in machines if _is_mine(account, machine["name"])]
    running = (client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"] for arn in arns)
    return [execution["executionArn"] for executions in running for execution in executions]


def _is_mine(account: Account, name: str) -> bool:
    return name == account.place.stack or name.startswith(f"{account.place.stack}-")


def _reservations(account: Account) -> list[str]:
    reservations = []
    for tag in (OWN_TAG, "odcr:stack"):
        value = account.place.stack if tag == OWN_TAG else f"{account.place.stack}/{account.region}"
        filters = [
            {"Name": f"tag:{tag}", "Values": [value]},
            {"Name": "state", "Values": ["active", "pending"]},
        ]
        reservations += account.pages("ec2", "describe_capacity_reservations", "CapacityReservations", Filters=filters)
    return [reservation["CapacityReservationId"] for reservation in reservations]


# ---- Stacks --------------------------------------------------------------------------------------------------------


def _stacks(account: Account) -> list[str]:
    client = account.client("cloudformation")
    stacks = []
    for name in (name_of(account.place.stack), account.place.stack):
        try:
            described = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            continue
        stacks += [stack["StackId"] for stack in described if stack["StackStatus"] != "DELETE_COMPLETE"]
    return stacks


def _delete_stack(account: Account, stack: str) -> None:
    client = account.client("cloudformation")
    deadline = time.monotonic() + _DELETE_SECONDS
    for _ in range(2):
        client.delete_stack(StackName=stack)
        while time.monotonic() < deadline:
            try:
                # Describing by id works for a deleted stack, too.
                (described,) = client.describe_stacks(StackName=stack)["Stacks"]
            except ClientError as error:
                if "does not exist" in str(error):
                    return
                raise
            if described["StackStatus"] == "DELETE_COMPLETE":
                return
            if described["StackStatus"] == "DELETE_FAILED":
                break
            time.sleep(_LOOK_SECONDS)
    raise Trouble(f"{stack.rpartition('stack/')[2].partition('/')[0]} was not deleted: check its events.")


# ---- What a stack leaves behind ------------------------------------------------------------------------------------


def _snapshots(account: Account) -> list[str]:
    begin = f"{account.place.stack.lower()}-database-"
    snapshots = account.pages("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual")
    return [
        snapshot["DBClusterSnapshotIdentifier"]
        for snapshot in snapshots
        if snapshot["DBClusterIdentifier"].startswith(begin)
    ]


def _log_groups(account: Account) -> list[str]:
    name = account.place.stack
    # With the dash, a name that begins alike does not match.
    prefixes = (f"/aws/lambda/{name}-", f"/aws/vendedlogs/states/{name}", f"/aws/rds/cluster/{name.lower()}-database-")
    pages = (
        account.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix) for prefix in prefixes
    )
    return [group["logGroupName"] for groups in pages for group in groups]


def _secrets(account: Account) -> list[str]:
    secrets = account.pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)
    names = (account.place.stack, name_of(account.place.stack))
    return [secret["ARN"] for secret in secrets if _tag(secret, "aws:cloudformation:stack-name") in names]


def _tag(described: dict[str, Any], key: str) -> str:
    return next((str(tag["Value"]) for tag in described.get("Tags", []) if tag["Key"] == key), "")


def _artifacts(account: Account) -> list[str]:
    return [f"s3://{bucket}/{key}" for bucket in _buckets(account) for key in _keys(account, bucket)]


def _buckets(account: Account) -> Iterator[str]:
    """The SAM CLI's own buckets; on a local cloud, all."""
    for bucket in account.client("s3").list_buckets()["Buckets"]:
        if bucket["Name"].startswith("aws-sam-cli-managed-default-") or account.place.is_local:
            yield bucket["Name"]


def _keys(account: Account, bucket: str) -> list[str]:
    prefix = f"{account.place.stack}/"
    region = account.client("s3").get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    if region != account.region:
        return []
    objects = account.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in objects]


def _delete_artifact(account: Account, address: str) -> None:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    client = account.client("s3")
    # The SAM CLI's bucket keeps versions.
    versions = client.list_object_versions(Bucket=bucket, Prefix=key)
    for version in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    client.delete_object(Bucket=bucket, Key=key)


KINDS = (
    Kind("schedule", _schedules, _disable),
    Kind("run", _runs, lambda account, arn: account.client("stepfunctions").stop_execution(executionArn=arn)),
    Kind(
        "reservation",
        _reservations,
        lambda account, name: account.client("ec2").cancel_capacity_reservation(CapacityReservationId=name),
    ),
    Kind("stack", _stacks, _delete_stack),
    Kind(
        "snapshot",
        _snapshots,
        lambda account, name: account.client("rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name),
    ),
    Kind("log group", _log_groups, lambda account, name: account.client("logs").delete_log_group(logGroupName=name)),
    Kind(
        "secret",
        _secrets,
        lambda account, arn: account.client("secretsmanager").delete_secret(
            SecretId=arn, ForceDeleteWithoutRecovery=True
        ),
    ),
    Kind("artifact", _artifacts, _delete_artifact),
)
"""In the order of deletion: first whatever could buy or write again."""
