"""The database login: made by the first run, mended when it went astray, rotated while runs go on."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from localcloud.stack import Stack
from tests.system.conftest import FirstRun

HEALTHY = ["LoadTargets", "IsLeaseHeld", "FindShortfalls", "ReserveShortfalls", "RecordResults", "AnnounceChanges"]


def states(history: list[dict[str, Any]]) -> list[str]:
    return [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]


def password(stack: Stack) -> str:
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["DatabaseSecretArn"])
    return str(json.loads(secret["SecretString"])["password"])


def test_the_first_run_makes_the_user_and_succeeds(first_run: FirstRun) -> None:
    assert first_run.execution["status"] == "SUCCEEDED", first_run.execution
    assert states(first_run.history) == ["LoadTargets", "WasDatabasePrepared", "PrepareDatabase", *HEALTHY]


def test_a_run_whose_login_works_passes_through_no_other_states(stack: Stack) -> None:
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert states(stack.history(execution)) == HEALTHY


def test_a_password_that_went_astray_is_mended_by_the_next_run(stack: Stack) -> None:
    stack.cloud.database.set_password("odcr", "somebody-changed-it")
    execution = stack.start_run()
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert "PrepareDatabase" in states(stack.history(execution))
    assert stack.sql("SELECT 1") == ((1,),)


def test_a_login_that_cannot_be_mended_ends_the_run_and_says_why(stack: Stack) -> None:
    manager, arn = stack.client("secretsmanager"), stack.outputs["DatabaseSecretArn"]
    right = manager.get_secret_value(SecretId=arn)["SecretString"]
    # A login that works would not be read again.
    stack.cloud.database.set_password("odcr", "somebody-changed-it")
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps({**json.loads(right), "username": "admin"}))
    try:
        execution = stack.start_run()
        ended = stack.wait(execution)
    finally:
        manager.put_secret_value(SecretId=arn, SecretString=right)
    assert (ended["status"], ended["error"]) == ("FAILED", "DatabaseNotPrepared")
    assert "'admin' is the administrator" in ended["cause"]
    assert states(stack.history(execution)).count("LoadTargets") == 1
    assert stack.run()["status"] == "SUCCEEDED"


@pytest.mark.parametrize("number", range(2))
def test_the_secret_is_rotated_while_runs_go_on(stack: Stack, number: int) -> None:  # noqa: ARG001 - once more
    manager, arn = stack.client("secretsmanager"), stack.outputs["DatabaseSecretArn"]
    assert manager.describe_secret(SecretId=arn)["RotationRules"]["AutomaticallyAfterDays"] == 7
    before = password(stack)
    with ThreadPoolExecutor(1) as pool:
        rotation = pool.submit(manager.rotate_secret, SecretId=arn)
        ended = []
        while not rotation.done() or len(ended) < 2:
            execution = stack.start_run()
            ended.append((stack.wait(execution)["status"], states(stack.history(execution))))
        rotation.result()
    # Whether a run knows the old password or the new, it never needs the administrator.
    assert [one for one in ended if one != ("SUCCEEDED", HEALTHY)] == []
    assert password(stack) != before
    assert stack.sql("SELECT 1") == ((1,),)
