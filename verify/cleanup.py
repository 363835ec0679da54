"""Deletes everything that a verification made, and says what is left."""

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
    """A kind of thing that may be there."""

    name: str
    find: Callable[[Account], list[str]]
    delete: Callable[[Account, str], None]


def clean_up(account: Account, tell: Callable[[str], None]) -> list[str]:
    """Deletes all of it, in an order in which nothing comes back.

    Args:
        account: whose place names the throwaway stack.
        tell: is told, one line each, what goes on.

    Returns:
        What is left, in words; empty if nothing is.
    """
    left: list[str] = []
    for kind in KINDS:
        for one in _found(account, kind, tell):
            tell(f"Deleting the {kind.name} {one} ...")
            try:
                kind.delete(account, one)
            except (ClientError, BotoCoreError, Trouble) as error:
                tell(f"  {' '.join(str(error).split())[:200]}")
    for kind in KINDS:
        left += [f"{kind.name} {one}" for one in _found(account, kind, left.append)]
    return left


def _found(account: Account, kind: Kind, tell: Callable[[str], None]) -> list[str]:
    try:
        return kind.find(account)
    except (ClientError, BotoCoreError, Trouble) as error:
        tell(f"{kind.name}s could not be looked for: {' '.join(str(error).split())[:200]}")
        return []


# ---- Runs and reservations -----------------------------------------------------------------------------------------


def _schedules(account: Account) -> list[str]:
    found = account.pages("scheduler", "list_schedules", "Schedules", NamePrefix=account.place.stack)
    return [one["Name"] for one in found if one["State"] == "ENABLED"]


def _disable(account: Account, name: str) -> None:
    client = account.client("scheduler")
    found = client.get_schedule(Name=name)
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    client.update_schedule(**{key: found[key] for key in kept if key in found}, State="DISABLED")


def _runs(account: Account) -> list[str]:
    client = account.client("stepfunctions")
    machines = account.pages("stepfunctions", "list_state_machines", "stateMachines")
    mine = [one["stateMachineArn"] for one in machines if _is_mine(account, one["name"])]
    running = (client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"] for arn in mine)
    return [one["executionArn"] for found in running for one in found]


def _is_mine(account: Account, name: str) -> bool:
    return name == account.place.stack or name.startswith(f"{account.place.stack}-")


def _reservations(account: Account) -> list[str]:
    found = []
    for tag in (OWN_TAG, "odcr:stack"):
        value = account.place.stack if tag == OWN_TAG else f"{account.place.stack}/{account.region}"
        filters = [
            {"Name": f"tag:{tag}", "Values": [value]},
            {"Name": "state", "Values": ["active", "pending"]},
        ]
        found += account.pages("ec2", "describe_capacity_reservations", "CapacityReservations", Filters=filters)
    return [one["CapacityReservationId"] for one in found]


# ---- Stacks --------------------------------------------------------------------------------------------------------


def _stacks(account: Account) -> list[str]:
    client = account.client("cloudformation")
    found = []
    for name in (name_of(account.place.stack), account.place.stack):
        try:
            described = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            continue
        found += [one["StackId"] for one in described if one["StackStatus"] != "DELETE_COMPLETE"]
    return found


def _delete_stack(account: Account, stack: str) -> None:
    client = account.client("cloudformation")
    deadline = time.monotonic() + _DELETE_SECONDS
    for _ in range(2):
        client.delete_stack(StackName=stack)
        while time.monotonic() < deadline:
            try:
                # By its id, a deleted stack is still described.
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
    raise Trouble(f"{stack.rpartition('stack/')[2].partition('/')[0]} was not deleted: look at its events.")


# ---- What a stack leaves behind ------------------------------------------------------------------------------------


def _snapshots(account: Account) -> list[str]:
    begin = f"{account.place.stack.lower()}-database-"
    found = account.pages("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual")
    return [one["DBClusterSnapshotIdentifier"] for one in found if one["DBClusterIdentifier"].startswith(begin)]


def _log_groups(account: Account) -> list[str]:
    name = account.place.stack
    # The dash keeps another verification's out, whose name begins alike.
    prefixes = (f"/aws/lambda/{name}-", f"/aws/vendedlogs/states/{name}", f"/aws/rds/cluster/{name.lower()}-database-")
    found = (account.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=one) for one in prefixes)
    return [one["logGroupName"] for groups in found for one in groups]


def _secrets(account: Account) -> list[str]:
    found = account.pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)
    names = (account.place.stack, name_of(account.place.stack))
    return [one["ARN"] for one in found if _tag(one, "aws:cloudformation:stack-name") in names]


def _tag(described: dict[str, Any], key: str) -> str:
    return next((str(tag["Value"]) for tag in described.get("Tags", []) if tag["Key"] == key), "")


def _artifacts(account: Account) -> list[str]:
    return [f"s3://{bucket}/{key}" for bucket in _buckets(account) for key in _keys(account, bucket)]


def _buckets(account: Account) -> Iterator[str]:
    """The SAM CLI's own, and a local cloud's."""
    for one in account.client("s3").list_buckets()["Buckets"]:
        if one["Name"].startswith("aws-sam-cli-managed-default-") or account.place.is_local:
            yield one["Name"]


def _keys(account: Account, bucket: str) -> list[str]:
    prefix = f"{account.place.stack}/"
    region = account.client("s3").get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    if region != account.region:
        return []
    found = account.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in found]


def _delete_artifact(account: Account, address: str) -> None:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    client = account.client("s3")
    # The SAM CLI's bucket keeps versions.
    versions = client.list_object_versions(Bucket=bucket, Prefix=key)
    for one in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    client.delete_object(Bucket=bucket, Key=key)


KINDS = (
    Kind("schedule", _schedules, _disable),
    Kind("run", _runs, lambda account, one: account.client("stepfunctions").stop_execution(executionArn=one)),
    Kind(
        "reservation",
        _reservations,
        lambda account, one: account.client("ec2").cancel_capacity_reservation(CapacityReservationId=one),
    ),
    Kind("stack", _stacks, _delete_stack),
    Kind(
        "snapshot",
        _snapshots,
        lambda account, one: account.client("rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=one),
    ),
    Kind("log group", _log_groups, lambda account, one: account.client("logs").delete_log_group(logGroupName=one)),
    Kind(
        "secret",
        _secrets,
        lambda account, one: account.client("secretsmanager").delete_secret(
            SecretId=one, ForceDeleteWithoutRecovery=True
        ),
    ),
    Kind("artifact", _artifacts, _delete_artifact),
)
"""In the order of their deletion: whoever could buy or write again goes first."""
