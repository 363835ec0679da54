"""The database: creating, repairing and rotating its login while runs go on, and updating older tables."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployment.stack import Stack
from odcr.gateways.schema import VERSION
from tests.integration.database import version_0
from tests.system.conftest import FirstRun
from tests.system.executions import states, states_in

HEALTHY = ["LoadTargets", "IsLeaseHeld", "FindShortfalls", "ReserveShortfalls", "RecordResults", "AnnounceChanges"]


def password(stack: Stack) -> str:
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["DatabaseSecretArn"])
    return str(json.loads(secret["SecretString"])["password"])


def test_the_first_run_creates_the_user_and_succeeds(first_run: FirstRun) -> None:
    assert first_run.execution["status"] == "SUCCEEDED", first_run.execution
    assert states_in(first_run.history) == ["LoadTargets", "WasDatabasePrepared", "PrepareDatabase", *HEALTHY]


def test_a_run_whose_login_works_does_not_prepare_the_database(stack: Stack) -> None:
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert states(stack, execution) == HEALTHY


def test_the_next_run_repairs_a_wrong_password(stack: Stack) -> None:
    stack.cloud.database.set_password("odcr", "somebody-changed-it")
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert "PrepareDatabase" in states(stack, execution)
    assert stack.sql("SELECT 1") == ((1,),)


def test_the_next_run_updates_older_tables_and_keeps_their_rows(stack: Stack) -> None:
    with stack.cloud.database.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        for statement in (*version_0.TABLES, *version_0.ROWS):
            cursor.execute(statement)
    for instance_type, zone in (("r5b.2xlarge", "ap-northeast-1c"), ("m5.large", "us-east-1a")):
        stack.cloud.capacity.set_free(instance_type, zone, 20)
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert states(stack, execution)[:4] == [
        "LoadTargets",
        "WasDatabasePrepared",
        "PrepareDatabase",
        "LoadTargets",
    ]
    assert stack.sql("SELECT Version FROM odcr_version") == ((VERSION,),)
    assert stack.sql("SELECT Status, Reserved, Dry_Since FROM odcr_status ORDER BY InstanceType") == (
        ("FULFILLED", 2, None),
        ("FULFILLED", 15, None),
    )
    assert stack.sql("SELECT Platform, Priority FROM odcr_option") == (("Windows", 0),)
    old, *new = stack.sql("SELECT Execution, Previous_Status, Status, Attempts FROM odcr_history ORDER BY Recorded")
    assert old == ("run-0", None, "SHORT", 1)
    assert ("SHORT", "FULFILLED", 1) in [row[1:] for row in new]
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert "PrepareDatabase" not in states(stack, execution)


def test_newer_tables_fail_the_run_and_are_not_touched(stack: Stack) -> None:
    assert stack.run()["status"] == "SUCCEEDED"
    with stack.cloud.database.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO odcr_version VALUES (99, UTC_TIMESTAMP())")
        cursor.execute("DROP TABLE odcr_outbox")
    execution = stack.start_run()
    ended = stack.wait(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "TablesTooNew")
    assert "Deploy the newer odcr again" in ended["cause"]
    assert "PrepareDatabase" not in states(stack, execution)
    assert stack.sql("SHOW TABLES LIKE 'odcr_outbox'") == ()


def test_a_login_that_cannot_be_repaired_fails_the_run_and_says_why(stack: Stack) -> None:
    manager, arn = stack.client("secretsmanager"), stack.outputs["DatabaseSecretArn"]
    right = manager.get_secret_value(SecretId=arn)["SecretString"]
    # The functions read the secret again only after a login has failed.
    stack.cloud.database.set_password("odcr", "somebody-changed-it")
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps({**json.loads(right), "username": "admin"}))
    try:
        execution = stack.start_run()
        ended = stack.wait(execution)
    finally:
        manager.put_secret_value(SecretId=arn, SecretString=right)
    assert (ended["status"], ended["error"]) == ("FAILED", "DatabaseNotPrepared")
    assert "'admin' is the administrator" in ended["cause"]
    assert states(stack, execution).count("LoadTargets") == 1
    assert stack.run()["status"] == "SUCCEEDED"


@pytest.mark.parametrize("number", range(2))
def test_the_secret_is_rotated_while_runs_go_on(stack: Stack, number: int) -> None:  # noqa: ARG001 - rotates again
    manager, arn = stack.client("secretsmanager"), stack.outputs["DatabaseSecretArn"]
    assert manager.describe_secret(SecretId=arn)["RotationRules"]["AutomaticallyAfterDays"] == 7
    before = password(stack)
    with ThreadPoolExecutor(1) as pool:
        rotation = pool.submit(manager.rotate_secret, SecretId=arn)
        ended = []
        while not rotation.done() or len(ended) < 2:
            execution = stack.start_run()
            ended.append((stack.wait(execution)["status"], states(stack, execution)))
        rotation.result()
    # No run needs the administrator, whether it knows the old password or the new one.
    assert [run for run in ended if run != ("SUCCEEDED", HEALTHY)] == []
    assert password(stack) != before
    assert stack.sql("SELECT 1") == ((1,),)
